// The panel of the selected node: a form made from its class's schema, its problems, and where it leads.

import { useEffect } from "react";
import { useShallow } from "zustand/react/shallow";

import { useActions } from "./context.js";
import { CONTROLS } from "./controls/index.js";
import { acceptsInput, edgeAt, portsOf } from "./graph.js";
import { Icon, KindTile } from "./icons.jsx";
import { People } from "./people.jsx";
import { fieldsOf, filled, isShown } from "./schema.js";
import { fullSentence } from "./sentences.js";
import { withSteps } from "./steps.js";
import { noProblems, selectedNode, useCanvas, useCanvasStore } from "./store.js";

export function ConfigPanel() {
  const id = useCanvas((state) => selectedNode(state)?.id ?? null);
  const settingsOpen = useCanvas((state) => state.settingsOpen);
  if (settingsOpen) return <SettingsPanel />;
  return id ? <NodePanel key={id} id={id} /> : null;
}

function NodePanel({ id }) {
  const store = useCanvasStore();
  const actions = useActions();
  const data = useCanvas((state) => state.nodes.find((node) => node.id === id)?.data);
  const kind = useCanvas((state) => state.kinds[data?.type]);
  const problems = useCanvas((state) => state.problems[id] ?? noProblems);
  const readOnly = useCanvas((state) => state.readOnly);
  useEffect(() => actions.reveal(id), []);
  if (!data) return null;
  const close = () => store.getState().select([]);
  return (
    <Panel kind={kind} title={kind?.label ?? data.type} about={kind?.description} onClose={close}>
      <Form
        schema={kind?.schema}
        values={data.config}
        problems={problems}
        readOnly={readOnly}
        onField={(name, value) => actions.configure(id, name, value)}
      />
      <Ways id={id} kind={kind} config={data.config} readOnly={readOnly} />
      <People id={id} />
      {!readOnly && (
        <footer className="jc-panel-foot">
          <button type="button" className="jc-button" onClick={actions.duplicate}>
            <Icon name="copy" size={14} /> Duplicate
          </button>
          <button type="button" className="jc-button jc-danger" onClick={actions.remove}>
            <Icon name="delete" size={14} /> Delete
          </button>
        </footer>
      )}
    </Panel>
  );
}

