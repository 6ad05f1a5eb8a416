// A day of the calendar, as "2026-10-31".

export function DateControl({ id, value, disabled, describedBy, wrong, onChange }) {
  return (
    <input
      id={id}
      type="date"
      className="s-control jc-control"
      value={value ?? ""}
      disabled={disabled}
      aria-describedby={describedBy}
      aria-invalid={wrong}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}
