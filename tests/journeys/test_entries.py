"""Who enters which journey, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidGraph
from engine.journeys import drafts, moves, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, EnrolmentStatus

Build = Callable[..., dict[str, Any]]


def publish(studio: Any, graph: dict[str, Any], name: str = "Journey") -> Any:
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session, studio.tenant, name, user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        return journey.id


def enrolments(studio: Any) -> int:
    with tenant_session(studio.tenant) as session:
        return session.scalar(select(func.count()).select_from(Enrolment)) or 0


def test_an_event_enters_its_customer(studio: Any) -> None:
    publish(studio, studio.simple_graph())
    studio.send_event("Order Completed", studio.add_customers(3))
    assert route_events(studio.tenant, now=studio.now).enrolled == 3


def test_an_event_nobody_listens_to_is_not_queued(studio: Any) -> None:
    publish(studio, studio.simple_graph())
    studio.send_event("Page Viewed", studio.add_customers(3))
    assert route_events(studio.tenant, now=studio.now).events == 0


def test_a_repeated_event_enters_nobody_twice(studio: Any) -> None:
    publish(studio, studio.simple_graph(reentry="always"))
    customers = studio.add_customers(2)
    assert studio.send_event("Order Completed", customers, key="same") == 2
    assert studio.send_event("Order Completed", customers, key="same") == 0
    route_events(studio.tenant, now=studio.now)
    assert enrolments(studio) == 2


def test_a_customer_is_in_a_journey_once_at_a_time(studio: Any) -> None:
    publish(studio, studio.simple_graph(reentry="always"))
    customers = studio.add_customers(1)
    for _ in range(3):
        studio.send_event("Order Completed", customers)
    route_events(studio.tenant, now=studio.now)
    assert enrolments(studio) == 1


@pytest.mark.parametrize(
    ("settings", "after_days", "enters"),
    [
        ({"reentry": "never"}, 400, False),
        ({"reentry": "after_days", "reentry_days": 30}, 29, False),
        ({"reentry": "after_days", "reentry_days": 30}, 31, True),
        ({"reentry": "always"}, 1, True),
    ],
)
def test_reentry_obeys_the_journeys_setting(
    studio: Any, settings: dict[str, Any], after_days: int, enters: bool
) -> None:
    publish(studio, studio.simple_graph(wait_days=None, **settings))
    customers = studio.add_customers(1)
    studio.send_event("Order Completed", customers)
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    later = studio.now + timedelta(days=after_days)
    studio.send_event("Order Completed", customers, at=later)
    assert route_events(studio.tenant, now=later).enrolled == int(enters)


def test_a_filter_on_the_events_properties_decides_who_enters(studio: Any, build: Build, step: Build) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "event.total", "op": "gte", "value": 500}]}
    graph = build(
        [step("t", "trigger.event", event="Order Completed", filter=rules), step("x", "exit")], "t > x"
    )
    publish(studio, graph)
    poor, rich = studio.add_customers(1), studio.add_customers(1)
    studio.send_event("Order Completed", poor, total=499)
    studio.send_event("Order Completed", rich, total=500)
    assert route_events(studio.tenant, now=studio.now).enrolled == 1


def test_entry_rules_keep_others_out(studio: Any) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "city", "op": "eq", "value": "Mumbai"}]}
    publish(studio, studio.simple_graph(entry_rules=rules))
    customers = studio.add_customers(2, city="Mumbai") + studio.add_customers(2, city="Pune")
    studio.send_event("Order Completed", customers)
    assert route_events(studio.tenant, now=studio.now).enrolled == 2


def test_a_paused_journey_admits_nobody_and_moves_nobody(studio: Any) -> None:
    journey = publish(studio, studio.simple_graph(wait_days=None))
    inside = studio.add_customers(1)
    studio.send_event("Order Completed", inside)
    route_events(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey, "pause", user_id=None, now=studio.now)
    studio.send_event("Order Completed", studio.add_customers(1))
    assert route_events(studio.tenant, now=studio.now).enrolled == 0
    assert advance_due(studio.tenant, now=studio.now).enrolments == 0
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey, "resume", user_id=None, now=studio.now)
    assert advance_due(studio.tenant, now=studio.now).enrolments == 1


def test_a_stopped_journey_ends_its_enrolments(studio: Any) -> None:
    journey = publish(studio, studio.simple_graph())
    studio.send_event("Order Completed", studio.add_customers(2))
    route_events(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey, "stop", user_id=None, now=studio.now)
        states = set(session.scalars(select(Enrolment.status)))
    assert states == {EnrolmentStatus.EXITED}
    with tenant_session(studio.tenant) as session, pytest.raises(Conflict):
        moves.move(session, studio.tenant, journey, "pause", user_id=None, now=studio.now)


def test_publishing_a_broken_draft_lists_the_problems_and_changes_nothing(
    studio: Any, build: Build, step: Build
) -> None:
    with tenant_session(studio.tenant) as session:
        graph = build([step("x", "exit")])
        journey = drafts.create_journey(
            session, studio.tenant, "Broken", user_id=None, now=studio.now, graph=graph
        )
    with pytest.raises(InvalidGraph) as caught, tenant_session(studio.tenant) as session:
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    assert {problem["code"] for problem in caught.value.details} == {"no_trigger"}
    with tenant_session(studio.tenant) as session:
        assert drafts.load_journey(session, journey.id).status == "draft"


def test_two_editors_cannot_silently_overwrite_each_other(studio: Any) -> None:
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(session, studio.tenant, "Shared", user_id=None, now=studio.now)
    with tenant_session(studio.tenant) as session:
        saved = drafts.save_draft(session, journey.id, studio.simple_graph(), revision=1, now=studio.now)
    assert saved.revision == 2 and saved.problems == []
    with tenant_session(studio.tenant) as session, pytest.raises(Conflict) as caught:
        drafts.save_draft(session, journey.id, studio.simple_graph(), revision=1, now=studio.now)
    assert caught.value.details == {"revision": 2}


def test_a_new_version_leaves_running_enrolments_on_theirs(studio: Any) -> None:
    journey = publish(studio, studio.simple_graph(wait_days=1))
    studio.send_event("Order Completed", studio.add_customers(1))
    route_events(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        drafts.save_draft(session, journey, studio.simple_graph(wait_days=9), revision=1, now=studio.now)
        second = publishing.publish(session, studio.tenant, journey, user_id=None, now=studio.now)
        versions = list(session.scalars(select(Enrolment.version_id)))
    assert second.number == 2 and second.version_id not in versions


def test_many_workers_route_each_event_once(studio: Any) -> None:
    publish(studio, studio.simple_graph(reentry="never"))
    customers = studio.add_customers(300)
    for _ in range(4):
        studio.send_event("Order Completed", customers)
    with ThreadPoolExecutor(4) as pool:
        routed = list(pool.map(lambda _: route_events(studio.tenant, now=studio.now, limit=100), range(16)))
    assert sum(each.events for each in routed) == 1_200
    assert enrolments(studio) == 300
