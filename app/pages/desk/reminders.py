"""The desk's follow-ups: overdue, today's and coming ones."""

import reflex as rx

from app.pages.desk.dialog_state import ReminderDialogState
from app.pages.desk.reminders_state import STATUS_CHOICES, WHOSE_CHOICES, Reminder, RemindersState
from app.ui import badge, button, confirm, empty, icon_button, pick, skeleton_lines, text_link


def reminders() -> rx.Component:
    """The list."""
    return rx.el.div(
        rx.el.div(
            pick(
                label="Whose follow-ups",
                options=WHOSE_CHOICES,
                value=RemindersState.whose,
                on_change=RemindersState.choose_whose,
            ),
            pick(
                label="Which follow-ups",
                options=STATUS_CHOICES,
                value=RemindersState.status,
                on_change=RemindersState.choose_status,
            ),
            rx.spacer(),
            _new(),
            class_name="dk-bar",
        ),
        rx.cond(
            RemindersState.loading,
            skeleton_lines(count=6),
            rx.cond(
                RemindersState.lines.length() > 0,
                rx.fragment(
                    rx.el.ul(rx.foreach(RemindersState.lines, _line), class_name="dk-reminders"),
                    rx.cond(
                        RemindersState.has_more,
                        rx.el.div(
                            button("Show more", look="quiet", on_click=RemindersState.more),
                            class_name="ib-more",
                        ),
                    ),
                ),
                rx.cond(RemindersState.status == "pending", _none_yet(), _none_closed()),
            ),
        ),
        class_name="dk-column",
    )


def _new() -> rx.Component:
    return button("New follow-up", icon="plus", on_click=ReminderDialogState.begin("", ""))


def _line(line: rx.Var[Reminder]) -> rx.Component:
    return rx.el.li(
        rx.cond(line.group, rx.el.h2(line.group, class_name="dk-group")),
        rx.el.div(
            rx.el.div(
                rx.el.div(
                    rx.el.span(text_link(line.name, href=line.href), class_name="dk-name", dir="auto"),
                    badge(line.when, tone=line.tone),
                    class_name="dk-top",
                ),
                rx.cond(line.note, rx.el.p(line.note, class_name="dk-note", dir="auto")),
                rx.el.div(
                    rx.cond(line.contact, rx.el.span(line.contact, class_name="s-number")),
                    rx.el.span(line.whose, dir="auto"),
                    rx.cond(line.made_by, rx.el.span(line.made_by)),
                    class_name="dk-meta",
                ),
                class_name="dk-told",
            ),
            rx.el.div(
                rx.cond(
                    line.is_pending,
                    rx.fragment(
                        button(
                            "Done",
                            icon="check",
                            look="quiet",
                            size="1",
                            on_click=RemindersState.move(line.id, "completed"),
                            custom_attrs={"aria-label": f"Done: {line.name}"},
                        ),
                        icon_button(
                            f"Change {line.name}",
                            icon="calendar-clock",
                            on_click=ReminderDialogState.change(line.id),
                        ),
                        icon_button(
                            f"Dismiss {line.name}",
                            icon="x",
                            on_click=RemindersState.move(line.id, "dismissed"),
                        ),
                    ),
                    rx.fragment(
                        button(
                            "Reopen",
                            icon="undo-2",
                            look="quiet",
                            size="1",
                            on_click=RemindersState.move(line.id, "pending"),
                            custom_attrs={"aria-label": f"Reopen: {line.name}"},
                        ),
                        _delete(line),
                    ),
                ),
                class_name="dk-verbs",
            ),
            class_name="s-card dk-reminder",
        ),
    )


def _delete(line: rx.Var[Reminder]) -> rx.Component:
    return confirm(
        trigger=button("Delete", look="plain", size="1", custom_attrs={"aria-label": f"Delete: {line.name}"}),
        title="Delete this follow-up?",
        text="It is gone for good, with its note.",
        action="Delete",
        on_confirm=RemindersState.delete(line.id),
    )


def _none_yet() -> rx.Component:
    return empty(
        icon="calendar-check",
        title="Nothing to follow up",
        text="Whom to call and when stands here: what you note down yourself, and what a journey asks of you.",
        action=_new(),
    )


def _none_closed() -> rx.Component:
    return empty(
        icon="archive",
        title="Nothing here yet",
        text="Follow-ups you complete or dismiss are kept here, and can be taken up again.",
    )
