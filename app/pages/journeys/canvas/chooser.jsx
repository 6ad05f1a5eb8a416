// "What comes next?": opens where an arrow was dropped, a "+" was clicked or a key pressed.

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useReactFlow } from "@xyflow/react";

import { useActions } from "./context.js";
import { acceptsInput, CARD } from "./graph.js";
import { Icon, KindTile } from "./icons.jsx";
import { grouped, groupName, matching } from "./palette.jsx";
import { useCanvas, useCanvasStore } from "./store.js";

const EDGE_OF_WINDOW = 12;

export function Chooser() {
  const chooser = useCanvas((state) => state.chooser);
  return chooser ? <OpenChooser key={`${chooser.at.x},${chooser.at.y}`} chooser={chooser} /> : null;
}

function OpenChooser({ chooser }) {
  const store = useCanvasStore();
  const catalogue = useCanvas((state) => state.catalogue);
  const choose = useChoose(chooser, store);
  const [search, setSearch] = useState("");
  const [at, setAt] = useState(0);
  const box = useRef(null);
  const place = useInWindow(box, chooser.at);
  const follows = Boolean(chooser.source || chooser.edgeId);
  const kinds = matching(catalogue.filter((kind) => !follows || acceptsInput(kind)), search);
  const close = () => {
    store.setState({ chooser: null });
    store.getState().frame?.focus({ preventScroll: true });
  };
  useClickOutside(box, close);

  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((now) => (now + step + kinds.length) % kinds.length);
    else if (event.key === "Enter" && kinds[at]) choose(kinds[at]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={box} className="jc-chooser" style={place} role="dialog" aria-label="Choose the next step" onKeyDown={onKeyDown}>
      <label className="jc-search">
        <Icon name="search" size={15} />
        <input
          autoFocus
          value={search}
          placeholder={follows ? "What comes next?" : "Add a step"}
          aria-label="Search steps"
          role="combobox"
          aria-expanded="true"
          aria-controls="jc-chooser-list"
          aria-activedescendant={kinds[at] ? `jc-choose-${at}` : undefined}
          onChange={(event) => {
            setSearch(event.target.value);
            setAt(0);
          }}
        />
      </label>
      <div className="jc-chooser-list" id="jc-chooser-list" role="listbox" aria-label="Steps">
        {grouped(kinds).map(({ family, kinds: members }) => (
          <div key={family} role="group" aria-label={groupName(family)}>
            <h3>{groupName(family)}</h3>
            {members.map((kind) => (
              <div
                key={kind.key}
                id={`jc-choose-${kinds.indexOf(kind)}`}
                role="option"
                aria-selected={kinds[at] === kind}
                ref={kinds[at] === kind ? scrolledTo : undefined}
                className="jc-option"
                data-type={kind.type}
                onPointerMove={() => setAt(kinds.indexOf(kind))}
                onClick={() => choose(kind)}
              >
                <KindTile kind={kind} />
                <span>{kind.label}</span>
              </div>
            ))}
          </div>
        ))}
        {kinds.length === 0 && <p className="jc-none">No step is called “{search}”.</p>}
      </div>
    </div>
  );
}

function useChoose(chooser, store) {
  const actions = useActions();
  const { screenToFlowPosition } = useReactFlow();
  return ({ type, preset }) => {
    store.setState({ chooser: null });
    const point = screenToFlowPosition(chooser.at);
    const { direction } = store.getState();
    const dropped = chooser.drop && (direction === "right" ? { x: point.x, y: point.y - CARD.height / 2 } : { x: point.x - CARD.width / 2, y: point.y });
    if (chooser.edgeId) actions.insert(type, chooser.edgeId, null, preset);
    else if (chooser.source) actions.append(type, chooser.source, chooser.port, dropped || null, preset);
    else actions.place(type, preset);
    store.getState().frame?.focus({ preventScroll: true });
  };
}

function scrolledTo(element) {
  element?.scrollIntoView({ block: "nearest" });
}

/** The box's place, pushed back into the window where it would stick out. */
function useInWindow(box, { x, y }) {
  const [place, setPlace] = useState({ left: x, top: y });
  useLayoutEffect(() => {
    const { width, height } = box.current.getBoundingClientRect();
    setPlace({
      left: Math.max(EDGE_OF_WINDOW, Math.min(x, window.innerWidth - width - EDGE_OF_WINDOW)),
      top: Math.max(EDGE_OF_WINDOW, Math.min(y, window.innerHeight - height - EDGE_OF_WINDOW)),
    });
  }, [x, y]);
  return place;
}

export function useClickOutside(box, close) {
  useEffect(() => {
    const look = (event) => {
      if (!box.current?.contains(event.target)) close();
    };
    document.addEventListener("pointerdown", look, true);
    return () => document.removeEventListener("pointerdown", look, true);
  }, []);
}
