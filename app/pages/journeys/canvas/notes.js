// Notes stuck on the canvas, as pure data: React Flow nodes of the type "note", which are no steps of the journey.

import { newId } from "./graph.js";

export const COLOURS = ["yellow", "blue", "green", "pink", "grey"];
export const NOTE = { width: 240, height: 136, least: { width: 120, height: 72 }, longest: 5000 };

export function isNote(node) {
  return node.type === "note";
}

export function stepsOf(nodes) {
  return nodes.some(isNote) ? nodes.filter((node) => !isNote(node)) : nodes;
}

/** A saved note as React Flow wants it; it lies behind the cards and their arrows. */
export function flowNote({ id, position, width, height, text, colour }) {
  return {
    id,
    type: "note",
    zIndex: -1,
    connectable: false,
    position: { x: position?.x ?? 0, y: position?.y ?? 0 },
    width: width ?? NOTE.width,
    height: height ?? NOTE.height,
    data: { text: text ?? "", colour: COLOURS.includes(colour) ? colour : COLOURS[0] },
  };
}

export function newNote(position) {
  return flowNote({ id: newId("note"), position });
}

/** A note as it is saved, in whole pixels. */
export function savedNote({ id, position, width, height, data }) {
  return {
    id,
    position: { x: Math.round(position.x), y: Math.round(position.y) },
    width: Math.round(width ?? NOTE.width),
    height: Math.round(height ?? NOTE.height),
    text: data.text,
    colour: data.colour,
  };
}

/** What a note is called where it cannot be seen. */
export function noteName({ data }) {
  return data.text.trim() ? `Note: ${data.text.trim()}` : "Empty note";
}

/** The places of notes after the steps moved: each goes with the step it lay nearest to. */
export function carried(nodes, places) {
  const steps = nodes.filter((node) => places.has(node.id));
  return new Map(nodes.filter(isNote).map((note) => [note.id, beside(note, nearest(note, steps), places)]));
}

function nearest(note, steps) {
  const far = ({ position }) => Math.hypot(position.x - note.position.x, position.y - note.position.y);
  return steps.reduce((best, step) => (!best || far(step) < far(best) ? step : best), null);
}

function beside({ position }, step, places) {
  if (!step) return position;
  const place = places.get(step.id);
  return { x: position.x + place.x - step.position.x, y: position.y + place.y - step.position.y };
}
