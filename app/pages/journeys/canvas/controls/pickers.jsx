// What really exists to choose from: events that were received, their properties, segments, lists, coupons, forms,
// staff, journeys.

import { useMemo } from "react";

import { ago } from "../moments.js";
import { useCanvas } from "../store.js";
import { Combo } from "./combo.jsx";

const NONE = [];

/** Events with how often and how lately they were received. */
export function eventOptions(events) {
  return events.map(({ name, count, last_at }) => ({ id: name, label: name, about: last_at && `Last ${ago(last_at)}`, count: count === undefined ? undefined : often(count) }));
}

/** An event's properties with some of the values they had. */
export function propertyOptions(samples) {
  return Object.entries(samples ?? {}).map(([name, values]) => ({ id: name, label: name, about: values.join(", ") || undefined }));
}

// Counting stops at 2,000 (engine.events.catalog).
const MOST_COUNTED = 2000;

function often(count) {
  return count >= MOST_COUNTED ? `${MOST_COUNTED.toLocaleString("en-IN")}+` : count;
}

export function EventControl(props) {
  const events = useCanvas((state) => state.choices.events) ?? NONE;
  const options = useMemo(() => eventOptions(events), [events]);
  return <Combo {...props} options={options} free placeholder="e.g. Order Completed" empty="No event has been received yet. Type its name." />;
}

export function PropertyControl(props) {
  const samples = useCanvas((state) => state.choices.property_samples?.[props.values?.event]);
  const options = useMemo(() => propertyOptions(samples), [samples]);
  return <Combo {...props} options={options} free placeholder="e.g. total" empty="No property is known yet. Type its name." />;
}

export function SegmentControl(props) {
  const segments = useCanvas((state) => state.choices.segments) ?? NONE;
  const nobody = props.field.required ? NONE : [{ id: null, label: "No segment" }];
  const options = [...nobody, ...segments.map((segment) => ({ id: segment.id, label: segment.name, count: segment.count }))];
  return <Combo {...props} options={options} placeholder="Choose a segment" empty="There is no segment yet." />;
}

/** Lists that people are put on by hand or by a journey; segments by rules fill themselves. */
export function ListControl(props) {
  const lists = useCanvas((state) => state.choices.lists) ?? NONE;
  const options = lists.map((list) => ({ id: list.id, label: list.name, count: list.count }));
  return <Combo {...props} options={options} placeholder="Choose a list" empty="There is no static list yet. Make one under Segments." />;
}

export function CouponControl(props) {
  const coupons = useCanvas((state) => state.choices.coupons) ?? NONE;
  const options = coupons.map((coupon) => ({ id: coupon.id, label: coupon.name, about: coupon.about }));
  return <Combo {...props} options={options} placeholder="Choose a coupon" empty="There is no coupon yet. Make one under Offers." />;
}

export function StaffControl(props) {
  const staff = useCanvas((state) => state.choices.staff) ?? NONE;
  const anybody = props.field.required ? NONE : [{ id: null, label: "Whoever is there" }];
  const options = [...anybody, ...staff.map((person) => ({ id: person.id, label: person.name, about: person.about }))];
  return <Combo {...props} value={props.value ?? null} options={options} placeholder="Choose somebody" empty="Nobody of the staff is called so." />;
}

/** Journeys that can be started from here; with `any` in the schema all, for instance to hear of their messages. */
export function JourneyControl(props) {
  const known = useCanvas((state) => state.choices.journeys) ?? NONE;
  const { any, required } = props.field;
  const fitting = known.filter((journey) => any || journey.manual || journey.id === props.value);
  const every = any && !required ? [{ id: null, label: "Any journey" }] : NONE;
  const options = [...every, ...fitting.map((journey) => ({ id: journey.id, label: journey.name }))];
  const value = every.length ? props.value ?? null : props.value;
  return <Combo {...props} value={value} options={options} placeholder="Choose a journey" empty="No live journey can be started by hand. Give one the trigger “By hand”." />;
}

export function FormControl(props) {
  const forms = useCanvas((state) => state.choices.forms) ?? NONE;
  const any = props.field.required ? NONE : [{ id: undefined, label: "Any form" }];
  const options = [...any, ...forms.map((form) => ({ id: form.id, label: form.name, about: form.about }))];
  return <Combo {...props} options={options} placeholder="Choose a form" empty="There is no form yet." />;
}
