// What an empty canvas says: where a journey begins, with the ways to begin one click away.

import { useActions } from "./context.js";
import { KindTile } from "./icons.jsx";
import { useCanvas } from "./store.js";

export function EmptyHint() {
  const actions = useActions();
  const empty = useCanvas((state) => state.nodes.length === 0);
  const dragging = useCanvas((state) => state.ghost !== null);
  const readOnly = useCanvas((state) => state.readOnly);
  const catalogue = useCanvas((state) => state.catalogue);
  if (!empty || dragging) return null;
  if (readOnly) return <div className="jc-hint"><h2>This journey is empty</h2></div>;
  return (
    <div className="jc-hint">
      <h2>Where does the journey begin?</h2>
      <p>Choose what lets customers in, or drag any step from the left.</p>
      <div className="jc-hint-starts">
        {catalogue
          .filter((kind) => kind.entrance)
          .map((kind) => (
            <button key={kind.type} type="button" className="jc-hint-start" data-family={kind.family} onClick={() => actions.place(kind.type)}>
              <KindTile kind={kind} size={20} />
              <span>{kind.label}</span>
            </button>
          ))}
      </div>
    </div>
  );
}
