// What somebody else saved while nothing of mine was unsaved: taken over without losing what I have selected, and
// brought into each step of the history, so that an undo takes back what I did and not what they did.

import { fromDocument } from "./graph.js";

/** The present and the history of a canvas after somebody's `document`; `state` is the store's. */
export function followed(state, document) {
  const was = { nodes: state.nodes, edges: state.edges, settings: state.settings };
  const fresh = fromDocument(document);
  const known = new Map(state.nodes.map((node) => [node.id, node]));
  const chosen = new Set(state.edges.filter((edge) => edge.selected).map((edge) => edge.id));
  const now = {
    nodes: fresh.nodes.map((node) => keptNode(known.get(node.id), node)),
    edges: fresh.edges.map((edge) => (chosen.has(edge.id) ? { ...edge, selected: true } : edge)),
    settings: document.settings ?? {},
  };
  const carried = (step) => carry(step, was, now);
  return { ...now, past: state.past.map(carried), future: state.future.map(carried) };
}

// Sizes and selection live in the browser; a card that did not change stays the same object and rests.
function keptNode(mine, theirs) {
  if (!mine) return theirs;
  return sameNode(mine, theirs) ? mine : { ...mine, position: theirs.position, data: theirs.data };
}

function carry(step, was, now) {
  const nodes = carryList(step.nodes, was.nodes, now.nodes, sameNode);
  const there = new Set(nodes.map((node) => node.id));
  const edges = carryList(step.edges, was.edges, now.edges, sameEdge);
  return {
    nodes,
    edges: edges.filter((edge) => there.has(edge.source) && there.has(edge.target)),
    settings: same(was.settings, now.settings) ? step.settings : now.settings,
  };
}

function carryList(list, was, now, isSame) {
  const [before, after] = [was, now].map((items) => new Map(items.map((item) => [item.id, item])));
  const stayed = list
    .filter((item) => after.has(item.id) || !before.has(item.id))
    .map((item) => (isTouched(before.get(item.id), after.get(item.id), isSame) ? after.get(item.id) : item));
  const there = new Set(list.map((item) => item.id));
  return [...stayed, ...now.filter((item) => !before.has(item.id) && !there.has(item.id))];
}

function isTouched(before, after, isSame) {
  return Boolean(after) && !(before && isSame(before, after));
}

function sameNode(one, other) {
  const place = ({ position }) => `${Math.round(position.x)} ${Math.round(position.y)}`;
  return place(one) === place(other) && same(one.data, other.data);
}

function sameEdge(one, other) {
  return one.source === other.source && one.sourceHandle === other.sourceHandle && one.target === other.target;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
