// The journey canvas: what Reflex mounts. Live state stays in the browser; Python gets whole changes only
// (see `canvas.py` for the props and events).

import { useEffect, useMemo, useRef, useState } from "react";
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";

import { createActions } from "./actions.js";
import { Announcer } from "./announce.jsx";
import { Chooser } from "./chooser.jsx";
import { useSignsOfLife } from "./company.jsx";
import { ConfigPanel } from "./config_panel.jsx";
import { ActionsContext } from "./context.js";
import { EmptyHint } from "./empty_hint.jsx";
import { Finder } from "./finder.jsx";
import { Flow } from "./flow.jsx";
import { KindIcons } from "./icons.jsx";
import { clipboardHandlers, onKey, onWalk } from "./keyboard.js";
import { directionOf } from "./layout.js";
import { Ghost, Palette } from "./palette.jsx";
import { createSaver } from "./saving.js";
import { CanvasContext, createCanvasStore, problemsByNode } from "./store.js";
import { ConflictBar, HeaderTools, Toolbar } from "./toolbar.jsx";
import "./canvas.css";
import "./panel.css";

const WATCH_MS = 2000;
const FIT_MS = 80;
const PATIENCE_MS = 15000;

/** One canvas for each journey: opening another one starts afresh. */
export function JourneyCanvas(props) {
  if (!props.document?.journey_id) return <div className="jc jc-empty" aria-busy="true" />;
  return (
    <ReactFlowProvider key={props.document.journey_id}>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas(props) {
  const { document: loaded, catalogue, icons, settingsSchema, problems, counts, watch, choices, answer, readOnly, focus } = props;
  const handlers = useRef(props);
  handlers.current = props;
  const flow = useReactFlow();
  const root = useRef(null);
  const [{ store, saver, actions }] = useState(() => assemble(loaded, catalogue, flow, handlers));

  useEffect(() => saver.loaded(loaded), [loaded.serial]);
  useEffect(() => {
    if (answer?.serial) saver.answered(answer);
  }, [answer]);
  useEffect(() => store.setState({ settingsSchema }), [settingsSchema]);
  useEffect(() => store.setState({ problems: problemsByNode(problems) }), [problems]);
  useEffect(() => store.getState().count(counts ?? null), [counts]);
  useEffect(() => store.setState({ overlay: props.overlay ?? null }), [props.overlay]);
  useEffect(() => {
    // The dock beside it has just taken a part of the canvas; what differs shall be in view.
    const timer = props.overlay?.kind === "difference" && setTimeout(() => actions.fit(), FIT_MS);
    return () => clearTimeout(timer);
  }, [props.overlay]);
  useEffect(() => store.setState({ choices: choices ?? {} }), [choices]);
  useEffect(() => store.setState({ people: props.people ?? {} }), [props.people]);
  useEffect(() => store.setState({ company: props.company ?? [] }), [props.company]);
  useEffect(() => store.getState().allow(!readOnly), [readOnly]);
  useEffect(() => store.getState().peek(saver.expects(props.peek?.ticket) ? props.peek.graph : null), [props.peek]);
  useEffect(() => decide(props.decision, saver, handlers), [props.decision?.ticket]);
  useEffect(() => {
    if (focus?.node_id) (focus.quiet ? actions.lookAt : actions.goTo)(focus.node_id);
  }, [focus?.serial]);

  useEffect(() => {
    if (props.overlay?.kind === "backtest") actions.fit();
  }, [props.overlay?.kind]);

  useLeaving(root, saver);
  useWatching(watch, handlers);
  useReturning(handlers);
  useKeys(root, store, actions);
  useSignsOfLife(store, saver, handlers);

  const publish = () => saver.flush().then((revision) => handlers.current.onPublish?.(revision));

  return (
    <CanvasContext.Provider value={store}>
      <ActionsContext.Provider value={actions}>
        <KindIcons.Provider value={icons}>
          <div className="jc" ref={root} data-overlay={props.overlay?.kind}>
            {!readOnly && <Palette />}
            <div className="jc-stage" tabIndex={-1} onKeyDownCapture={(event) => onWalk(event, { actions })} onDragOver={(event) => event.preventDefault()} onDrop={(event) => takeFile(event, actions)} ref={(frame) => store.setState({ frame, root: root.current })}>
              <Flow />
              <EmptyHint />
              <Toolbar />
              <Finder />
              <ConflictBar onCompare={saver.compare} />
              <ConfigPanel />
            </div>
            <Chooser />
            <Ghost />
            <Announcer />
            <HeaderTools slot={props.headerSlot} readOnly={readOnly} label={props.publishLabel} onPublish={props.mayPublish && publish} />
          </div>
        </KindIcons.Provider>
      </ActionsContext.Provider>
    </CanvasContext.Provider>
  );
}

/** A journey's file, dropped anywhere on the canvas, is pasted. */
async function takeFile(event, actions) {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) actions.paste(await file.text());
}

/** What the person decided after a conflict: `{choice, revision, graph, ticket}`. */
function decide(decision, saver, handlers) {
  if (!saver.expects(decision?.ticket)) return;
  if (decision.choice !== "theirs") return saver.keep(decision.revision, decision.graph);
  saver.takeTheirs();
  handlers.current.onReload?.();
}

function assemble(loaded, catalogue, flow, handlers) {
  const store = createCanvasStore({ catalogue, direction: "down" });
  const journeyId = loaded.journey_id;
  const send = (graph, revision, serial) => handlers.current.onChange?.(journeyId, graph, revision, serial);
  const clash = (base, mine, ticket) => handlers.current.onClash?.(journeyId, base, mine, ticket);
  const saver = createSaver({ store, journeyId, send, clash });
  saver.loaded(loaded);
  store.setState({ askPeople: (wish) => handlers.current.onPeople?.(wish) });
  store.setState({ direction: directionOf(store.getState()) });
  return { store, saver, actions: createActions(store, flow) };
}

/** Asks for new figures while they move and somebody looks; the next question waits for the last answer. */
function useWatching(watch, handlers) {
  const answered = useRef(0);
  const asked = useRef(0);
  useEffect(() => {
    answered.current = performance.now();
  }, [watch?.serial]);
  useEffect(() => {
    if (!watch?.live) return undefined;
    const timer = setInterval(() => {
      const now = performance.now();
      const open = asked.current > answered.current && now - asked.current < PATIENCE_MS;
      if (open || document.visibilityState !== "visible") return;
      asked.current = now;
      handlers.current.onWatch?.();
    }, WATCH_MS);
    return () => clearInterval(timer);
  }, [watch?.live]);
}

/** Says when somebody comes back to the page: what they made elsewhere shall be there to choose. */
function useReturning(handlers) {
  useEffect(() => {
    const returned = () => document.visibilityState === "visible" && handlers.current.onReturn?.();
    document.addEventListener("visibilitychange", returned);
    return () => document.removeEventListener("visibilitychange", returned);
  }, []);
}

/** Saves at once when the page is hidden, left or closed, and when one turns to a dock: it tries what is saved. */
function useLeaving(root, saver) {
  useEffect(() => {
    const hidden = () => document.visibilityState === "hidden" && saver.push();
    const turned = (event) => root.current?.contains(event.target) || saver.push();
    const listeners = { visibilitychange: hidden, pointerdown: turned, focusin: turned };
    window.addEventListener("pagehide", saver.push);
    Object.entries(listeners).forEach(([name, listen]) => document.addEventListener(name, listen, true));
    return () => {
      window.removeEventListener("pagehide", saver.push);
      Object.entries(listeners).forEach(([name, listen]) => document.removeEventListener(name, listen, true));
      saver.push();
      saver.stop();
    };
  }, []);
}

/** Keys count when the focus is on the canvas or nowhere in particular. */
function useKeys(root, store, actions) {
  const clipboard = useMemo(() => clipboardHandlers({ store, actions }), []);
  useEffect(() => {
    const here = (handle) => (event) => {
      const on = event.target;
      if (on === document.body || root.current?.contains(on)) handle(event);
    };
    const listeners = { keydown: here((event) => onKey(event, { store, actions })), ...each(clipboard, here) };
    Object.entries(listeners).forEach(([name, listen]) => document.addEventListener(name, listen));
    return () => Object.entries(listeners).forEach(([name, listen]) => document.removeEventListener(name, listen));
  }, []);
}

function each(handlers, wrap) {
  return Object.fromEntries(Object.entries(handlers).map(([name, handle]) => [name, wrap(handle)]));
}
