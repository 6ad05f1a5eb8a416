"""What the list of templates shows, and making, copying and deleting one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.templates.words import MANAGE, state_of, type_words
from app.pages.words import channel_tone, channel_words, language_words, short_moment
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound, SafarError
from engine.journeys.usage import journeys_naming
from engine.templates.models import Template
from engine.templates.templates import (
    TemplateDraft,
    create_template,
    delete_template,
    get_template,
    list_templates,
)

FIRST_WORDS: Mapping[str, dict[str, str]] = {
    "whatsapp": {"body": 'Namaste {{ first_name | default: "there" }},\n\n'},
    "sms": {"body": 'Hi {{ first_name | default: "there" }}, '},
    "email": {
        "subject": "News from {{ tenant.name }}",
        "body": 'Dear {{ first_name | default: "friend" }},\n\n',
    },
}
"""What a new template says, so that the editor opens on something to change."""

LONGEST_NAME = 100


@dataclass
class Row:
    """A template as the table writes it."""

    id: str
    href: str
    name: str
    description: str
    channel: str
    channel_tone: str
    type: str
    languages: str
    state: str
    state_tone: str
    changed: str
    is_system: bool


def row_of(template: Template, *, now: datetime, timezone: str) -> Row:
    """A row of the table."""
    state, tone = state_of(is_active=template.is_active, is_system=template.is_system)
    return Row(
        id=str(template.id),
        href=f"/templates/{template.id}",
        name=template.name,
        description=template.description,
        channel=channel_words(template.channel),
        channel_tone=channel_tone(template.channel),
        type=type_words(template.template_type),
        languages=", ".join(language_words(locale) for locale in template.contents),
        state=state,
        state_tone=tone,
        changed=short_moment(template.updated_at, now=now, timezone=timezone),
        is_system=template.is_system,
    )


def template_id_of(raw: str) -> UUID:
    """The id in an address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("This template does not exist. Open the list to choose one.") from None


class TemplatesState(rx.State):
    """The list of templates."""

    loading: bool = True
    rows: list[Row] = []
    search: str = ""
    channel: str = ""
    may_edit: bool = False
    naming: bool = False
    problems: dict[str, str] = {}
    busy: bool = False

    @rx.var
    def is_filtered(self) -> bool:
        """Whether the list shows less than all."""
        return bool(self.search or self.channel)

    @rx.event
    async def load(self):
        """List them."""
        self.naming, self.busy = False, False
        await self._list()
        self.loading = False

    @rx.event
    async def look_for(self, search: str):
        """List those whose name has these letters."""
        self.search = search
        await self._list()

    @rx.event
    async def choose_channel(self, channel: str):
        """List those of one channel, or all."""
        self.channel = channel
        await self._list()

    @rx.event
    def ask(self, open: bool = True):
        """Open or close the dialog for a new template."""
        self.naming, self.problems, self.busy = open, {}, False

    @rx.event
    async def create(self, answers: dict[str, str]):
        """Make a template and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        self.problems, self.busy = {}, True
        yield
        try:
            made = await asyncio.to_thread(_create, viewer, answers)
        except SafarError as error:
            self.problems, self.busy = problems_of(error), False
            return
        self.naming, self.busy = False, False
        yield rx.redirect(f"/templates/{made}")

    @rx.event
    async def copy(self, template_id: str):
        """Make another one that says the same, and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        made = await asyncio.to_thread(copy_template, viewer, template_id)
        return rx.redirect(f"/templates/{made}")

    @rx.event
    async def delete(self, template_id: str):
        """Delete one that nothing uses."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        await asyncio.to_thread(remove_template, viewer, template_id)
        await self._list()
        return done("Template deleted.")

    async def _list(self) -> None:
        viewer = await signed_in(self)
        self.may_edit = may(viewer.role, MANAGE)
        now = utc_now()
        found = await asyncio.to_thread(_find, viewer, self.search.strip(), self.channel)
        self.rows = [row_of(each, now=now, timezone=viewer.timezone) for each in found]


def read_name(answers: Mapping[str, Any]) -> str:
    """The name typed into a form.

    Raises:
        InvalidInput: it is empty or too long.
    """
    name = str(answers.get("name", "")).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"name: Write 1 to {LONGEST_NAME} characters.", details={"field": "name"})
    return name


def copy_template(viewer: Viewer, template_id: str) -> UUID:
    """Make a copy under the first free name; returns its id."""
    with tenant_session(viewer.tenant_id) as session:
        source = get_template(session, template_id_of(template_id))
        taken = {each.name.lower() for each in list_templates(session)}
        stem = source.name[: LONGEST_NAME - 12]
        names = [f"{stem} (copy)", *[f"{stem} (copy {number})" for number in range(2, len(taken) + 3)]]
        draft = TemplateDraft(
            name=next(name for name in names if name.lower() not in taken),
            channel=source.channel,
            contents=source.contents,
            template_type=source.template_type,
            description=source.description,
            category=source.category,
            whatsapp=source.whatsapp,
        )
        return create_template(session, viewer.tenant_id, draft, now=utc_now(), created_by=viewer.user_id).id


def remove_template(viewer: Viewer, template_id: str) -> None:
    """Delete a template; refused while a journey uses it."""
    wanted = template_id_of(template_id)
    with tenant_session(viewer.tenant_id) as session:
        delete_template(session, wanted, used_by=journeys_naming(session, wanted))


def _find(viewer: Viewer, search: str, channel: str) -> list[Template]:
    with tenant_session(viewer.tenant_id) as session:
        found = list_templates(session, search=search, channel=channel or None)
        session.expunge_all()
        return found


def _create(viewer: Viewer, answers: Mapping[str, str]) -> UUID:
    channel = answers.get("channel", "")
    with tenant_session(viewer.tenant_id) as session:
        language = viewer.locale.partition("-")[0]
        draft = TemplateDraft(
            name=read_name(answers), channel=channel, contents={language: FIRST_WORDS[channel]}
        )
        return create_template(session, viewer.tenant_id, draft, now=utc_now(), created_by=viewer.user_id).id
