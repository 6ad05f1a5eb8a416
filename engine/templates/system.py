"""Templates every tenant begins with, in English and Hindi, for WhatsApp, e-mail and text message (T1).

The words stand in `starters.json`, one entry a template: adding one is adding an entry.
"""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.ids import new_id
from engine.templates.models import Template, TemplateVersion

STARTERS = Path(__file__).with_name("starters.json")


@lru_cache
def system_templates() -> list[dict[str, Any]]:
    """The prebuilt templates: name, channel, template_type, category, description, contents."""
    found: list[dict[str, Any]] = json.loads(STARTERS.read_text(encoding="utf-8"))
    return found


def install_system_templates(session: Session, tenant_id: UUID, now: datetime) -> int:
    """Make those of the prebuilt templates that the tenant does not have yet; returns how many."""
    known = set(session.scalars(select(Template.name)))
    missing = [entry for entry in system_templates() if entry["name"] not in known]
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
