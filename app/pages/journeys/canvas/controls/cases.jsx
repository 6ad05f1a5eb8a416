// The cases of a branch with many ways on: a value and what its way is called. Everything else goes by "other".

import { newId } from "../graph.js";
import { Icon } from "../icons.jsx";
import { languageName } from "../languages.js";
import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";

const NONE = [];

export function CasesControl({ id, field, value, values, disabled, describedBy, onChange }) {
  const cases = value ?? NONE;
  const asked = values?.[field.of ?? "value"] ?? (field.of ? undefined : "language");
  const samples = useCanvas((state) => state.choices.samples?.[asked]) ?? NONE;
  const most = field.shape.maxItems ?? 20;
  const change = (at, next) => onChange(cases.map((each, place) => (place === at ? next : each)));
  const known = optionsOf(samples, asked).filter((option) => !cases.some((each) => each.value === option.id));
  return (
    <div id={id} className="jc-cases" role="group" aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
      {cases.map((each, at) => (
        <Case
          key={each.id}
          id={`${id}-${at}`}
          number={at + 1}
          each={each}
          options={optionsOf([each.value].filter(Boolean), asked).concat(known)}
          language={asked === "language"}
          disabled={disabled}
          onChange={(next) => change(at, next)}
          onRemove={() => onChange(cases.filter((other) => other !== each))}
        />
      ))}
      <button
        type="button"
        className="jc-link"
        disabled={disabled || cases.length >= most}
        onClick={() => onChange([...cases, { id: newId("case"), label: "", value: "" }])}
      >
        <Icon name="plus" size={13} /> Case
      </button>
    </div>
  );
}

/** The name follows the value until somebody gives it one of its own. */
function Case({ id, number, each, options, language, disabled, onChange, onRemove }) {
  const nameOf = (value) => (language ? languageName(value) : value);
  const follows = !each.label || each.label === nameOf(each.value);
  const choose = (value = "") => onChange({ ...each, value, label: follows ? nameOf(value).slice(0, 60) : each.label });
  return (
    <div className="jc-case">
      <Combo
        id={`${id}-value`}
        label={`Value of case ${number}`}
        options={options}
        value={each.value}
        free
        disabled={disabled}
        placeholder={language ? "e.g. hi" : "is"}
        empty="No value is known yet. Type it."
        onChange={choose}
      />
      <input
        className="s-control jc-control"
        aria-label={`Name of case ${number}`}
        placeholder="Name"
        maxLength={60}
        value={each.label}
        disabled={disabled}
        onChange={(event) => onChange({ ...each, label: event.target.value })}
      />
      <button type="button" className="jc-tool" disabled={disabled} aria-label={`Remove case ${number}`} onClick={onRemove}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

function optionsOf(values, asked) {
  const language = asked === "language";
  return values.map((value) => ({ id: value, label: value, about: language ? languageName(value) : undefined }));
}
