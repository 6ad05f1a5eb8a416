"""From a template and a customer's words to the message: compiled once a version, rendered 5,000 times a second."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

from liquid import BoundTemplate
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import Code, InvalidInput
from engine.templates.content import (
    Content,
    EmailContent,
    MetaTemplate,
    TextContent,
    check_contents,
    check_meta_template,
)
from engine.templates.html import clean_html, html_from_text, text_from_html
from engine.templates.liquid import TemplateProblem, compile_html, compile_text, run
from engine.templates.models import Template

__all__ = ["Compiled", "Rendered", "TemplateProblem", "compile_template", "load_templates", "render"]

REMEMBERED = 2_000
"""Compiled versions kept in memory, about 20 kB each."""

LARGEST_BODY = {"whatsapp": 4096, "sms": 1600, "email": 400_000}
"""Characters a channel carries; ten parts for a text message."""

LONGEST_SUBJECT = 250
SPACES = re.compile(r"[\n\r\t]+| {2,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one customer.

    `html` is the inside of an e-mail's body, without footer. `whatsapp` is the `template` object of the Cloud
    API when the template names one of Meta's; `body` is then what staff read of it in the log.
    """

    language: str
    subject: str | None
    body: str
    html: str | None
    whatsapp: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Words:
    """A template in one language, compiled."""

    subject: BoundTemplate | None
    body: BoundTemplate | None
    html: BoundTemplate | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version of a template, ready to render; `problem` when it cannot be."""

    template_id: UUID | None
    version: int
    channel: str
    words: Mapping[str, Words] = field(default_factory=dict)
    meta: MetaTemplate | None = None
    parameters: Sequence[BoundTemplate] = ()
    problem: TemplateProblem | None = None


class _Memory:
    """The compiled versions used last, shared by the threads of a process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[tuple[UUID, int], Compiled] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[UUID, int]) -> Compiled | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: tuple[UUID, int], compiled: Compiled) -> Compiled:
        with self._lock:
            self._known[key] = compiled
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return compiled


_memory = _Memory(REMEMBERED)


def compile_contents(
    channel: str, contents: Mapping[str, Any], whatsapp: Mapping[str, Any] | None = None
) -> Compiled:
    """Compile what somebody is writing; nothing is remembered.

    Raises:
        InvalidInput: the contents have not the shape of the channel.
        TemplateProblem: the Liquid of a language cannot be read; the message names the language and the field.
    """
    checked = check_contents(channel, contents)
    meta = check_meta_template(channel, whatsapp)
    words = {locale: _compile_words(f"contents.{locale}", content) for locale, content in checked.items()}
    parameters = [
        _named(f"whatsapp.parameters.{number}", compile_text, source)
        for number, source in enumerate(meta.parameters if meta else ())
    ]
    return Compiled(None, 0, channel, words, meta, parameters)


def compile_template(
    template_id: UUID,
    version: int,
    channel: str,
    contents: Mapping[str, Any],
    whatsapp: Mapping[str, Any] | None = None,
) -> Compiled:
    """A stored version, compiled once in this process. A version that cannot be compiled carries its `problem`."""
    key = (template_id, version)
    return _memory.get(key) or _memory.put(key, _compile_stored(key, channel, contents, whatsapp))


def load_templates(session: Session, ids: Sequence[UUID]) -> dict[UUID, Compiled]:
    """The newest versions of these templates; those that do not exist are left out.

    One small query when all are in memory, two when some are not.
    """
    newest = session.execute(select(Template.id, Template.version).where(Template.id.in_(set(ids)))).all()
    found = {row.id: _memory.get((row.id, row.version)) for row in newest}
    unknown = [template_id for template_id, compiled in found.items() if compiled is None]
    if unknown:
        for row in session.execute(
            select(
                Template.id, Template.version, Template.channel, Template.contents, Template.whatsapp
            ).where(Template.id.in_(unknown))
        ):
            found[row.id] = compile_template(row.id, row.version, row.channel, row.contents, row.whatsapp)
    return {template_id: compiled for template_id, compiled in found.items() if compiled}


