// The palette: every node type in groups, to search, to drag onto the canvas, or to insert by click or key.

import { useRef, useState } from "react";
import { useReactFlow } from "@xyflow/react";

import { useActions } from "./context.js";
import { edgeUnder } from "./flow.jsx";
import { acceptsInput } from "./graph.js";
import { Icon, KindTile } from "./icons.jsx";
import { spoken } from "./schema.js";
import { useCanvas, useCanvasStore } from "./store.js";

const GROUPS = { trigger: "Triggers", wait: "Waits", branch: "Branches", action: "Actions", exit: "End" };
const DRAG_FROM = 5;

export function Palette() {
  const store = useCanvasStore();
  const catalogue = useCanvas((state) => state.catalogue);
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(true);
  if (!open) return <FoldedPalette onOpen={() => setOpen(true)} />;
  const groups = grouped(matching(catalogue, search));
  return (
    <aside className="jc-palette" aria-label="Steps">
      <div className="jc-palette-head">
        <label className="jc-search">
          <Icon name="search" size={15} />
          <input value={search} onChange={(event) => setSearch(event.target.value)} placeholder="Search steps" aria-label="Search steps" />
        </label>
        <button type="button" className="jc-tool" onClick={() => setOpen(false)} aria-label="Hide the steps" title="Hide the steps">
          <Icon name="fold" />
        </button>
      </div>
      <div className="jc-palette-list">
        {groups.map(({ family, kinds }) => (
          <section key={family} aria-label={groupName(family)}>
            <h3>{groupName(family)}</h3>
            {kinds.map((kind) => (
              <PaletteItem key={kind.key} kind={kind} store={store} />
            ))}
          </section>
        ))}
        {groups.length === 0 && <p className="jc-none">No step is called “{search}”.</p>}
      </div>
    </aside>
  );
}

function FoldedPalette({ onOpen }) {
  return (
    <aside className="jc-palette jc-palette-folded" aria-label="Steps">
      <button type="button" className="jc-tool" onClick={onOpen} aria-label="Show the steps" title="Show the steps">
        <Icon name="unfold" />
      </button>
    </aside>
  );
}

function PaletteItem({ kind, store }) {
  const actions = useActions();
  const drag = useDrag(kind, store, actions);
  return (
    <button type="button" className="jc-item" data-type={kind.type} data-family={kind.family} title={kind.description} {...drag}>
      <KindTile kind={kind} />
      <span className="jc-item-words">
        <span className="jc-item-name">{kind.label}</span>
        <span className="jc-item-about">{kind.description}</span>
      </span>
    </button>
  );
}

/** Pointer events instead of HTML drag and drop: the same by mouse, pen and finger, with a card that follows. */
function useDrag(kind, store, actions) {
  const { screenToFlowPosition } = useReactFlow();
  const start = useRef(null);

  const begin = (event) => {
    if (event.button !== 0) return;
    start.current = { x: event.clientX, y: event.clientY, moved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const follow = (event) => {
    if (!start.current) return;
    const far = Math.hypot(event.clientX - start.current.x, event.clientY - start.current.y) > DRAG_FROM;
    start.current.moved ||= far;
    if (!start.current.moved) return;
    const dropEdge = acceptsInput(kind) ? edgeUnder(event.clientX, event.clientY) : null;
    store.setState({ ghost: { kind, x: event.clientX, y: event.clientY }, dropEdge });
  };
  const finish = (event) => {
    const { ghost, dropEdge, frame } = store.getState();
    const dragged = start.current?.moved;
    start.current = null;
    store.setState({ ghost: null, dropEdge: null });
    if (!dragged || !ghost || event.type !== "pointerup" || !inside(frame, event)) return;
    event.currentTarget.dataset.dropped = "true";
    const place = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    if (dropEdge) actions.insert(kind.type, dropEdge, null, kind.preset);
    else actions.add(kind.type, place, kind.preset);
  };
  // A click follows each pointerup; after a drag it is not meant.
  const click = (event) => {
    const dropped = event.currentTarget.dataset.dropped;
    delete event.currentTarget.dataset.dropped;
    if (!dropped) actions.place(kind.type, kind.preset);
  };
  return { onPointerDown: begin, onPointerMove: follow, onPointerUp: finish, onPointerCancel: finish, onClick: click };
}

function inside(frame, { clientX, clientY }) {
  const { left, top, right, bottom } = frame.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}

/** The card under the pointer while a step is dragged from the palette. */
export function Ghost() {
  const ghost = useCanvas((state) => state.ghost);
  const aimed = useCanvas((state) => state.dropEdge !== null);
  if (!ghost) return null;
  return (
    <div className="jc-ghost" data-aimed={aimed} style={{ left: ghost.x, top: ghost.y }} aria-hidden="true">
      <KindTile kind={ghost.kind} />
      <span>{ghost.kind.label}</span>
    </div>
  );
}

/** The kinds that a search finds; where it does not find the kind itself, those of its ready-filled forms (`presets`) that
 * it finds by their own words: "payment failed" finds the trigger with that activity chosen. */
export function matching(catalogue, search) {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.toLowerCase().includes(word));
  return catalogue.flatMap((kind) => {
    if (fits(`${kind.label} ${kind.description} ${groupName(kind.family)} ${kind.type}`)) return [{ ...kind, key: kind.type }];
    return kind.presets.filter((preset) => fits(`${preset.label} ${preset.description}`)).map((preset) => presetOf(kind, preset));
  });
}

function presetOf(kind, { label, description, config }) {
  return { ...kind, label, description, preset: config, key: `${kind.type}:${label}` };
}

export function grouped(kinds) {
  const families = [...new Set(kinds.map((kind) => kind.family))];
  return families.map((family) => ({ family, kinds: kinds.filter((kind) => kind.family === family) }));
}

export function groupName(family) {
  return GROUPS[family] ?? spoken(family);
}
