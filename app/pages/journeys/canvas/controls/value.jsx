// A value of the customer or of the entering event, by name: "city", "attribute.size", "event.total".

import { useMemo } from "react";

import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";
import { openField } from "./rule_fields.js";
import { useEntryProperties } from "./rules.jsx";

const NONE = [];
const FITTING = {
  any: () => true,
  attribute: (value) => value.id.startsWith("attribute."),
  date: (value) => value.kind !== "text",
};

/** A field whose schema says `only: "attribute"` gets custom attributes alone, one of `scope: "date"` what may be a date. */
export function ValueControl(props) {
  const known = useCanvas((state) => state.choices.values) ?? NONE;
  const properties = useEntryProperties();
  const { only, scope } = props.field;
  const options = useMemo(() => {
    const fitting = known.filter(FITTING[only || scope] ?? FITTING.any);
    const ofEvent = (only === "attribute" ? NONE : properties).map((name) => ({ id: `event.${name}`, label: name, about: "Entering event" }));
    return [...fitting.map(({ id, name, about }) => ({ id, label: name, about })), ...ofEvent];
  }, [known, properties, only, scope]);
  const named = options.some((option) => option.id === props.value) ? options : [...options, ...typedBefore(props.value)];
  const prefixes = only === "attribute" ? ["attribute"] : ["attribute", "event"];
  const open = (typed) => prefixes.map((prefix) => openField(prefix, typed));
  return <Combo {...props} options={named} more={open} always placeholder="Choose a value" empty="No such value." />;
}

/** A value nobody lists, because it was typed or came with a file. */
function typedBefore(value) {
  const [prefix, ...key] = (value ?? "").split(".");
  if (!key.length) return NONE;
  const about = { attribute: "Custom attribute", event: "Entering event" }[prefix] ?? "";
  return [{ id: value, label: key.join("."), about }];
}
