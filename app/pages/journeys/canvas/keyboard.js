// The keys of the canvas: one table, from which both the handler and the list of shortcuts are made.

import { ALIGNMENTS, DISTRIBUTIONS } from "./aligning.jsx";
import { freePort } from "./graph.js";
import { isNote } from "./notes.js";
import { selectedNode } from "./store.js";

const TYPING = "input, textarea, select, [contenteditable=true]";

const KEYS = [
  { keys: ["Ctrl", "Z"], label: "Undo", run: ({ actions }) => actions.undo() },
  { keys: ["Ctrl", "Shift", "Z"], label: "Redo", also: ["Ctrl+Y"], run: ({ actions }) => actions.redo() },
  { keys: ["Ctrl", "D"], label: "Duplicate", run: ({ actions }) => actions.duplicate() },
  { keys: ["Ctrl", "A"], label: "Select all", run: ({ actions }) => actions.selectAll() },
  { keys: ["Delete"], label: "Delete", also: ["Backspace"], run: ({ actions }) => actions.remove() },
  { keys: ["N"], label: "Add the next step", run: openChooser },
  { keys: ["Enter"], label: "Edit the selected step", run: focusPanel },
  { keys: ["C"], label: "The customers of the selected step", run: lookBehind },
  { keys: ["S"], label: "Stick a note on the canvas", run: ({ actions }) => actions.stick() },
  ...ALIGNMENTS.map(({ side, label, keys }) => ({ keys, label, run: ({ actions }) => actions.align(side) })),
  ...DISTRIBUTIONS.map(({ way, label, keys }) => ({ keys, label, run: ({ actions }) => actions.distribute(way) })),
  { keys: ["/"], label: "Find a step", also: ["Ctrl+F"], run: ({ store }) => store.setState({ finder: true }) },
  { keys: ["F"], label: "Show the whole journey", run: ({ actions }) => actions.fit() },
  { keys: ["T"], label: "Tidy up", run: ({ actions }) => actions.tidy() },
  { keys: ["+"], label: "Zoom in", also: ["="], run: ({ actions }) => actions.zoomIn() },
  { keys: ["-"], label: "Zoom out", run: ({ actions }) => actions.zoomOut() },
  { keys: ["?"], label: "These shortcuts", run: ({ store }) => store.setState({ keysOpen: true }) },
  { keys: ["Escape"], label: "Close, select nothing", run: clear },
];

const BY_KEY = new Map(KEYS.flatMap((key) => [key.keys.join("+"), ...(key.also ?? [])].map((name) => [name, key.run])));

/** For the list one can read; copying and pasting come from the browser's own events. */
export const SHORTCUTS = [
  ...KEYS,
  { keys: ["Ctrl", "C"], label: "Copy" },
  { keys: ["Ctrl", "X"], label: "Cut" },
  { keys: ["Ctrl", "V"], label: "Paste, also from another journey" },
  { keys: ["Shift", "drag"], label: "Select what a frame touches" },
  { keys: ["Arrows"], label: "Move what is selected" },
  { keys: ["Alt", "Arrows"], label: "Walk along the arrows" },
];

/** Handles a key press on the canvas; keys typed into a field are left alone. */
export function onKey(event, context) {
  if (event.target.closest?.(TYPING) && event.key !== "Escape") return;
  const run = BY_KEY.get(nameOf(event));
  if (!run || (context.store.getState().readOnly && event.key !== "Escape" && !LOOKING.has(nameOf(event)))) return;
  if (run(context, event) !== false) event.preventDefault();
}

const LOOKING = new Set(["C", "/", "Ctrl+F", "F", "+", "=", "-", "?", "Enter"]);

function nameOf(event) {
  // With Alt a key may write another letter; its place on the keyboard says which one is meant.
  const letter = event.altKey && event.code.startsWith("Key") ? event.code.slice(3) : event.key;
  const key = letter.length === 1 ? letter.toUpperCase() : letter;
  const shift = event.shiftKey && event.key.length > 1 || (event.shiftKey && /[A-Z]/.test(key));
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
}

export function openChooser({ store }) {
  const state = store.getState();
  const node = selectedNode(state);
  const { left, top, width, height } = (nodeElement(node) ?? state.frame).getBoundingClientRect();
  const at = node ? { x: left + width / 2, y: top + height + 8 } : { x: left + width / 2 - 140, y: top + height / 3 };
  const port = node && freePort(state.kinds[node.data.type], node, state.edges);
  store.setState({ chooser: port ? { at, source: node.id, port: port.id } : { at } });
}

function nodeElement(node) {
  return node && document.querySelector(`.react-flow__node[data-id="${CSS.escape(node.id)}"]`);
}

/** Walks along the arrows; before React Flow takes the same keys for moving the card. */
export function onWalk(event, { actions }) {
  if (!event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith("Arrow") || event.target.closest?.(TYPING)) return;
  event.preventDefault();
  event.stopPropagation();
  actions.walk(event.key, event.target.closest?.(".react-flow__node")?.dataset.id);
}

// Enter on a focused card first selects it (React Flow); the panel is there a moment later. On a note it begins to write.
function focusPanel({ store }, event) {
  const { nodes, readOnly } = store.getState();
  const note = nodes.find((node) => isNote(node) && node.id === event.target.dataset?.id);
  if (note && !readOnly) {
    store.setState({ writing: note.id });
    return true;
  }
  if (event.target.closest("button, [role=button], a")) return false;
  requestAnimationFrame(() => {
    const panel = store.getState().root?.querySelector(".jc-panel");
    panel?.querySelector(".jc-field input, .jc-field select, .jc-field textarea, .jc-field button, .jc-ways select")?.focus();
  });
  return false;
}

function lookBehind({ store, actions }) {
  const { counts, kinds, ...state } = store.getState();
  const node = selectedNode(state);
  if (!counts || !node) return false;
  return actions.lookBehind(node.id, kinds[node.data.type]?.family === "trigger" ? "passed" : "here");
}

function clear({ store }) {
  const state = store.getState();
  if (state.finder || state.settingsOpen || state.keysOpen) {
    return store.setState({ finder: false, settingsOpen: false, keysOpen: false });
  }
  state.select([]);
  return state.frame?.focus({ preventScroll: true });
}

/** Copy, cut and paste by the browser's own events, so that the clipboard also reaches other journeys. */
export function clipboardHandlers({ store, actions }) {
  const mine = (event) => !event.target.closest?.(TYPING) && !window.getSelection()?.toString();
  const copy = (event) => {
    const text = mine(event) && actions.copy();
    if (!text) return false;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    return true;
  };
  return {
    copy,
    cut: (event) => !store.getState().readOnly && copy(event) && actions.remove(),
    paste: (event) => {
      if (mine(event) && actions.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
    },
  };
}
