"""Publishing while customers are under way: they stay, or they move by a map; nobody is sent twice or lost (J8)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.delivery.models import Message
from engine.journeys import drafts, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, EnrolmentStatus

DAY = timedelta(days=1)
WELCOME = {"channel": "whatsapp"}


def graph_of(studio: Any, build: Any, step: Any, *, wait: str = "w", days: int = 2, **settings: Any) -> Any:
    """Welcome, wait, offer."""
    template = {"channel": "whatsapp", "template_id": str(studio.template)}
    nodes = [
        step("t", "trigger.event", event="Signed Up"),
        step("welcome", "action.message", **template),
        step(wait, "wait.duration", duration={"amount": days, "unit": "days"}),
        step("offer", "action.message", **template),
    ]
    return build(nodes, "t > welcome", f"welcome > {wait}", f"{wait} > offer", settings=settings)


def publish(
    studio: Any, journey_id: UUID | None, graph: Any, *, after: timedelta, mapping: Any = None
) -> UUID:
    at = studio.now + after
    with tenant_session(studio.tenant) as session:
        if journey_id is None:
            journey = drafts.create_journey(
                session, studio.tenant, "Journey", user_id=None, now=at, graph=graph
            )
            journey_id = journey.id
        else:
            revision = drafts.load_journey(session, journey_id).revision
            drafts.save_draft(session, journey_id, graph, revision=revision, now=at)
        publishing.publish(session, studio.tenant, journey_id, user_id=None, now=at, mapping=mapping)
        return journey_id


def pass_time(studio: Any, after: timedelta) -> None:
    now = studio.now + after
    while route_events(studio.tenant, now=now).events or advance_due(studio.tenant, now=now).enrolments:
        pass


def sent(studio: Any) -> list[tuple[str | None, timedelta]]:
    with tenant_session(studio.tenant) as session:
        found = session.scalars(select(Message).order_by(Message.created_at))
        return [(message.node_id, message.created_at - studio.now) for message in found]


@pytest.fixture
def under_way(studio: Any, build: Any, step: Any) -> UUID:
    """A journey with one customer who was welcomed and waits."""
    journey_id = publish(studio, None, graph_of(studio, build, step), after=timedelta(0))
    studio.send_event("Signed Up", studio.add_customers(1))
    pass_time(studio, timedelta(0))
    return journey_id


def test_who_is_under_way_stays_on_the_version_unless_the_marketer_moves_them(
    studio: Any, build: Any, step: Any, under_way: UUID
) -> None:
    publish(studio, under_way, graph_of(studio, build, step, days=5), after=DAY)
    pass_time(studio, 2 * DAY)
    assert sent(studio) == [("welcome", timedelta(0)), ("offer", 2 * DAY)]


def test_a_changed_wait_counts_from_the_arrival_for_those_who_are_moved(
    studio: Any, build: Any, step: Any, under_way: UUID
) -> None:
    publish(studio, under_way, graph_of(studio, build, step, days=5), after=DAY, mapping={})
    pass_time(studio, 4 * DAY)
    assert sent(studio) == [("welcome", timedelta(0))]
    pass_time(studio, 5 * DAY)
    assert sent(studio) == [("welcome", timedelta(0)), ("offer", 5 * DAY)]


def test_a_message_sent_before_the_move_is_not_sent_again(
    studio: Any, build: Any, step: Any, under_way: UUID
) -> None:
    graph = graph_of(studio, build, step, wait="pause", days=1)
    publish(studio, under_way, graph, after=DAY, mapping={"w": "welcome"})
    pass_time(studio, DAY)
    pass_time(studio, 2 * DAY)
    assert sent(studio) == [("welcome", timedelta(0)), ("offer", 2 * DAY)]


def test_a_step_that_is_gone_must_be_mapped(studio: Any, build: Any, step: Any, under_way: UUID) -> None:
    graph = graph_of(studio, build, step, wait="pause")
    with pytest.raises(InvalidInput, match="say where those at “w” shall go on"):
        publish(studio, under_way, graph, after=DAY, mapping={})
    with pytest.raises(InvalidInput, match="“nowhere”, which is not in the new version"):
        publish(studio, under_way, graph, after=DAY, mapping={"w": "nowhere"})
    with pytest.raises(InvalidInput, match="leads to a trigger"):
        publish(studio, under_way, graph, after=DAY, mapping={"w": "t"})
    pass_time(studio, 2 * DAY)
    assert len(sent(studio)) == 2, "what was refused changed nothing"


def test_those_who_are_mapped_out_leave(studio: Any, build: Any, step: Any, under_way: UUID) -> None:
    publish(studio, under_way, graph_of(studio, build, step, wait="pause"), after=DAY, mapping={"w": None})
    with tenant_session(studio.tenant) as session:
        way = session.scalars(select(Enrolment)).one()
    assert (way.status, way.due_at) == (EnrolmentStatus.EXITED, None)


def test_the_preview_tells_who_stands_where_and_where_they_could_go_on(
    studio: Any, build: Any, step: Any, under_way: UUID
) -> None:
    with tenant_session(studio.tenant) as session:
        revision = drafts.load_journey(session, under_way).revision
        graph = graph_of(studio, build, step, wait="pause")
        drafts.save_draft(session, under_way, graph, revision=revision, now=studio.now)
        standing = publishing.preview_publish(session, under_way)
    assert [(each.node_id, each.sentence, each.customers, each.suggested) for each in standing] == [
        ("w", "Wait 2 days", 1, "offer")
    ]
