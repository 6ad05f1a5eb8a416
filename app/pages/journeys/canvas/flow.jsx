// React Flow, told what a drag, a drop, a click means here.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Background, BackgroundVariant, MiniMap, Position, ReactFlow, SelectionMode, useReactFlow } from "@xyflow/react";

import { AlignBar, Guides } from "./aligning.jsx";
import { around, boxOf, linesOf, snapped } from "./align.js";
import { useActions } from "./context.js";
import { StepEdge } from "./edges.jsx";
import { useGhosts } from "./ghosts.js";
import { beginnings, mayConnect, portsOf, splice, UNSEEN } from "./graph.js";
import { NodeCard } from "./node_card.jsx";
import { NoteCard } from "./note_card.jsx";
import { isNote, noteName } from "./notes.js";
import { fullSentence } from "./sentences.js";
import { withSteps } from "./steps.js";
import { useCanvas, useCanvasStore } from "./store.js";

const NODE_TYPES = { step: NodeCard, note: NoteCard };
const EDGE_TYPES = { step: StepEdge };
const MULTI_SELECT = ["Meta", "Control", "Shift"];
const FIT = { padding: 0.2, maxZoom: 1 };
const LARGE = 120;
const FIRST_SEEN = 12;

export function Flow() {
  const store = useCanvasStore();
  const actions = useActions();
  const nodes = useLabelled();
  const edges = useCanvas((state) => state.edges);
  const ghosts = useGhosts();
  const readOnly = useCanvas((state) => state.readOnly);
  const moving = useCanvas((state) => state.moving);
  const connecting = useCanvas((state) => state.connecting);
  const dark = useDark();
  const dragging = useRef(false);
  const { getZoom } = useReactFlow();
  const [first] = useState(() => firstView(store.getState()));
  const { applyNodes, applyEdges, remember, touched } = store.getState();

  const onNodesChange = useCallback((changes) => {
    const byKey = !dragging.current && changes.some((change) => change.type === "position" && change.position) && !sizing(changes);
    if (byKey) remember("arrow keys");
    applyNodes(dragging.current ? drawnIn(store, changes, getZoom()) : changes);
    if (byKey) touched();
  }, []);

  const onDragStart = useCallback((event, node, dragged) => {
    dragging.current = true;
    remember();
    store.setState({ dragging: true, offered: offeredBy(store.getState(), dragged) });
  }, []);

  const onDragStop = useCallback((event, node) => {
    dragging.current = false;
    store.setState({ dragging: false, offered: null, guides: null });
    if (node) dropIntoEdge(store, node);
    touched();
  }, []);

  const onDrag = useCallback((event, node, dragged) => {
    const lone = dragged.length === 1 && !isNote(node) && isLone(store.getState().edges, node.id);
    const dropEdge = lone ? edgeUnder(event.clientX, event.clientY) : null;
    if (dropEdge !== store.getState().dropEdge) store.setState({ dropEdge });
  }, []);

  const onConnect = useCallback(({ source, sourceHandle, target }) => actions.connect(source, sourceHandle, target), []);

  const onConnectEnd = useCallback((event, connection) => {
    store.setState({ connecting: false });
    if (connection.isValid || connection.fromHandle?.type !== "source") return;
    const point = event.changedTouches?.[0] ?? event;
    const goal = nodeUnder(point.clientX, point.clientY);
    const [source, port] = [connection.fromNode.id, connection.fromHandle.id];
    if (goal === source) return;
    if (goal) return actions.connect(source, port, goal);
    store.setState({ chooser: { at: { x: point.clientX, y: point.clientY }, source, port, drop: true } });
  }, []);

  const isValid = useCallback(({ source, target }) => mayConnect(store.getState(), store.getState().kinds, source, target), []);

  return (
    <ReactFlow
      nodes={ghosts.nodes.length ? [...nodes, ...ghosts.nodes] : nodes}
      edges={ghosts.edges.length ? [...ghosts.edges, ...edges] : edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onEdgesChange={applyEdges}
      onNodeDragStart={onDragStart}
      onNodeDrag={onDrag}
      onNodeDragStop={onDragStop}
      onSelectionDragStart={(event, dragged) => onDragStart(event, null, dragged)}
      onSelectionDragStop={(event) => onDragStop(event, null)}
      elevateNodesOnSelect={false}
      onConnect={onConnect}
      onConnectStart={() => store.setState({ connecting: true })}
      onConnectEnd={onConnectEnd}
      isValidConnection={isValid}
      nodesDraggable={!readOnly}
      nodesConnectable={!readOnly}
      edgesFocusable={false}
      connectOnClick={false}
      selectNodesOnDrag={false}
      connectionRadius={28}
      deleteKeyCode={null}
      multiSelectionKeyCode={MULTI_SELECT}
      selectionMode={SelectionMode.Partial}
      panOnScroll
      snapToGrid
      snapGrid={SNAP}
      colorMode={dark ? "dark" : "light"}
      minZoom={0.1}
      maxZoom={1.75}
      fitView={first !== null}
      fitViewOptions={first ?? FIT}
      onlyRenderVisibleElements={nodes.length > LARGE}
      className={`jc-flow${moving ? " jc-moving" : ""}${connecting ? " jc-connecting" : ""}`}
      aria-label="Journey canvas"
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} className="jc-dots" />
      <Guides />
      <AlignBar />
      {nodes.length > 0 && <MiniMap pannable zoomable className="jc-minimap" nodeClassName={miniClass} ariaLabel="Overview of the journey" />}
    </ReactFlow>
  );
}

