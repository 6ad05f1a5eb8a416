"""Templates every tenant begins with, in English and Hindi, for WhatsApp, e-mail and text message (T1).

The words stand in `starters.json`, those of the ready-made journeys in `ready_made/`, one entry a template: adding
one is adding an entry.
"""

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.core.errors import Conflict
from engine.core.ids import key_of, new_id
from engine.templates.models import Template, TemplateVersion

STARTERS = Path(__file__).with_name("starters.json")
READY_MADE = Path(__file__).with_name("ready_made")


@lru_cache
def system_templates() -> list[dict[str, Any]]:
    """The prebuilt templates: name, channel, template_type, category, description, contents."""
    return _read(STARTERS)


@lru_cache
def ready_made_templates() -> list[dict[str, Any]]:
    """Those of the ready-made journeys, shaped alike; a tenant gets them with the first journey that needs them."""
    return [entry for file in sorted(READY_MADE.glob("*.json")) for entry in _read(file)]


def _read(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def install_system_templates(
    session: Session, tenant_id: UUID, now: datetime, *, named: Collection[str] | None = None
) -> int:
    """Make those of the prebuilt templates that the tenant does not have yet; returns how many.

    Args:
        named: only these, also from the ready-made journeys; None for what every tenant begins with.
    """
    wanted = system_templates()
    if named is not None:
        wanted = [entry for entry in (*wanted, *ready_made_templates()) if entry["name"] in named]
    known = set(session.scalars(select(Template.name)))
    missing = [entry for entry in wanted if entry["name"] not in known]
    templates = [
        Template(
            id=new_id(),
            tenant_id=tenant_id,
            version=1,
            is_system=True,
            is_active=True,
            whatsapp={},
            created_at=now,
            updated_at=now,
            **entry,
        )
        for entry in missing
    ]
    session.add_all(templates)
    session.flush()
    session.add_all(
        TemplateVersion(
            tenant_id=tenant_id, template_id=each.id, version=1, contents=each.contents, whatsapp={}
        )
        for each in templates
    )
    session.flush()
    return len(templates)


ANSWERS = {
    "whatsapp": ("Answer of the staff (WhatsApp)", {"body": "{{ text }}"}),
    "sms": ("Answer of the staff (SMS)", {"body": "{{ text }}"}),
    "email": (
        "Answer of the staff (email)",
        {"subject": "An answer from {{ tenant.name }}", "body": "{{ text }}"},
    ),
}
"""By channel: what the staff's own words go out with; `staff_name` may sign them."""


def answer_template(session: Session, tenant_id: UUID, channel: str, *, now: datetime) -> UUID:
    """The template around what the staff write to one customer, made when it is first needed (C9).

    It is off, so that no journey offers it, and may be edited: a signature below `{{ text }}`, say.

    Raises:
        Conflict: another template bears its name.
    """
    template_id = key_of("answer of the staff", tenant_id, channel)
    if session.get(Template, template_id) is not None:
        return template_id
    name, content = ANSWERS[channel]
    template = {
        "id": template_id,
        "tenant_id": tenant_id,
        "name": name,
        "description": "What the staff write on the desk goes out with this. Keep {{ text }} in it.",
        "channel": channel,
        "template_type": "transactional",
        "contents": {"en": content},
        "is_system": True,
        "is_active": False,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(Template).values(template).on_conflict_do_nothing())
    if session.get(Template, template_id) is None:
        raise Conflict(f"Another template is called “{name}”. Rename it, then answer again.")
    version = {
        "tenant_id": tenant_id,
        "template_id": template_id,
        "version": 1,
        "contents": {"en": content},
    }
    session.execute(insert(TemplateVersion).values(version).on_conflict_do_nothing())
    return template_id
