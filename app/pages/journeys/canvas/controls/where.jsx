// Conditions on an event's properties; all of them must hold.

import { useMemo } from "react";

import { Icon } from "../icons.jsx";
import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";
import { propertyOptions } from "./pickers.jsx";
import { defaultValue } from "./rule_fields.js";
import { RuleValue } from "./rule_value.jsx";

const NONE = [];

export function WhereControl({ id, field, value, values, disabled, describedBy, onChange }) {
  const rules = value ?? NONE;
  const operators = useCanvas((state) => state.choices.open_operators) ?? NONE;
  const samples = useCanvas((state) => state.choices.property_samples?.[values?.[field.of ?? "event"]]);
  const properties = useMemo(() => propertyOptions(samples), [samples]);
  const change = (at, rule) => onChange(rules.map((each, place) => (place === at ? rule : each)));
  return (
    <div id={id} className="jc-where" role="group" aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
      {rules.map((rule, at) => (
        <Condition
          key={at}
          id={`${id}-${at}`}
          rule={rule}
          properties={properties}
          operators={operators}
          disabled={disabled}
          onChange={(next) => change(at, next)}
          onRemove={() => onChange(rules.filter((_, place) => place !== at))}
        />
      ))}
      <button type="button" className="jc-link" disabled={disabled} onClick={() => onChange([...rules, { property: "", operator: "eq", value: "" }])}>
        <Icon name="plus" size={13} /> Condition
      </button>
    </div>
  );
}

function Condition({ id, rule, properties, operators, disabled, onChange, onRemove }) {
  const field = { kind: "any", operators, choices: NONE, unit: "" };
  const operate = (operator) => {
    const same = wanted(operators, operator) === wanted(operators, rule.operator);
    onChange({ ...rule, operator, value: same ? rule.value : defaultValue(field, operator) });
  };
  return (
    <div className="jc-rule">
      <Combo
        id={`${id}-property`}
        label="Property"
        options={properties}
        value={rule.property}
        free
        disabled={disabled}
        placeholder="e.g. total"
        empty="No property is known yet. Type its name."
        onChange={(property) => onChange({ ...rule, property: property ?? "" })}
      />
      <select className="s-control jc-control" aria-label="Operator" value={rule.operator} disabled={disabled} onChange={(event) => operate(event.target.value)}>
        {operators.map((operator) => (
          <option key={operator.name} value={operator.name}>
            {operator.label}
          </option>
        ))}
      </select>
      <RuleValue value={rule.value} operator={rule.operator} fieldData={field} disabled={disabled} path={[id]} handleOnChange={(next) => onChange({ ...rule, value: next })} />
      <button type="button" className="jc-tool jc-remove" disabled={disabled} onClick={onRemove} aria-label="Remove condition" title="Remove condition">
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

function wanted(operators, name) {
  return operators.find((operator) => operator.name === name)?.values;
}
