"""The customers behind the numbers on a step: the same as the number says, a page at a time, with the reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.customers.models import Customer
from engine.delivery.models import Message, MessageStatus
from engine.journeys import drafts, publishing
from engine.journeys.behind import BehindPage, Figure, customers_behind
from engine.journeys.counts import node_counts
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due

NAMES = ("Asha Rao", "Bina Das", "Chitra Iyer", "Divya Nair", "Esha Shah")


@pytest.fixture
def journey_id(studio: Any) -> UUID:
    """Five customers in a journey that waits a day and writes; they wait."""
    with tenant_session(studio.tenant) as session:
        graph = studio.simple_graph("Signed Up", wait_days=1)
        journey = drafts.create_journey(
            session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    for minutes, name in enumerate(NAMES):
        studio.send_event("Signed Up", studio.add_customers(1, name=name), at=studio.now)
        route_events(studio.tenant, now=studio.now + timedelta(minutes=minutes))
        advance_due(studio.tenant, now=studio.now + timedelta(minutes=minutes))
    return journey.id


def behind(studio: Any, journey_id: UUID, node_id: str, figure: Figure, **wish: Any) -> BehindPage:
    with tenant_session(studio.tenant) as session:
        return customers_behind(session, journey_id, node_id, figure, **wish)


def names(page: BehindPage) -> list[str]:
    return [each.name for each in page.rows]


def test_pages_neither_repeat_nor_skip_anybody(studio: Any, journey_id: UUID) -> None:
    first = behind(studio, journey_id, "w", Figure.HERE, limit=2)
    second = behind(studio, journey_id, "w", Figure.HERE, limit=2, after=first.after)
    third = behind(studio, journey_id, "w", Figure.HERE, limit=2, after=second.after)
    assert names(first) + names(second) + names(third) == list(NAMES)
    assert third.after is None
    assert first.rows[0].until == first.rows[0].at + timedelta(days=1)
    passed = behind(studio, journey_id, "t", Figure.PASSED, limit=3)
    rest = behind(studio, journey_id, "t", Figure.PASSED, limit=3, after=passed.after)
    assert names(passed) + names(rest) == list(reversed(NAMES))


def test_a_search_and_a_way_out_narrow_the_list(studio: Any, journey_id: UUID) -> None:
    assert names(behind(studio, journey_id, "w", Figure.HERE, search="iyer")) == ["Chitra Iyer"]
    assert len(behind(studio, journey_id, "t", Figure.PASSED, port="next").rows) == len(NAMES)
    assert behind(studio, journey_id, "t", Figure.PASSED, port="other").rows == ()
    with pytest.raises(InvalidInput, match="after"):
        behind(studio, journey_id, "w", Figure.HERE, after="yesterday")


FATES: dict[str, dict[str, Any]] = {
    "Asha Rao": {"status": MessageStatus.READ, "opened": True},
    "Bina Das": {"status": MessageStatus.SENT},
    "Chitra Iyer": {"status": MessageStatus.FAILED, "reason": "Nobody has this number", "code": "SEND_001"},
    "Divya Nair": {"status": MessageStatus.SKIPPED, "reason": "No consent"},
    "Esha Shah": {"status": MessageStatus.QUEUED, "held_code": "QUIET_HOURS", "reason": "It is night"},
}


def test_what_became_of_messages_names_whom_and_why(studio: Any, journey_id: UUID) -> None:
    later = studio.now + timedelta(days=1, minutes=9)
    advance_due(studio.tenant, now=later)
    with tenant_session(studio.tenant) as session:
        for message, name in session.execute(
            select(Message, Customer.name).join(Customer, Customer.id == Message.customer_id)
        ):
            fate = FATES[name]
            message.status, message.reason = fate["status"], fate.get("reason")
            message.code, message.held_code = fate.get("code"), fate.get("held_code")
            message.sent_at = later
            message.opened_at = later if fate.get("opened") else None
    assert set(names(behind(studio, journey_id, "m", Figure.SENT))) == {"Asha Rao", "Bina Das"}
    assert names(behind(studio, journey_id, "m", Figure.OPENED)) == ["Asha Rao"]
    (failed,) = behind(studio, journey_id, "m", Figure.FAILED).rows
    assert (failed.name, failed.why, failed.code) == ("Chitra Iyer", "Nobody has this number", "SEND_001")
    (held,) = behind(studio, journey_id, "m", Figure.HELD).rows
    assert (held.name, held.why) == ("Esha Shah", "It is night")
    assert behind(studio, journey_id, "m", Figure.QUEUED).rows == ()
    with tenant_session(studio.tenant) as session:
        version_id = drafts.load_journey(session, journey_id).live_version_id
        assert version_id
        counted = node_counts(session, version_id)["m"].messages
    assert counted == {"read": 1, "sent": 1, "failed": 1, "skipped": 1, "queued": 1, "held": 1, "opened": 1}
