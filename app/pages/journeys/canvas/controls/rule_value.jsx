// The value of a rule: none, one, two or many, by the operator; what one is, by the field's kind.

import { useCanvas } from "../store.js";
import { fieldsOf, spoken } from "../schema.js";
import { Combo } from "./combo.jsx";
import { CONTROLS } from "./index.js";

const MONTHS = [...Array(12).keys()].map((at) => new Date(2024, at, 15).toLocaleDateString("en-IN", { month: "long" }));
const MOVING = [["current", "This month"], ["next", "Next month"], ["previous", "Last month"]];
const IN_DAYS = new Set(["within_last_days", "not_within_last_days"]);
const IN_ORDER = new Set(["gt", "gte", "lt", "lte", "between", "not_between"]);
const NUMERIC = new Set(["number", "money", "days"]);

export function RuleValue({ value, operator, fieldData, handleOnChange, disabled, path }) {
  const values = fieldData?.operators?.find((each) => each.name === operator)?.values ?? "one";
  const id = `jc-rule-value-${path.join("-")}`;
  if (fieldData?.value_schema) return <Structured id={id} field={fieldData} value={value} disabled={disabled} onChange={handleOnChange} />;
  if (values === "none") return null;
  const One = oneFor(fieldData, operator);
  const props = { field: fieldData, operator, disabled };
  if (values === "two") return <Two id={id} One={One} value={value} props={props} onChange={handleOnChange} />;
  if (values === "many") return <Many id={id} field={fieldData} value={value} disabled={disabled} onChange={handleOnChange} />;
  return (
    <span className="jc-one">
      <One id={id} value={Array.isArray(value) ? value[0] : value} {...props} onChange={handleOnChange} />
      <Unit field={fieldData} operator={operator} />
    </span>
  );
}

function oneFor(field, operator) {
  if (IN_DAYS.has(operator)) return Numeric;
  if (field?.kind === "boolean") return YesNo;
  if (field?.kind === "segment") return SegmentPick;
  if (field?.kind === "month") return MonthPick;
  if (field?.kind === "date" || operator === "before" || operator === "after") return Day;
  if (field?.choices?.length) return Choice;
  return NUMERIC.has(field?.kind) ? Numeric : Plain;
}

function Two({ id, One, value, props, onChange }) {
  const pair = Array.isArray(value) ? value : ["", ""];
  return (
    <span className="jc-two">
      <One id={`${id}-from`} value={pair[0]} label="From" {...props} onChange={(from) => onChange([from, pair[1]])} />
      <span>to</span>
      <One id={`${id}-to`} value={pair[1]} label="To" {...props} onChange={(to) => onChange([pair[0], to])} />
      <Unit field={props.field} operator={props.operator} />
    </span>
  );
}

function Many({ id, field, value, disabled, onChange }) {
  const chosen = Array.isArray(value) ? value : [value].filter((each) => each !== "" && each !== undefined && each !== null);
  const segments = useCanvas((state) => state.choices.segments);
  const options = manyOptions(field, segments);
  if (!options) {
    const Tags = CONTROLS.tag;
    return <Tags id={id} value={chosen.map(String)} disabled={disabled} onChange={(list) => onChange(NUMERIC.has(field.kind) ? list.map(numeric) : list)} />;
  }
  const toggle = (each) => onChange(chosen.includes(each) ? chosen.filter((one) => one !== each) : [...chosen, each]);
  return (
    <span className="jc-many" role="group" aria-label="Values">
      {options.map((option) => (
        <label key={option.id}>
          <input type="checkbox" checked={chosen.includes(option.id)} disabled={disabled} onChange={() => toggle(option.id)} />
          {option.label}
        </label>
      ))}
    </span>
  );
}

function manyOptions(field, segments) {
  if (field?.kind === "segment") return (segments ?? []).map((segment) => ({ id: segment.id, label: segment.name }));
  if (field?.kind === "month") return MONTHS.map((label, at) => ({ id: at + 1, label }));
  return field?.choices?.length ? field.choices.map((choice) => ({ id: choice, label: spoken(choice) })) : null;
}

