// A list of tags: Enter or comma adds one, Backspace takes the last away.

import { useState } from "react";

import { Icon } from "../icons.jsx";
import { useCanvas } from "../store.js";

const NONE = [];

export function TagControl({ id, value, disabled, describedBy, wrong, onChange }) {
  const [typed, setTyped] = useState("");
  const tags = value ?? NONE;
  const known = useCanvas((state) => state.choices.tags) ?? NONE;
  const add = (text) => {
    const fresh = text.split(",").map((tag) => tag.trim()).filter((tag) => tag && !tags.includes(tag));
    if (fresh.length) onChange([...tags, ...fresh]);
    setTyped("");
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" || event.key === ",") add(typed);
    else if (event.key === "Backspace" && !typed && tags.length) onChange(tags.slice(0, -1));
    else return;
    event.preventDefault();
  };
  return (
    <div className="jc-tags s-control" data-wrong={wrong}>
      {tags.map((tag) => (
        <span key={tag} className="jc-tag">
          {tag}
          <button type="button" disabled={disabled} aria-label={`Remove ${tag}`} onClick={() => onChange(tags.filter((each) => each !== tag))}>
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <input
        id={id}
        value={typed}
        list={`${id}-known`}
        placeholder={tags.length ? "" : "e.g. vip"}
        disabled={disabled}
        maxLength={60}
        aria-describedby={describedBy}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => add(typed)}
      />
      <datalist id={`${id}-known`}>
        {known.filter((tag) => !tags.includes(tag)).map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </div>
  );
}
