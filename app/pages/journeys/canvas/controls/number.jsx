// A number within the limits of its schema; what is being typed stays as typed until it is a number.

import { useState } from "react";

export function NumberControl({ id, field, value, disabled, describedBy, wrong, onChange, label }) {
  const [typed, setTyped] = useState(null);
  const { minimum, maximum, type } = field.shape;
  const change = (text) => {
    const number = text === "" ? undefined : Number(text);
    setTyped(text);
    if (number === undefined || Number.isFinite(number)) onChange(number);
  };
  return (
    <input
      id={id}
      className="s-control jc-control jc-number"
      type="number"
      inputMode={type === "integer" ? "numeric" : "decimal"}
      min={minimum}
      max={maximum}
      step={type === "integer" ? 1 : "any"}
      value={typed ?? value ?? ""}
      disabled={disabled}
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={wrong}
      onChange={(event) => change(event.target.value)}
      onBlur={() => setTyped(null)}
    />
  );
}
