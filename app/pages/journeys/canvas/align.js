// Several things on the canvas in one line, or evenly apart; and the lines to which a dragged one snaps. Pure.

import { CARD } from "./graph.js";

const NEAR = 7;

export function boxOf(node) {
  const width = node.measured?.width ?? node.width ?? CARD.width;
  const height = node.measured?.height ?? node.height ?? CARD.height;
  return { id: node.id, x: node.position.x, y: node.position.y, width, height };
}

export function around(boxes) {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

const TO = {
  left: (box, all) => ({ x: all.x }),
  centre: (box, all) => ({ x: all.x + (all.width - box.width) / 2 }),
  right: (box, all) => ({ x: all.x + all.width - box.width }),
  top: (box, all) => ({ y: all.y }),
  middle: (box, all) => ({ y: all.y + (all.height - box.height) / 2 }),
  bottom: (box, all) => ({ y: all.y + all.height - box.height }),
};

/** New positions of these nodes in one line: `Map(id → {x, y})`. */
export function aligned(nodes, side) {
  const boxes = nodes.map(boxOf);
  const all = around(boxes);
  return new Map(boxes.map((box) => [box.id, { x: box.x, y: box.y, ...TO[side](box, all) }]));
}

const AXES = { across: { at: "x", length: "width" }, down: { at: "y", length: "height" } };

/** New positions with the same gap between each two, the outermost staying where they are. */
export function distributed(nodes, way) {
  const { at, length } = AXES[way];
  const boxes = nodes.map(boxOf).sort((one, other) => one[at] - other[at]);
  const all = around(boxes);
  const used = boxes.reduce((sum, box) => sum + box[length], 0);
  const gap = (all[length] - used) / Math.max(boxes.length - 1, 1);
  let next = all[at];
  return new Map(
    boxes.map((box) => {
      const place = { x: box.x, y: box.y, [at]: next };
      next += box[length] + gap;
      return [box.id, place];
    }),
  );
}

/** The lines that the resting nodes offer, sorted once when a drag begins, so that a move costs two searches. */
export function linesOf(nodes) {
  const boxes = nodes.map(boxOf);
  return { x: lines(boxes, "x", "width"), y: lines(boxes, "y", "height") };
}

function lines(boxes, at, length) {
  const found = boxes.flatMap((box) => [0, 0.5, 1].map((part) => ({ at: box[at] + box[length] * part, part, box })));
  return found.sort((one, other) => one.at - other.at);
}

/** How far a dragged box has to move to lie in a line with another, and that line from end to end. */
export function snapped(offered, box, zoom) {
  const across = best(offered.x, box, "x", "width", NEAR / zoom);
  const down = best(offered.y, box, "y", "height", NEAR / zoom);
  const placed = { ...box, x: box.x + (across?.shift ?? 0), y: box.y + (down?.shift ?? 0) };
  return {
    shift: { x: across?.shift ?? 0, y: down?.shift ?? 0 },
    guides: {
      x: across && { at: across.line.at, ...span(placed, across.line.box, "y", "height") },
      y: down && { at: down.line.at, ...span(placed, down.line.box, "x", "width") },
    },
  };
}

// Edges meet edges, and centres centres.
function best(offered, box, at, length, near) {
  return [0, 0.5, 1].reduce((found, part) => {
    const here = box[at] + box[length] * part;
    for (let place = firstFrom(offered, here - near); place < offered.length && offered[place].at <= here + near; place += 1) {
      const line = offered[place];
      const shift = line.at - here;
      if ((part === 0.5) === (line.part === 0.5) && (!found || Math.abs(shift) < Math.abs(found.shift))) found = { line, shift };
    }
    return found;
  }, null);
}

function firstFrom(offered, value) {
  let [low, high] = [0, offered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offered[middle].at < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function span(one, other, at, length) {
  return { from: Math.min(one[at], other[at]), to: Math.max(one[at] + one[length], other[at] + other[length]) };
}
