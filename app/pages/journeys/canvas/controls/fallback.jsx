// Another way to tell the same when the first channel cannot reach the customer: none, or a channel with its template.

import { useCanvas } from "../store.js";
import { spoken } from "../schema.js";
import { TemplateControl } from "./template.jsx";

export function FallbackControl({ id, value, values, disabled, describedBy, wrong, onChange }) {
  const channels = useCanvas((state) => state.choices.channels) ?? [];
  const others = channels.filter((channel) => channel !== values?.channel || channel === value?.channel);
  const choose = (channel) => onChange(channel ? { channel } : null);
  return (
    <div className="jc-fallback" role="group" aria-labelledby={`${id}-label`}>
      <select
        id={id}
        className="s-control jc-control"
        value={value?.channel ?? ""}
        disabled={disabled}
        aria-describedby={describedBy}
        aria-invalid={wrong}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">Do not send</option>
        {others.map((channel) => (
          <option key={channel} value={channel}>
            {spoken(channel)}
          </option>
        ))}
      </select>
      {value?.channel && (
        <TemplateControl
          id={`${id}-template`}
          label="Template of the other channel"
          value={value.template_id}
          values={value}
          disabled={disabled}
          wrong={wrong}
          onChange={(template_id) => onChange({ ...value, template_id })}
        />
      )}
    </div>
  );
}
