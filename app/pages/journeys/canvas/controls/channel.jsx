// The channel a message goes by.

import { CHANNELS } from "../icons.jsx";
import { useCanvas } from "../store.js";
import { Segments } from "./select.jsx";

export function ChannelControl({ id, field, value, disabled, describedBy, onChange }) {
  const channels = useCanvas((state) => state.choices.channels);
  const options = field.options.filter((option) => !channels || option.id === value || channels.includes(option.id));
  return (
    <Segments id={id} options={options} value={value} disabled={disabled} describedBy={describedBy} onChange={onChange}>
      {(option) => {
        const Drawing = CHANNELS[option.id];
        return (
          <>
            {Drawing && <Drawing size={15} strokeWidth={1.75} aria-hidden="true" />}
            {option.label}
          </>
        );
      }}
    </Segments>
  );
}
