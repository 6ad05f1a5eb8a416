// An arrow of the canvas: its width shows how many passed; "+" puts a node into it, "×" removes it.

import { memo, useState } from "react";
import { BaseEdge, getSmoothStepPath, Position } from "@xyflow/react";

import { useCanvas, useCanvasStore } from "./store.js";

const HEADS = {
  [Position.Top]: [[-5, -8], [5, -8], [0, 0]],
  [Position.Left]: [[-8, -5], [-8, 5], [0, 0]],
  [Position.Bottom]: [[-5, 8], [5, 8], [0, 0]],
  [Position.Right]: [[8, -5], [8, 5], [0, 0]],
};
const WIDEST = 9;

export const StepEdge = memo(function StepEdge(edge) {
  const readOnly = useCanvas((state) => state.readOnly);
  const aimed = useCanvas((state) => state.dropEdge === edge.id);
  const drawn = useCanvas((state) => state.overlay?.ways?.[wayOf(edge)]?.mark);
  const ghost = edge.data?.ghost;
  const mark = ghost ? "removed" : drawn;
  const width = useCanvas((state) => widthOf(state, edge));
  const [over, setOver] = useState(false);
  const [path, x, y] = getSmoothStepPath({ ...edge, borderRadius: 16, offset: 9 });
  return (
    <g className="jc-edge" data-selected={edge.selected} data-aimed={aimed} data-mark={mark} onPointerEnter={() => setOver(true)} onPointerLeave={() => setOver(false)}>
      <BaseEdge path={path} interactionWidth={24} style={{ strokeWidth: width }} />
      <polygon className="jc-head" points={headAt(edge)} />
      {!readOnly && !ghost && (over || aimed || edge.selected) && <EdgeTools id={edge.id} x={x} y={y} />}
    </g>
  );
});

// Points instead of a transform: each transform is one more layer to paint, which many arrows would feel.
function headAt({ targetPosition, targetX, targetY }) {
  return HEADS[targetPosition].map(([x, y]) => `${targetX + x},${targetY + y}`).join(" ");
}

function EdgeTools({ id, x, y }) {
  const store = useCanvasStore();
  const insert = (event) => {
    event.stopPropagation();
    store.setState({ chooser: { at: { x: event.clientX, y: event.clientY }, edgeId: id } });
  };
  const remove = (event) => {
    event.stopPropagation();
    store.getState().change(({ nodes, edges }) => ({ nodes, edges: edges.filter((edge) => edge.id !== id) }));
  };
  return (
    <g className="jc-edge-tools" transform={`translate(${x} ${y})`}>
      <g role="button" aria-label="Insert a step here" className="jc-edge-plus" onClick={insert} data-edge={id}>
        <circle r="10" />
        <path d="M-4 0H4M0 -4V4" />
      </g>
      <g role="button" aria-label="Remove this connection" className="jc-edge-cut" onClick={remove} transform="translate(26 0)">
        <circle r="10" />
        <path d="M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5" />
      </g>
    </g>
  );
}

/** A way out of a node as an overlay names it. */
function wayOf(edge) {
  return `${edge.source}:${edge.sourceHandleId}`;
}

/** 2 px without numbers; else by the share of the busiest way, on a square-root scale. */
function widthOf({ counts, overlay }, edge) {
  const flow = overlay ? overlay.ways?.[wayOf(edge)]?.flow : counts?.[edge.source]?.ports?.[edge.sourceHandleId];
  const most = overlay ? busiest(overlay, overlaidFlows) : counts && busiest(counts, countedFlows);
  return most ? 2 + (WIDEST - 2) * Math.sqrt((flow ?? 0) / most) : 2;
}

const countedFlows = (counts) => Object.values(counts).flatMap((count) => Object.values(count.ports ?? {}));
const overlaidFlows = (overlay) => Object.values(overlay.ways ?? {}).map((way) => way.flow ?? 0);
const known = new WeakMap();

function busiest(figures, flowsOf) {
  if (!known.has(figures)) known.set(figures, Math.max(0, ...flowsOf(figures)));
  return known.get(figures);
}
