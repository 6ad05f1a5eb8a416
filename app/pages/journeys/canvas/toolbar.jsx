// The tools over the canvas: history, view, tidying, search, keys; and in the page's header whether all is saved.

import { createPortal } from "react-dom";
import { useStore as useFlow } from "@xyflow/react";

import { useActions } from "./context.js";
import { Icon } from "./icons.jsx";
import { openChooser, SHORTCUTS } from "./keyboard.js";
import { SAVE_WORDS } from "./saving.js";
import { useCanvas, useCanvasStore } from "./store.js";

export function Toolbar() {
  const store = useCanvasStore();
  const actions = useActions();
  const undoable = useCanvas((state) => state.past.length > 0 && !state.readOnly);
  const redoable = useCanvas((state) => state.future.length > 0 && !state.readOnly);
  const direction = useCanvas((state) => state.direction);
  const readOnly = useCanvas((state) => state.readOnly);
  const zoom = useFlow((state) => Math.round(state.transform[2] * 100));
  const keys = useCanvas((state) => state.keysOpen);
  const turned = direction === "down" ? "right" : "down";
  return (
    <div className="jc-toolbar" role="toolbar" aria-label="Canvas tools">
      {!readOnly && (
        <button type="button" className="jc-button jc-primary jc-narrow-only" onClick={() => openChooser({ store })}>
          <Icon name="plus" /> Step
        </button>
      )}
      <Tool name="undo" label="Undo (Ctrl Z)" onClick={actions.undo} disabled={!undoable} />
      <Tool name="redo" label="Redo (Ctrl Shift Z)" onClick={actions.redo} disabled={!redoable} />
      <i />
      <Tool name="minus" label="Zoom out" onClick={actions.zoomOut} />
      <button type="button" className="jc-tool jc-zoom" onClick={() => actions.fit()} title="Show the whole journey (F)" aria-label={`Zoom ${zoom} %. Show the whole journey`}>
        {zoom}%
      </button>
      <Tool name="plus" label="Zoom in" onClick={actions.zoomIn} />
      <Tool name="fit" label="Show the whole journey (F)" onClick={() => actions.fit()} />
      <i />
      <Tool name="tidy" label="Tidy up (T)" onClick={() => actions.tidy()} disabled={readOnly} />
      <Tool name={turned} label={turned === "right" ? "Lay out left to right" : "Lay out top down"} onClick={() => actions.tidy(turned)} disabled={readOnly} />
      <Tool name="note" label="Stick a note on the canvas (S)" onClick={actions.stick} disabled={readOnly} />
      <Tool name="search" label="Find a step (/)" onClick={() => store.setState({ finder: true })} />
      <Tool name="settings" label="Journey settings" onClick={() => store.setState({ settingsOpen: true })} />
      <Tool name="keys" label="Keyboard shortcuts (?)" onClick={() => store.setState({ keysOpen: true })} />
      {keys && <Shortcuts onClose={() => store.setState({ keysOpen: false })} />}
    </div>
  );
}

function Tool({ name, label, ...rest }) {
  return (
    <button type="button" className="jc-tool" aria-label={label} title={label} {...rest}>
      <Icon name={name} />
    </button>
  );
}

function Shortcuts({ onClose }) {
  return (
    <div className="jc-keys" role="dialog" aria-label="Keyboard shortcuts" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header>
        <h2>Keyboard</h2>
        <button type="button" autoFocus className="jc-tool" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
      </header>
      <dl>
        {SHORTCUTS.map(({ keys, label }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const SAVE_ICONS = { saved: "check", editing: "saving", saving: "saving", waiting: "offline", conflict: "alert", failed: "alert" };

/** Drawn into the page's header, where the person looks for it. */
export function HeaderTools({ slot, label, readOnly, onPublish }) {
  const place = slot && document.getElementById(slot);
  const { status, error } = useCanvas((state) => state.save);
  if (!place || readOnly) return null;
  return createPortal(
    <>
      <span className="jc-save" data-status={status} role="status" title={error || undefined}>
        <Icon name={SAVE_ICONS[status]} size={15} />
        <span>{error || SAVE_WORDS[status]}</span>
      </span>
      {onPublish && (
        <button type="button" className="jc-button jc-primary" onClick={onPublish} disabled={status === "conflict"}>
          {label}
        </button>
      )}
    </>,
    place,
  );
}

/** Two people edited the same journey: both versions are kept until one chooses. */
export function ConflictBar({ onCompare }) {
  const conflict = useCanvas((state) => state.save.status === "conflict");
  const comparing = useCanvas((state) => state.overlay !== null);
  if (!conflict || comparing) return null;
  return (
    <div className="jc-conflict" role="alert">
      <Icon name="alert" />
      <p>
        <strong>This is yours, not saved yet.</strong> Somebody else changed the journey meanwhile.
      </p>
      <button type="button" className="jc-button" onClick={onCompare}>
        Compare
      </button>
    </div>
  );
}
