"""The inbox page: the list at the left, the open message at the right; on a phone one after the other."""

import reflex as rx

from app.pages.frame import frame
from app.pages.inbox.state import InboxState, Line
from app.pages.registry import Page
from app.pages.session import SessionState
from app.pages.words import CHANNEL_WORDS
from app.ui import (
    badge,
    button,
    empty,
    icon_button,
    link_button,
    pick,
    poll,
    search_field,
    skeleton_lines,
    text_link,
)
from app.ui.message import message_view

CHANNELS = [("", "All channels"), *[(key, CHANNEL_WORDS[key]) for key in ("whatsapp", "sms", "email")]]


def inbox() -> rx.Component:
    """Two panes that fill the window."""
    return frame(
        rx.el.div(
            _list(),
            _reader(),
            poll(seconds=3, on_tick=InboxState.refresh),
            class_name="ib",
            custom_attrs={"data-open": rx.cond(InboxState.opened.id, "true", "false")},
        ),
        active="inbox",
        wide=True,
    )


def _list() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h1("Inbox"),
            rx.el.p("What went out, as your customers would see it.", class_name="s-muted s-small"),
            rx.el.div(
                search_field(
                    label="Search messages",
                    value=InboxState.search,
                    on_change=InboxState.look_for,
                    placeholder="Recipient or words",
                ),
                pick(
                    label="Channel",
                    options=CHANNELS,
                    value=InboxState.channel,
                    on_change=InboxState.choose_channel,
                ),
                class_name="ib-tools",
            ),
            class_name="ib-head",
        ),
        rx.cond(
            InboxState.loading,
            rx.el.div(skeleton_lines(count=9), class_name="ib-loading"),
            rx.cond(
                InboxState.lines.length() > 0,
                rx.el.div(
                    rx.el.ul(rx.foreach(InboxState.lines, _line), class_name="ib-lines"),
                    rx.cond(
                        InboxState.has_more,
                        rx.el.div(
                            button("Show older", look="quiet", on_click=InboxState.more), class_name="ib-more"
                        ),
                    ),
                    class_name="ib-scroll",
                ),
                rx.cond(InboxState.is_filtered, _none_found(), _none_yet()),
            ),
        ),
        class_name="ib-list",
        custom_attrs={"aria-label": "Messages"},
    )


def _line(line: rx.Var[Line]) -> rx.Component:
    current = line.id == InboxState.opened.id
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.cond(line.is_read, None, rx.el.span("Unread. ", class_name="s-hidden")),
                rx.el.span(line.recipient, class_name="ib-who"),
                rx.el.span(line.when, class_name="ib-when s-number"),
                class_name="ib-top",
            ),
            rx.cond(line.title, rx.el.span(line.title, class_name="ib-title", dir="auto")),
            rx.el.span(line.preview, class_name="ib-preview", dir="auto"),
            rx.el.span(badge(line.channel, tone=line.tone), class_name="ib-badge"),
            type="button",
            on_click=InboxState.open(line.id),
            class_name=rx.cond(line.is_read, "ib-line", "ib-line ib-unread"),
            custom_attrs={"aria-current": rx.cond(current, "true", "false")},
        ),
    )


def _reader() -> rx.Component:
    message = InboxState.opened
    return rx.el.section(
        rx.cond(
            message.id,
            rx.el.div(
                rx.el.div(
                    rx.el.span(
                        icon_button("Back to the list", icon="arrow-left", on_click=InboxState.close),
                        class_name="ib-back",
                    ),
                    rx.el.div(
                        rx.el.h2(message.recipient, class_name="ib-to"),
                        rx.el.div(
                            message.channel_words, " · ", message.when, class_name="s-muted s-small s-number"
                        ),
                        class_name="ib-about",
                    ),
                    rx.cond(message.customer_href, text_link("Open customer", href=message.customer_href)),
                    class_name="ib-reader-head",
                ),
                rx.el.div(
                    message_view(
                        channel=message.channel,
                        sender=SessionState.tenant_name,
                        pieces=message.pieces,
                        subject=message.subject,
                        document=message.document,
                        time=message.time,
                    ),
                    class_name="ib-message",
                ),
                class_name="ib-open",
            ),
            rx.cond(
                InboxState.lines.length() > 0,
                empty(
                    icon="mail-open",
                    title="Choose a message",
                    text="New ones appear at the top of the list by themselves.",
                ),
            ),
        ),
        class_name="ib-reader",
        custom_attrs={"aria-label": "Message", "aria-live": "polite"},
    )


def _none_yet() -> rx.Component:
    return empty(
        icon="inbox",
        title="Nothing has gone out yet",
        text="Publish a journey. Until a channel is connected, every message it sends lands here.",
        action=link_button("Open journeys", href="/journeys"),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No message fits",
        text="None has these words on this channel. Try fewer of them, or all channels.",
    )


INBOX = Page(
    route="/inbox",
    component=inbox,
    title="Inbox",
    description="Messages the studio sent, as its customers would see them.",
    on_load=(InboxState.load,),
)
