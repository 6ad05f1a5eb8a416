"""A message as the customer sees it: a WhatsApp bubble, a text message, an e-mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import reflex as rx

MARKS = {"*": "bold", "_": "italic", "~": "strike", "```": "code"}
MARKED = re.compile(
    r"(?P<link>https?://[^\s<>]+[^\s<>.,;:!?)\]])"
    r"|(?<!\w)(?P<mark>\*|_|~|```)(?P<inner>(?=\S)(?:(?!(?P=mark))[^\n])+?(?<=\S))(?P=mark)(?!\w)"
)
LINK = re.compile(r"(?P<link>https?://[^\s<>]+[^\s<>.,;:!?)\]])")

DOCUMENT = """<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'">
<base target="_blank"><style>
html{color-scheme:light}body{margin:0;padding:24px;font:16px/1.6 system-ui,sans-serif;color:#22201b;background:#fff;overflow-wrap:anywhere}
img{max-width:100%;height:auto}a{color:#0d6b63}</style></head><body>"""  # noqa: E501
"""What an e-mail's HTML is put into: no scripts, no forms, nothing loaded but pictures; links open a new tab."""


@dataclass
class Piece:
    """A run of text of one look: `look` is empty, `bold`, `italic`, `strike`, `code`; `href` makes it a link."""

    text: str
    look: str = ""
    href: str = ""


def pieces_of(text: str, *, channel: str) -> list[Piece]:
    """The text cut where its look changes; only WhatsApp reads *bold*, _italic_, ~struck~ and ```code```."""
    return list(_cut(text, MARKED if channel == "whatsapp" else LINK))


def document_of(html: str | None) -> str:
    """A whole document for an e-mail's HTML, or nothing."""
    return f"{DOCUMENT}{html}</body></html>" if html else ""


def _cut(text: str, pattern: re.Pattern[str]) -> Iterator[Piece]:
    end = 0
    for found in pattern.finditer(text):
        if found.start() > end:
            yield Piece(text[end : found.start()])
        if link := found["link"]:
            yield Piece(link, href=link)
        else:
            yield Piece(found["inner"], look=MARKS[found["mark"]])
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])


def message_view(
    *,
    channel: rx.Var[str],
    sender: rx.Var[str],
    pieces: rx.Var[list[Piece]],
    subject: rx.Var[str] | str = "",
    document: rx.Var[str] | str = "",
    time: rx.Var[str] | str = "",
    language: rx.Var[str] | str = "",
) -> rx.Component:
    """The message.

    Args:
        channel: `whatsapp`, `sms` or `email`.
        sender: who it comes from, as the customer's phone would name them.
        pieces: its text, from `pieces_of`.
        subject: an e-mail's.
        document: an e-mail's HTML, from `document_of`; without it the text is shown.
        time: what stands in the bubble's corner.
        language: code of the language, for screen readers and hyphenation.
    """
    words = words_view(pieces)
    return rx.match(
        channel,
        ("email", _email(sender, subject, document, words, language)),
        ("sms", _phone(sender, words, time, language, "m-sms")),
        _phone(sender, words, time, language, "m-whatsapp"),
    )


def words_view(pieces: rx.Var[list[Piece]]) -> rx.Component:
    """A message's text with its looks and links, for a bubble of one's own."""
    return rx.foreach(pieces, _piece)


def _phone(
    sender: rx.Var[str], words: rx.Component, time: rx.Var[str] | str, language: rx.Var[str] | str, look: str
) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(rx.icon("store", size=17), class_name="m-face", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(sender),
            class_name="m-sender",
        ),
        rx.el.div(
            rx.el.div(
                rx.el.div(words, class_name="m-text", dir="auto", lang=language),
                rx.cond(time, rx.el.span(time, class_name="m-time s-number")),
                class_name="m-bubble",
            ),
            class_name="m-chat",
        ),
        class_name=f"m-phone {look}",
    )


def _email(
    sender: rx.Var[str],
    subject: rx.Var[str] | str,
    document: rx.Var[str] | str,
    words: rx.Component,
    language: rx.Var[str] | str,
) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(subject, class_name="m-subject", dir="auto", lang=language),
            rx.el.div("From ", sender, class_name="s-muted s-small"),
            class_name="m-mail-head",
        ),
        rx.cond(
            document,
            rx.el.iframe(
                src_doc=document,
                sandbox="allow-popups allow-popups-to-escape-sandbox",
                title="E-mail as the customer sees it",
                class_name="m-frame",
            ),
            rx.el.div(words, class_name="m-text m-mail-text", dir="auto", lang=language),
        ),
        class_name="m-mail",
    )


def _piece(piece: rx.Var[Piece]) -> rx.Component:
    return rx.cond(
        piece.href,
        rx.el.a(piece.text, href=piece.href, target="_blank", rel="noopener nofollow", class_name="m-link"),
        rx.el.span(piece.text, class_name=f"m-{piece.look}"),
    )
