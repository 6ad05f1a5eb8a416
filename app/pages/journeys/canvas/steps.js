// The messages of a graph by name, for the steps that ask what became of one.

import { useMemo } from "react";

import { fieldsOf, spoken } from "./schema.js";
import { useCanvas } from "./store.js";

const SENDING = "action.message";

/** Every message step: its id, the name of its template, and by which channel. */
export function messageSteps(nodes, choices) {
  return nodes.filter((node) => node.data.type === SENDING).map((node) => described(node, choices));
}

function described({ id, data }, choices) {
  const template = choices.templates?.find((each) => each.id === data.config?.template_id);
  return { id, name: template?.name ?? "A message without a template", about: spoken(data.config?.channel ?? "") };
}

const remembered = new WeakMap();

/** The choices with the names of the graph's messages, so that a sentence can say which one is meant; the same object
 * as long as no message is called otherwise, so that typing or dragging elsewhere makes no sentence anew. */
export function withSteps(choices, nodes) {
  const sending = nodes.filter((node) => node.data.type === SENDING);
  const named = sending.flatMap(({ id, data }) => [id, data.config?.template_id, data.config?.channel]);
  const known = remembered.get(choices);
  if (known?.named.length === named.length && known.named.every((each, at) => each === named[at])) return known.words;
  const words = { ...choices, steps: sending.map((node) => described(node, choices)) };
  remembered.set(choices, { named, words });
  return words;
}

/** The same for one card, which is drawn anew only when a message that it names is called otherwise. */
export function useWords(kind, config) {
  const choices = useCanvas((state) => state.choices);
  const named = pointed(kind, config);
  const steps = useCanvas((state) =>
    named.length ? JSON.stringify(messageSteps(state.nodes.filter((node) => named.includes(node.id)), state.choices)) : "",
  );
  return useMemo(() => (steps ? { ...choices, steps: JSON.parse(steps) } : choices), [choices, steps]);
}

function pointed(kind, config) {
  const fields = fieldsOf(kind?.schema).filter((field) => field.control === "message_node");
  return fields.map((field) => config?.[field.name]).filter(Boolean);
}
