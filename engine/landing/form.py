"""A lead form: its fields, and how a visitor's answers are read. Pure; nothing here touches the store."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.core.refusals import refused
from engine.customers.profiles import read_email, read_phone
from engine.landing.words import words

TRAP = "website_url"
"""A field no person sees; what fills it in is a machine."""

RESERVED = frozenset({TRAP, "form_id", "page", "slug", "consents", "utm"})
LONGEST = {"message": 5_000}
LONGEST_ANSWER = 500
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
BREAKS = re.compile(r"\s*[\r\n\t]+\s*")


class FieldKind(StrEnum):
    """What a field asks for."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    TEXT = "text"
    MESSAGE = "message"
    CHOICE = "choice"
    DATE = "date"
    CONSENT = "consent"


class FormField(BaseModel):
    """One field. A key that profiles know (`city`, `birthday`, …) fills that field of the customer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    kind: FieldKind
    label: str = Field(min_length=1, max_length=1000)
    hint: str = Field("", max_length=300)
    required: bool = False
    options: tuple[str, ...] = Field((), max_length=50)
    channel: Literal["whatsapp", "sms", "email"] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "FormField":
        if self.kind is FieldKind.CHOICE and len(set(self.options)) < 2:
            raise ValueError("options: a choice needs two answers at least")
        if self.kind is FieldKind.CONSENT and self.channel is None:
            raise ValueError("channel: say what the consent is for: whatsapp, sms or email")
        if self.key in RESERVED:
            raise ValueError(f"key: “{self.key}” has a meaning of its own; choose another")
        return self


class FormSpec(BaseModel):
    """A form with its button and its thank-you; what stands in `landing_pages.form`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: tuple[FormField, ...] = Field(min_length=1, max_length=30)
    button: str = Field("", max_length=60)
    thanks_title: str = Field("", max_length=120)
    thanks_text: str = Field("", max_length=1000)
    highlights: tuple[str, ...] = Field((), max_length=8)
    tags: tuple[str, ...] = Field((), max_length=10)

    @model_validator(mode="after")
    def _can_reach_the_visitor(self) -> "FormSpec":
        keys = [each.key for each in self.fields]
        if len(set(keys)) < len(keys):
            raise ValueError("fields: two fields have the same key")
        if not self.of(FieldKind.PHONE, FieldKind.EMAIL):
            raise ValueError("fields: ask for a phone number or an e-mail address, or nobody can be answered")
        for kind in (FieldKind.NAME, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.MESSAGE):
            if len(self.of(kind)) > 1:
                raise ValueError(f"fields: one field of the kind {kind} is possible")
        return self

    def of(self, *kinds: FieldKind) -> list[FormField]:
        """The fields of these kinds, in order."""
        return [each for each in self.fields if each.kind in kinds]


@dataclass(frozen=True, slots=True)
class Answers:
    """A visitor's answers, read. `values` are cleaned, by key; `ticked` are the consents given.

    `problems` says by key what is wrong, in the page's language; with any, nothing may be stored.
    """

    values: Mapping[str, str]
    ticked: tuple[FormField, ...]
    problems: Mapping[str, str] = field(default_factory=dict)


def read_form(raw: Mapping[str, Any]) -> FormSpec:
    """Read a form as the tenant describes it.

    Raises:
        InvalidInput: names the field and what is wrong.
    """
    try:
        return FormSpec.model_validate(raw)
    except ValidationError as error:
        raise refused(error, "form") from error


def is_trapped(answers: Mapping[str, str]) -> bool:
    """Whether the field no person sees was filled in."""
    return bool(answers.get(TRAP, "").strip())


def read_answers(form: FormSpec, raw: Mapping[str, str], *, country: str, locale: str) -> Answers:
    """Read what a visitor sent; what is no field of the form is passed over.

    Args:
        country: how phone numbers without a country code are read.
        locale: the language of the problems.
    """
    said = words(locale)
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for each in form.fields:
        text = clean_text(raw.get(each.key, ""), keep_lines=each.kind is FieldKind.MESSAGE)
        if not text:
            if each.required:
                problems[each.key] = said["tick" if each.kind is FieldKind.CONSENT else "required"]
            continue
        limit = LONGEST.get(each.kind, LONGEST_ANSWER)
        if len(text) > limit:
            problems[each.key] = said["long"].format(limit=limit)
            continue
        try:
            values[each.key] = READERS[each.kind](text, each, country)
        except ValueError:
            problems[each.key] = said[each.kind]
    reach = form.of(FieldKind.PHONE, FieldKind.EMAIL)
    if not any(each.key in values or each.key in problems for each in reach):
        problems[reach[0].key] = said["reach"]
    ticked = tuple(each for each in form.of(FieldKind.CONSENT) if each.key in values)
    return Answers(values, ticked, problems)


def clean_text(text: str, *, keep_lines: bool = False) -> str:
    """What a person typed, without control and direction characters; markup stays, as the plain text it is."""
    lined = text.replace("\r\n", "\n").replace("\r", "\n")
    whole = unicodedata.normalize("NFC", CONTROL.sub("", lined)).strip()
    return whole if keep_lines else BREAKS.sub(" ", whole)


def _read_choice(text: str, asked: FormField, country: str) -> str:
    if text not in asked.options:
        raise ValueError
    return text


Reader = Callable[[str, FormField, str], str]
READERS: Mapping[FieldKind, Reader] = {
    FieldKind.NAME: lambda text, asked, country: text,
    FieldKind.TEXT: lambda text, asked, country: text,
    FieldKind.MESSAGE: lambda text, asked, country: text,
    FieldKind.CONSENT: lambda text, asked, country: "yes",
    FieldKind.PHONE: lambda text, asked, country: read_phone(text, country),
    FieldKind.EMAIL: lambda text, asked, country: read_email(text),
    FieldKind.DATE: lambda text, asked, country: date.fromisoformat(text).isoformat(),
    FieldKind.CHOICE: _read_choice,
}
"""How an answer of each kind is read; a ValueError means that it cannot be used."""
