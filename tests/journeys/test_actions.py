"""Actions beyond messages: lists, reminders, notifications, points, other journeys; each once for each visit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Notification, Role
from engine.customers.models import Entitlement, FollowUp
from engine.events.models import Event
from engine.journeys import drafts, moves, publishing
from engine.journeys.models import Enrolment, EnrolmentStatus
from engine.segments.membership import add_members
from engine.segments.models import Segment, SegmentMember

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)


@pytest.fixture
def doing(build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey that does this one thing, then ends."""

    def graph(kind: str, **config: Any) -> dict[str, Any]:
        return build(
            [step("t", "trigger.event", event="Order Completed"), step("a", kind, **config)], "t > a"
        )

    return graph


@pytest.fixture
def again(build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey that does this every hour."""

    def graph(kind: str, **config: Any) -> dict[str, Any]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step("a", kind, **config),
            step("w", "wait.duration", duration={"amount": 1, "unit": "hours"}),
        ]
        return build(nodes, "t > a", "a > w", "w > a")

    return graph


def add_list(studio: Any, *members: UUID, dynamic: bool = False) -> UUID:
    segment_id = new_id()
    with tenant_session(studio.tenant) as session:
        session.add(Segment(id=segment_id, tenant_id=studio.tenant, name="Club", is_dynamic=dynamic))
        session.flush()
        if members:
            add_members(session, studio.tenant, segment_id, members, now=studio.now)
    return segment_id


def hire(studio: Any) -> UUID:
    return create_user(
        studio.tenant, f"{new_id().hex}@studio.example", "Asha", Role.RECEPTIONIST, "a good password"
    )


def members_of(studio: Any, segment_id: UUID) -> set[UUID]:
    with tenant_session(studio.tenant) as session:
        return set(
            session.scalars(select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id))
        )


def rows(studio: Any, model: Any) -> list[Any]:
    with tenant_session(studio.tenant) as session:
        return list(session.scalars(select(model).order_by(model.id)))


def fields_of(problems: Any) -> list[tuple[str, str | None, str | None]]:
    return [(each.code, each.node_id, each.field) for each in problems]


# -- lists


def test_customers_are_put_on_a_list_once(studio: Any, doing: Callable[..., Any]) -> None:
    there, new = studio.add_customers(2)
    club = add_list(studio, there)
    studio.begin(doing("action.list", segment_id=str(club), change="add"), [there, new])
    assert members_of(studio, club) == {there, new}
    entered = [each.customer_id for each in rows(studio, Event) if each.name == "segment.entered"]
    assert sorted(entered) == sorted([there, new])


def test_customers_are_taken_off_a_list(studio: Any, doing: Callable[..., Any]) -> None:
    leaving, staying, never = studio.add_customers(3)
    club = add_list(studio, leaving, staying)
    studio.begin(doing("action.list", segment_id=str(club), change="remove"), [leaving, never])
    assert members_of(studio, club) == {staying}


def test_a_rule_behind_it_sees_who_is_on_the_list(studio: Any, build: Build, step: Build) -> None:
    club = add_list(studio)
    rules = {"operator": "AND", "conditions": [{"field": "segment", "op": "eq", "value": str(club)}]}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("a", "action.list", segment_id=str(club)),
        step("b", "branch.rule", rules=rules),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > a", "a > b", "b.yes > x", "b.no > x"), [customer])
    assert studio.ports("b") == {customer: "yes"}


def test_only_a_static_list_can_be_changed(studio: Any, doing: Callable[..., Any]) -> None:
    dynamic = add_list(studio, dynamic=True)
    for segment_id, told in ((dynamic, "Rules decide"), (uuid4(), "does not exist")):
        problems = studio.problems(doing("action.list", segment_id=str(segment_id)))
        assert fields_of(problems) == [("unknown_list", "a", "segment_id")]
        assert told in problems[0].message


# -- reminders and notifications


def test_a_reminder_is_for_a_day_on_the_studios_calendar(studio: Any, doing: Callable[..., Any]) -> None:
    staff = hire(studio)
    late = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # 01:30 on the 3rd in India
    studio.publish(doing("action.followup", in_days=2, note="  Ask how it went ", staff_id=str(staff)))
    (customer,) = studio.add_customers(1, timezone="America/New_York")
    studio.send_event("Order Completed", [customer], at=late)
    studio.pass_time(late)
    (reminder,) = rows(studio, FollowUp)
    assert (reminder.customer_id, reminder.staff_id, reminder.reminder_date) == (
        customer,
        staff,
        date(2026, 3, 5),
    )
    assert (reminder.note, reminder.source) == ("Ask how it went", "journey")


def test_each_visit_makes_its_own_reminder_and_notification_once(
    studio: Any, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("f", "action.followup", in_days=0, note="Call"),
        step("n", "action.notify", text="came back"),
        step("w", "wait.duration", duration={"amount": 1, "unit": "hours"}),
    ]
    studio.begin(build(nodes, "t > f", "f > n", "n > w", "w > f"), studio.add_customers(2))
    studio.pass_time(studio.now + HOUR)
    studio.pass_time(studio.now + HOUR)
    assert len(rows(studio, FollowUp)) == len(rows(studio, Notification)) == 4


def test_the_staff_is_told_who_it_is_about(studio: Any, doing: Callable[..., Any]) -> None:
    (customer,) = studio.add_customers(1, name="Meera Nair")
    studio.begin(doing("action.notify", text="has spent a lot"), [customer])
    (told,) = rows(studio, Notification)
    assert (told.text, told.link) == ("Meera Nair: has spent a lot", f"/customers/{customer}")
    assert (told.user_id, told.kind) == (None, "journey")


def test_one_member_of_staff_alone_is_told(studio: Any, doing: Callable[..., Any]) -> None:
    staff = hire(studio)
    studio.begin(doing("action.notify", text="hello", user_id=str(staff)), studio.add_customers(1))
    assert [each.user_id for each in rows(studio, Notification)] == [staff]


@pytest.mark.parametrize(
    ("kind", "field", "config"),
    [("action.followup", "staff_id", {"note": "Call"}), ("action.notify", "user_id", {"text": "hello"})],
)
def test_staff_who_have_left_are_named_on_the_field(
    studio: Any, doing: Callable[..., Any], kind: str, field: str, config: dict[str, Any]
) -> None:
    problems = studio.problems(doing(kind, **{field: str(uuid4())}, **config))
    assert fields_of(problems) == [("unknown_staff", "a", field)]


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("action.followup", {"note": " "}, "note"),
        ("action.followup", {"note": "x", "in_days": -1}, "in_days"),
        ("action.notify", {"text": ""}, "text"),
        ("action.points", {"points": 0}, "points"),
        ("action.list", {}, "segment_id"),
        ("action.start", {}, "journey_id"),
    ],
)
def test_what_is_not_filled_in_is_named(
    studio: Any, doing: Callable[..., Any], kind: str, config: dict[str, Any], field: str
) -> None:
    assert fields_of(studio.problems(doing(kind, **config))) == [("bad_config", "a", field)]


# -- points


@pytest.mark.parametrize(("valid_days", "expires_on"), [(None, None), (30, date(2026, 4, 1))])
def test_points_are_given_once_for_each_visit(
    studio: Any, again: Callable[..., Any], valid_days: int | None, expires_on: date | None
) -> None:
    (customer,) = studio.add_customers(1)
    studio.begin(again("action.points", points=50, valid_days=valid_days), [customer])
    studio.pass_time(studio.now + HOUR)
    lots = rows(studio, Entitlement)
    assert [(each.customer_id, each.balance, each.expires_on) for each in lots] == [
        (customer, 50, expires_on)
    ] * 2


# -- other journeys


@pytest.fixture
def other(studio: Any, build: Build, step: Build) -> Callable[..., Any]:
    """Publishes a journey that is entered by hand and waits a day."""

    def publish(**settings: Any) -> Any:
        nodes = [step("hand", "trigger.manual"), step("w", "wait.duration")]
        return studio.publish(build(nodes, "hand > w", settings=settings), "Other")

    return publish


def in_journey(studio: Any, journey_id: UUID) -> list[Enrolment]:
    with tenant_session(studio.tenant) as session:
        return list(session.scalars(select(Enrolment).where(Enrolment.journey_id == journey_id)))


def test_another_journey_is_started_with_what_this_one_knows(
    studio: Any, doing: Callable[..., Any], other: Callable[..., Any]
) -> None:
    target = other()
    customers = studio.add_customers(3)
    journey = studio.publish(doing("action.start", journey_id=str(target.id)))
    studio.send_event("Order Completed", customers, total=500)
    studio.pass_time(studio.now)
    entered = in_journey(studio, target.id)
    assert {each.customer_id for each in entered} == set(customers)
    assert {each.trigger_id for each in entered} == {"hand"}
    assert all(each.entry == {"total": 500, "from_journey": str(journey.id)} for each in entered)
    assert {each.status for each in in_journey(studio, journey.id)} == {EnrolmentStatus.COMPLETED}


def test_the_other_journeys_own_rules_say_who_enters(
    studio: Any, doing: Callable[..., Any], other: Callable[..., Any]
) -> None:
    rich = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 100}]}
    target = other(entry_rules=rich)
    (spender,), (saver,) = studio.add_customers(1, total_spend_minor=20_000), studio.add_customers(1)
    studio.begin(doing("action.start", journey_id=str(target.id)), [spender, saver])
    assert [each.customer_id for each in in_journey(studio, target.id)] == [spender]


def test_a_journey_that_is_paused_meanwhile_admits_nobody_and_holds_nobody_up(
    studio: Any, doing: Callable[..., Any], other: Callable[..., Any]
) -> None:
    target = other()
    journey = studio.publish(doing("action.start", journey_id=str(target.id)))
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, target.id, "pause", user_id=None, now=studio.now)
    studio.send_event("Order Completed", studio.add_customers(1))
    studio.pass_time(studio.now)
    assert in_journey(studio, target.id) == []
    assert [each.status for each in in_journey(studio, journey.id)] == [EnrolmentStatus.COMPLETED]


def test_only_a_live_journey_with_a_manual_trigger_can_be_started(
    studio: Any, doing: Callable[..., Any], other: Callable[..., Any]
) -> None:
    by_event = studio.publish(studio.simple_graph(), "By event")
    target = other()
    assert studio.problems(doing("action.start", journey_id=str(target.id))) == []
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, target.id, "stop", user_id=None, now=studio.now)
    for journey_id in (by_event.id, target.id, uuid4()):
        problems = studio.problems(doing("action.start", journey_id=str(journey_id)))
        assert fields_of(problems) == [("unknown_journey", "a", "journey_id")]


def test_journeys_that_start_each_other_go_round_once_an_hour(studio: Any, build: Build, step: Build) -> None:
    def circle(target: UUID | None) -> dict[str, Any]:
        nodes = [step("t", "trigger.event", event="Order Completed"), step("hand", "trigger.manual")]
        if target is None:
            return build([*nodes, step("x", "exit")], "t > x", "hand > x", settings={"reentry": "always"})
        nodes.append(step("a", "action.start", journey_id=str(target)))
        return build(nodes, "t > a", "hand > a", settings={"reentry": "always"})

    first = studio.publish(circle(None), "First")
    second = studio.publish(circle(first.id), "Second")
    with tenant_session(studio.tenant) as session:
        drafts.save_draft(session, first.id, circle(second.id), revision=1, now=studio.now)
        publishing.publish(session, studio.tenant, first.id, user_id=None, now=studio.now)
    studio.send_event("Order Completed", studio.add_customers(1))
    studio.pass_time(studio.now)
    assert len(in_journey(studio, first.id)) + len(in_journey(studio, second.id)) <= 4


def test_who_is_in_the_other_journey_already_does_not_enter_it_twice(
    studio: Any, again: Callable[..., Any], other: Callable[..., Any]
) -> None:
    target = other(reentry="always")
    (customer,) = studio.add_customers(1)
    studio.begin(again("action.start", journey_id=str(target.id)), [customer])
    studio.pass_time(studio.now + 2 * HOUR)
    assert len(in_journey(studio, target.id)) == 1
