"""Everybody of a segment is let into a journey by hand, once."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.core.ids import new_id
from engine.journeys import by_hand, drafts, publishing, segment_by_hand
from engine.journeys.segment_by_hand import enrol_segment_by_hand
from engine.segments.models import Segment

Build = Callable[..., dict[str, Any]]


@pytest.fixture
def door(studio: Any, build: Build, step: Build) -> Any:
    """A live journey with the manual trigger."""
    wait = step("w", "wait.duration", duration={"amount": 1, "unit": "days"})
    graph = build([step("t", "trigger.manual"), wait], "t > w")
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session, studio.tenant, "Door", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        return journey.id


def regulars(studio: Any) -> Any:
    """A segment by rules that nobody has refreshed yet."""
    rules = {"operator": "AND", "conditions": [{"field": "order_count", "op": "gte", "value": 5}]}
    segment_id = new_id()
    with tenant_session(studio.tenant) as session:
        session.add(Segment(id=segment_id, tenant_id=studio.tenant, name="Regulars", rules=rules))
    return segment_id


def test_the_present_members_enter_and_nobody_twice(
    studio: Any, door: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_by_hand, "MOST", 2)
    members = set(studio.add_customers(5, order_count=7))
    studio.add_customers(2, order_count=1)
    segment_id = regulars(studio)
    with tenant_session(studio.tenant) as session:
        first = enrol_segment_by_hand(session, studio.tenant, door, segment_id, key="a", now=studio.now)
    assert (set(first.entered), first.refused) == (members, {})
    with tenant_session(studio.tenant) as session:
        again = enrol_segment_by_hand(session, studio.tenant, door, segment_id, key="b", now=studio.now)
    assert not again.entered
    assert {reason: set(who) for reason, who in again.refused.items()} == {by_hand.INSIDE: members}


def test_a_segment_that_is_gone_lets_nobody_in(studio: Any, door: Any) -> None:
    with tenant_session(studio.tenant) as session, pytest.raises(NotFound, match="segment"):
        enrol_segment_by_hand(session, studio.tenant, door, new_id(), key=None, now=studio.now)
