"""A message of a backtest: what a row of the message log would have been."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.errors import Code
from engine.core.ids import new_id
from engine.customers.models import Purpose
from engine.delivery.models import MessageStatus
from engine.delivery.outbox import MARKETING_LIFE, MessageIntent


@dataclass(slots=True, kw_only=True)
class Letter:
    """A message that would have been queued; named like the columns of `Message`, so that the same rules read both.

    `holds`: when the guard held it, until when, by which rule and why.
    """

    id: UUID
    dedupe_key: UUID
    customer_id: UUID
    channel: str
    purpose: str
    message_type: str
    template_id: UUID
    journey_id: UUID | None
    version_id: UUID | None
    enrolment_id: UUID
    node_id: str
    variables: Any
    fallback: Any
    priority: int
    journey_limit: int | None
    announce: bool
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    attempts: int = 0
    status: MessageStatus = MessageStatus.QUEUED
    code: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    cost_micro: int = 0
    holds: list[tuple[datetime, datetime, Code, str]] = field(default_factory=list)


def write_letter(intent: MessageIntent, now: datetime) -> Letter:
    """A message as `outbox.queue_messages` would queue it."""
    assert intent.enrolment_id is not None
    assert intent.node_id is not None
    is_marketing = intent.purpose == Purpose.MARKETING
    return Letter(
        id=new_id(),
        dedupe_key=intent.dedupe_key,
        customer_id=intent.customer_id,
        channel=intent.channel,
        purpose=intent.purpose,
        message_type=intent.message_type,
        template_id=intent.template_id,
        journey_id=intent.journey_id,
        version_id=intent.version_id,
        enrolment_id=intent.enrolment_id,
        node_id=intent.node_id,
        variables=intent.variables or {},
        fallback=intent.fallback,
        priority=intent.priority,
        journey_limit=intent.journey_limit,
        announce=intent.announce,
        created_at=now,
        due_at=intent.due_at,
        expires_at=intent.due_at + MARKETING_LIFE if is_marketing else None,
    )
