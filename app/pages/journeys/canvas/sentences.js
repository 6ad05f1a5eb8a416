// A node in words: what its card says. Made from the catalogue's `summary` ("Wait {duration}") and one
// way of speaking for each kind of control, so that a new node type needs nothing here.
// In a summary, "[, only if {where}]" is said when all that is named in it is set and shown; "{days:from}" says a number
// of days as "7 days before", "on" or "3 days after", "{days:until}" the same of a number that counts towards the day.

import { languageName } from "./languages.js";
import { fieldsOf, filled, inOneFormat, isEmpty, isShown, spoken } from "./schema.js";

const WISHES = {
  event: "an event", events: "events", property: "a property", template: "a template", segment: "a segment", form: "a form",
  tag: "tags", url: "an address", rules: "a rule", duration: "a time", cases: "cases", list: "a list", coupon: "a coupon", journey: "a journey",
  message_node: "a message", value: "a value", date: "a day", time: "a time", staff: "somebody", weekdays: "days",
};
const OPTIONAL = { form: "any form" };
// What people called so themselves, which no capital letter may change.
const OWN = new Set(["template", "text", "url", "form", "staff", "branches", "cases", "tag", "where"]);
const WAYS = { from: (days) => offset(days), until: (days) => offset(-days) };

/** Parts of the sentence: `{text}`, `{text, value: true}` for what was chosen, `{text, missing: true}` for what must be. */
export function sentenceOf(kind, config, choices) {
  if (!kind) return [{ text: "Unknown step", missing: true }];
  const fields = fieldsOf(kind.schema);
  const said = kind.summary ? filledIn(kind.summary, fields, config, choices) : listed(kind, fields, config, choices);
  return said.map((part, at) => (at || part.own ? part : { ...part, text: capital(part.text) }));
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plainSentence(kind, config, choices) {
  return sentenceOf(kind, config, choices).map((part) => part.text).join("").trim();
}

/** The kind and the sentence, as a list or a screen reader says them; the kind once where the sentence begins with it. */
export function fullSentence(kind, type, config, choices) {
  const label = kind?.label ?? type;
  const said = plainSentence(kind, config, choices);
  return said.startsWith(label) ? said : `${label}: ${said}`;
}

function filledIn(summary, fields, config, choices) {
  const byName = Object.fromEntries(fields.map((field) => [field.name, field]));
  return summary
    .split(/(\[[^\]]*\])/)
    .filter((piece) => !OPTIONAL_PIECE.test(piece) || allSaid(piece, byName, config))
    .flatMap((piece) => piece.replace(OPTIONAL_PIECE, "$1").split(/(\{\w+(?::\w+)?\})/))
    .map((piece) => {
      const [, name, way] = piece.match(NAMED) ?? [];
      return byName[name] ? partOf(byName[name], config, choices, way) : { text: piece };
    })
    .filter((part) => part.text);
}

const OPTIONAL_PIECE = /^\[([^\]]*)\]$/;
const NAMED = /\{(\w+)(?::(\w+))?\}/;

function allSaid(piece, byName, config) {
  const present = filled(Object.values(byName), config);
  const named = [...piece.matchAll(new RegExp(NAMED, "g"))].map(([, name]) => byName[name]);
  return named.every((field) => field && present[field.name] !== false && !isEmpty(present[field.name]) && isShown(field, present));
}

function listed(kind, fields, config, choices) {
  const parts = fields
    .filter((field) => field.required || (!field.last && !isEmpty(config?.[field.name])))
    .map((field) => partOf(field, config, choices))
    .filter((part) => part.text);
  if (!parts.length) return [{ text: kind.description }];
  return parts.slice(0, 3).flatMap((part, at) => (at ? [{ text: ", " }, part] : [part]));
}

function partOf(field, config, choices, way) {
  const value = config?.[field.name];
  if (!isEmpty(value)) {
    const text = WAYS[way] ? WAYS[way](value) : shown(field, value, choices, config);
    return { text, value: true, own: OWN.has(field.control) };
  }
  if (OPTIONAL[field.control] && !field.required) return { text: OPTIONAL[field.control] };
  if (!field.required) return { text: "" };
  return { text: `choose ${WISHES[field.control] ?? field.title.toLowerCase()}`, missing: true };
}

