// One control for each kind a field can name (`control` in the node class's schema). A control gets
// {id, field, value, values, disabled, describedBy, wrong, onChange}; a new kind is one entry and one file.

import { BooleanControl } from "./boolean.jsx";
import { ChannelControl } from "./channel.jsx";
import { DurationControl } from "./duration.jsx";
import { NumberControl } from "./number.jsx";
import { EventControl, FormControl, PropertyControl, SegmentControl } from "./pickers.jsx";
import { RulesControl } from "./rules.jsx";
import { SelectControl } from "./select.jsx";
import { SplitControl } from "./split.jsx";
import { TagControl } from "./tag.jsx";
import { TemplateControl } from "./template.jsx";
import { TextControl, UrlControl } from "./text.jsx";

export const CONTROLS = {
  boolean: BooleanControl,
  channel: ChannelControl,
  duration: DurationControl,
  event: EventControl,
  form: FormControl,
  number: NumberControl,
  property: PropertyControl,
  rules: RulesControl,
  segment: SegmentControl,
  select: SelectControl,
  split: SplitControl,
  tag: TagControl,
  template: TemplateControl,
  text: TextControl,
  url: UrlControl,
};
