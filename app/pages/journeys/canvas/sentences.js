// A node in words: what its card says. Made from the catalogue's `summary` ("Wait {duration}") and one
// way of speaking for each kind of control, so that a new node type needs nothing here.

import { fieldsOf, inOneFormat, isEmpty, spoken } from "./schema.js";

const WISHES = {
  event: "an event", property: "a property", template: "a template", segment: "a segment", form: "a form",
  tag: "tags", url: "an address", rules: "a rule", duration: "a time",
};
const OPTIONAL = { form: "any form" };

/** Parts of the sentence: `{text}`, `{text, value: true}` for what was chosen, `{text, missing: true}` for what must be. */
export function sentenceOf(kind, config, choices) {
  if (!kind) return [{ text: "Unknown step", missing: true }];
  const fields = fieldsOf(kind.schema);
  return kind.summary ? filledIn(kind.summary, fields, config, choices) : listed(kind, fields, config, choices);
}

export function plainSentence(kind, config, choices) {
  return sentenceOf(kind, config, choices).map((part) => part.text).join("").trim();
}

function filledIn(summary, fields, config, choices) {
  const byName = Object.fromEntries(fields.map((field) => [field.name, field]));
  return summary
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((piece) => {
      const field = byName[piece.match(/^\{(\w+)\}$/)?.[1]];
      return field ? partOf(field, config, choices) : { text: piece };
    });
}

function listed(kind, fields, config, choices) {
  const parts = fields
    .filter((field) => field.required || !isEmpty(config?.[field.name]))
    .map((field) => partOf(field, config, choices))
    .filter((part) => part.text);
  if (!parts.length) return [{ text: kind.description }];
  return parts.slice(0, 3).flatMap((part, at) => (at ? [{ text: ", " }, part] : [part]));
}

function partOf(field, config, choices) {
  const value = config?.[field.name];
  if (!isEmpty(value)) return { text: shown(field, value, choices), value: true };
  if (OPTIONAL[field.control] && !field.required) return { text: OPTIONAL[field.control] };
  if (!field.required) return { text: "" };
  return { text: `choose ${WISHES[field.control] ?? field.title.toLowerCase()}`, missing: true };
}

function shown(field, value, choices) {
  return (SHOWN[field.control] ?? asText)(value, choices, field);
}

const SHOWN = {
  event: (value) => `“${value}”`,
  duration: durationWords,
  template: (value, choices) => nameOf(choices.templates, value),
  segment: (value, choices) => `“${nameOf(choices.segments, value)}”`,
  form: (value, choices) => `“${nameOf(choices.forms, value)}”`,
  channel: (value) => spoken(value),
  select: (value) => spoken(String(value)).toLowerCase(),
  boolean: (value, choices, field) => (value ? field.title.toLowerCase() : ""),
  tag: (value, choices, field) => value.map((tag) => (field.name === "remove" ? `−${tag}` : `+${tag}`)).join(" "),
  split: (value) => value.map((arm) => `${arm.percent}%`).join(" / "),
  rules: (value, choices) => tellRules(inOneFormat(value, choices.aliases), choices),
  url: (value) => value.replace(/^https?:\/\//, "").replace(/\/$/, ""),
};

function asText(value) {
  return typeof value === "object" ? "" : String(value);
}

function nameOf(list, id) {
  return list?.find((each) => each.id === id)?.name ?? "one that is gone";
}

export function durationWords({ amount, unit } = {}) {
  return `${amount ?? "?"} ${amount === 1 ? String(unit).replace(/s$/, "") : unit}`;
}

/** Rules in words: "Total spend is more than 10000 and Tags is one of vip". */
export function tellRules(group, choices) {
  const told = (group?.rules ?? []).map((rule) => (rule.rules ? bracketed(rule, choices) : tellRule(rule, choices)));
  const text = told.filter(Boolean).join(group?.combinator === "or" ? " or " : " and ");
  return group?.not && text ? `not (${text})` : text;
}

function bracketed(group, choices) {
  const text = tellRules(group, choices);
  return group.rules.length > 1 && !group.not ? `(${text})` : text;
}

function tellRule(rule, choices) {
  const field = choices.fields?.find((each) => each.name === rule.field);
  const operators = field?.operators ?? choices.open_operators;
  const operator = operators?.find((each) => each.name === rule.operator)?.label ?? rule.operator;
  const told = field ? [field.label, operator, tellValue(rule.value, field), unitOf(rule, field, choices)] : [openLabel(rule.field), operator, tellValue(rule.value)];
  return told.filter(Boolean).join(" ");
}

function unitOf(rule, field, choices) {
  if (isEmpty(rule.value) || !field.unit) return "";
  return field.unit === "currency" ? choices.currency : field.unit;
}

/** `event.total` → "event’s total". */
function openLabel(name = "") {
  const [prefix, ...key] = name.split(".");
  return key.length ? `${prefix}’s ${key.join(".")}` : name;
}

function tellValue(value, field) {
  if (isEmpty(value)) return "";
  if (Array.isArray(value)) return value.map((each) => tellValue(each, field)).join(", ");
  if (typeof value === "object") return Object.values(value).filter((each) => typeof each !== "object").join(" ");
  const named = field?.choices?.find((choice) => (choice.id ?? choice.value ?? choice) === value);
  return named?.label ?? named?.name ?? grouped(value);
}

function grouped(value) {
  return typeof value === "number" ? value.toLocaleString("en-IN") : String(value);
}
