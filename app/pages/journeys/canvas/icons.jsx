// Icons: those of the node types come from Python with the catalogue; those of the tools are named here.

import { createContext, useContext } from "react";
import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalDistributeCenter,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalDistributeCenter,
  ArrowDownToLine,
  ArrowRightToLine,
  Bell,
  Check,
  ChevronsUpDown,
  CircleAlert,
  CloudOff,
  Copy,
  Keyboard,
  LoaderCircle,
  Mail,
  Maximize,
  MessageCircle,
  MessageSquareText,
  Minus,
  PanelLeftClose,
  PanelLeftOpen,
  Plus,
  Redo2,
  RefreshCw,
  Search,
  Settings2,
  StickyNote,
  Trash2,
  Undo2,
  WandSparkles,
  X,
} from "lucide-react";

const TOOLS = {
  again: RefreshCw,
  alert: CircleAlert,
  "align-bottom": AlignEndHorizontal,
  "align-centre": AlignCenterVertical,
  "align-left": AlignStartVertical,
  "align-middle": AlignCenterHorizontal,
  "align-right": AlignEndVertical,
  "align-top": AlignStartHorizontal,
  check: Check,
  choose: ChevronsUpDown,
  close: X,
  copy: Copy,
  delete: Trash2,
  "distribute-across": AlignHorizontalDistributeCenter,
  "distribute-down": AlignVerticalDistributeCenter,
  down: ArrowDownToLine,
  fit: Maximize,
  fold: PanelLeftClose,
  keys: Keyboard,
  offline: CloudOff,
  plus: Plus,
  minus: Minus,
  note: StickyNote,
  redo: Redo2,
  right: ArrowRightToLine,
  saving: LoaderCircle,
  search: Search,
  settings: Settings2,
  tidy: WandSparkles,
  undo: Undo2,
  unfold: PanelLeftOpen,
};

export const CHANNELS = { whatsapp: MessageCircle, sms: MessageSquareText, email: Mail, push: Bell };

export const KindIcons = createContext({});

export function Icon({ name, size = 16 }) {
  const Drawing = TOOLS[name];
  return <Drawing size={size} strokeWidth={1.75} aria-hidden="true" />;
}

/** The coloured tile with a node type's icon; a message's is that of its channel. */
export function KindTile({ kind, channel, size = 17 }) {
  const icons = useContext(KindIcons);
  const Drawing = CHANNELS[channel] ?? icons[kind?.icon] ?? CircleAlert;
  return (
    <span className="jc-tile" data-family={kind?.family}>
      <Drawing size={size} strokeWidth={1.75} aria-hidden="true" />
    </span>
  );
}
