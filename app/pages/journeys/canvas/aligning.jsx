// The bar over several selected things that puts them in line, and the lines shown while one is dragged.

import { NodeToolbar, Position, ViewportPortal } from "@xyflow/react";
import { useShallow } from "zustand/react/shallow";

import { useActions } from "./context.js";
import { Icon } from "./icons.jsx";
import { useCanvas } from "./store.js";

export const ALIGNMENTS = [
  { side: "left", label: "Align left", keys: ["Alt", "A"] },
  { side: "centre", label: "Align centres", keys: ["Alt", "H"] },
  { side: "right", label: "Align right", keys: ["Alt", "D"] },
  { side: "top", label: "Align top", keys: ["Alt", "W"] },
  { side: "middle", label: "Align middles", keys: ["Alt", "V"] },
  { side: "bottom", label: "Align bottom", keys: ["Alt", "S"] },
];
export const DISTRIBUTIONS = [
  { way: "across", label: "Space evenly across", keys: ["Alt", "Shift", "H"] },
  { way: "down", label: "Space evenly down", keys: ["Alt", "Shift", "V"] },
];

export function AlignBar() {
  const actions = useActions();
  const chosen = useCanvas(useShallow((state) => state.nodes.filter((node) => node.selected).map((node) => node.id)));
  const still = useCanvas((state) => !state.readOnly && !state.dragging && !state.moving);
  if (chosen.length < 2 || !still) return null;
  return (
    <NodeToolbar nodeId={chosen} isVisible position={Position.Top} offset={14} className="jc-align" role="toolbar" aria-label={`${chosen.length} selected`}>
      <span className="jc-align-count">{chosen.length}</span>
      {ALIGNMENTS.map(({ side, label, keys }) => (
        <Tool key={side} name={`align-${side}`} label={label} keys={keys} onClick={() => actions.align(side)} />
      ))}
      <i />
      {DISTRIBUTIONS.map(({ way, label, keys }) => (
        <Tool key={way} name={`distribute-${way}`} label={label} keys={keys} disabled={chosen.length < 3} onClick={() => actions.distribute(way)} />
      ))}
      <i />
      <Tool name="copy" label="Duplicate" keys={["Ctrl", "D"]} onClick={actions.duplicate} />
      <Tool name="delete" label="Delete" keys={["Delete"]} onClick={actions.remove} />
    </NodeToolbar>
  );
}

function Tool({ name, label, keys, ...rest }) {
  return (
    <button type="button" className="jc-tool" aria-label={label} title={`${label} (${keys.join(" ")})`} {...rest}>
      <Icon name={name} />
    </button>
  );
}

export function Guides() {
  const guides = useCanvas((state) => state.guides);
  if (!guides?.x && !guides?.y) return null;
  return (
    <ViewportPortal>
      {guides.x && <div className="jc-guide" style={{ left: guides.x.at, top: guides.x.from, height: guides.x.to - guides.x.from }} />}
      {guides.y && <div className="jc-guide" data-across="true" style={{ top: guides.y.at, left: guides.y.from, width: guides.y.to - guides.y.from }} />}
    </ViewportPortal>
  );
}
