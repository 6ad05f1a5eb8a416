// Several of a list: what is chosen as chips, and a box to choose one more.

import { Icon } from "../icons.jsx";
import { Combo } from "./combo.jsx";

const NONE = [];

/** `free`: what is typed may be chosen too. `gone`: what an id is called that the list no longer has. */
export function Several({ id, options, value, free, disabled, describedBy, wrong, placeholder, empty, gone = "No longer there", onChange }) {
  const chosen = value ?? NONE;
  const names = new Map(options.map((option) => [option.id, option.label]));
  const left = options.filter((option) => !chosen.includes(option.id));
  const add = (one) => one && !chosen.includes(one) && onChange([...chosen, one]);
  const typed = (text) => [{ id: text.trim(), label: `“${text.trim()}”`, about: "Not seen yet" }];
  return (
    <div className="jc-several">
      {chosen.length > 0 && (
        <ul aria-labelledby={`${id}-label`}>
          {chosen.map((one) => (
            <li key={one} className="jc-tag">
              {names.get(one) ?? (free ? one : gone)}
              <button
                type="button"
                disabled={disabled}
                aria-label={`Remove ${names.get(one) ?? one}`}
                onClick={() => onChange(chosen.filter((each) => each !== one))}
              >
                <Icon name="close" size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Combo
        id={id}
        options={left}
        more={free ? typed : undefined}
        always={free}
        disabled={disabled}
        describedBy={describedBy}
        wrong={wrong}
        placeholder={placeholder}
        empty={empty}
        onChange={add}
      />
    </div>
  );
}
