// Which fields rules may name, and what a new rule on one begins with.

import { fieldsOf } from "../schema.js";

const OPEN = {
  event: { label: "Event's", group: "Entering event" },
  attribute: { label: "Attribute", group: "Custom attribute" },
};
const FALLBACK = [{ name: "eq", label: "is", values: "one" }];

/** The engine's fields, the entering events' known properties, and open fields that the rules already name. */
export function fieldsFor({ listed, properties, operators, rules }) {
  const known = [...properties.map((name) => open("event", name, operators)), ...(listed ?? [])];
  const names = new Set(known.map((field) => field.name));
  const others = [...namesIn(rules)].filter((name) => !names.has(name)).map((name) => named(name, operators));
  return [...known, ...others].map((field) => ({ ...field, value: field.name, label: labelOf(field, known) }));
}

/** A field typed by hand, as an option: `openField("event", "total")`. */
export function openField(prefix, typed) {
  const key = typed.trim();
  return { id: `${prefix}.${key}`, label: `${OPEN[prefix].label} “${key}”`, about: OPEN[prefix].group };
}

function open(prefix, key, operators) {
  const { label, group } = OPEN[prefix];
  return { name: `${prefix}.${key}`, label: `${label} ${key}`, group, kind: "any", unit: "", operators: operators ?? FALLBACK, choices: [] };
}

function named(name, operators) {
  const [prefix, ...key] = name.split(".");
  if (OPEN[prefix] && key.length) return open(prefix, key.join("."), operators);
  return { name, label: name, group: "No longer known", kind: "any", unit: "", operators: operators ?? FALLBACK, choices: [] };
}

// Two fields may bear one label ("Last order" in days and as a date): the kind tells them apart.
function labelOf(field, all) {
  const twins = all.filter((each) => each.label === field.label).length > 1;
  return twins ? `${field.label} (${field.unit || field.kind})` : field.label;
}

function namesIn(group, found = new Set()) {
  for (const rule of group.rules ?? []) rule.rules ? namesIn(rule, found) : rule.field && found.add(rule.field);
  return found;
}

/** The rules without what react-querybuilder adds for itself. */
export function bare(group) {
  const rules = group.rules.map((rule) =>
    rule.rules
      ? bare(rule)
      : { field: rule.field, operator: rule.operator, value: rule.value, ...(rule.muted ? { muted: true } : {}) },
  );
  return { combinator: group.combinator, ...(group.not ? { not: true } : {}), rules };
}

/** What a rule begins with: nothing to type in, but yes/no and structured values have a start. */
export function defaultValue(field, operator) {
  if (field?.kind === "boolean") return true;
  if (field?.value_schema) return startOf(field.value_schema);
  const values = field?.operators?.find((each) => each.name === operator)?.values;
  return { none: null, two: ["", ""], many: [] }[values] ?? "";
}

function startOf(schema) {
  const filled = fieldsOf(schema).filter((each) => each.required && each.options.length);
  return Object.fromEntries(filled.map((each) => [each.name, each.options[0].id]));
}
