"""What the editor of a template shows, and what it does with what is typed.

The controls keep their text themselves; they tell the state after a pause and when they are left, and it renders the
preview. Saving sends what they hold at that moment.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.templates.list_state import copy_template, read_name, remove_template, template_id_of
from app.pages.templates.words import MANAGE, state_of
from app.pages.words import LANGUAGE_WORDS, channel_tone, channel_words, language_words
from app.ui import done
from app.ui.message import Piece, document_of, pieces_of
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound, SafarError
from engine.core.tenants import get_tenant
from engine.templates.models import Template
from engine.templates.sms import SINGLE, Encoding, Sms, count_segments, plain_text
from engine.templates.templates import (
    SAMPLE,
    Preview,
    TemplateChange,
    get_template,
    preview,
    update_template,
)

SAMPLE_EVENT = {
    "total": "1,499",
    "total_minor": 149900,
    "product": "Prenatal yoga",
    "name": "Prenatal yoga",
    "starts_at": "2026-03-05T01:30:00+00:00",
}
"""What the journey is entered by, in the preview."""


@dataclass
class Look:
    """The preview: the message, or why there is none."""

    channel: str = "whatsapp"
    language: str = ""
    subject: str = ""
    pieces: list[Piece] = field(default_factory=list)
    document: str = ""
    problem: str = ""
    missing: str = ""
    segments: str = ""
    dear: str = ""


@dataclass
class Words:
    """What is said in one language."""

    subject: str = ""
    body: str = ""
    html: str = ""


def words_of(content: Mapping[str, Any]) -> Words:
    """A language's words as the controls hold them."""
    return Words(content.get("subject") or "", content.get("body") or "", content.get("html") or "")


def content_of(channel: str, words: Words) -> dict[str, str]:
    """A language's words as they are stored."""
    if channel != "email":
        return {"body": words.body}
    content = {"subject": words.subject, "body": words.body}
    return content | {"html": words.html} if words.html.strip() else content


def meta_of(template: Mapping[str, Any]) -> dict[str, str]:
    """Meta's template as the controls hold it: languages and parameters as lines of text."""
    language = template.get("language", "")
    return {
        "name": template.get("name", ""),
        "language": language if isinstance(language, str) else ", ".join(language),
        "parameters": "\n".join(template.get("parameters", [])),
    }


def whatsapp_of(meta: Mapping[str, str]) -> dict[str, Any]:
    """Meta's template as it is stored; empty without a name."""
    if not meta.get("name", "").strip():
        return {}
    codes = [code.strip() for code in meta.get("language", "").split(",") if code.strip()]
    return {
        "name": meta["name"].strip(),
        "language": codes[0] if len(codes) == 1 else codes or "en",
        "parameters": [line for line in meta.get("parameters", "").splitlines() if line.strip()],
    }


def segments_words(sms: Sms) -> str:
    """How a text is paid: `1 part · 87 of 160 characters`."""
    parts = "1 part" if sms.segments == 1 else f"{sms.segments} parts"
    if sms.segments == 1:
        return f"{parts} · {sms.length} of {SINGLE[sms.encoding]} characters"
    return f"{parts} · {sms.length} characters, {sms.left} left in the last"


def dear_words(sms: Sms) -> str:
    """Which characters make a text dear, when plain ones would do."""
    if sms.encoding is Encoding.GSM7:
        return ""
    signs = " ".join(sms.foreign[:8])
    return f"{signs} leave room for only 70 characters a part instead of 160."


