// Search in the graph: steps whose kind or sentence contains the words; arrows walk through them.

import { useEffect, useState } from "react";

import { useActions } from "./context.js";
import { Icon } from "./icons.jsx";
import { isNote } from "./notes.js";
import { plainSentence } from "./sentences.js";
import { withSteps } from "./steps.js";
import { useCanvas, useCanvasStore } from "./store.js";

export function Finder() {
  const open = useCanvas((state) => state.finder);
  return open ? <OpenFinder /> : null;
}

function OpenFinder() {
  const store = useCanvasStore();
  const actions = useActions();
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1);
  const found = useFound(text);

  useEffect(() => {
    store.setState({ found: new Set(found) });
    return () => store.setState({ found: null });
  }, [found.join()]);

  const walk = (step) => {
    if (!found.length) return;
    const next = (Math.max(at + step, at < 0 ? 0 : -1) + found.length) % found.length;
    setAt(next);
    actions.goTo(found[next]);
  };
  const close = () => {
    store.setState({ finder: false });
    store.getState().frame?.focus({ preventScroll: true });
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter") walk(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowDown") walk(1);
    else if (event.key === "ArrowUp") walk(-1);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="jc-finder" role="search">
      <label className="jc-search">
        <Icon name="search" size={15} />
        <input
          autoFocus
          value={text}
          placeholder="Find a step"
          aria-label="Find a step in this journey"
          onChange={(event) => {
            setText(event.target.value);
            setAt(-1);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <span className="jc-found" role="status">
        {text && (found.length ? `${Math.max(at, 0) + 1} of ${found.length}` : "None")}
      </span>
      <button type="button" className="jc-tool" onClick={close} aria-label="Close">
        <Icon name="close" />
      </button>
    </div>
  );
}

function useFound(text) {
  const nodes = useCanvas((state) => state.nodes);
  const kinds = useCanvas((state) => state.kinds);
  const choices = useCanvas((state) => state.choices);
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const known = withSteps(choices, nodes);
  return nodes
    .filter((node) => {
      if (isNote(node)) return words.every((word) => node.data.text.toLowerCase().includes(word));
      const kind = kinds[node.data.type];
      const said = `${kind?.label ?? ""} ${plainSentence(kind, node.data.config, known)} ${node.id}`.toLowerCase();
      return words.every((word) => said.includes(word));
    })
    .map((node) => node.id);
}
