// The others in the same journey: signs of life to the server, and a ring with their name on the step they have selected.

import { useEffect, useRef } from "react";
import { useStore } from "zustand";

import { selectedNode, useCanvas } from "./store.js";

const BEAT_MS = 4000;
const SOON_MS = 400;

/** Tells the server every few seconds, and soon after a selection, that this tab is there and at which step. */
export function useSignsOfLife(store, saver, handlers) {
  const selected = useStore(store, (state) => selectedNode(state)?.id ?? "");
  const beat = () => {
    if (document.visibilityState !== "visible") return;
    handlers.current.onBeat?.(selectedNode(store.getState())?.id ?? "", saver.restingAt());
  };
  const newest = useRef(beat);
  newest.current = beat;
  useEffect(() => {
    const timer = setInterval(() => newest.current(), BEAT_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => newest.current(), SOON_MS);
    return () => clearTimeout(timer);
  }, [selected]);
}

/** Who else has this step selected. */
export function CompanyTag({ id }) {
  const names = useCanvas((state) => namesAt(state.company, id));
  const hue = useCanvas((state) => state.company.find((each) => each.node_id === id)?.hue);
  if (!names) return null;
  return (
    <span className="jc-company" data-hue={hue}>
      {names}
    </span>
  );
}

function namesAt(company, id) {
  return company
    .filter((each) => each.node_id === id)
    .map((each) => each.name)
    .join(", ");
}
