"""The desk's conversations: who wrote at the left, what was said at the right; on a phone one after the other."""

import reflex as rx

from app.pages.desk.dialog_state import ReminderDialogState
from app.pages.desk.replies_state import STATUS_CHOICES, RepliesState
from app.pages.desk.replies_told import Line, Said
from app.ui import badge, button, empty, icon_button, notice, pick, search_field, skeleton_lines, text_link
from app.ui.message import words_view
from app.ui.theme import Tone


def replies() -> rx.Component:
    """Two panes."""
    return rx.el.div(
        _list(),
        _reader(),
        class_name="ib",
        custom_attrs={"data-open": rx.cond(RepliesState.opened.id, "true", "false")},
    )


def _list() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            search_field(
                label="Search conversations",
                value=RepliesState.search,
                on_change=RepliesState.look_for,
                placeholder="Name, number or words",
            ),
            pick(
                label="Which conversations",
                options=STATUS_CHOICES,
                value=RepliesState.status,
                on_change=RepliesState.choose_status,
            ),
            class_name="ib-tools dk-tools",
        ),
        rx.cond(
            RepliesState.loading,
            rx.el.div(skeleton_lines(count=9), class_name="ib-loading"),
            rx.cond(
                RepliesState.lines.length() > 0,
                rx.el.div(
                    rx.el.ul(rx.foreach(RepliesState.lines, _line), class_name="ib-lines"),
                    rx.cond(
                        RepliesState.has_more,
                        rx.el.div(
                            button("Show older", look="quiet", on_click=RepliesState.more),
                            class_name="ib-more",
                        ),
                    ),
                    class_name="ib-scroll",
                ),
                rx.cond(RepliesState.search, _none_found(), _none_yet()),
            ),
        ),
        class_name="ib-list",
        custom_attrs={"aria-label": "Conversations"},
    )


def _line(line: rx.Var[Line]) -> rx.Component:
    current = line.id == RepliesState.opened.id
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.cond(line.waits, rx.el.span("Waits for an answer. ", class_name="s-hidden")),
                rx.el.span(line.name, class_name="ib-who", dir="auto"),
                rx.el.span(line.when, class_name="ib-when s-number"),
                class_name="ib-top",
            ),
            rx.el.span(line.preview, class_name="ib-preview", dir="auto"),
            rx.el.span(badge(line.channel, tone=line.tone), class_name="ib-badge"),
            rx.cond(line.assigned, rx.el.span(line.assigned, class_name="dk-assigned", dir="auto")),
            type="button",
            on_click=RepliesState.open(line.id),
            class_name=rx.cond(line.waits, "ib-line ib-unread", "ib-line"),
            custom_attrs={"aria-current": rx.cond(current, "true", "false")},
        ),
    )


def _reader() -> rx.Component:
    return rx.el.section(
        rx.cond(
            RepliesState.opened.id,
            rx.el.div(_head(), _thread(), _answer(), class_name="ib-open", key=RepliesState.opened.id),
            rx.cond(
                RepliesState.lines.length() > 0,
                empty(
                    icon="messages-square",
                    title="Choose a conversation",
                    text="What they said and what you sent stands here, with room for your answer.",
                ),
            ),
        ),
        class_name="ib-reader dk-reader",
        custom_attrs={"aria-label": "Conversation"},
    )


def _head() -> rx.Component:
    opened = RepliesState.opened
    return rx.el.div(
        rx.el.span(
            icon_button("Back to the list", icon="arrow-left", on_click=RepliesState.leave),
            class_name="ib-back",
        ),
        rx.el.div(
            rx.el.h2(text_link(opened.name, href=opened.href), class_name="ib-to", dir="auto"),
            rx.el.div(
                badge(opened.channel, tone=opened.tone),
                rx.el.span(opened.contact, class_name="dk-contact s-number"),
                class_name="dk-about",
            ),
            class_name="ib-about",
        ),
        rx.el.div(
            pick(
                label="Who takes it",
                options=RepliesState.staff,
                value=opened.assigned_to,
                on_change=RepliesState.assign,
            ),
            icon_button(
                "Remind me",
                icon="alarm-clock-plus",
                on_click=ReminderDialogState.begin(opened.id, opened.name),
            ),
            rx.cond(
                opened.is_open,
                icon_button("Done without an answer", icon="check", on_click=RepliesState.finish),
                icon_button("Reopen", icon="undo-2", on_click=RepliesState.reopen),
            ),
            class_name="dk-verbs",
        ),
        class_name="ib-reader-head dk-reader-head",
    )


