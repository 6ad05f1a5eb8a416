// One control for each kind a field can name (`control` in the node class's schema). A control gets
// {id, field, value, values, disabled, describedBy, wrong, onChange}; a new kind is one entry and one file.

import { BooleanControl } from "./boolean.jsx";
import { BranchesControl } from "./branches.jsx";
import { CasesControl } from "./cases.jsx";
import { ChannelControl } from "./channel.jsx";
import { DateControl } from "./date.jsx";
import { DurationControl } from "./duration.jsx";
import { EventsControl } from "./events.jsx";
import { FallbackControl } from "./fallback.jsx";
import { MessageNodeControl } from "./message_node.jsx";
import { NumberControl } from "./number.jsx";
import { CouponControl, EventControl, FormControl, JourneyControl, ListControl, PropertyControl, SegmentControl, StaffControl } from "./pickers.jsx";
import { RulesControl } from "./rules.jsx";
import { SelectControl } from "./select.jsx";
import { SplitControl } from "./split.jsx";
import { TagControl } from "./tag.jsx";
import { TemplateControl } from "./template.jsx";
import { TextControl, UrlControl } from "./text.jsx";
import { TimeControl } from "./time.jsx";
import { ValueControl } from "./value.jsx";
import { WeekdaysControl } from "./weekdays.jsx";
import { WhereControl } from "./where.jsx";

export const CONTROLS = {
  boolean: BooleanControl,
  branches: BranchesControl,
  cases: CasesControl,
  channel: ChannelControl,
  coupon: CouponControl,
  date: DateControl,
  duration: DurationControl,
  event: EventControl,
  events: EventsControl,
  fallback: FallbackControl,
  form: FormControl,
  journey: JourneyControl,
  list: ListControl,
  message_node: MessageNodeControl,
  number: NumberControl,
  property: PropertyControl,
  rules: RulesControl,
  segment: SegmentControl,
  select: SelectControl,
  split: SplitControl,
  staff: StaffControl,
  tag: TagControl,
  template: TemplateControl,
  text: TextControl,
  time: TimeControl,
  url: UrlControl,
  value: ValueControl,
  weekdays: WeekdaysControl,
  where: WhereControl,
};
