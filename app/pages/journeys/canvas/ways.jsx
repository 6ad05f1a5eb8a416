// Where each way out of a step leads, in its panel.

import { memo, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";

import { useActions } from "./context.js";
import { acceptsInput, edgeAt, portsOf } from "./graph.js";
import { stepsOf } from "./notes.js";
import { fullSentence } from "./sentences.js";
import { withSteps } from "./steps.js";
import { useCanvas } from "./store.js";

/** Where each way out leads, as lists to choose from: connecting without a mouse. */
export function Ways({ id, kind, config, readOnly }) {
  const actions = useActions();
  // Neither moving a card nor typing in this one changes what another is called.
  const known = useCanvas(useShallow((state) => goalsOf(state, id)));
  const edges = useCanvas((state) => state.edges);
  const kinds = useCanvas((state) => state.kinds);
  const options = useMemo(() => <Goals known={known} kinds={kinds} />, [known, kinds]);
  const ports = portsOf(kind, config);
  if (!ports.length) return null;
  const lead = (port, value) => {
    if (value === "") actions.disconnect(id, port);
    else if (value.startsWith("new:")) actions.append(value.slice(4), id, port);
    else actions.connect(id, port, value);
  };
  return (
    <fieldset className="jc-ways" disabled={readOnly}>
      <legend>Leads to</legend>
      {ports.map((port) => (
        <label key={port.id} className="jc-way">
          {ports.length > 1 && <span className="jc-port-label">{port.label}</span>}
          <select
            className="s-control jc-control"
            aria-label={port.label ? `${port.label} leads to` : "Leads to"}
            value={edgeAt(edges, id, port.id)?.target ?? ""}
            onChange={(event) => lead(port.id, event.target.value)}
          >
            {options}
          </select>
        </label>
      ))}
    </fieldset>
  );
}

const Goals = memo(function Goals({ known, kinds }) {
  return (
    <>
      <option value="">Nothing yet</option>
      <optgroup label="A step of this journey">
        {pairs(known).map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </optgroup>
      <optgroup label="A new step">
        {Object.values(kinds)
          .filter(acceptsInput)
          .map((each) => (
            <option key={each.type} value={`new:${each.type}`}>
              {each.label}
            </option>
          ))}
      </optgroup>
    </>
  );
});

/** The steps one may lead to with their names, flat: id, name, id, name. */
function goalsOf({ nodes, kinds, choices }, id) {
  const steps = stepsOf(nodes);
  const words = withSteps(choices, steps);
  return steps.filter((node) => node.id !== id && acceptsInput(kinds[node.data.type])).flatMap((node) => [node.id, named(node.data, kinds, words)]);
}

const names = new WeakMap();

function named(data, kinds, words) {
  const known = names.get(data);
  if (known?.words === words) return known.name;
  const name = fullSentence(kinds[data.type], data.type, data.config, words).slice(0, 80);
  names.set(data, { words, name });
  return name;
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, at) => flat.slice(2 * at, 2 * at + 2));
}