def _thread() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(
                RepliesState.opened.has_earlier,
                rx.el.div(
                    button("Show earlier", look="quiet", size="1", on_click=RepliesState.earlier),
                    class_name="dk-earlier",
                ),
            ),
            rx.el.ol(rx.foreach(RepliesState.opened.said, _said), class_name="dk-said"),
            class_name="dk-thread-in",
        ),
        class_name="dk-thread",
        role="log",
        tab_index=0,
        custom_attrs={"aria-label": "What was said"},
    )


def _said(said: rx.Var[Said]) -> rx.Component:
    return rx.el.li(
        rx.cond(said.day, rx.el.div(said.day, class_name="dk-day")),
        rx.el.div(
            rx.el.span(
                rx.cond(said.is_ours, rx.cond(said.author, said.author, "Safar"), "Customer"),
                class_name=rx.cond(said.is_ours, "dk-author", "s-hidden"),
                dir="auto",
            ),
            rx.el.div(words_view(said.pieces), class_name="m-text", dir="auto"),
            rx.el.div(
                rx.cond(said.status, badge(said.status, tone=said.tone)),
                rx.el.span(said.time, class_name="s-number"),
                class_name="dk-foot",
            ),
            rx.cond(said.told, rx.el.div(said.told, class_name="dk-why")),
            class_name=rx.cond(said.is_ours, "dk-bubble dk-ours", "dk-bubble"),
        ),
        class_name="dk-line",
    )


def _answer() -> rx.Component:
    opened = RepliesState.opened
    return rx.el.div(
        rx.cond(
            opened.is_over,
            notice(
                rx.fragment(
                    "WhatsApp took free text until ",
                    opened.free,
                    ". Send an approved template through a ",
                    text_link("journey", href="/journeys"),
                    ", or call them; when they write again, you can answer here.",
                ),
                tone=Tone.WAITING,
            ),
            rx.el.form(
                rx.el.textarea(
                    id="answer",
                    name="answer",
                    placeholder="Write an answer",
                    required=True,
                    max_length=4096,
                    rows="2",
                    class_name="s-control dk-words",
                    dir="auto",
                    custom_attrs={"aria-label": "Answer", "aria-describedby": "answer-hint answer-error"},
                ),
                rx.el.div(
                    rx.el.div(
                        rx.cond(
                            opened.free,
                            rx.fragment("WhatsApp takes free text until ", opened.free, "."),
                        ),
                        id="answer-hint",
                        class_name="s-hint",
                    ),
                    button("Send", icon="send", type="submit", loading=RepliesState.sending),
                    class_name="dk-send",
                ),
                rx.el.div(
                    rx.cond(RepliesState.problem, rx.el.div(RepliesState.problem, class_name="s-error")),
                    id="answer-error",
                    custom_attrs={"aria-live": "polite"},
                ),
                on_submit=RepliesState.send,
                key=RepliesState.draft,
            ),
        ),
        class_name="dk-answer",
    )


def _none_yet() -> rx.Component:
    return rx.match(
        RepliesState.status,
        (
            "open",
            empty(
                icon="message-circle-heart",
                title="Nobody waits",
                text="When a customer replies to a message, their journey stops and they appear here for you to "
                "answer.",
            ),
        ),
        (
            "done",
            empty(
                icon="archive",
                title="None done yet",
                text="A conversation moves here when you answer or close it, and back when they write again.",
            ),
        ),
        empty(
            icon="messages-square",
            title="No conversations yet",
            text="What customers reply is kept here, also after you have answered.",
        ),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No conversation fits",
        text="Nobody by this name or number said these words last. Try fewer of them, or look among all.",
    )
