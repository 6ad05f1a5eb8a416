// Days of the week: several as buttons that stay pressed, a single choice as a list.

import { SelectControl } from "./select.jsx";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export function WeekdaysControl(props) {
  return props.field.shape.type === "array" ? <Several {...props} /> : <SelectControl {...props} />;
}

/** The seven days as the field writes them: by the names of its schema, or by number from Monday = 0. */
export function daysOf(field) {
  const names = field.shape.items?.enum;
  return DAYS.map((label, number) => ({ id: names ? names[number] : number, label }));
}

function Several({ id, field, value, disabled, describedBy, onChange }) {
  const chosen = value ?? [];
  const days = daysOf(field);
  const toggle = (day) => {
    const next = days.map((each) => each.id).filter((each) => (each === day) !== chosen.includes(each));
    onChange(next);
  };
  return (
    <div id={id} className="jc-weekdays" role="group" aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
      {days.map((day) => (
        <button key={day.id} type="button" aria-pressed={chosen.includes(day.id)} aria-label={day.label} title={day.label} disabled={disabled} onClick={() => toggle(day.id)}>
          {day.label.slice(0, 2)}
        </button>
      ))}
    </div>
  );
}
