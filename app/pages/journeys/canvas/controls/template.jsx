// A message template of the step's channel, with its text to read.

import { useState } from "react";

import { languageName } from "../languages.js";
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
  const languages = Object.keys(template.previews ?? {});
  const [wanted, setWanted] = useState(languages[0]);
  const language = languages.includes(wanted) ? wanted : languages[0];
  const { subject, text, problem, missing } = template.previews?.[language] ?? {};
  return (
    <figure className="jc-preview" data-channel={template.channel} aria-label={`Preview of ${template.name}`}>
      {languages.length > 1 && (
        <div className="jc-preview-languages" role="group" aria-label="Language of the preview">
          {languages.map((each) => (
            <button key={each} type="button" aria-pressed={each === language} title={languageName(each)} onClick={() => setWanted(each)}>
              {each}
            </button>
          ))}
        </div>
      )}
      {problem && <p className="jc-preview-problem">{problem}</p>}
      {subject && <strong lang={language}>{subject}</strong>}
      {text && <p lang={language}>{text}</p>}
      <figcaption>
        As Asha Rao would read it{missing?.length ? `, and with ${missing.join(", ")} from her data` : ""}. <a href={`/templates/${template.id}`} target="_blank" rel="noreferrer">Open the template</a>
      </figcaption>
    </figure>
  );
}
