// A message template of the step's channel, with its text to read.

import { useCanvas } from "../store.js";
import { spoken } from "../schema.js";
import { Combo } from "./combo.jsx";

const NONE = [];

export function TemplateControl(props) {
  const { value, values } = props;
  const templates = useCanvas((state) => state.choices.templates) ?? NONE;
  const fitting = templates.filter((template) => !values.channel || template.channel === values.channel);
  const chosen = templates.find((template) => template.id === value);
  const options = fitting.map((template) => ({ id: template.id, label: template.name, about: template.about }));
  const known = chosen && !fitting.includes(chosen) ? [...options, { id: chosen.id, label: chosen.name, about: spoken(chosen.channel) }] : options;
  return (
    <>
      <Combo {...props} options={known} placeholder="Choose a template" empty={`There is no ${spoken(values.channel ?? "message")} template yet.`} />
      {chosen && <Preview template={chosen} />}
    </>
  );
}

function Preview({ template }) {
  return (
    <figure className="jc-preview" data-channel={template.channel}>
      {template.subject && <strong>{template.subject}</strong>}
      <p>{template.preview}</p>
      {template.locales?.length > 1 && <figcaption>In {template.locales.join(", ")}</figcaption>}
    </figure>
  );
}