const SNAP = [8, 8];

/** What one sees on opening: all of it, of a large journey its beginning, which can be read. On an empty canvas the
 * first step stays where it is dropped. */
function firstView(graph) {
  if (!graph.nodes.length) return null;
  return graph.nodes.length > LARGE ? { ...FIT, nodes: beginnings(graph, graph.kinds, FIRST_SEEN) } : FIT;
}

/** Whether the page is dark: React Flow puts the mode's class on itself, and our tokens hang on that class. */
function useDark() {
  const page = document.documentElement;
  const [dark, setDark] = useState(() => page.classList.contains("dark"));
  useEffect(() => {
    const look = () => setDark(page.classList.contains("dark"));
    const observer = new MutationObserver(look);
    observer.observe(page, { attributes: true, attributeFilter: ["class"] });
    return () => observer.disconnect();
  }, []);
  return dark;
}

function miniClass(node) {
  return isNote(node) ? "jc-mini-note" : `jc-mini-${node.data.type.split(".")[0]}`;
}

/** The nodes with their sentence as the name a screen reader says; unchanged nodes stay the same objects. */
function useLabelled() {
  const nodes = useCanvas((state) => state.nodes);
  const kinds = useCanvas((state) => state.kinds);
  const choices = useCanvas((state) => state.choices);
  const problems = useCanvas((state) => state.problems);
  const direction = useCanvas((state) => state.direction);
  const words = withSteps(choices, nodes);
  const known = useMemo(() => new WeakMap(), [kinds, problems, words, direction]);
  return nodes.map((node) => {
    if (!known.has(node)) known.set(node, { ...node, handles: guessedHandles(node, kinds, direction), ariaLabel: spokenLabel(node, kinds, words, problems) });
    return known.get(node);
  });
}

/** Where the arrows of a step begin and end that was never on the screen: without, React Flow draws it to find out. */
function guessedHandles(node, kinds, direction) {
  if (node.measured !== UNSEEN) return undefined;
  const ports = portsOf(kinds[node.data.type], node.data.config);
  const { width, height } = UNSEEN;
  const [goal, start] = direction === "right" ? [Position.Left, Position.Right] : [Position.Top, Position.Bottom];
  const entrance = direction === "right" ? { x: 0, y: height / 2 } : { x: width / 2, y: 0 };
  const along = (place) => (direction === "right" ? { x: width, y: height * place } : { x: width * place, y: height });
  const ways = ports.map((port, number) => ({ id: port.id, type: "source", position: start, ...along((number + 0.5) / ports.length) }));
  return [{ id: "in", type: "target", position: goal, ...entrance }, ...ways];
}

function spokenLabel(node, kinds, choices, problems) {
  if (isNote(node)) return noteName(node);
  const wrong = (problems[node.id] ?? []).map((problem) => problem.message).join(" ");
  return [fullSentence(kinds[node.data.type], node.data.type, node.data.config, choices), wrong].filter(Boolean).join(". ");
}

// A note made larger at its left or upper side moves too: that is one step to undo with the sizing.
function sizing(changes) {
  return changes.some((change) => change.type === "dimensions" && change.setAttributes);
}

const MOST_DRAGGED = 40;

/** The lines to which these nodes may snap: those of all that rest, of which a screen shows few. */
function offeredBy({ nodes }, dragged) {
  if (!dragged?.length || dragged.length > MOST_DRAGGED) return null;
  const moving = new Set(dragged.map((node) => node.id));
  return linesOf(nodes.filter((node) => !moving.has(node.id) && !isNote(node)));
}

/** A drag's changes, drawn to the next line of a neighbour. */
function drawnIn(store, changes, zoom) {
  const { offered, guides, nodes } = store.getState();
  const moves = offered ? changes.filter((change) => change.type === "position" && change.position) : [];
  if (!moves.length) return changes;
  const places = new Map(moves.map((change) => [change.id, change.position]));
  const boxes = nodes.filter((node) => places.has(node.id)).map((node) => boxOf({ ...node, position: places.get(node.id) }));
  const { shift, guides: found } = snapped(offered, around(boxes), zoom);
  if (guides || found.x || found.y) store.setState({ guides: found.x || found.y ? found : null });
  if (!shift.x && !shift.y) return changes;
  const shifted = ({ x, y }) => ({ x: x + shift.x, y: y + shift.y });
  return changes.map((change) => (places.has(change.id) && change.position ? { ...change, position: shifted(change.position) } : change));
}

function dropIntoEdge(store, node) {
  const { dropEdge, kinds, nodes, edges } = store.getState();
  if (!dropEdge) return;
  store.setState({ dropEdge: null });
  const graph = splice({ nodes, edges }, kinds, dropEdge, nodes.find((each) => each.id === node.id));
  store.setState({ edges: graph.edges });
}

function isLone(edges, id) {
  return !edges.some((edge) => edge.source === id || edge.target === id);
}

/** The arrow under a point of the screen, also below a dragged card. */
export function edgeUnder(x, y) {
  const found = document.elementsFromPoint(x, y).find((element) => element.closest?.(".react-flow__edge"));
  return found?.closest(".react-flow__edge").dataset.id ?? null;
}

function nodeUnder(x, y) {
  return document.elementFromPoint(x, y)?.closest?.(".react-flow__node")?.dataset.id ?? null;
}
