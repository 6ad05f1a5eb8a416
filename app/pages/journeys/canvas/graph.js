// The graph as pure data: between the saved JSON and React Flow, and every change one can make to it.
// Nothing here knows React; a graph is {nodes, edges} in React Flow's form, and each function returns a new one.

import { flowNote, isNote, savedNote, stepsOf } from "./notes.js";
import { fieldsOf } from "./schema.js";

export const NEXT = "next";
export const CARD = { width: 256, height: 76, portsHeight: 30 };
export const CLIPBOARD = "safar/journey";

/** The size of a step nobody has seen yet. No card is measured to half a pixel, so the true size always replaces it. */
export const UNSEEN = Object.freeze({ width: CARD.width, height: CARD.height + CARD.portsHeight + 0.5 });

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

export function newId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${prefix}-${Array.from(bytes, (byte) => ALPHABET[byte % 36]).join("")}`;
}

/** The saved JSON as React Flow wants it. */
export function fromDocument(document) {
  return {
    nodes: [
      ...(document.nodes ?? []).map((node) => flowNode(node.id, node.type, node.position, node.config)),
      ...(document.notes ?? []).map(flowNote),
    ],
    edges: (document.edges ?? []).map((edge) => flowEdge(edge.source, edge.source_port, edge.target, edge.id)),
  };
}

/** The graph as it is saved (design: interface contract). Positions are whole pixels; `notes` only where there are any. */
export function toDocument({ nodes, edges }, settings) {
  const notes = nodes.filter(isNote).map(savedNote);
  return {
    schema: 1,
    nodes: stepsOf(nodes).map((node) => ({
      id: node.id,
      type: node.data.type,
      position: { x: Math.round(node.position.x), y: Math.round(node.position.y) },
      config: node.data.config,
    })),
    edges: edges.map((edge) => ({
      id: edge.id,
      source: edge.source,
      source_port: edge.sourceHandle,
      target: edge.target,
    })),
    settings: settings ?? {},
    ...(notes.length ? { notes } : {}),
  };
}

export function flowNode(id, type, position, config) {
  return { id, type: "step", position: { x: position?.x ?? 0, y: position?.y ?? 0 }, measured: UNSEEN, data: { type, config: config ?? {} } };
}

export function flowEdge(source, port, target, id) {
  return { id: id ?? newId("edge"), type: "step", source, sourceHandle: port, target, targetHandle: "in" };
}

/** A new node of a kind of the catalogue, with the defaults its schema names and what a preset fills in. */
export function newNode(kind, position, preset) {
  const config = structuredClone({ ...kind.defaults, ...preset });
  return flowNode(newId(kind.type.split(".")[0]), kind.type, position, config);
}

/** The ways out of a node. Some kinds have one for each entry of a config list (the arms of a split, the cases of a
 * branch), some have others with another value of one field (`ports_by`). */
export function portsOf(kind, config) {
  if (!kind) return [];
  const entries = kind.ports_from ? config?.[kind.ports_from] ?? [] : [];
  const own = entries.map((entry) => ({ id: entry.id, label: portLabel(entry) }));
  return [...own, ...(kind.ports_by?.ports[config?.[kind.ports_by.field]] ?? kind.ports ?? [])];
}

function portLabel(arm) {
  const name = arm.label || arm.value || arm.id;
  return arm.percent === undefined ? name : `${name} · ${arm.percent}%`;
}

export function edgeAt(edges, source, port) {
  return edges.find((edge) => edge.source === source && edge.sourceHandle === port);
}

/** The first way out that leads nowhere yet. */
export function freePort(kind, node, edges) {
  return portsOf(kind, node.data.config).find((port) => !edgeAt(edges, node.id, port.id));
}

/** Whether an arrow may be drawn: not to itself, not into a trigger. */
export function mayConnect({ nodes }, kinds, source, target) {
  const goal = nodes.find((node) => node.id === target);
  return source !== target && Boolean(goal) && !isNote(goal) && acceptsInput(kinds[goal.data.type]);
}

export function acceptsInput(kind) {
  return kind?.family !== "trigger";
}

/** The first steps on the way from the first trigger, so many at most. */
export function beginnings({ nodes, edges }, kinds, most) {
  const start = nodes.find((node) => !acceptsInput(kinds[node.data.type])) ?? nodes[0];
  const found = new Map([[start.id, { id: start.id }]]);
  for (const { id } of found.values()) {
    const next = edges.filter((edge) => edge.source === id).map((edge) => edge.target);
    next.filter((goal) => !found.has(goal) && found.size < most).forEach((goal) => found.set(goal, { id: goal }));
  }
  return [...found.values()];
}

/** Draw an arrow; a way out has one arrow, so an older one from it goes. */
export function connect(graph, source, port, target) {
  const others = graph.edges.filter((edge) => edge.source !== source || edge.sourceHandle !== port);
  return { nodes: graph.nodes, edges: [...others, flowEdge(source, port, target)] };
}

export function disconnect(graph, edgeIds) {
  const gone = new Set(edgeIds);
  return { nodes: graph.nodes, edges: graph.edges.filter((edge) => !gone.has(edge.id)) };
}

export function addNode(graph, node) {
  return { nodes: [...graph.nodes.map(unselected), { ...node, selected: true }], edges: graph.edges.map(unselected) };
}

/** Put a node into an arrow: what flowed through the arrow now flows through the node's first way out. */
export function splice(graph, kinds, edgeId, node) {
  const edge = graph.edges.find((each) => each.id === edgeId);
  const kind = kinds[node.data.type];
  if (!edge || !acceptsInput(kind)) return graph;
  const [first] = portsOf(kind, node.data.config);
  const rest = graph.edges.filter((each) => each.id !== edgeId);
  const ways = [flowEdge(edge.source, edge.sourceHandle, node.id)];
  if (first) ways.push(flowEdge(node.id, first.id, edge.target));
  return { nodes: graph.nodes, edges: [...rest, ...ways] };
}

/** Remove nodes. Where one had a single way on, its predecessors are led there ("healed"). */
export function removeNodes(graph, ids) {
  const gone = new Set(ids);
  const edges = healed(graph.edges, gone);
  return { nodes: graph.nodes.filter((node) => !gone.has(node.id)), edges };
}

function healed(edges, gone) {
  return edges.flatMap((edge) => {
    if (gone.has(edge.source)) return [];
    const target = gone.has(edge.target) ? onward(edges, gone, edge.target) : edge.target;
    if (!target || target === edge.source) return [];
    return [target === edge.target ? edge : { ...edge, target }];
  });
}

function onward(edges, gone, id, seen = new Set()) {
  const ways = edges.filter((edge) => edge.source === id);
  if (ways.length !== 1 || seen.has(id)) return null;
  const next = ways[0].target;
  return gone.has(next) ? onward(edges, gone, next, seen.add(id)) : next;
}

/** Set a node's config; arrows from ways out that no longer exist go with them. */
export function configure(graph, kinds, id, config) {
  const nodes = graph.nodes.map((node) =>
    node.id === id ? { ...node, data: { ...node.data, config } } : node,
  );
  const node = nodes.find((each) => each.id === id);
  const ports = new Set(portsOf(kinds[node.data.type], config).map((port) => port.id));
  const edges = graph.edges.filter((edge) => edge.source !== id || ports.has(edge.sourceHandle));
  return { nodes, edges: edges.length === graph.edges.length ? graph.edges : edges };
}

/** Give nodes other places. */
export function placed(graph, places) {
  return { nodes: graph.nodes.map((node) => (places.has(node.id) ? { ...node, position: places.get(node.id) } : node)), edges: graph.edges };
}

/** Change what a note says or looks like. */
export function noted(graph, id, change) {
  const nodes = graph.nodes.map((node) => (node.id === id ? { ...node, data: { ...node.data, ...change } } : node));
  return { nodes, edges: graph.edges };
}

/** What goes on the clipboard: the selected nodes and the arrows between them. */
export function copied(graph) {
  const nodes = graph.nodes.filter((node) => node.selected);
  const ids = new Set(nodes.map((node) => node.id));
  const edges = graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target));
  return { kind: CLIPBOARD, ...toDocument({ nodes, edges }) };
}

/** The clipboard's nodes and notes with new ids at a place (default: a little aside), selected; null if it is not ours. */
export function pasted(graph, kinds, clip, place) {
  if (!clip || clip.schema !== 1 || !Array.isArray(clip.nodes)) return null;
  const known = clip.nodes.filter((node) => kinds[node.type] && node.id);
  const stuck = Array.isArray(clip.notes) ? clip.notes : [];
  const all = [...known, ...stuck];
  if (!all.length) return null;
  const names = new Map(known.map((node) => [node.id, newId(node.type.split(".")[0])]));
  const left = Math.min(...all.map((node) => node.position?.x ?? 0));
  const top = Math.min(...all.map((node) => node.position?.y ?? 0));
  const shift = place ? { x: place.x - left, y: place.y - top } : { x: 40, y: 40 };
  const nodes = known.map((node) => ({
    ...flowNode(names.get(node.id), node.type, moved(node.position, shift), renamed(node.config, kinds[node.type], names)),
    selected: true,
  }));
  const edges = (clip.edges ?? [])
    .filter((edge) => names.has(edge.source) && names.has(edge.target))
    .map((edge) => flowEdge(names.get(edge.source), edge.source_port, names.get(edge.target)));
  const notes = stuck.map((note) => ({
    ...flowNote({ ...note, id: newId("note"), position: moved(note.position, shift) }),
    selected: true,
  }));
  return {
    nodes: [...graph.nodes.map(unselected), ...nodes, ...notes],
    edges: [...graph.edges.map(unselected), ...edges],
  };
}

/** A config whose fields that name a step of this graph name the copied one, where it was copied too. */
function renamed(config, kind, names) {
  const pointing = fieldsOf(kind.schema).filter((field) => field.control === "message_node" && names.has(config?.[field.name]));
  return { ...config, ...Object.fromEntries(pointing.map((field) => [field.name, names.get(config[field.name])])) };
}

export function selectOnly(graph, ids) {
  const wanted = new Set(ids);
  return {
    nodes: graph.nodes.map((node) => withSelected(node, wanted.has(node.id))),
    edges: graph.edges.map(unselected),
  };
}

/** A free place near the wanted one: moved aside until no card is covered. */
export function freePlace(nodes, wanted) {
  let place = wanted;
  const steps = stepsOf(nodes);
  while (steps.some((node) => covers(node.position, place))) place = moved(place, { x: CARD.width + 40, y: 0 });
  return place;
}

function covers(one, other) {
  return Math.abs(one.x - other.x) < CARD.width && Math.abs(one.y - other.y) < CARD.height + CARD.portsHeight;
}

export function moved(position, shift) {
  return { x: (position?.x ?? 0) + shift.x, y: (position?.y ?? 0) + shift.y };
}

function unselected(item) {
  return withSelected(item, false);
}

function withSelected(item, selected) {
  return Boolean(item.selected) === selected ? item : { ...item, selected };
}

/** Whether two saved graphs say the same, whatever the order of their keys. */
export function sameGraph(one, other) {
  return sorted(one) === sorted(other);
}

function sorted(value) {
  return JSON.stringify(value, (_, each) =>
    each && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