def render(
    compiled: Compiled, variables: Mapping[str, Any], *, language: str | None, default_language: str
) -> Rendered:
    """Make the message in the customer's language, else the tenant's, else any the template has (T1).

    Raises:
        TemplateProblem: nothing would be said, too much, or the template fails on these values.
    """
    if compiled.problem:
        raise compiled.problem
    locale = choose_language(compiled.words, language, default_language)
    words = compiled.words[locale]
    html = run(words.html, variables) if words.html else None
    body = run(words.body, variables).strip() if words.body else text_from_html(html or "")
    if compiled.channel == "email" and html is None:
        html = html_from_text(body)
    _check_body(compiled.channel, body)
    return Rendered(
        language=locale,
        subject=_one_line(run(words.subject, variables))[:LONGEST_SUBJECT] if words.subject else None,
        body=body,
        html=html,
        whatsapp=_meta_message(compiled, variables, [language, locale]) if compiled.meta else None,
    )


def choose_language(known: Mapping[str, object] | Sequence[str], *wanted: str | None) -> str:
    """The first of `wanted` that is known, exactly or by its language (`hi` for `hi-IN`), else English, else any."""
    bases = {_base(locale): locale for locale in reversed(list(known))}
    for locale in (*wanted, "en"):
        if locale and locale in known:
            return locale
        if locale and _base(locale) in bases:
            return bases[_base(locale)]
    return next(iter(known))


def _base(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].lower()


def _compile_stored(
    key: tuple[UUID, int], channel: str, contents: Mapping[str, Any], whatsapp: Mapping[str, Any] | None
) -> Compiled:
    template_id, version = key
    try:
        fresh = compile_contents(channel, contents, whatsapp)
    except (TemplateProblem, InvalidInput) as error:
        problem = TemplateProblem(Code.INVALID_TEMPLATE, error.message)
        return Compiled(template_id, version, channel, problem=problem)
    return Compiled(template_id, version, channel, fresh.words, fresh.meta, fresh.parameters)


def _compile_words(place: str, content: Content) -> Words:
    body = _named(f"{place}.body", compile_text, content.body) if content.body.strip() else None
    if isinstance(content, TextContent):
        return Words(None, body, None)
    return Words(
        _named(f"{place}.subject", compile_text, content.subject), body, _compile_html(place, content)
    )


def _compile_html(place: str, content: EmailContent) -> BoundTemplate | None:
    if not (content.html or "").strip():
        return None
    return _named(f"{place}.html", lambda source: compile_html(clean_html(source)), content.html or "")


def _named(place: str, compiler: Callable[[str], BoundTemplate], source: str) -> BoundTemplate:
    """Compile, and say which field it was when that fails."""
    try:
        return compiler(source)
    except TemplateProblem as problem:
        raise TemplateProblem(problem.code, f"{place}: {problem.message}") from problem


def _check_body(channel: str, body: str) -> None:
    if not body:
        raise TemplateProblem(
            Code.INVALID_TEMPLATE, "The message would be empty. Give its variables a default."
        )
    if len(body) > LARGEST_BODY[channel]:
        raise TemplateProblem(
            Code.INVALID_TEMPLATE,
            f"The message has {len(body)} characters; {LARGEST_BODY[channel]} are possible.",
        )


def _meta_message(
    compiled: Compiled, variables: Mapping[str, Any], languages: Sequence[str | None]
) -> dict[str, Any]:
    assert compiled.meta
    values = [_one_line(run(parameter, variables)) for parameter in compiled.parameters]
    if "" in values:
        raise TemplateProblem(
            Code.INVALID_TEMPLATE,
            f"Parameter {values.index('') + 1} of “{compiled.meta.name}” would be empty, which WhatsApp refuses. "
            "Give its variable a default.",
        )
    body = {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}
    return {
        "name": compiled.meta.name,
        "language": {"code": choose_language(compiled.meta.languages, *languages)},
        "components": [body] if values else [],
    }


def _one_line(text: str) -> str:
    """Without new-lines, tabs and runs of spaces: what a subject and WhatsApp's parameters may hold."""
    return SPACES.sub(" ", text).strip()
