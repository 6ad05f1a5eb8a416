"""What happens to a message, as an event journeys and segments can use: one shape, whoever learns of it (D6)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from engine.events.record import NewEvent


def message_event(message: Any, name: str, *, at: datetime, key: UUID, source: str, **more: str) -> NewEvent:
    """An event of this message (a `Message`, or a row with the same names), with what it says of itself.

    Args:
        key: the event's idempotency key.
        more: further properties.
    """
    properties = {
        "message_id": str(message.id or ""),
        "channel": message.channel,
        "journey_id": str(message.journey_id or ""),
        "enrolment_id": str(message.enrolment_id or ""),
        "node_id": message.node_id or "",
        **more,
    }
    return NewEvent(
        customer_id=message.customer_id,
        name=name,
        kind="track",
        source=source,
        properties=properties,
        context={},
        occurred_at=at,
        key=key,
    )
