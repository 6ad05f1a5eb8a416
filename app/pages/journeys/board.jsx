// Lets cards (`data-card`) inside be dragged into columns (`data-column`); the cards and columns are the page's own.
import { useRef } from "react";

const columnOf = (event) => event.target.closest?.("[data-column]");

export function Board({ enabled, onMove, children }) {
  const dragged = useRef(null);
  const over = useRef(null);

  const mark = (column) => {
    if (over.current === column) return;
    over.current?.removeAttribute("data-over");
    column?.setAttribute("data-over", "");
    over.current = column;
  };

  const end = () => {
    mark(null);
    dragged.current?.removeAttribute("data-dragged");
    dragged.current = null;
  };

  const start = (event) => {
    const card = event.target.closest?.("[data-card]");
    if (!enabled || !card) return event.preventDefault();
    dragged.current = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.card);
    card.setAttribute("data-dragged", "");
  };

  const pass = (event) => {
    const column = dragged.current && columnOf(event);
    mark(column ?? null);
    if (column) event.preventDefault();
  };

  const drop = (event) => {
    const card = dragged.current;
    const column = card && columnOf(event);
    end();
    if (!column) return;
    event.preventDefault();
    if (!column.contains(card)) onMove(card.dataset.card, column.dataset.column);
  };

  return (
    <div className="jm-board" onDragStart={start} onDragOver={pass} onDrop={drop} onDragEnd={end}>
      {children}
    </div>
  );
}
