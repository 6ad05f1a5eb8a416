// A note on the canvas: paper with words, written on in place, coloured and sized by hand.

import { memo, useEffect, useRef } from "react";
import { NodeResizer } from "@xyflow/react";

import { useActions } from "./context.js";
import { COLOURS, NOTE } from "./notes.js";
import { Icon } from "./icons.jsx";
import { useCanvas, useCanvasStore } from "./store.js";

export const NoteCard = memo(function NoteCard({ id, data, selected }) {
  const store = useCanvasStore();
  const readOnly = useCanvas((state) => state.readOnly);
  const writing = useCanvas((state) => state.writing === id);
  const marked = useCanvas((state) => state.found?.has(id) ?? false);
  const lone = useCanvas((state) => selected && state.nodes.filter((node) => node.selected).length === 1);
  const write = () => readOnly || store.setState({ writing: id });
  return (
    <div className="jc-note" data-colour={data.colour} data-selected={selected} data-found={marked} onDoubleClick={write}>
      {lone && !readOnly && (
        <NodeResizer
          minWidth={NOTE.least.width}
          minHeight={NOTE.least.height}
          lineClassName="jc-note-line"
          handleClassName="jc-note-corner"
          onResizeStart={() => store.getState().remember()}
          onResizeEnd={() => store.getState().touched()}
        />
      )}
      {lone && !readOnly && <NoteTools id={id} colour={data.colour} />}
      {writing ? <Writing id={id} text={data.text} /> : <p className="jc-note-text">{data.text || <em>{readOnly ? "" : "Double-click to write"}</em>}</p>}
    </div>
  );
});

function Writing({ id, text }) {
  const store = useCanvasStore();
  const actions = useActions();
  const box = useRef(null);
  // A new note is measured by React Flow before it can take the focus.
  useEffect(() => {
    const waiting = requestAnimationFrame(() => {
      box.current?.focus({ preventScroll: true });
      box.current?.setSelectionRange(text.length, text.length);
    });
    return () => cancelAnimationFrame(waiting);
  }, []);
  const leave = () => store.setState(({ writing }) => (writing === id ? { writing: null } : {}));
  const onKeyDown = (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    const card = event.target.closest(".react-flow__node");
    leave();
    card?.focus({ preventScroll: true });
  };
  return (
    <textarea
      ref={box}
      className="jc-note-text nodrag nowheel nopan"
      aria-label="Text of the note"
      value={text}
      maxLength={NOTE.longest}
      onChange={(event) => actions.writeNote(id, { text: event.target.value })}
      onKeyDown={onKeyDown}
      onBlur={leave}
    />
  );
}

function NoteTools({ id, colour }) {
  const actions = useActions();
  return (
    <div className="jc-note-tools nodrag" role="toolbar" aria-label="Note">
      {COLOURS.map((each) => (
        <button
          key={each}
          type="button"
          className="jc-note-colour"
          data-colour={each}
          aria-label={`${each} paper`}
          aria-pressed={each === colour}
          title={each.charAt(0).toUpperCase() + each.slice(1)}
          onClick={() => actions.writeNote(id, { colour: each })}
        />
      ))}
      <button type="button" className="jc-tool" aria-label="Delete the note" title="Delete the note" onClick={actions.remove}>
        <Icon name="delete" size={14} />
      </button>
    </div>
  );
}
