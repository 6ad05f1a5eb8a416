// What a person does on the canvas, each as one step to undo. Keys, buttons and the mouse all come here.

import { aligned, distributed } from "./align.js";
import * as graphs from "./graph.js";
import { layout } from "./layout.js";
import { carried, newNote, NOTE, stepsOf } from "./notes.js";
import { makeRoom, placeAfter, placeOnEdge } from "./room.js";
import { selectedNode } from "./store.js";
import { createView, glide } from "./view.js";
import { walked } from "./walk.js";

const TIDY_MS = 400;
const ZOOM_MS = 150;

/** The verbs of one canvas. `flow` is React Flow's instance (for the view). */
export function createActions(store, flow) {
  const get = () => store.getState();
  const { fit, goTo, lookAt, reveal, centre, visible } = createView(store, flow);
  const change = (next, options) => get().change(next, options);

  /** Put a new node of this kind at a place; `preset` fills in its config. */
  function add(type, place, preset) {
    const kind = get().kinds[type];
    const centred = { x: place.x - graphs.CARD.width / 2, y: place.y - graphs.CARD.height / 2 };
    change((graph) => graphs.addNode(graph, graphs.newNode(kind, centred, preset)));
  }

  /** Put a new node behind a port and draw the arrow. */
  function append(type, source, port, place, preset) {
    const { kinds, direction } = get();
    change((graph) => {
      const from = graph.nodes.find((node) => node.id === source);
      const where = place ?? placeAfter(graph, kinds, from, port, direction);
      const node = graphs.newNode(kinds[type], where, preset);
      return graphs.connect(graphs.addNode(graph, node), source, port, node.id);
    });
    show();
  }

  /** Put a new node into an arrow. */
  function insert(type, edgeId, place, preset) {
    const { kinds, direction } = get();
    change((graph) => {
      const edge = graph.edges.find((each) => each.id === edgeId);
      const node = graphs.newNode(kinds[type], place ?? placeOnEdge(graph, edge, direction), preset);
      return makeRoom(graphs.splice(graphs.addNode(graph, node), kinds, edgeId, node), node.id, direction);
    });
    show();
  }

  /** From the palette without a place: behind the selected node if it has a free way on, else in the middle. */
  function place(type, preset) {
    const { kinds, edges, nodes } = get();
    const from = selectedNode(get());
    const port = from && graphs.acceptsInput(kinds[type]) && graphs.freePort(kinds[from.data.type], from, edges);
    if (port) return append(type, from.id, port.id, null, preset);
    const middle = centre();
    const corner = graphs.freePlace(nodes, { x: middle.x - graphs.CARD.width / 2, y: middle.y - graphs.CARD.height / 2 });
    change((graph) => graphs.addNode(graph, graphs.newNode(kinds[type], corner, preset)));
    return show();
  }

  function connect(source, port, target) {
    const { kinds } = get();
    if (graphs.mayConnect(get(), kinds, source, target)) change((graph) => graphs.connect(graph, source, port, target));
  }

  function disconnect(source, port) {
    const edge = graphs.edgeAt(get().edges, source, port);
    if (edge) change((graph) => graphs.disconnect(graph, [edge.id]));
  }

  function configure(id, field, value) {
    const { kinds } = get();
    change(
      (graph) => {
        const node = graph.nodes.find((each) => each.id === id);
        const { [field]: _, ...rest } = node.data.config;
        return graphs.configure(graph, kinds, id, value === undefined ? rest : { ...rest, [field]: value });
      },
      { mark: `${id}.${field}` },
    );
  }

  /** Delete what is selected: arrows as they are, nodes with their arrows healed. */
  function remove() {
    const { nodes, edges } = get();
    const nodeIds = nodes.filter((node) => node.selected).map((node) => node.id);
    const edgeIds = edges.filter((edge) => edge.selected).map((edge) => edge.id);
    if (nodeIds.length + edgeIds.length === 0) return;
    change((graph) => graphs.removeNodes(graphs.disconnect(graph, edgeIds), nodeIds));
  }

  /** Stick a new note into the middle of the view, ready to be written on. */
  function stick() {
    const middle = centre();
    const note = newNote({ x: Math.round(middle.x - NOTE.width / 2), y: Math.round(middle.y - NOTE.height / 2) });
    change((graph) => graphs.addNode(graph, note));
    if (!get().readOnly) store.setState({ writing: note.id });
  }

  /** Write on a note, or colour it. */
  function writeNote(id, next) {
    change((graph) => graphs.noted(graph, id, next), { mark: `${id}.${Object.keys(next).join()}` });
  }

  const chosen = () => get().nodes.filter((node) => node.selected);

  /** Put what is selected in one line. */
  function align(side) {
    if (chosen().length > 1) change((graph) => graphs.placed(graph, aligned(chosen(), side)));
  }

  /** Space what is selected evenly. */
  function distribute(way) {
    if (chosen().length > 2) change((graph) => graphs.placed(graph, distributed(chosen(), way)));
  }

  /** Walk along the arrows from a step (else the selected one), taking the focus along. */
  function walk(key, from = selectedNode(get())?.id) {
    const id = walked(get(), from, key);
    if (!id) return;
    get().select([id]);
    reveal(id);
    requestAnimationFrame(() => requestAnimationFrame(() => cardOf(id)?.focus({ preventScroll: true })));
  }

  const cardOf = (id) => get().root?.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`);

  function duplicate() {
    const { kinds } = get();
    change((graph) => graphs.pasted(graph, kinds, graphs.copied(graph)));
  }

  /** What is selected, as text for the clipboard; null when nothing is. */
  function copy() {
    const clip = graphs.copied(get());
    return clip.nodes.length || clip.notes ? JSON.stringify(clip) : null;
  }

  /** Paste text of the clipboard; false when it is not a part of a journey. */
  function paste(text) {
    const clip = read(text);
    const middle = centre();
    const before = get().nodes;
    const shown = [...(clip?.nodes ?? []), ...(clip?.notes ?? [])].some((node) => node.position && visible(node.position));
    change((graph) => graphs.pasted(graph, get().kinds, clip, shown ? null : middle));
    return get().nodes !== before;
  }

  // Text that is marked somewhere would be copied in place of the steps.
  const selectAll = () => {
    window.getSelection()?.removeAllRanges();
    get().select(get().nodes.map((node) => node.id));
  };

  /** Lay the graph out anew, in this direction or the present one. */
  async function tidy(direction = get().direction) {
    const { nodes, edges, kinds } = get();
    const steps = stepsOf(nodes);
    if (!steps.length) return store.setState({ direction });
    const places = await layout({ nodes: steps, edges }, kinds, direction);
    store.setState({ direction, moving: true });
    change((graph) => graphs.placed(graph, new Map([...places, ...carried(graph.nodes, places)])));
    setTimeout(() => store.setState({ moving: false }), glide(TIDY_MS));
    return requestAnimationFrame(() => fit(TIDY_MS));
  }

  /** Show the customers behind a number of a step. */
  function lookBehind(id, figure, port) {
    get().select([id]);
    store.setState({ behind: { node_id: id, figure, port }, settingsOpen: false });
  }

  const show = () => reveal(selectedNode(get())?.id);

  return {
    add, append, insert, place, connect, disconnect, configure, remove, duplicate, copy, paste, selectAll, tidy, fit, goTo, lookAt, reveal, lookBehind, stick, writeNote,
    align, distribute, walk,
    zoomIn: () => flow.zoomIn({ duration: glide(ZOOM_MS) }),
    zoomOut: () => flow.zoomOut({ duration: glide(ZOOM_MS) }),
    undo: () => get().undo(),
    redo: () => get().redo(),
  };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
