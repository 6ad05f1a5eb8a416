// The live state of the canvas: the graph being edited, its history, and what the server said about it.
// One small store for each canvas; components read slices of it, so that dragging re-renders one card only.

import { createContext, useContext } from "react";
import { applyEdgeChanges, applyNodeChanges } from "@xyflow/react";
import { createStore, useStore } from "zustand";

import { followed } from "./following.js";
import { fromDocument, selectOnly, toDocument } from "./graph.js";
import { isNote } from "./notes.js";

const HISTORY = 100;
const ONE_EDIT_MS = 1500;
const NOTHING = Object.freeze([]);

export const CanvasContext = createContext(null);

/** A slice of the state, in a component below the canvas. */
export function useCanvas(select) {
  return useStore(useContext(CanvasContext), select);
}

/** The store itself, for handlers that read the newest state when they run. */
export function useCanvasStore() {
  return useContext(CanvasContext);
}

export function createCanvasStore({ catalogue, direction }) {
  const kinds = Object.fromEntries(catalogue.map((kind) => [kind.type, kind]));
  return createStore((set, get) => ({
    kinds,
    catalogue,
    nodes: [],
    edges: [],
    settings: {},
    direction,
    past: [],
    future: [],
    edit: 0,
    lastEdit: null,
    readOnly: false,
    problems: {},
    counts: null,
    overlay: null,
    choices: {},
    company: NOTHING,
    mine: null,
    locked: false,
    mayEdit: true,
    people: {},
    askPeople: null,
    behind: null,
    chooser: null,
    dropEdge: null,
    finder: false,
    found: null,
    settingsOpen: false,
    settingsSchema: null,
    keysOpen: false,
    ghost: null,
    connecting: false,
    moving: false,
    dragging: false,
    guides: null,
    offered: null,
    writing: null,
    save: { status: "saved", error: "" },
    root: null,
    frame: null,

    /** Take the server's document; forgets the history. */
    load(document) {
      set({ ...fromDocument(document), settings: document.settings ?? {}, past: [], future: [], lastEdit: null });
    },

    /** Somebody else saved this: taken over as if it had always been so, or as one step that can be undone. */
    follow(document, { undoable = false } = {}) {
      if (undoable) {
        get().remember();
        return set({ ...fromDocument(document), settings: document.settings ?? {} });
      }
      set((state) => followed(state, document));
    },

    /** Whether one has to decide something before the graph can be changed. */
    lock: (locked) => set(({ mayEdit }) => ({ locked, readOnly: locked || !mayEdit })),
    allow: (mayEdit) => set(({ locked }) => ({ mayEdit, readOnly: locked || !mayEdit })),

    /** Show another graph for a while; null: mine again, which is what is saved all the time. */
    peek(document) {
      const { mine, nodes, edges, settings } = get();
      if (document) {
        return set({ mine: mine ?? { nodes, edges, settings }, ...fromDocument(document), settings: document.settings ?? {} });
      }
      if (mine) set({ ...mine, mine: null });
    },

    /** React Flow's own changes: moving, selecting, measuring. Moves are remembered by `remember` at their start. */
    applyNodes: (changes) => set(({ nodes }) => ({ nodes: applyNodeChanges(changes, nodes) })),
    applyEdges: (changes) => set(({ edges }) => ({ edges: applyEdgeChanges(changes, edges) })),

    /** Keep the present as one step to undo; edits with the same `mark` in quick succession are one step. */
    remember(mark = null) {
      const { nodes, edges, settings, past, lastEdit } = get();
      const now = performance.now();
      const same = mark !== null && lastEdit?.mark === mark && now - lastEdit.at < ONE_EDIT_MS;
      set({
        past: same ? past : [...past.slice(1 - HISTORY), { nodes, edges, settings }],
        future: same ? get().future : NOTHING,
        lastEdit: { mark, at: now },
      });
    },

    /** Change the graph by a pure function of `graph.js`; nothing happens when it returns nothing new. */
    change(next, { mark = null } = {}) {
      const { nodes, edges, readOnly } = get();
      const graph = next({ nodes, edges });
      if (readOnly || !graph || (graph.nodes === nodes && graph.edges === edges)) return;
      get().remember(mark);
      set({ ...graph, edit: get().edit + 1 });
    },

    /** Say that React Flow changed something worth saving (a finished drag). */
    touched: () => set(({ edit }) => ({ edit: edit + 1 })),

    changeSettings(settings) {
      get().remember("settings");
      set(({ edit }) => ({ settings, edit: edit + 1 }));
    },

    undo: () => set((state) => travel(state, "past", "future")),
    redo: () => set((state) => travel(state, "future", "past")),

    /** New figures; those of a node that stayed the same stay the same object, so that its card rests. */
    count: (counts) => set((state) => ({ counts: keptWhereSame(state.counts, counts) })),

    select: (ids) => set(({ nodes, edges }) => selectOnly({ nodes, edges }, ids)),
    document() {
      const shown = get().mine ?? get();
      return toDocument(shown, shown.settings);
    },
  }));
}

function travel(state, from, to) {
  const steps = state[from];
  if (!steps.length || state.readOnly) return {};
  const { nodes, edges, settings } = state;
  const goal = steps.at(-1);
  return {
    nodes: goal.nodes,
    edges: goal.edges,
    settings: goal.settings,
    [from]: steps.slice(0, -1),
    [to]: [...state[to], { nodes, edges, settings }],
    edit: state.edit + 1,
    lastEdit: null,
  };
}

function keptWhereSame(before, counts) {
  if (!before || !counts) return counts;
  const kept = Object.entries(counts).map(([id, count]) => [id, same(before[id], count) ? before[id] : count]);
  return Object.fromEntries(kept);
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function problemsByNode(problems) {
  const byNode = {};
  for (const problem of problems ?? []) (byNode[problem.node_id ?? ""] ??= []).push(problem);
  return byNode;
}

export const noProblems = NOTHING;

/** The one selected step, if it is one. */
export function selectedNode(state) {
  const chosen = state.nodes.filter((node) => node.selected);
  return chosen.length === 1 && !isNote(chosen[0]) ? chosen[0] : null;
}
