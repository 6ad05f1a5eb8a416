// One of a few values: side by side while they are few, else a list; to search in when they are many.

import { Combo } from "./combo.jsx";

const SIDE_BY_SIDE = 3;
const MANY = 12;

export function SelectControl({ id, field, value, disabled, describedBy, wrong, onChange }) {
  if (field.options.length > MANY) {
    return <Combo id={id} options={field.options} value={value} disabled={disabled} describedBy={describedBy} wrong={wrong} placeholder="Choose" empty="No such choice." onChange={onChange} />;
  }
  if (field.options.length <= SIDE_BY_SIDE) {
    return <Segments id={id} options={field.options} value={value} disabled={disabled} describedBy={describedBy} onChange={onChange} />;
  }
  return (
    <select
      id={id}
      className="s-control jc-control"
      value={value ?? ""}
      disabled={disabled}
      aria-describedby={describedBy}
      aria-invalid={wrong}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      {value === undefined && <option value="">Choose</option>}
      {field.options.map((option) => (
        <option key={option.id} value={option.id}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

/** Buttons of which one is pressed, as a radio group. */
export function Segments({ id, options, value, disabled, describedBy, onChange, children }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = options.findIndex((option) => option.id === value);
    const next = options[(at + step + options.length) % options.length];
    onChange(next.id);
    event.currentTarget.querySelector(`[data-option="${next.id}"]`)?.focus();
  };
  const chosen = options.some((option) => option.id === value);
  return (
    <div className="jc-segments" role="radiogroup" id={id} aria-labelledby={`${id}-label`} aria-describedby={describedBy} onKeyDown={move}>
      {options.map((option, at) => (
        <button
          key={option.id}
          type="button"
          role="radio"
          data-option={option.id}
          aria-checked={option.id === value}
          tabIndex={option.id === value || (!chosen && at === 0) ? 0 : -1}
          disabled={disabled}
          onClick={() => onChange(option.id)}
        >
          {children ? children(option) : option.label}
        </button>
      ))}
    </div>
  );
}
