"""REST of templates: `/api/v1/templates`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.errors import NotFound
from engine.core.tenants import get_tenant
from engine.customers.contacts import load_contacts
from engine.journeys.usage import journeys_naming
from engine.templates import templates
from engine.templates.models import Template
from engine.templates.sms import count_segments, plain_text

router = APIRouter(prefix="/api/v1/templates", tags=["templates"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class ChangedTemplate(templates.TemplateChange):
    """A change; `version` is the one it was made from, so that nobody's work is overwritten."""

    version: int | None = None


class Look(BaseModel):
    """For whom to preview: a customer or, without one, a sample; `event` is what the journey was entered by."""

    customer_id: UUID | None = None
    language: str | None = None
    event: dict[str, Any] = Field(default_factory=dict)


class UnsavedLook(Look):
    """A preview of what is not stored yet."""

    channel: templates.ChannelName
    contents: dict[str, Any]
    whatsapp: dict[str, Any] = Field(default_factory=dict)


MADE_UP = ("unsubscribe_url", "preferences_url", "coupon", "gift_card")
"""What a preview for a customer shows a sample of, for it is made when a message is sent or a journey gives it."""


class SmsText(BaseModel):
    """A text to count."""

    text: str = Field(max_length=10_000)


@router.get("")
def index(caller: Caller, channel: str | None = None, search: str = "") -> dict[str, Any]:
    """All templates, the tenant's own before the prebuilt ones."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(
            [_shown(each) for each in templates.list_templates(session, channel=channel, search=search)]
        )


@router.post("", status_code=201)
def create(caller: Caller, body: templates.TemplateDraft) -> dict[str, Any]:
    """Make a template."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_shown(templates.create_template(session, caller.tenant_id, body, now=utc_now())))


@router.post("/preview")
def preview_unsaved(caller: Caller, body: UnsavedLook) -> dict[str, Any]:
    """How unsaved words look for a customer; nothing is stored."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_preview(session, body.channel, body.contents, body.whatsapp, body))


@router.post("/sms-segments")
def sms_segments(caller: Caller, body: SmsText) -> dict[str, Any]:
    """How many parts a text takes, which characters make it dear, and the same in plain characters."""
    plain = plain_text(body.text)
    counted = asdict(count_segments(body.text))
    return succeeded(counted | {"plain": plain, "plain_segments": count_segments(plain).segments})


@router.get("/{template_id}")
def show(caller: Caller, template_id: UUID) -> dict[str, Any]:
    """One template."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_shown(templates.get_template(session, template_id)))


@router.get("/{template_id}/versions")
def versions(caller: Caller, template_id: UUID) -> dict[str, Any]:
    """Every version of its words, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(
            [
                {"version": each.version, "contents": each.contents, "whatsapp": each.whatsapp}
                for each in templates.list_versions(session, template_id)
            ]
        )


@router.patch("/{template_id}")
def change(caller: Caller, template_id: UUID, body: ChangedTemplate) -> dict[str, Any]:
    """Change a template; new words make a new version."""
    wanted = templates.TemplateChange(**body.model_dump(exclude_unset=True, exclude={"version"}))
    with tenant_session(caller.tenant_id) as session:
        changed = templates.update_template(
            session, template_id, wanted, now=utc_now(), based_on=body.version
        )
        return succeeded(_shown(changed))


@router.delete("/{template_id}")
def delete(caller: Caller, template_id: UUID) -> dict[str, Any]:
    """Delete a template that no journey uses."""
    with tenant_session(caller.tenant_id) as session:
        templates.delete_template(session, template_id, used_by=journeys_naming(session, template_id))
    return succeeded({"id": template_id})


@router.post("/{template_id}/preview")
def preview(caller: Caller, template_id: UUID, body: Look) -> dict[str, Any]:
    """How a stored template looks for a customer."""
    with tenant_session(caller.tenant_id) as session:
        template = templates.get_template(session, template_id)
        return succeeded(_preview(session, template.channel, template.contents, template.whatsapp, body))


def _preview(
    session: Session, channel: str, contents: Mapping[str, Any], whatsapp: Mapping[str, Any], look: Look
) -> dict[str, Any]:
    tenant = get_tenant(session)
    person, language = _person(session, look)
    shown = templates.preview(
        channel,
        contents,
        whatsapp,
        variables={
            **person,
            "event": look.event,
            "tenant": {"name": tenant.name, "timezone": tenant.timezone, "currency": tenant.currency},
        },
        language=language,
        default_language=tenant.locale,
    )
    return {
        **asdict(shown.message),
        "missing": shown.missing,
        "sms": asdict(shown.sms) if shown.sms else None,
    }


def _person(session: Session, look: Look) -> tuple[Mapping[str, Any], str | None]:
    """The words for templates and the language of the customer chosen, or of the sample."""
    if look.customer_id is None:
        return templates.SAMPLE, look.language
    contact = load_contacts(session, get_tenant(session).id, [look.customer_id]).get(look.customer_id)
    if contact is None:
        raise NotFound("customer_id: there is no such customer.")
    made_up = {name: templates.SAMPLE[name] for name in MADE_UP}
    return {**contact.variables, **made_up}, look.language or contact.language


def _shown(template: Template) -> dict[str, Any]:
    return {
        name: getattr(template, name)
        for name in (
            "id",
            "name",
            "description",
            "channel",
            "template_type",
            "category",
            "contents",
            "whatsapp",
            "version",
            "is_system",
            "is_active",
            "created_at",
            "updated_at",
        )
    }
