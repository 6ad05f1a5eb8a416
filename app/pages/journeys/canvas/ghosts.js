// Steps and arrows that the draft has not any more, drawn pale where they stood: what publishing would remove.

import { useMemo } from "react";

import { CARD, freePlace, fromDocument } from "./graph.js";
import { useCanvas } from "./store.js";

const NOTHING = Object.freeze({ nodes: [], edges: [] });

/** The overlay's ghosts as nodes and edges of React Flow; they can be looked at only. */
export function useGhosts() {
  const ghosts = useCanvas((state) => state.overlay?.ghosts ?? null);
  const nodes = useCanvas((state) => state.nodes);
  const places = ghosts ? nodes.map((node) => `${node.id} ${Math.round(node.position.x)} ${Math.round(node.position.y)}`).join() : "";
  return useMemo(() => (ghosts ? ghostly(ghosts, nodes) : NOTHING), [ghosts, places]);
}

function ghostly(ghosts, nodes) {
  const drawn = fromDocument(ghosts);
  const there = new Set(nodes.map((node) => node.id));
  const placed = [];
  for (const node of drawn.nodes.filter((each) => !there.has(each.id))) {
    placed.push({
      ...node,
      position: freePlace([...nodes, ...placed], node.position),
      initialWidth: CARD.width,
      initialHeight: CARD.height,
      ...UNTOUCHABLE,
    });
  }
  const known = new Set([...there, ...placed.map((node) => node.id)]);
  const edges = drawn.edges
    .filter((edge) => known.has(edge.source) && known.has(edge.target))
    .map((edge) => ({ ...edge, id: `ghost-${edge.id}`, data: { ghost: true }, ...UNTOUCHABLE }));
  return { nodes: placed, edges };
}

const UNTOUCHABLE = { draggable: false, selectable: false, connectable: false, deletable: false, focusable: false };
