// Where a new node goes, and how the others make room for it.

import { CARD, freePlace, portsOf } from "./graph.js";

// Room also for the row of numbers that a card gets once the journey runs.
const GAP = { down: 88, right: 72 };

/** The place after a node's port: below it (or to its right), beside its siblings. */
export function placeAfter(graph, kinds, source, port, direction) {
  const ports = portsOf(kinds[source.data.type], source.data.config);
  const at = Math.max(0, ports.findIndex((each) => each.id === port));
  const aside = at - (ports.length - 1) / 2;
  const wanted =
    direction === "right"
      ? { x: source.position.x + CARD.width + GAP.right, y: source.position.y + aside * (heightOf(source) + 32) }
      : { x: source.position.x + aside * (CARD.width + 40), y: source.position.y + heightOf(source) + GAP.down };
  return freePlace(graph.nodes, wanted);
}

/** The middle of an arrow, as the top left corner of a node put there. */
export function placeOnEdge(graph, edge, direction) {
  const [source, target] = [edge.source, edge.target].map((id) => graph.nodes.find((node) => node.id === id));
  if (direction === "right") return { x: source.position.x + CARD.width + GAP.right, y: target.position.y };
  return { x: target.position.x, y: source.position.y + heightOf(source) + GAP.down };
}

/** Moves everything after a newly spliced node onwards, if the next one would be too near. */
export function makeRoom(graph, nodeId, direction) {
  const node = graph.nodes.find((each) => each.id === nodeId);
  const next = graph.edges.filter((edge) => edge.source === nodeId).map((edge) => edge.target);
  const after = graph.nodes.filter((each) => next.includes(each.id));
  if (!after.length) return graph;
  const [axis, length] = direction === "right" ? ["x", CARD.width] : ["y", heightOf(node)];
  const needed = node.position[axis] + length + GAP[direction];
  const shift = needed - Math.min(...after.map((each) => each.position[axis]));
  if (shift <= 0) return graph;
  const later = downstream(graph, next, node, axis);
  const nodes = graph.nodes.map((each) =>
    later.has(each.id) ? { ...each, position: { ...each.position, [axis]: each.position[axis] + shift } } : each,
  );
  return { nodes, edges: graph.edges };
}

// Only what stands further along moves: an arrow back to an earlier node (a loop) must not drag it along.
function downstream(graph, starts, origin, axis) {
  const places = new Map(graph.nodes.map((node) => [node.id, node.position]));
  const found = new Set();
  const open = [...starts];
  while (open.length) {
    const id = open.pop();
    if (found.has(id) || id === origin.id || places.get(id)?.[axis] < origin.position[axis]) continue;
    found.add(id);
    open.push(...graph.edges.filter((edge) => edge.source === id).map((edge) => edge.target));
  }
  return found;
}

function heightOf(node) {
  return node.measured?.height ?? CARD.height + CARD.portsHeight;
}
