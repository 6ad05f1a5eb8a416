"""Entering by hand: by the API, or by a button of the staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.http.api import create_api
from engine.core.accounts import create_key
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import KeyKind
from engine.customers.profiles import Profile, save_profiles
from engine.journeys import drafts, publishing
from engine.journeys.by_hand import BEFORE, CLOSED, INSIDE, UNFIT, EnrolledByHand, enrol_by_hand
from engine.journeys.interpreter import advance_due
from tests.journeys.calendars import Calendar
from tests.journeys.conftest import graph_of, node


@pytest.fixture
def calendar(studio: Any) -> Calendar:
    return Calendar(studio)


def publish(calendar: Calendar, trigger: str = "trigger.manual", **settings: Any) -> UUID:
    """A journey in which one waits for a day."""
    nodes = [node("t", trigger), node("w", "wait.duration", duration={"amount": 1, "unit": "days"})]
    with tenant_session(calendar.tenant) as session:
        journey = drafts.create_journey(
            session,
            calendar.tenant,
            "Welcome",
            user_id=None,
            now=calendar.studio.now,
            graph=graph_of(nodes, "t > w", settings=settings),
        )
        publishing.publish(session, calendar.tenant, journey.id, user_id=None, now=calendar.studio.now)
        return journey.id


def by_hand(
    calendar: Calendar, journey: UUID, customers: list[UUID], *, key: str | None = None, **data: Any
) -> EnrolledByHand:
    with tenant_session(calendar.tenant) as session:
        return enrol_by_hand(
            session, calendar.tenant, journey, customers, data=data, key=key, now=calendar.studio.now
        )


def test_those_who_are_named_enter_with_what_they_bring(calendar: Calendar) -> None:
    journey = publish(calendar)
    customers = calendar.studio.add_customers(3)
    done = by_hand(calendar, journey, [*customers, customers[0]], voucher="YOGA10")
    assert (done.entered, done.refused, done.unknown) == (customers, {}, [])
    assert calendar.entries() == [{"voucher": "YOGA10"}] * 3


def test_the_same_key_lets_in_once_and_answers_the_same(calendar: Calendar) -> None:
    journey = publish(calendar, reentry="always")
    customers = calendar.studio.add_customers(2)
    first = by_hand(calendar, journey, customers, key="call 1")
    assert by_hand(calendar, journey, customers, key="call 1") == first
    assert len(calendar.enrolments()) == 2


def test_those_who_cannot_enter_are_named_with_the_reason(calendar: Calendar) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "city", "op": "ne", "value": "Pune"}]}
    journey = publish(calendar, entry_rules=rules)
    inside, unfit, unknown = calendar.add(), calendar.add(city="Pune"), new_id()
    erased = calendar.add(erased_at=calendar.studio.now)
    by_hand(calendar, journey, [inside])
    done = by_hand(calendar, journey, [inside, unfit, unknown, erased])
    assert done.refused == {INSIDE: [inside], UNFIT: [unfit]}
    assert set(done.unknown) == {unknown, erased}


def test_who_was_in_it_before_is_told_so(calendar: Calendar) -> None:
    journey = publish(calendar)
    somebody = calendar.add()
    by_hand(calendar, journey, [somebody])
    advance_due(calendar.tenant, now=calendar.studio.now)
    with tenant_session(calendar.tenant) as session:
        session.connection().exec_driver_sql("UPDATE enrolments SET status = 'completed', due_at = NULL")
    assert by_hand(calendar, journey, [somebody]).refused == {BEFORE: [somebody]}


def test_a_journey_whose_days_are_over_lets_nobody_in(calendar: Calendar) -> None:
    journey = publish(calendar, ends_on="2026-03-01")
    somebody = calendar.add()
    assert by_hand(calendar, journey, [somebody]).refused == {CLOSED: [somebody]}


def test_who_was_merged_enters_as_who_took_over(calendar: Calendar) -> None:
    journey = publish(calendar)
    stays = calendar.add()
    gone = calendar.add(merged_into=stays)
    assert by_hand(calendar, journey, [gone, stays]).entered == [stays]


def test_only_a_live_journey_with_a_manual_trigger_can_be_entered(calendar: Calendar) -> None:
    somebody = calendar.add()
    with pytest.raises(NotFound):
        by_hand(calendar, new_id(), [somebody])
    with pytest.raises(Conflict, match="cannot be entered by hand"):
        by_hand(calendar, publish(calendar, "trigger.form"), [somebody])
    journey = publish(calendar)
    calendar.move(journey, "pause", at=calendar.studio.now)
    with pytest.raises(Conflict, match="only a live journey"):
        by_hand(calendar, journey, [somebody])
    with pytest.raises(InvalidInput, match="10,000"):
        by_hand(calendar, journey, [new_id() for _ in range(10_001)])


# -- REST


@pytest.fixture
def api(calendar: Calendar, now: datetime) -> TestClient:
    """A client that bears the tenant's API key."""
    with tenant_session(calendar.tenant) as session:
        key = create_key(session, calendar.tenant, KeyKind.API, "tests", actor="system", now=now)
    return TestClient(create_api(), headers={"Authorization": f"Bearer {key}"})