function Unit({ field, operator }) {
  const currency = useCanvas((state) => state.choices.currency);
  const unit = IN_DAYS.has(operator) ? "days" : field?.unit === "currency" ? currency : field?.unit;
  return unit ? <span className="jc-unit">{unit}</span> : null;
}

function Numeric({ id, value, label, disabled, onChange }) {
  return (
    <input
      id={id}
      className="s-control jc-control jc-number"
      inputMode="decimal"
      aria-label={label ?? "Value"}
      value={value ?? ""}
      disabled={disabled}
      onChange={(event) => onChange(numeric(event.target.value))}
    />
  );
}

// What is typed becomes a number as soon as it is one; "12." and "-" stay as typed.
function numeric(text) {
  return /^-?\d+(\.\d*[1-9])?$/.test(text) ? Number(text) : text;
}

function Plain({ id, value, label, field, operator, disabled, onChange }) {
  const guess = field?.kind === "any" && IN_ORDER.has(operator);
  return (
    <input
      id={id}
      className="s-control jc-control"
      aria-label={label ?? "Value"}
      value={value ?? ""}
      disabled={disabled}
      onChange={(event) => onChange(guess ? numeric(event.target.value) : event.target.value)}
    />
  );
}

function Day({ id, value, label, disabled, onChange }) {
  return <input id={id} type="date" className="s-control jc-control" aria-label={label ?? "Day"} value={value ?? ""} disabled={disabled} onChange={(event) => onChange(event.target.value)} />;
}

function Listed({ id, value, label, disabled, onChange, options }) {
  const found = options.find(([option]) => String(option) === String(value));
  return (
    <select id={id} className="s-control jc-control" aria-label={label ?? "Value"} value={found ? String(found[0]) : ""} disabled={disabled} onChange={(event) => onChange(options.find(([option]) => String(option) === event.target.value)?.[0])}>
      <option value="" disabled>
        Choose
      </option>
      {options.map(([option, text]) => (
        <option key={String(option)} value={String(option)}>
          {text}
        </option>
      ))}
    </select>
  );
}

function YesNo(props) {
  return <Listed {...props} options={[[true, "Yes"], [false, "No"]]} />;
}

function Choice(props) {
  return <Listed {...props} options={props.field.choices.map((choice) => [choice, spoken(choice)])} />;
}

function MonthPick(props) {
  return <Listed {...props} options={[...MOVING, ...MONTHS.map((name, at) => [at + 1, name])]} />;
}

function SegmentPick({ id, value, disabled, onChange }) {
  const segments = useCanvas((state) => state.choices.segments) ?? [];
  const options = segments.map((segment) => ({ id: segment.id, label: segment.name, count: segment.count }));
  return <Combo id={id} label="Segment" options={options} value={value} disabled={disabled} placeholder="Choose a segment" empty="There is no segment yet." onChange={onChange} />;
}

/** A value with parts of its own (what was done, how often, how recently): a form from its schema. */
function Structured({ id, field, value, disabled, onChange }) {
  const values = value && typeof value === "object" ? value : {};
  const set = (name, next) => {
    const { [name]: _, ...rest } = values;
    onChange(next === undefined ? rest : { ...rest, [name]: next });
  };
  return (
    <div className="jc-structured">
      {fieldsOf(field.value_schema)
        .filter((part) => part.shape.type !== "array" || part.shape.items?.type === "string" || PARTS[`${field.name}.${part.name}`])
        .map((part) => {
          const Part = CONTROLS[partControl(field, part)];
          const partId = `${id}-${part.name}`;
          return (
            <div key={part.name} className="jc-part">
              <label htmlFor={partId} id={`${partId}-label`}>
                {part.title}
              </label>
              <Part id={partId} field={{ ...part, of: "name" }} value={values[part.name]} values={values} disabled={disabled} onChange={(next) => set(part.name, next)} />
            </div>
          );
        })}
    </div>
  );
}

const PARTS = { "event.name": "event", "event.where": "where", template_id: "template" };

function partControl(field, part) {
  const known = PARTS[`${field.name}.${part.name}`] ?? PARTS[part.name];
  if (!known && part.shape.type === "array") return "tag";
  return known ?? (CONTROLS[part.control] ? part.control : "text");
}