function SettingsPanel() {
  const store = useCanvasStore();
  const schema = useCanvas((state) => state.settingsSchema);
  const settings = useCanvas((state) => state.settings);
  const problems = useCanvas((state) => state.problems[""] ?? noProblems);
  const readOnly = useCanvas((state) => state.readOnly);
  const change = (name, value) => {
    const { [name]: _, ...rest } = store.getState().settings;
    store.getState().changeSettings(value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <Panel title="Journey settings" about="Rules for the whole journey" onClose={() => store.setState({ settingsOpen: false })}>
      <Form schema={schema} values={settings} problems={problems} readOnly={readOnly} onField={change} />
    </Panel>
  );
}

function Panel({ kind, title, about, onClose, children }) {
  return (
    <aside className="jc-panel" aria-label={title} data-family={kind?.family}>
      <header className="jc-panel-head">
        {kind ? <KindTile kind={kind} size={19} /> : <span className="jc-tile"><Icon name="settings" size={19} /></span>}
        <div>
          <h2>{title}</h2>
          <p>{about}</p>
        </div>
        <button type="button" className="jc-tool" onClick={onClose} aria-label="Close" title="Close (Esc)">
          <Icon name="close" />
        </button>
      </header>
      <div className="jc-panel-body">{children}</div>
    </aside>
  );
}

function Form({ schema, values, problems, readOnly, onField }) {
  const all = fieldsOf(schema);
  const present = filled(all, values);
  const fields = all.filter((field) => isShown(field, present));
  const names = new Set(fields.map((field) => field.name));
  const others = problems.filter((problem) => !names.has(problem.field));
  return (
    <div className="jc-form">
      <Problems problems={others} />
      {inGroups(fields).map(({ group, members }) => (
        <Group key={group} name={group}>
          {members.map((field) => (
            <Field
              key={field.name}
              field={field}
              values={present}
              problems={problems.filter((problem) => problem.field === field.name)}
              readOnly={readOnly}
              onField={onField}
            />
          ))}
        </Group>
      ))}
    </div>
  );
}

/** Fields under the headings their schema names (`group`), in the order in which the headings first come. */
function inGroups(fields) {
  const groups = [...new Set(fields.map((field) => field.group))];
  return groups.map((group) => ({ group, members: fields.filter((field) => field.group === group) }));
}

function Group({ name, children }) {
  if (!name) return children;
  return (
    <section className="jc-group-of-fields" aria-label={name}>
      <h3>{name}</h3>
      {children}
    </section>
  );
}

function Field({ field, values, problems, readOnly, onField }) {
  const Control = CONTROLS[field.control] ?? CONTROLS.text;
  const id = `jc-field-${field.name}`;
  const value = values[field.name];
  const said = [field.help && `${id}-help`, problems.length && `${id}-problems`].filter(Boolean).join(" ");
  return (
    <div className="jc-field" data-control={field.control} data-wrong={problems.length > 0}>
      <label className="jc-label" htmlFor={id} id={`${id}-label`}>
        {field.title}
        {!field.required && field.shape.nullable && <span className="jc-optional">optional</span>}
      </label>
      <Control
        id={id}
        field={field}
        value={value}
        values={values}
        disabled={readOnly}
        describedBy={said || undefined}
        wrong={problems.length > 0}
        onChange={(next) => onField(field.name, next)}
      />
      {field.help && (
        <p className="jc-help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      <Problems problems={problems} id={`${id}-problems`} />
    </div>
  );
}

function Problems({ problems, id }) {
  if (!problems.length) return null;
  return (
    <ul className="jc-problems" id={id} aria-live="polite">
      {problems.map((problem) => (
        <li key={problem.code + problem.message}>
          <Icon name="alert" size={14} /> {problem.message}
        </li>
      ))}
    </ul>
  );
}

/** Where each way out leads, as lists to choose from: connecting without a mouse. */
function Ways({ id, kind, config, readOnly }) {
  const actions = useActions();
  // Moving a card changes no name: only ids and data count here.
  const known = useCanvas(useShallow((state) => state.nodes.flatMap((node) => [node.id, node.data])));
  const edges = useCanvas((state) => state.edges);
  const kinds = useCanvas((state) => state.kinds);
  const choices = useCanvas((state) => state.choices);
  const ports = portsOf(kind, config);
  if (!ports.length) return null;
  const steps = pairs(known);
  const words = withSteps(choices, steps);
  const goals = steps.filter((node) => node.id !== id && acceptsInput(kinds[node.data.type]));
  const lead = (port, value) => {
    if (value === "") actions.disconnect(id, port);
    else if (value.startsWith("new:")) actions.append(value.slice(4), id, port);
    else actions.connect(id, port, value);
  };
  return (
    <fieldset className="jc-ways" disabled={readOnly}>
      <legend>Leads to</legend>
      {ports.map((port) => (
        <label key={port.id} className="jc-way">
          {ports.length > 1 && <span className="jc-port-label">{port.label}</span>}
          <select
            className="s-control jc-control"
            aria-label={port.label ? `${port.label} leads to` : "Leads to"}
            value={edgeAt(edges, id, port.id)?.target ?? ""}
            onChange={(event) => lead(port.id, event.target.value)}
          >
            <option value="">Nothing yet</option>
            <optgroup label="A step of this journey">
              {goals.map((node) => (
                <option key={node.id} value={node.id}>
                  {named(node, kinds, words)}
                </option>
              ))}
            </optgroup>
            <optgroup label="A new step">
              {Object.values(kinds)
                .filter(acceptsInput)
                .map((each) => (
                  <option key={each.type} value={`new:${each.type}`}>
                    {each.label}
                  </option>
                ))}
            </optgroup>
          </select>
        </label>
      ))}
    </fieldset>
  );
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, at) => ({ id: flat[2 * at], data: flat[2 * at + 1] }));
}

function named(node, kinds, choices) {
  return fullSentence(kinds[node.data.type], node.data.type, node.data.config, choices).slice(0, 80);
}
