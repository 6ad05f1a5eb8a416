// Auto-layout: layers along the flow, branches in the order of their ports. elkjs is fetched when first used.

import { CARD, portsOf } from "./graph.js";

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.layered.spacing.nodeNodeBetweenLayers": "88",
  "elk.spacing.nodeNode": "48",
  "elk.layered.spacing.edgeNodeBetweenLayers": "32",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.separateConnectedComponents": "true",
  "elk.spacing.componentComponent": "96",
};
const SIDES = { down: { elk: "DOWN", in: "NORTH", out: "SOUTH" }, right: { elk: "RIGHT", in: "WEST", out: "EAST" } };

let engine = null;

/** New positions of all nodes: `Map(id → {x, y})`. */
export async function layout({ nodes, edges }, kinds, direction) {
  engine ??= import("elkjs/lib/elk.bundled.js").then((module) => new module.default());
  const sides = SIDES[direction];
  const known = new Set(nodes.map((node) => node.id));
  const drawn = await (await engine).layout({
    id: "graph",
    layoutOptions: { ...OPTIONS, "elk.direction": sides.elk },
    children: nodes.map((node) => elkNode(node, kinds[node.data.type], sides)),
    edges: edges
      .filter((edge) => known.has(edge.source) && known.has(edge.target))
      .map((edge) => ({ id: edge.id, sources: [`${edge.source}:${edge.sourceHandle}`], targets: [`${edge.target}:in`] })),
  });
  return new Map(drawn.children.map(({ id, x, y }) => [id, { x: Math.round(x), y: Math.round(y) }]));
}

function elkNode(node, kind, sides) {
  const ports = portsOf(kind, node.data.config);
  return {
    id: node.id,
    width: node.measured?.width ?? CARD.width,
    height: node.measured?.height ?? CARD.height,
    layoutOptions: { "elk.portConstraints": "FIXED_ORDER" },
    ports: [elkPort(`${node.id}:in`, sides.in, 0), ...ports.map((port, at) => elkPort(`${node.id}:${port.id}`, sides.out, order(sides, at, ports)))],
  };
}

// ELK numbers ports clockwise from the top left, so those on the lower side run from right to left.
function order(sides, at, ports) {
  return sides.out === "SOUTH" ? ports.length - at : at + 1;
}

function elkPort(id, side, index) {
  return { id, width: 1, height: 1, layoutOptions: { "elk.port.side": side, "elk.port.index": String(index) } };
}

/** Which way a drawn graph runs: to the right if most arrows do, else down. */
export function directionOf({ nodes, edges }) {
  const places = new Map(nodes.map((node) => [node.id, node.position]));
  const runs = edges.map((edge) => runsRight(places.get(edge.source), places.get(edge.target)));
  return runs.filter(Boolean).length * 2 > runs.length ? "right" : "down";
}

function runsRight(from, to) {
  return Boolean(from && to) && to.x - from.x > CARD.width && Math.abs(to.y - from.y) < to.x - from.x;
}
