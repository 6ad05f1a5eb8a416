// Rules over the customer and the entering event: nested groups of and, or, not.
// react-querybuilder keeps the tree; its controls are ours, fed by the fields the engine knows.

import { useMemo, useState } from "react";
import { prepareRuleGroup, QueryBuilder } from "react-querybuilder";

import { Icon } from "../icons.jsx";
import { fieldsOf, inOneFormat } from "../schema.js";
import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";
import { bare, defaultValue, fieldsFor, openField } from "./rule_fields.js";
import { RuleValue } from "./rule_value.jsx";

const EMPTY = { combinator: "and", rules: [] };
const CLASSES = {
  queryBuilder: "jc-rules",
  ruleGroup: "jc-group",
  header: "jc-group-head",
  body: "jc-group-body",
  rule: "jc-rule",
};
const CONTROLS = {
  addRuleAction: (props) => <Action {...props} name="plus" text="Rule" />,
  addGroupAction: (props) => <Action {...props} name="plus" text="Group" />,
  removeRuleAction: (props) => <Remove {...props} text="Remove rule" />,
  removeGroupAction: (props) => <Remove {...props} text="Remove group" />,
  combinatorSelector: Combinator,
  notToggle: NotToggle,
  fieldSelector: FieldSelector,
  operatorSelector: OperatorSelector,
  valueEditor: RuleValue,
};

export function RulesControl({ id, value: given, disabled, describedBy, onChange }) {
  const aliases = useCanvas((state) => state.choices.aliases);
  const value = useMemo(() => given && inOneFormat(given, aliases), [given, aliases]);
  const listed = useCanvas((state) => state.choices.fields);
  const properties = useEntryProperties();
  const operators = useCanvas((state) => state.choices.open_operators);
  const [query, setQuery] = useState(() => prepareRuleGroup(value ?? EMPTY));
  const [said, setSaid] = useState(() => JSON.stringify(value ?? null));
  const fields = useMemo(
    () => fieldsFor({ listed, properties, operators, rules: query }),
    [listed, properties, operators, query],
  );

  // The value changed from outside (undo, another version): take it.
  if (JSON.stringify(value ?? null) !== said) {
    setSaid(JSON.stringify(value ?? null));
    setQuery(prepareRuleGroup(value ?? EMPTY));
  }

  const change = (next) => {
    const rules = next.rules.length ? bare(next) : undefined;
    setQuery(next);
    setSaid(JSON.stringify(rules ?? null));
    onChange(rules);
  };

  return (
    <div id={id} role="group" aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
      <QueryBuilder
        query={query}
        onQueryChange={(next) => JSON.stringify(bare(next)) !== JSON.stringify(bare(query)) && change(next)}
        fields={fields}
        getOperators={(name, { fieldData }) => fieldData?.operators ?? operators ?? []}
        getDefaultValue={(rule, { fieldData }) => defaultValue(fieldData, rule.operator)}
        resetOnFieldChange
        resetOnOperatorChange={false}
        addRuleToNewGroups
        showNotToggle
        disabled={disabled}
        controlElements={CONTROLS}
        controlClassnames={CLASSES}
        suppressStandardClassnames
      />
    </div>
  );
}

/** Properties of the events by which customers enter this journey: those seen, and those that a trigger's choice offers. */
export function useEntryProperties() {
  const names = useCanvas((state) => {
    const seen = state.choices.properties ?? {};
    return JSON.stringify([...new Set(state.nodes.flatMap((node) => entryProperties(state.kinds[node.data.type], node.data.config, seen)))]);
  });
  return useMemo(() => JSON.parse(names), [names]);
}

function entryProperties(kind, config, seen) {
  if (!kind?.entrance) return [];
  const offered = fieldsOf(kind.schema).flatMap((field) => field.offers[config?.[field.name]] ?? []);
  return [...(seen[config?.event] ?? []), ...offered];
}

function FieldSelector({ value, options, handleOnChange, disabled, path }) {
  const choices = options.map((field) => ({ id: field.name, label: field.label, about: field.group }));
  const open = (typed) => [openField("event", typed), openField("attribute", typed)];
  return (
    <Combo
      id={`jc-rule-field-${path.join("-")}`}
      label="Field"
      options={choices}
      more={open}
      value={value}
      disabled={disabled}
      placeholder="Choose a field"
      empty="No such field."
      onChange={(name) => handleOnChange(name)}
    />
  );
}

function OperatorSelector({ value, options, handleOnChange, disabled }) {
  return (
    <select className="s-control jc-control" aria-label="Operator" value={value} disabled={disabled} onChange={(event) => handleOnChange(event.target.value)}>
      {options.map((operator) => (
        <option key={operator.name} value={operator.name}>
          {operator.label}
        </option>
      ))}
    </select>
  );
}

function Combinator({ value, handleOnChange, disabled, rules }) {
  if ((rules?.length ?? 0) < 2) return null;
  return (
    <div className="jc-segments jc-combinator" role="radiogroup" aria-label="How the rules combine">
      {[["and", "All of"], ["or", "Any of"]].map(([name, label]) => (
        <button key={name} type="button" role="radio" aria-checked={value === name} disabled={disabled} onClick={() => handleOnChange(name)}>
          {label}
        </button>
      ))}
    </div>
  );
}

function NotToggle({ checked, handleOnChange, disabled, ruleGroup }) {
  if (!ruleGroup?.rules?.length) return null;
  return (
    <button type="button" className="jc-not" aria-pressed={Boolean(checked)} disabled={disabled} onClick={() => handleOnChange(!checked)}>
      Not
    </button>
  );
}

function Action({ handleOnClick, disabled, name, text }) {
  return (
    <button type="button" className="jc-link" disabled={disabled} onClick={handleOnClick}>
      <Icon name={name} size={13} /> {text}
    </button>
  );
}

function Remove({ handleOnClick, disabled, text }) {
  return (
    <button type="button" className="jc-tool jc-remove" disabled={disabled} onClick={handleOnClick} aria-label={text} title={text}>
      <Icon name="close" size={14} />
    </button>
  );
}
