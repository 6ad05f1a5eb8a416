// Yes or no.

export function BooleanControl({ id, value, disabled, describedBy, onChange }) {
  return (
    <button
      type="button"
      id={id}
      role="switch"
      className="jc-switch"
      aria-checked={Boolean(value)}
      aria-labelledby={`${id}-label`}
      aria-describedby={describedBy}
      disabled={disabled}
      onClick={() => onChange(!value)}
    >
      <span />
    </button>
  );
}
