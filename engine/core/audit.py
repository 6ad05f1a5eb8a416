"""The audit log: who changed consent, settings, journeys and keys (requirement F6)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.ids import new_id
from engine.core.models import AuditEntry


def record_audit(
    session: Session,
    tenant_id: UUID,
    actor: str,
    action: str,
    subject: str,
    details: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Add one entry. `actor` is `user:<id>`, `key:<id>`, `customer` or `system`; never put a phone number in."""
    session.add(
        AuditEntry(
            id=new_id(),
            tenant_id=tenant_id,
            at=now,
            actor=actor,
            action=action,
            subject=subject,
            details=details,
        )
    )


def mask_phone(phone: str) -> str:
    """A phone number as logs may show it: `+919****10` (S4, "Data Protection")."""
    return f"{phone[:4]}****{phone[-2:]}"
