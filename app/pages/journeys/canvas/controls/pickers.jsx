// What really exists to choose from: events that were received, their properties, segments, forms.

import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";

const NONE = [];

export function EventControl(props) {
  const events = useCanvas((state) => state.choices.events) ?? NONE;
  const options = events.map((event) => ({ id: event.name, label: event.name, count: event.count }));
  return <Combo {...props} options={options} free placeholder="e.g. Order Completed" empty="No event has been received yet. Type its name." />;
}

export function PropertyControl(props) {
  const properties = useCanvas((state) => state.choices.properties?.[props.values?.event]) ?? NONE;
  const options = properties.map((name) => ({ id: name, label: name }));
  return <Combo {...props} options={options} free placeholder="e.g. total" empty="No property is known yet. Type its name." />;
}

export function SegmentControl(props) {
  const segments = useCanvas((state) => state.choices.segments) ?? NONE;
  const options = segments.map((segment) => ({ id: segment.id, label: segment.name, count: segment.count }));
  return <Combo {...props} options={options} placeholder="Choose a segment" empty="There is no segment yet." />;
}

export function FormControl(props) {
  const forms = useCanvas((state) => state.choices.forms) ?? NONE;
  const any = props.field.required ? NONE : [{ id: undefined, label: "Any form" }];
  const options = [...any, ...forms.map((form) => ({ id: form.id, label: form.name, about: form.about }))];
  return <Combo {...props} options={options} placeholder="Choose a form" empty="There is no form yet." />;
}