def test_the_api_takes_customers_by_any_of_their_names(calendar: Calendar, api: TestClient) -> None:
    journey = publish(calendar)
    people = [
        Profile(user_id="u0", email="a@example.com"),
        Profile(user_id="u1", phone="+919820012345"),
        Profile(user_id="u2"),
    ]
    with tenant_session(calendar.tenant) as session:
        saved = save_profiles(session, calendar.tenant, people, source="test", now=calendar.studio.now)
    ids = [str(each.customer_id) for each in saved]
    names: list[Any] = [
        {"email": "A@Example.com"},
        {"phone": "98200 12345"},
        {"external_id": "u2"},
        ids[0],
        {"id": ids[1]},
        {"external_id": "nobody"},
        {"email": "nonsense"},
        str(UUID(int=7)),
    ]
    body = {"customers": names, "data": {"plan": "gold"}, "idempotency_key": "k"}
    answer = api.post(f"/api/v1/journeys/{journey}/enrol", json=body).json()["data"]
    assert sorted(answer["entered"]) == sorted(ids)
    assert answer["refused"] == []
    assert answer["unknown"] == [{"external_id": "nobody"}, {"email": "nonsense"}, {"id": str(UUID(int=7))}]
    assert api.post(f"/api/v1/journeys/{journey}/enrol", json=body).json()["data"] == answer
    again = api.post(f"/api/v1/journeys/{journey}/enrol", json=body | {"idempotency_key": "l"}).json()["data"]
    assert [each["reason"] for each in again["refused"]] == [INSIDE]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customers": []}, "customers"),
        ({}, "customers"),
        ({"customers": ["not an id"]}, "customers.0"),
        ({"customers": [{"email": "a@example.com", "phone": "+919820012345"}]}, "customers.0"),
        ({"customers": [{"nickname": "A"}]}, "customers.0"),
        ({"customers": [{"external_id": "a\0b"}]}, "customers.0"),
        ({"customers": [str(UUID(int=1))], "data": {"a": "\0"}}, "data"),
        ({"customers": [str(UUID(int=1))], "data": {"a": "x" * 40_000}}, "data"),
        ({"customers": [str(UUID(int=number)) for number in range(10_001)]}, "customers"),
    ],
)
def test_what_the_api_cannot_take_is_named(
    calendar: Calendar, api: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = api.post(f"/api/v1/journeys/{publish(calendar)}/enrol", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"].startswith(field)


def test_the_api_says_why_a_journey_cannot_be_entered(calendar: Calendar, api: TestClient) -> None:
    body = {"customers": [str(calendar.add())]}
    assert api.post(f"/api/v1/journeys/{new_id()}/enrol", json=body).status_code == 404
    answer = api.post(f"/api/v1/journeys/{publish(calendar, 'trigger.form')}/enrol", json=body)
    assert answer.status_code == 409
    assert "cannot be entered by hand" in answer.json()["error"]["message"]
