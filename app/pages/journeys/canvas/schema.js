// Reads a config's JSON Schema (made by pydantic from the node's class) as a list of form fields.

const BY_TYPE = { boolean: "boolean", integer: "number", number: "number", string: "text" };

/** The fields in the order the class declares them, those marked `last` behind: name, title, help, control, and the
 * schema without references. */
export function fieldsOf(schema) {
  const required = new Set(schema?.required ?? []);
  const fields = Object.entries(schema?.properties ?? {}).map(([name, raw]) => field(name, raw, schema, required.has(name)));
  return [...fields.filter((each) => !each.last), ...fields.filter((each) => each.last)];
}

function field(name, raw, root, required) {
  const shape = resolve(raw, root);
  const values = shape.enum ?? shape.items?.enum;
  return {
    name,
    required,
    shape,
    title: raw.title ?? spoken(name),
    help: raw.description ?? "",
    control: raw.control ?? (values ? "select" : BY_TYPE[shape.type] ?? "text"),
    scope: raw.scope ?? "customer",
    of: raw.of ?? null,
    only: raw.only ?? "",
    any: Boolean(raw.any),
    offers: raw.offers ?? {},
    group: raw.group ?? "",
    last: Boolean(raw.last),
    shownIf: raw.shown_if ?? null,
    shownIfSet: raw.shown_if_set ?? null,
    options: (values ?? []).map((value) => ({ id: value, label: spoken(String(value)) })),
  };
}

/** A schema with `$ref`, a lone `allOf` and "or null" replaced by what they stand for. */
export function resolve(raw, root) {
  if (raw.$ref) return { ...lookUp(raw.$ref, root), ...without(raw, "$ref") };
  if (raw.allOf?.length === 1) return { ...resolve(raw.allOf[0], root), ...without(raw, "allOf") };
  const kinds = raw.anyOf?.filter((each) => each.type !== "null");
  if (kinds?.length) {
    // Decimals come as "number or text"; the number is what one types.
    const one = kinds.find((kind) => kind.type === "number") ?? kinds[0];
    return { ...resolve(one, root), ...without(raw, "anyOf"), nullable: kinds.length < raw.anyOf.length };
  }
  return raw.items ? { ...raw, items: resolve(raw.items, root) } : raw;
}

function lookUp(ref, root) {
  const path = ref.replace(/^#\//, "").split("/");
  return resolve(path.reduce((place, name) => place?.[name], root) ?? {}, root);
}

function without(object, name) {
  const { [name]: _, ...rest } = object;
  return rest;
}

/** `after_days` → "After days", `whatsapp` → "WhatsApp". */
export function spoken(name) {
  const known = { whatsapp: "WhatsApp", sms: "SMS", email: "E-mail", push: "Push" }[name];
  const words = name.replaceAll("_", " ");
  return known ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether a field matters while the others have these values (`shown_if`, `shown_if_set` in the schema). */
export function isShown(field, values) {
  if (field.shownIfSet && isEmpty(values?.[field.shownIfSet])) return false;
  return Object.entries(field.shownIf ?? {}).every(([name, wanted]) => values?.[name] === wanted);
}

/** What is set, and the defaults of what is not. */
export function filled(fields, values) {
  const defaults = fields.filter((field) => field.shape.default !== undefined).map((field) => [field.name, field.shape.default]);
  return { ...Object.fromEntries(defaults), ...values };
}

/** Whether a value says nothing. */
export function isEmpty(value) {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  const members = value.rules ?? value.conditions;
  return typeof value === "object" && Array.isArray(members) && members.length === 0;
}

/** Rules of either format the engine reads, in the one that is drawn: `{combinator, not?, rules}`. */
export function inOneFormat(group, aliases = {}) {
  const members = group.rules ?? group.conditions ?? [];
  return {
    combinator: String(group.combinator ?? group.operator ?? "and").toLowerCase(),
    ...(group.not ? { not: true } : {}),
    rules: members.map((member) => {
      if (member.rules ?? member.conditions) return inOneFormat(member, aliases);
      const operator = member.operator ?? member.op;
      const muted = member.muted ? { muted: true } : {};
      return { field: member.field, operator: aliases[operator] ?? operator, value: member.value, ...muted };
    }),
  };
}
