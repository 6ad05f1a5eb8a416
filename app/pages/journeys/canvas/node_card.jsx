// A node on the canvas: a card that reads like a sentence, with its problems, its numbers and its ways out.

import { memo, useEffect, useRef } from "react";
import { Handle, Position, useUpdateNodeInternals } from "@xyflow/react";

import { CompanyTag } from "./company.jsx";
import { useActions } from "./context.js";
import { figuresOf, told } from "./figures.js";
import { acceptsInput, edgeAt, portsOf } from "./graph.js";
import { Icon, KindTile } from "./icons.jsx";
import { sentenceOf } from "./sentences.js";
import { useWords } from "./steps.js";
import { noProblems, useCanvas, useCanvasStore } from "./store.js";

const SIDES = {
  down: { in: Position.Top, out: Position.Bottom },
  right: { in: Position.Left, out: Position.Right },
};

export const NodeCard = memo(function NodeCard({ id, data, selected }) {
  const kind = useCanvas((state) => state.kinds[data.type]);
  const words = useWords(kind, data.config);
  const direction = useCanvas((state) => state.direction);
  const problems = useCanvas((state) => state.problems[id] ?? noProblems);
  const marked = useCanvas((state) => state.found?.has(id) ?? false);
  const mark = useCanvas((state) => state.overlay?.nodes?.[id]?.mark);
  const hue = useCanvas((state) => state.company.find((each) => each.node_id === id)?.hue);
  const sides = SIDES[direction];
  useMovedHandles(id, direction, portsOf(kind, data.config).length);
  return (
    <div
      className="jc-card"
      data-family={kind?.family}
      data-selected={selected}
      data-wrong={problems.length > 0}
      data-found={marked}
      data-mark={mark}
      data-hue={hue}
      data-direction={direction}
    >
      {acceptsInput(kind) && <Handle type="target" id="in" position={sides.in} className="jc-in" />}
      <div className="jc-card-head">
        <KindTile kind={kind} channel={data.config?.channel} />
        <div className="jc-card-words">
          <div className="jc-card-kind">{kind?.label ?? data.type}</div>
          <Sentence parts={sentenceOf(kind, data.config, words)} />
        </div>
        {problems.length > 0 && <ProblemBadge problems={problems} />}
      </div>
      <CompanyTag id={id} />
      <Numbers id={id} entrance={kind?.family === "trigger"} />
      <Ports id={id} ports={portsOf(kind, data.config)} side={sides.out} />
    </div>
  );
});

/** React Flow measures handles when a card's size changes; sides and number of ways out may change without. */
function useMovedHandles(id, direction, ways) {
  const update = useUpdateNodeInternals();
  const drawn = useRef(`${direction} ${ways}`);
  useEffect(() => {
    const now = `${direction} ${ways}`;
    if (drawn.current !== now) update(id);
    drawn.current = now;
  }, [direction, ways]);
}

export function Sentence({ parts }) {
  return (
    <div className="jc-sentence">
      <span>
        {parts.map((part, at) => (
          <span key={at} className={part.missing ? "jc-missing" : part.value ? "jc-value" : undefined}>
            {part.text}
          </span>
        ))}
      </span>
    </div>
  );
}

function ProblemBadge({ problems }) {
  return (
    <span className="jc-badge" tabIndex={-1} aria-label={`${problems.length} problems`}>
      <Icon name="alert" size={15} />
      <span className="jc-tip" role="tooltip">
        {problems.map((problem) => (
          <span key={problem.code + problem.field}>{problem.message}</span>
        ))}
      </span>
    </span>
  );
}

const noFigures = Object.freeze([]);

/** The live numbers, each of which opens the customers behind it; or what an overlay says instead. */
function Numbers({ id, entrance }) {
  const counts = useCanvas((state) => state.counts?.[id] ?? null);
  const live = useCanvas((state) => state.counts !== null);
  const overlaid = useCanvas((state) => state.overlay && (state.overlay.nodes?.[id]?.figures ?? noFigures));
  const actions = useActions();
  if (!live && !overlaid?.length) return null;
  const figures = overlaid ?? figuresOf(counts, entrance);
  return (
    <dl className="jc-numbers">
      {figures.map(({ label, number, tone, figure }) => (
        <div key={label} data-tone={tone}>
          <dt>{label}</dt>
          <dd>
            {figure && !overlaid ? (
              <button type="button" tabIndex={-1} aria-label={`${told(number)} ${label}: who?`} onClick={() => actions.lookBehind(id, figure)}>
                {told(number)}
              </button>
            ) : (
              told(number)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Ports({ id, ports, side }) {
  const taken = useCanvas((state) => ports.map((port) => (edgeAt(state.edges, id, port.id) ? "1" : "0")).join(""));
  const flows = useCanvas((state) => state.counts?.[id]?.ports);
  const store = useCanvasStore();
  const actions = useActions();
  // A click on "+" (React Flow only tells of drags): what comes next, or what to put between.
  const ask = (event, port) => {
    const { edges, readOnly } = store.getState();
    const handle = event.target.closest(".jc-out");
    if (!handle || readOnly) return;
    event.stopPropagation();
    const { left, bottom } = handle.getBoundingClientRect();
    const at = { x: left, y: bottom + 6 };
    const edge = edgeAt(edges, id, port.id);
    store.setState({ chooser: edge ? { at, edgeId: edge.id } : { at, source: id, port: port.id } });
  };
  return (
    <div className="jc-ports" data-many={ports.length > 1}>
      {ports.map((port, at) => (
        <div key={port.id} className="jc-port" data-free={taken[at] === "0"} onClick={(event) => ask(event, port)}>
          {port.label && (
            <span className="jc-port-label" title={port.label}>
              {port.label}
              {flows?.[port.id] ? (
                <button type="button" tabIndex={-1} aria-label={`${told(flows[port.id])} by ${port.label}: who?`} onClick={() => actions.lookBehind(id, "passed", port.id)}>
                  {told(flows[port.id])}
                </button>
              ) : null}
            </span>
          )}
          <Handle type="source" id={port.id} position={side} className="jc-out" aria-hidden="true">
            <Icon name="plus" size={11} />
          </Handle>
        </div>
      ))}
    </div>
  );
}
