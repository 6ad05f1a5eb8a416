// The customers behind a number of a step: the numbers to choose from, a search, and the list, a page at a time.

import { useEffect, useRef, useState } from "react";

import { everyFigure, told } from "./figures.js";
import { portsOf } from "./graph.js";
import { Icon } from "./icons.jsx";
import { ago, exactly } from "./moments.js";
import { useCanvas, useCanvasStore } from "./store.js";

const TYPING_MS = 250;
const NOBODY = {
  here: "Nobody is here now.",
  converted: "Nobody has reached the goal after this step yet.",
};

export function People({ id, kind, config }) {
  const store = useCanvasStore();
  const counts = useCanvas((state) => state.counts?.[id]);
  const { figure, port } = useCanvas((state) => state.behind);
  const [search, setSearch] = useState("");
  const { rows, after, waiting, ask } = usePages({ node_id: id, figure, port, search });
  const figures = everyFigure(counts, kind?.family === "trigger", portsOf(kind, config));
  const show = (each) => store.setState({ behind: { node_id: id, figure: each.figure, port: each.port } });
  return (
    <section className="jc-people" aria-label="Customers of this step">
      <div className="jc-figures" role="group" aria-label="Numbers">
        {figures.map((each) => (
          <button
            key={`${each.figure}:${each.port ?? ""}`}
            type="button"
            data-tone={each.tone}
            aria-pressed={each.figure === figure && each.port === port}
            onClick={() => show(each)}
          >
            <b>{told(each.number)}</b> {each.label}
          </button>
        ))}
      </div>
      <div className="jc-people-search">
        <label className="jc-search">
          <Icon name="search" size={15} />
          <input value={search} onChange={(event) => setSearch(event.target.value)} placeholder="Name, phone or e-mail" aria-label="Search these customers" />
        </label>
        <button type="button" className="jc-tool" onClick={() => ask(null)} aria-label="Look again" title="Look again">
          <Icon name="again" size={15} />
        </button>
      </div>
      <ul aria-busy={waiting}>
        {rows?.map((person, at) => <Person key={`${person.customer_id}:${person.at}:${at}`} person={person} figure={figure} />)}
      </ul>
      {rows?.length === 0 && <p className="jc-none">{search ? `Nobody here is found by “${search}”.` : NOBODY[figure] ?? "Nobody yet."}</p>}
      {after && (
        <button type="button" className="jc-button jc-people-more" disabled={waiting} onClick={() => ask(after)}>
          Show more
        </button>
      )}
    </section>
  );
}

function Person({ person, figure }) {
  const waits = figure === "here" || figure === "queued" || figure === "held";
  return (
    <li>
      <div>
        <a href={`/customers/${person.customer_id}`}>{person.name || "Without a name"}</a>
        <time dateTime={person.at} title={exactly(person.at)}>
          {ago(person.at)}
        </time>
      </div>
      {waits && person.until && <p>Goes on {exactly(person.until)}</p>}
      {person.why && (
        <p>
          {person.why} {person.code && <code>{person.code}</code>}
        </p>
      )}
    </li>
  );
}

let serial = 0;

/** The pages of one wish; another wish, or a look again, begins at the first. Answers to older wishes are let go. */
function usePages(wish) {
  const askPeople = useCanvas((state) => state.askPeople);
  const answer = useCanvas((state) => state.people);
  const [pages, setPages] = useState({ rows: null, after: null, waiting: true });
  const asked = useRef(null);
  const ask = (after) => {
    serial += 1;
    asked.current = { serial, after };
    setPages((now) => ({ ...now, waiting: true }));
    askPeople({ ...wish, after, serial });
  };
  useEffect(() => {
    const timer = setTimeout(() => ask(null), wish.search ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [wish.node_id, wish.figure, wish.port, wish.search]);
  useEffect(() => {
    if (!asked.current || answer.serial !== asked.current.serial) return;
    const before = asked.current.after;
    setPages(({ rows }) => ({ rows: before ? [...rows, ...answer.people] : answer.people, after: answer.after, waiting: false }));
  }, [answer]);
  return { ...pages, ask };
}
