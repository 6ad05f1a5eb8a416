// A text box with a list to choose from: type to search, arrows and Enter, or click.

import { useMemo, useRef, useState } from "react";

import { Icon } from "../icons.jsx";

const MOST = 60;

/**
 * `options`: {id, label, about?, count?}. With `free`, any text may be the value; else only an option's id.
 * `more(typed)` offers further options made of what was typed: when nothing listed fits, or, with `always`, when
 * nothing listed is called exactly so.
 */
export function Combo({ id, options, value, free, disabled, describedBy, wrong, placeholder, label, empty, more, always, onChange }) {
  const [typed, setTyped] = useState(null);
  const [searching, setSearching] = useState(false);
  const first = free ? -1 : 0;
  const [at, setAt] = useState(first);
  const input = useRef(null);
  const open = typed !== null && !disabled;
  const shown = options.find((option) => option.id === value)?.label ?? (free ? value : value && "No longer there") ?? "";
  const found = useMemo(
    () => (open ? matches(options, searching ? typed : "", more, always) : []),
    [open, options, typed, searching],
  );

  const choose = (next) => {
    onChange(next);
    setTyped(null);
  };
  const type = (text) => {
    setTyped(text);
    setSearching(true);
    setAt(first);
    if (free) onChange(text || undefined);
  };
  const enter = () => {
    setTyped(shown);
    setSearching(false);
    setAt(first);
  };
  const leave = () => setTyped(null);
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !open) enter();
    else if (step) setAt((now) => (Math.max(now + step, now < 0 ? 0 : -1) + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter" && open && found[at]) choose(found[at].id);
    else if (event.key === "Enter" && open) leave();
    else if (event.key === "Escape" && open) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="jc-combo" data-open={open}>
      <input
        ref={input}
        id={id}
        className="s-control jc-control"
        role="combobox"
        autoComplete="off"
        value={open ? typed : shown}
        placeholder={placeholder}
        disabled={disabled}
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open && found[at] ? `${id}-${at}` : undefined}
        aria-describedby={describedBy}
        aria-invalid={wrong}
        onFocus={(event) => {
          enter();
          event.target.select();
        }}
        onClick={() => open || enter()}
        onChange={(event) => type(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={leave}
      />
      <span className="jc-combo-mark">
        <Icon name="choose" size={14} />
      </span>
      {open && (
        <ul className="jc-list" id={`${id}-list`} role="listbox">
          {found.map((option, place) => (
            <li
              key={option.id ?? ""}
              id={`${id}-${place}`}
              role="option"
              aria-selected={option.id === value}
              data-at={place === at}
              ref={place === at ? scrolledTo : undefined}
              onPointerMove={() => setAt(place)}
              onPointerDown={(event) => {
                event.preventDefault();
                choose(option.id);
                input.current?.blur();
              }}
            >
              <span>
                {option.label}
                {option.about && <small>{option.about}</small>}
              </span>
              {option.count !== undefined && <em>{option.count.toLocaleString("en-IN")}</em>}
            </li>
          ))}
          {found.length === 0 && <li className="jc-none">{free && typed ? `“${typed}” – not seen yet` : empty}</li>}
        </ul>
      )}
    </div>
  );
}

function scrolledTo(element) {
  element?.scrollIntoView({ block: "nearest" });
}

function matches(options, text, more, always) {
  const words = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (option) => words.every((word) => `${option.label} ${option.about ?? ""}`.toLowerCase().includes(word));
  const found = options.filter(fits).slice(0, MOST);
  if (!words.length || !more) return found;
  const exact = found.some((option) => option.label.toLowerCase() === text.trim().toLowerCase());
  return found.length && (!always || exact) ? found : [...found, ...more(text)];
}
