// One of this journey's own messages.

import { useShallow } from "zustand/react/shallow";

import { messageSteps } from "../steps.js";
import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";

export function MessageNodeControl(props) {
  const flat = useCanvas(useShallow((state) => messageSteps(state.nodes, state.choices).flatMap(({ id, name, about }) => [id, name, about])));
  const options = Array.from({ length: flat.length / 3 }, (_, at) => ({ id: flat[3 * at], label: flat[3 * at + 1], about: flat[3 * at + 2] }));
  return <Combo {...props} options={options} placeholder="Choose a message" empty="This journey sends no message yet. Add one first." />;
}
