// Who stands at a step of the running journey now, each with the way to their page.

import { useCanvas } from "./store.js";

const TIME = new Intl.RelativeTimeFormat("en-IN", { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

export function People({ id }) {
  const here = useCanvas((state) => state.counts?.[id]?.here ?? 0);
  const found = useCanvas((state) => (state.people.node_id === id ? state.people.people : null));
  const ask = useCanvas((state) => state.askPeople);
  if (!here) return null;
  return (
    <section className="jc-people" aria-label="Who is here">
      <header>
        <h3>
          {here.toLocaleString("en-IN")} {here === 1 ? "customer" : "customers"} here now
        </h3>
        <button type="button" className="jc-link" onClick={() => ask(id)}>
          {found ? "Look again" : "Show who"}
        </button>
      </header>
      {found && (
        <ul>
          {found.map((person) => (
            <li key={person.id}>
              <a href={`/customers/${person.id}`}>{person.name || "Without a name"}</a>
              <time dateTime={person.since}>{since(person.since)}</time>
            </li>
          ))}
          {here > found.length && <li className="jc-more">and {(here - found.length).toLocaleString("en-IN")} more</li>}
        </ul>
      )}
    </section>
  );
}

function since(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return TIME.format(-Math.floor(seconds / length), unit);
}
