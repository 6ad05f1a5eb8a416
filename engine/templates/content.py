"""What a template says, by channel and language: the shape of `templates.contents`, checked at the door."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.core.errors import InvalidInput
from engine.core.refusals import refused

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
Model = TypeVar("Model", bound=BaseModel)

META_NAME = r"^[a-z0-9_]{1,512}$"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text


Written = Annotated[str, AfterValidator(_not_blank)]


class TextContent(BaseModel):
    """A WhatsApp or text message in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: Written = Field(max_length=4096)


class EmailContent(BaseModel):
    """An e-mail in one language: plain text, from which HTML is made, or HTML of its own, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Written = Field(max_length=500)
    body: str = Field("", max_length=100_000)
    html: str | None = Field(None, max_length=200_000)

    @model_validator(mode="after")
    def _says_something(self) -> "EmailContent":
        if not self.body.strip() and not (self.html or "").strip():
            raise ValueError("write the body")
        return self


class MetaTemplate(BaseModel):
    """The template approved by Meta that a WhatsApp template stands for (providers 1.3).

    `language` is the code it is approved in, or a list of codes; `parameters` are Liquid texts, in the order of
    the placeholders of its body.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=META_NAME)
    language: str | list[str] = "en"
    parameters: list[Written] = Field(default_factory=list, max_length=50)

    @property
    def languages(self) -> list[str]:
        """The codes it is approved in."""
        return [self.language] if isinstance(self.language, str) else self.language


Content = TextContent | EmailContent
CONTENT_OF: Mapping[str, type[TextContent] | type[EmailContent]] = {
    "whatsapp": TextContent,
    "sms": TextContent,
    "email": EmailContent,
}
"""Channels that have templates, and what one of them says."""


def check_contents(channel: str, contents: Mapping[str, Any]) -> dict[str, Content]:
    """Read `{locale: {subject?, body, html?}}`.

    Raises:
        InvalidInput: names the locale and the field, e.g. `contents.hi.subject`.
    """
    kind = CONTENT_OF.get(channel)
    if kind is None:
        raise InvalidInput(
            f"channel: there are no templates for “{channel}”; use {', '.join(CONTENT_OF)}.",
            details={"field": "channel"},
        )
    if not contents:
        raise InvalidInput("contents: write it in one language at least.", details={"field": "contents"})
    return {_locale(locale): _read(kind, f"contents.{locale}", raw) for locale, raw in contents.items()}


def check_meta_template(channel: str, whatsapp: Mapping[str, Any] | None) -> MetaTemplate | None:
    """Read `templates.whatsapp`; None when the template names none of Meta's.

    Raises:
        InvalidInput: names the field; or the channel is not WhatsApp.
    """
    if not whatsapp:
        return None
    if channel != "whatsapp":
        raise InvalidInput(
            "whatsapp: only a WhatsApp template can name one of Meta's.", details={"field": "whatsapp"}
        )
    return _read(MetaTemplate, "whatsapp", whatsapp)


def _locale(locale: str) -> str:
    if not LOCALE.fullmatch(locale):
        raise InvalidInput(
            f"contents.{locale}: this is no language; use codes like en, hi or pt-BR.",
            details={"field": f"contents.{locale}"},
        )
    return locale


def _read(kind: type[Model], place: str, raw: object) -> Model:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise refused(error, place) from error