class EditorState(rx.State):
    """One template in the editor."""

    loading: bool = True
    missing: str = ""
    serial: int = 0
    name: str = ""
    description: str = ""
    template_type: str = ""
    channel: str = "whatsapp"
    channel_words: str = ""
    channel_tone: str = "neutral"
    state_words: str = ""
    state_tone: str = "neutral"
    is_active: bool = True
    is_system: bool = False
    version: int = 0
    may_edit: bool = False
    locale: str = "en"
    words: dict[str, Words] = {}
    meta: dict[str, str] = {}
    problems: dict[str, str] = {}
    look: Look = Look()
    saving: bool = False
    touched: bool = False
    _sender: dict[str, Any] = {}
    _default_language: str = "en"

    @rx.var
    def languages(self) -> list[tuple[str, str]]:
        """The languages it is written in."""
        return [(locale, language_words(locale)) for locale in self.words]

    @rx.var
    def more_languages(self) -> list[tuple[str, str]]:
        """Languages it could be written in too."""
        others = [(locale, name) for locale, name in LANGUAGE_WORDS.items() if locale not in self.words]
        return [("", "Add a language"), *others]

    @rx.var
    def current(self) -> Words:
        """The words of the open language."""
        return self.words.get(self.locale, Words())

    @rx.var
    def field_problems(self) -> dict[str, str]:
        """What is wrong with the open language's fields."""
        start = f"contents.{self.locale}"
        return {
            field.removeprefix(start).lstrip(".") or "body": problem
            for field, problem in self.problems.items()
            if field.startswith(start)
        }

    @rx.var
    def other_problem(self) -> str:
        """What is wrong without belonging to a field one sees."""
        seen = (f"contents.{self.locale}", "name", "whatsapp")
        for field_name, problem in self.problems.items():
            if not field_name.startswith(seen):
                place = field_name.split(".")
                there = f"{language_words(place[1])}: " if place[0] == "contents" and len(place) > 1 else ""
                return there + problem
        return ""

    @rx.var
    def meta_problem(self) -> str:
        """What is wrong with Meta's template."""
        return next((each for name, each in self.problems.items() if name.startswith("whatsapp")), "")

    @rx.event
    async def load(self):
        """Open the template of the address."""
        viewer = await signed_in(self)
        self.loading, self.missing, self.problems = True, "", {}
        yield
        self.may_edit = may(viewer.role, MANAGE)
        try:
            template, sender, language = await asyncio.to_thread(_open, viewer, self.template_id)
        except NotFound as error:
            self.missing, self.loading = error.message, False
            return
        self._sender, self._default_language = sender, language
        self._take(template)
        self.locale = language if language in self.words else next(iter(self.words))
        self._render()
        self.loading = False

    @rx.event
    async def choose_language(self, locale: str):
        """Open another language."""
        await signed_in(self)
        self.locale = locale
        self._render()

    @rx.event
    async def add_language(self, locale: str):
        """Begin another language, empty."""
        await signed_in(self)
        if locale and locale not in self.words:
            self.words[locale] = Words()
            self.locale, self.touched = locale, True
            self._render()

    @rx.event
    async def drop_language(self):
        """Take the open language out; stored when the template is saved."""
        await signed_in(self)
        if len(self.words) > 1:
            del self.words[self.locale]
            self.locale, self.touched = next(iter(self.words)), True
            self.problems = {}
            self._render()

    @rx.event
    async def write_subject(self, locale: str, text: str):
        """Take what was typed into the subject."""
        await self._write(locale, "subject", text)

    @rx.event
    async def write_body(self, locale: str, text: str):
        """Take what was typed into the text."""
        await self._write(locale, "body", text)

    @rx.event
    async def write_html(self, locale: str, text: str):
        """Take what was typed into the HTML."""
        await self._write(locale, "html", text)

    async def _write(self, locale: str, field_name: str, text: str) -> None:
        await signed_in(self)
        words = self.words.get(locale)
        if words and getattr(words, field_name) != text:
            setattr(words, field_name, text)
            self.words[locale] = words
            self.touched = True
            self._render()

    @rx.event
    async def make_plain(self):
        """Write the open text with characters any phone knows."""
        await signed_in(self)
        words = self.words[self.locale]
        words.body = plain_text(words.body)
        self.words[self.locale] = words
        self.touched = True
        self.serial += 1
        self._render()

    @rx.event
    def touch(self, _typed: Any = None):
        """Something beside the words was changed."""
        self.touched = True

    @rx.event
    async def save(self, answers: dict[str, Any]):
        """Keep everything; new words make a new version."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        words = self.words[self.locale]
        for field_name in ("subject", "body", "html"):
            setattr(words, field_name, answers.get(field_name, getattr(words, field_name)))
        self.words[self.locale] = words
        self.meta = {key: answers.get(f"meta_{key}", self.meta.get(key, "")) for key in self.meta}
        self.problems, self.saving = {}, True
        yield
        try:
            template = await asyncio.to_thread(
                _save, viewer, self.template_id, self._change(answers), self.version
            )
        except SafarError as error:
            self.problems = problems_of(error)
            self._open_faulty()
            return
        finally:
            self.saving = False
        self._take(template)
        self._render()
        yield done("Saved." if self.is_active else "Saved. It is off: no journey can send it.")

    def _change(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        change = {
            "name": answers.get("name", ""),
            "description": str(answers.get("description", "")).strip(),
            "template_type": answers.get("template_type", self.template_type),
            "is_active": bool(answers.get("is_active")),
            "contents": {locale: content_of(self.channel, words) for locale, words in self.words.items()},
        }
        return change | ({"whatsapp": whatsapp_of(self.meta)} if self.channel == "whatsapp" else {})

    def _open_faulty(self) -> None:
        place = next(iter(self.problems)).split(".")
        if place[0] == "contents" and len(place) > 1 and place[1] in self.words:
            self.locale = place[1]
            self._render()

    @rx.event
    async def copy(self):
        """Make another one that says what is saved here, and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        made = await asyncio.to_thread(copy_template, viewer, self.template_id)
        return rx.redirect(f"/templates/{made}")

    @rx.event
    async def delete(self):
        """Delete it, if nothing uses it, and go back to the list."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        await asyncio.to_thread(remove_template, viewer, self.template_id)
        self.touched = False
        return [rx.redirect("/templates"), done("Template deleted.")]

    def _take(self, template: Template) -> None:
        self.name = template.name
        self.description = template.description
        self.template_type = template.template_type
        self.channel = template.channel
        self.channel_words = channel_words(template.channel)
        self.channel_tone = channel_tone(template.channel)
        self.state_words, self.state_tone = state_of(
            is_active=template.is_active, is_system=template.is_system
        )
        self.is_active = template.is_active
        self.is_system = template.is_system
        self.version = template.version
        self.words = {locale: words_of(content) for locale, content in template.contents.items()}
        self.meta = meta_of(template.whatsapp)
        self.touched = False
        self.serial += 1

    def _render(self) -> None:
        """Show the open language as its customer would see it; the other languages may be unfinished."""
        content = content_of(self.channel, self.words.get(self.locale, Words()))
        variables = {**SAMPLE, "event": SAMPLE_EVENT, "tenant": self._sender}
        try:
            shown = preview(
                self.channel,
                {self.locale: content},
                variables=variables,
                language=self.locale,
                default_language=self.locale,
            )
        except SafarError as error:
            problem = next(iter(problems_of(error).values()))
            self.look = Look(channel=self.channel, language=self.locale, problem=problem)
            return
        self.look = look_of(self.channel, self.locale, shown)


def look_of(channel: str, locale: str, shown: Preview) -> Look:
    """The preview as the page draws it."""
    sms = count_segments(shown.message.body) if channel == "sms" else None
    return Look(
        channel=channel,
        language=locale,
        subject=shown.message.subject or "",
        pieces=pieces_of(shown.message.body, channel=channel),
        document=document_of(shown.message.html),
        missing=", ".join(shown.missing),
        segments=segments_words(sms) if sms else "",
        dear=dear_words(sms) if sms and locale == "en" else "",
    )


def _open(viewer: Viewer, template_id: str) -> tuple[Template, dict[str, Any], str]:
    wanted = template_id_of(template_id)
    with tenant_session(viewer.tenant_id) as session:
        template = get_template(session, wanted)
        tenant = get_tenant(session)
        sender = {"name": tenant.name, "timezone": tenant.timezone, "currency": tenant.currency}
        session.expunge(template)
        return template, sender, tenant.locale.partition("-")[0]


def _save(viewer: Viewer, template_id: str, change: dict[str, Any], version: int) -> Template:
    change["name"] = read_name(change)
    if len(change["description"]) > 1000:
        raise InvalidInput("description: Write at most 1,000 characters.", details={"field": "description"})
    with tenant_session(viewer.tenant_id) as session:
        template = update_template(
            session,
            template_id_of(template_id),
            TemplateChange.model_validate(change),
            now=utc_now(),
            based_on=version,
        )
        session.expunge(template)
        return template
