// The channel a message goes by.

import { Bell, Mail, MessageCircle, MessageSquareText } from "lucide-react";

import { useCanvas } from "../store.js";
import { Segments } from "./select.jsx";

const DRAWINGS = { whatsapp: MessageCircle, sms: MessageSquareText, email: Mail, push: Bell };

export function ChannelControl({ id, field, value, disabled, describedBy, onChange }) {
  const channels = useCanvas((state) => state.choices.channels);
  const options = field.options.filter((option) => !channels || option.id === value || channels.includes(option.id));
  return (
    <Segments id={id} options={options} value={value} disabled={disabled} describedBy={describedBy} onChange={onChange}>
      {(option) => {
        const Drawing = DRAWINGS[option.id];
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
