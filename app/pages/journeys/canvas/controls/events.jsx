// Several events by name: those that were received, or one that will come.

import { useMemo } from "react";

import { useCanvas } from "../store.js";
import { eventOptions } from "./pickers.jsx";
import { Several } from "./several.jsx";

const NONE = [];

export function EventsControl(props) {
  const events = useCanvas((state) => state.choices.events) ?? NONE;
  const options = useMemo(() => eventOptions(events), [events]);
  return <Several {...props} options={options} free placeholder="Add an event" empty="No event has been received yet. Type its name." />;
}
