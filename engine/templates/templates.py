"""Templates as staff keep them: made, changed with every version kept, listed, looked at beforehand (T1–T3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.errors import Conflict, NotFound
from engine.core.ids import new_id
from engine.templates.liquid import noting_missing
from engine.templates.models import Template, TemplateVersion
from engine.templates.rendering import Rendered, compile_contents, render
from engine.templates.sms import Sms, count_segments

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ChannelName = Literal["whatsapp", "sms", "email"]


class TemplateType(StrEnum):
    """What a template is for (S4): promotion needs consent, a transaction does not, a trigger answers an event."""

    PROMOTIONAL = "promotional"
    TRANSACTIONAL = "transactional"
    TRIGGER = "trigger"


class TemplateDraft(BaseModel):
    """A template to be made; `contents` is {locale: {subject?, body, html?}}."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    channel: ChannelName
    contents: dict[str, Any]
    template_type: TemplateType = TemplateType.PROMOTIONAL
    description: str = Field("", max_length=1000)
    category: str | None = Field(None, max_length=50)
    whatsapp: dict[str, Any] = Field(default_factory=dict)


class TemplateChange(BaseModel):
    """What may be changed; a field left out stays as it is. The channel stays for good."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    contents: dict[str, Any] | None = None
    template_type: TemplateType | None = None
    description: str | None = Field(None, max_length=1000)
    category: str | None = Field(None, max_length=50)
    whatsapp: dict[str, Any] | None = None
    is_active: bool | None = None


VERSIONED = frozenset({"contents", "whatsapp"})
"""Fields whose change makes a new version: what a customer reads."""

CLEARABLE = frozenset({"category"})
"""Fields that None empties; elsewhere None says nothing."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How a message will look. `missing` are variables that were empty for want of a value; `sms` only for texts."""

    message: Rendered
    missing: tuple[str, ...]
    sms: Sms | None


SAMPLE: Mapping[str, Any] = {
    "first_name": "Asha",
    "last_name": "Rao",
    "name": "Asha Rao",
    "phone": "+919876543210",
    "email": "asha@example.in",
    "city": "Pune",
    "language": "en",
    "customer": {"first_name": "Asha", "last_name": "Rao", "name": "Asha Rao", "city": "Pune"},
    "coupon": {
        "code": "K7QW3M9X",
        "name": "Birthday treat",
        "discount": "20% off",
        "valid_until": "31 December 2026",
    },
    "gift_card": {"code": "R4TN8WQX2MKH", "amount": "₹500", "valid_until": "31 December 2026"},
    "unsubscribe_url": "https://example.in/u/sample",
    "preferences_url": "https://example.in/u/sample",
}
"""A customer to look at a template with when none is chosen."""


