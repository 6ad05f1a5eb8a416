// The panel of the selected node: a form made from its class's schema, its problems, and where it leads.

import { useEffect } from "react";

import { useActions } from "./context.js";
import { CONTROLS } from "./controls/index.js";
import { Icon, KindTile } from "./icons.jsx";
import { People } from "./people.jsx";
import { fieldsOf, filled, isShown } from "./schema.js";
import { noProblems, selectedNode, useCanvas, useCanvasStore } from "./store.js";
import { Ways } from "./ways.jsx";

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
  const live = useCanvas((state) => state.counts !== null);
  const people = useCanvas((state) => live && state.behind?.node_id === id);
  useEffect(() => actions.reveal(id), []);
  if (!data) return null;
  const close = () => store.getState().select([]);
  const about = { kind, title: kind?.label ?? data.type, about: kind?.description, onClose: close, tabs: live && <Tabs id={id} people={people} /> };
  if (people)
    return (
      <Panel {...about}>
        <People id={id} kind={kind} config={data.config} />
      </Panel>
    );
  return (
    <Panel {...about}>
      <Form
        schema={kind?.schema}
        values={data.config}
        problems={problems}
        readOnly={readOnly}
        onField={(name, value) => actions.configure(id, name, value)}
      />
      <Ways id={id} kind={kind} config={data.config} readOnly={readOnly} />
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

/** Once a journey has run, a step has two sides: what it does, and who came by. */
function Tabs({ id, people }) {
  const store = useCanvasStore();
  const entrance = useCanvas((state) => state.kinds[state.nodes.find((node) => node.id === id)?.data.type]?.family === "trigger");
  const behind = { node_id: id, figure: entrance ? "passed" : "here" };
  return (
    <div className="jc-tabs" role="tablist" aria-label="This step">
      <button type="button" role="tab" aria-selected={!people} onClick={() => store.setState({ behind: null })}>
        Settings
      </button>
      <button type="button" role="tab" aria-selected={people} onClick={() => people || store.setState({ behind })}>
        Customers
      </button>
    </div>
  );
}

function Panel({ kind, title, about, onClose, tabs, children }) {
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
      {tabs}
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