function shown(field, value, choices, config) {
  return (SHOWN[field.control] ?? asText)(value, choices, field, config);
}

const SHOWN = {
  branches: (value, choices) => value.map((id) => nameOf(choices.branches, id)).join(", "),
  cases: (value, choices, field, config) => [...value.map((each) => caseName(each, field, config)), "other"].join(" / "),
  coupon: (value, choices) => `“${nameOf(choices.coupons, value)}”`,
  date: (value) => new Date(`${value}T12:00`).toLocaleDateString("en-IN", { day: "numeric", month: "short", year: "numeric" }),
  event: (value) => `“${value}”`,
  events: (value) => value.map((name) => `“${name}”`).join(" or "),
  fallback: (value, choices) => [spoken(value.channel ?? ""), value.template_id && nameOf(choices.templates, value.template_id)].filter(Boolean).join(", "),
  journey: (value, choices) => `“${nameOf(choices.journeys, value)}”`,
  list: (value, choices) => `“${nameOf(choices.lists, value)}”`,
  message_node: (value, choices) => `“${nameOf(choices.steps, value)}”`,
  number: (value) => grouped(value),
  staff: (value, choices) => nameOf(choices.staff, value),
  value: (value, choices) => valueName(value, choices),
  weekdays: (value) => tellDays(value),
  where: (value, choices) => value.map((rule) => tellProperty(rule, choices)).join(" and "),
  duration: durationWords,
  template: (value, choices) => nameOf(choices.templates, value),
  segment: (value, choices) => `“${nameOf(choices.segments, value)}”`,
  form: (value, choices) => `“${nameOf(choices.forms, value)}”`,
  channel: (value) => spoken(value),
  select: (value) => dayName(value) ?? String(value).replaceAll("_", " "),
  boolean: (value, choices, field) => (value ? field.title.toLowerCase() : ""),
  tag: (value, choices, field) => value.map((tag) => (field.name === "remove" ? `−${tag}` : `+${tag}`)).join(" "),
  split: (value) => value.map((arm) => `${arm.percent ?? "?"}%`).join(" / "),
  rules: (value, choices) => tellRules(inOneFormat(value, choices.aliases), choices),
  url: (value) => value.replace(/^https?:\/\//, "").replace(/\/$/, ""),
};

function asText(value) {
  return typeof value === "object" ? "" : String(value);
}

function nameOf(list, id) {
  return list?.find((each) => each.id === id)?.name ?? "one that is gone";
}

/** A case by its name; a language by the name of its code. */
function caseName(each, field, config) {
  const language = !field.of && config?.value === undefined;
  return each.label || (language ? languageName(each.value) : each.value) || "?";
}

/** `city` → "city", `attribute.shoe_size` → "shoe size", `event.total` → "event’s total". */
function valueName(value, choices) {
  const known = choices.values?.find((each) => each.id === value)?.name;
  if (known && !value.includes(".")) return known.charAt(0).toLowerCase() + known.slice(1);
  return value.startsWith("attribute.") ? value.slice("attribute.".length).replaceAll("_", " ") : openLabel(value);
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const WEEKS = { "0123456": "every day", "01234": "Monday to Friday", "56": "Saturday and Sunday" };

/** Days from a day: "7 days before", "on", "1 day after". */
function offset(days) {
  const number = `${Math.abs(days)} ${Math.abs(days) === 1 ? "day" : "days"}`;
  return days === 0 ? "on" : `${number} ${days < 0 ? "before" : "after"}`;
}

function dayName(value) {
  return DAYS.find((name) => name.toLowerCase() === String(value).toLowerCase());
}

/** Days of the week in words: names, or numbers from Monday = 0. */
function tellDays(value) {
  if (!Array.isArray(value)) return dayName(value) ?? String(value);
  const numbers = value.map((day) => (typeof day === "number" ? day : DAYS.indexOf(dayName(day))));
  const sorted = [...numbers].sort((one, other) => one - other);
  return WEEKS[sorted.join("")] ?? sorted.map((number) => DAYS[number]).join(", ");
}

function tellProperty({ property, operator, value }, choices) {
  const label = choices.open_operators?.find((each) => each.name === operator)?.label ?? operator;
  return [property || "…", label, tellValue(value)].filter(Boolean).join(" ");
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