def create_template(
    session: Session,
    tenant_id: UUID,
    draft: TemplateDraft,
    *,
    now: datetime,
    created_by: UUID | None = None,
    is_system: bool = False,
) -> Template:
    """Make a template, version 1.

    Raises:
        InvalidInput: the contents have not the shape of the channel; names the language and the field.
        InvalidTemplate: its Liquid cannot be read.
        Conflict: the name is taken.
    """
    compile_contents(draft.channel, draft.contents, draft.whatsapp)
    _check_name(session, draft.name)
    template = Template(
        id=new_id(),
        tenant_id=tenant_id,
        name=draft.name,
        description=draft.description,
        channel=draft.channel,
        template_type=draft.template_type.value,
        category=draft.category,
        contents=draft.contents,
        whatsapp=draft.whatsapp,
        version=1,
        is_system=is_system,
        is_active=True,
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    session.add(template)
    session.flush()
    _keep_version(session, template)
    return template


def update_template(
    session: Session, template_id: UUID, change: TemplateChange, *, now: datetime, based_on: int | None = None
) -> Template:
    """Change a template. New words make a new version; the old ones are kept for the messages made from them.

    Args:
        based_on: the version the change was made from; leave out to change whatever is there.

    Raises:
        NotFound: there is no such template.
        InvalidInput, InvalidTemplate: as `create_template`.
        Conflict: the name is taken, or somebody made another version meanwhile.
    """
    template = session.get(Template, template_id, with_for_update=True, populate_existing=True)
    if template is None:
        raise _missing()
    if based_on is not None and based_on != template.version:
        raise Conflict(
            f"“{template.name}” was changed meanwhile, to version {template.version}. Open it again and repeat.",
            details={"version": template.version},
        )
    wanted = {
        name: value
        for name, value in change.model_dump(exclude_unset=True).items()
        if getattr(template, name) != value and (value is not None or name in CLEARABLE)
    }
    if wanted.get("name"):
        _check_name(session, wanted["name"], own_id=template_id)
    for name, value in wanted.items():
        setattr(template, name, value)
    if wanted.keys() & VERSIONED:
        compile_contents(template.channel, template.contents, template.whatsapp)
        template.version += 1
        session.flush()
        _keep_version(session, template)
    template.updated_at = now
    session.flush()
    return template


def get_template(session: Session, template_id: UUID) -> Template:
    """One template.

    Raises:
        NotFound: there is no such template.
    """
    found = session.get(Template, template_id)
    if found is None:
        raise _missing()
    return found


def list_templates(
    session: Session, *, channel: str | None = None, search: str = "", with_inactive: bool = True
) -> list[Template]:
    """Templates by name, the tenant's own before the system's."""
    query = select(Template).order_by(Template.is_system, func.lower(Template.name))
    if search:
        query = query.where(Template.name.icontains(search, autoescape=True))
    if channel:
        query = query.where(Template.channel == channel)
    if not with_inactive:
        query = query.where(Template.is_active)
    return list(session.scalars(query))


def list_versions(session: Session, template_id: UUID) -> list[TemplateVersion]:
    """Every version of a template, the newest first.

    Raises:
        NotFound: there is no such template.
    """
    get_template(session, template_id)
    return list(
        session.scalars(
            select(TemplateVersion)
            .where(TemplateVersion.template_id == template_id)
            .order_by(TemplateVersion.version.desc())
        )
    )


def delete_template(session: Session, template_id: UUID, *, used_by: Sequence[str] = ()) -> None:
    """Delete a template that nothing uses.

    Args:
        used_by: names of what the rooms above found to use it, e.g. journeys.

    Raises:
        NotFound: there is no such template.
        Conflict: it is a system template, or something uses it.
    """
    template = get_template(session, template_id)
    if template.is_system:
        raise Conflict(f"“{template.name}” is prebuilt and cannot be deleted. Switch it off instead.")
    if used_by:
        raise Conflict(
            f"“{template.name}” is used by {', '.join(used_by)}. Take it out there first.",
            details={"used_by": list(used_by)},
        )
    session.delete(template)
    session.flush()


def preview(
    channel: str,
    contents: Mapping[str, Any],
    whatsapp: Mapping[str, Any] | None = None,
    *,
    variables: Mapping[str, Any] | None = None,
    language: str | None = None,
    default_language: str = "en",
) -> Preview:
    """How a stored or unsaved template looks for a customer, or for a sample one; nothing is stored.

    Raises:
        InvalidInput, InvalidTemplate: as `create_template`; or it cannot be rendered for this customer.
    """
    compiled = compile_contents(channel, contents, whatsapp)
    with noting_missing() as missing:
        message = render(
            compiled,
            SAMPLE if variables is None else variables,
            language=language,
            default_language=default_language,
        )
    return Preview(message, tuple(missing), count_segments(message.body) if channel == "sms" else None)


def _keep_version(session: Session, template: Template) -> None:
    session.add(
        TemplateVersion(
            tenant_id=template.tenant_id,
            template_id=template.id,
            version=template.version,
            contents=template.contents,
            whatsapp=template.whatsapp,
        )
    )
    session.flush()


def _check_name(session: Session, name: str, *, own_id: UUID | None = None) -> None:
    taken = session.scalar(select(Template.id).where(func.lower(Template.name) == name.lower()))
    if taken is not None and taken != own_id:
        raise Conflict(
            f"name: there is a template “{name}” already. Choose another name.", details={"field": "name"}
        )


def _missing() -> NotFound:
    return NotFound("This template does not exist. Open the list of templates to choose one.")
