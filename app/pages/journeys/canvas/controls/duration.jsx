// A length of time: a number and its unit.

import { NumberControl } from "./number.jsx";

const UNITS = ["minutes", "hours", "days", "weeks"];
const AMOUNT = { shape: { type: "integer", minimum: 1, maximum: 10000 } };

export function DurationControl({ id, value, disabled, describedBy, wrong, onChange }) {
  const duration = { amount: 1, unit: "days", ...value };
  return (
    <div className="jc-duration">
      <NumberControl
        id={id}
        field={AMOUNT}
        value={duration.amount}
        disabled={disabled}
        describedBy={describedBy}
        wrong={wrong}
        onChange={(amount) => amount !== undefined && onChange({ ...duration, amount })}
      />
      <select
        className="s-control jc-control"
        aria-label="Unit"
        value={duration.unit}
        disabled={disabled}
        onChange={(event) => onChange({ ...duration, unit: event.target.value })}
      >
        {UNITS.map((unit) => (
          <option key={unit} value={unit}>
            {duration.amount === 1 ? unit.replace(/s$/, "") : unit}
          </option>
        ))}
      </select>
    </div>
  );
}
