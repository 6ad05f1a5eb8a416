// Moving the view: to the whole journey, to a step, just so far that a step is not hidden.

import { CARD } from "./graph.js";

const REVEAL_MS = 160;
const PANEL_MS = 60;
const GO_MS = 300;
const MARGIN = 20;
const TOOLBAR = 76;
const READABLE = 0.75;

/** How long a movement takes: no time for people who have asked their system for less motion (WCAG 2.3.3). */
export function glide(milliseconds) {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : milliseconds;
}

/** What moves the view of one canvas. `flow` is React Flow's instance. */
export function createView(store, flow) {
  const get = () => store.getState();
  let arriving = 0;

  function fit(duration = 250) {
    flow.fitView({ duration: glide(duration), padding: 0.18, maxZoom: 1 });
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
    flow.setViewport({ x, y, zoom }, { duration: glide(GO_MS) });
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
      if (right || down) flow.setViewport({ x: x + right, y: y + down, zoom }, { duration: glide(REVEAL_MS) });
    });
  }

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

  return { fit, goTo, lookAt, reveal, centre, visible };
}

function sizeOf(node) {
  return { width: node.measured?.width ?? node.width ?? CARD.width, height: node.measured?.height ?? CARD.height };
}

/** How far a span must move to lie within another; its beginning counts more. */
function push(from, to, low, high) {
  if (from < low) return low - from;
  return to > high ? Math.max(high - to, low - from) : 0;
}
