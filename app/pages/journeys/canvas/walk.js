// Walking along the arrows by keys: on to the next step, back to the one before, across to a sibling. Pure.

import { portsOf } from "./graph.js";
import { isNote } from "./notes.js";

const TURNS = {
  down: { ArrowDown: "on", ArrowUp: "back", ArrowLeft: "before", ArrowRight: "after" },
  right: { ArrowRight: "on", ArrowLeft: "back", ArrowUp: "before", ArrowDown: "after" },
};

/** The id of the step one comes to from this one by an arrow key; null where there is none. */
export function walked({ nodes, edges, kinds, direction }, id, key) {
  const turn = TURNS[direction][key];
  if (!turn) return null;
  if (!id) return nodes.find((node) => !isNote(node))?.id ?? null;
  const ways = { on: () => targets({ nodes, edges, kinds }, id)[0], back: () => edges.find((edge) => edge.target === id)?.source };
  return (ways[turn]?.() ?? (turn === "before" || turn === "after" ? sibling({ nodes, edges, kinds }, id, turn) : null)) ?? null;
}

/** Where a step leads, in the order of its ways out. */
function targets({ nodes, edges, kinds }, id) {
  const node = nodes.find((each) => each.id === id);
  if (!node || isNote(node)) return [];
  const order = portsOf(kinds[node.data.type], node.data.config).map((port) => port.id);
  const own = edges.filter((edge) => edge.source === id);
  return own.sort((one, other) => order.indexOf(one.sourceHandle) - order.indexOf(other.sourceHandle)).map((edge) => edge.target);
}

/** The next of those which the step before leads to; of the steps nothing leads to, the next of these. */
function sibling(graph, id, turn) {
  const before = graph.edges.find((edge) => edge.target === id)?.source;
  const led = new Set(graph.edges.map((edge) => edge.target));
  const row = before ? [...new Set(targets(graph, before))] : graph.nodes.filter((node) => !isNote(node) && !led.has(node.id)).map((node) => node.id);
  return row[row.indexOf(id) + (turn === "after" ? 1 : -1)];
}
