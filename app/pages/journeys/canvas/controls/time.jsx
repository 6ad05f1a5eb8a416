// A time of day, as "09:30".

export function TimeControl({ id, value, disabled, describedBy, wrong, onChange }) {
  return (
    <input
      id={id}
      type="time"
      className="s-control jc-control jc-time"
      value={value ?? ""}
      disabled={disabled}
      aria-describedby={describedBy}
      aria-invalid={wrong}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}
