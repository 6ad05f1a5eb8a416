// What a person does on the canvas, each as one step to undo. Keys, buttons and the mouse all come here.

import * as graphs from "./graph.js";
import { layout } from "./layout.js";
import { makeRoom, placeAfter, placeOnEdge } from "./room.js";
import { selectedNode } from "./store.js";

const TIDY_MS = 400;
const REVEAL_MS = 160;
const PANEL_MS = 60;
const GO_MS = 300;
const MARGIN = 20;
const TOOLBAR = 76;
const READABLE = 0.75;

/** The verbs of one canvas. `flow` is React Flow's instance (for the view). */
export function createActions(store, flow) {
  const get = () => store.getState();
  let arriving = 0;
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

  function duplicate() {
    const { kinds } = get();
    change((graph) => graphs.pasted(graph, kinds, graphs.copied(graph)));
  }

  /** What is selected, as text for the clipboard; null when nothing is. */
  function copy() {
    const clip = graphs.copied(get());
    return clip.nodes.length ? JSON.stringify(clip) : null;
  }

  /** Paste text of the clipboard; false when it is not a part of a journey. */
  function paste(text) {
    const clip = read(text);
    const middle = centre();
    const before = get().nodes;
    const shown = clip?.nodes?.some((node) => node.position && visible(node.position));
    change((graph) => graphs.pasted(graph, get().kinds, clip, shown ? null : middle));
    return get().nodes !== before;
  }

  const selectAll = () => get().select(get().nodes.map((node) => node.id));

  /** Lay the graph out anew, in this direction or the present one. */
  async function tidy(direction = get().direction) {
    const { nodes, edges, kinds } = get();
    if (!nodes.length) return store.setState({ direction });
    const places = await layout({ nodes, edges }, kinds, direction);
    store.setState({ direction, moving: true });
    change((graph) => ({
      nodes: graph.nodes.map((node) => ({ ...node, position: places.get(node.id) ?? node.position })),
      edges: graph.edges,
    }));
    setTimeout(() => store.setState({ moving: false }), TIDY_MS);
    return requestAnimationFrame(() => fit(TIDY_MS));
  }

  function fit(duration = 250) {
    flow.fitView({ duration, padding: 0.18, maxZoom: 1 });
  }

  /** Select a node and bring it into the middle, large enough to read. */
  function goTo(id) {
    arriving = performance.now() + GO_MS;
    get().select([id]);
    setTimeout(() => lookAt(id), PANEL_MS);
  }

  /** Bring a node into the middle of what is free; nothing is selected. */
  function lookAt(id) {
    const node = get().nodes.find((each) => each.id === id);
    if (!node) return;
    const zoom = Math.min(1, Math.max(READABLE, flow.getZoom()));
    const [outer, free] = [frame(), freeArea()];
    const { width, height } = sizeOf(node);
    const x = (free.left + free.right) / 2 - outer.left - (node.position.x + width / 2) * zoom;
    const y = (free.top + free.bottom) / 2 - outer.top - (node.position.y + height / 2) * zoom;
    flow.setViewport({ x, y, zoom }, { duration: GO_MS });
  }

  /** Push the view just so far that a node is neither outside nor under the panel. */
  function reveal(id) {
    if (performance.now() < arriving + PANEL_MS) return;
    requestAnimationFrame(() => {
      const node = get().nodes.find((each) => each.id === id);
      if (!node) return;
      const { x, y, zoom } = flow.getViewport();
      const { width, height } = sizeOf(node);
      const corner = flow.flowToScreenPosition(node.position);
      const free = freeArea();
      const right = push(corner.x, corner.x + width * zoom, free.left, free.right);
      const down = push(corner.y, corner.y + height * zoom, free.top, free.bottom);
      if (right || down) flow.setViewport({ x: x + right, y: y + down, zoom }, { duration: REVEAL_MS });
    });
  }

  const show = () => reveal(selectedNode(get())?.id);

  /** What of the canvas the panel leaves free, on the screen. */
  function freeArea() {
    const { left, top, right, bottom } = frame();
    const panel = get().frame.querySelector(".jc-panel")?.getBoundingClientRect();
    const sheet = panel && panel.left - left < MARGIN;
    return {
      left: left + MARGIN,
      top: top + MARGIN,
      right: (panel && !sheet ? panel.left : right) - MARGIN,
      bottom: sheet ? panel.top - MARGIN : bottom - TOOLBAR,
    };
  }

  function centre() {
    const { left, top, width, height } = frame();
    return flow.screenToFlowPosition({ x: left + width / 2, y: top + height / 2 });
  }

  function visible(position) {
    const { left, top, right, bottom } = frame();
    const from = flow.screenToFlowPosition({ x: left, y: top });
    const to = flow.screenToFlowPosition({ x: right, y: bottom });
    return position.x >= from.x && position.y >= from.y && position.x + 200 <= to.x && position.y + 90 <= to.y;
  }

  const frame = () => store.getState().frame.getBoundingClientRect();

  return {
    add, append, insert, place, connect, disconnect, configure, remove, duplicate, copy, paste, selectAll, tidy, fit, goTo, lookAt, reveal,
    zoomIn: () => flow.zoomIn({ duration: 150 }),
    zoomOut: () => flow.zoomOut({ duration: 150 }),
    undo: () => get().undo(),
    redo: () => get().redo(),
  };
}

function sizeOf(node) {
  return { width: node.measured?.width ?? graphs.CARD.width, height: node.measured?.height ?? graphs.CARD.height };
}

/** How far a span must move to lie within another; its beginning counts more. */
function push(from, to, low, high) {
  if (from < low) return low - from;
  return to > high ? Math.max(high - to, low - from) : 0;
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
