// What happened to the graph, said to a screen reader: a step added, an arrow drawn, a change undone.

import { useEffect, useState } from "react";

import { isNote, noteName } from "./notes.js";
import { fullSentence } from "./sentences.js";
import { useCanvasStore } from "./store.js";

export function Announcer() {
  const store = useCanvasStore();
  const [said, setSaid] = useState("");
  useEffect(() => store.subscribe((now, before) => now.edit !== before.edit && setSaid((last) => told(before, now) || last)), []);
  return (
    <p className="jc-said" role="status" aria-live="polite">
      {said}
    </p>
  );
}

function told(before, now) {
  const undone = now.nodes === before.past.at(-1)?.nodes && now.future.length > before.future.length;
  const redone = now.nodes === before.future.at(-1)?.nodes && now.future.length < before.future.length;
  const parts = [...nodesTold(before, now), ...edgesTold(before, now)];
  return [...(undone ? ["Undone"] : []), ...(redone ? ["Redone"] : []), ...parts].map((part) => `${part}.`).join(" ");
}

function nodesTold(before, now) {
  if (before.nodes.length === now.nodes.length) return [];
  const [was, is] = [new Set(before.nodes.map((node) => node.id)), new Set(now.nodes.map((node) => node.id))];
  return [...counted("Added", now.nodes.filter((node) => !was.has(node.id)), now), ...counted("Deleted", before.nodes.filter((node) => !is.has(node.id)), before)];
}

function counted(verb, nodes, state) {
  if (!nodes.length) return [];
  return [nodes.length === 1 ? `${verb} ${nameOf(nodes[0], state)}` : `${verb} ${nodes.length} things`];
}

function edgesTold(before, now) {
  if (before.edges === now.edges) return [];
  const way = (edge) => `${edge.source}:${edge.sourceHandle}:${edge.target}`;
  const [was, is] = [new Set(before.edges.map(way)), new Set(now.edges.map(way))];
  const drawn = now.edges.filter((edge) => !was.has(way(edge)));
  const gone = before.edges.filter((edge) => !is.has(way(edge)));
  if (drawn.length === 1) return [`Connected ${named(drawn[0].source, now)} to ${named(drawn[0].target, now)}`];
  if (drawn.length) return [`${drawn.length} connections drawn`];
  return gone.length ? [gone.length === 1 ? "Connection removed" : `${gone.length} connections removed`] : [];
}

function named(id, state) {
  const node = state.nodes.find((each) => each.id === id);
  return node ? nameOf(node, state) : "a step";
}

function nameOf(node, { kinds, choices }) {
  return isNote(node) ? noteName(node) : fullSentence(kinds[node.data.type], node.data.type, node.data.config, choices).slice(0, 80);
}
