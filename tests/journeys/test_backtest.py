"""Backtests piece by piece: who enters, what is held or refused, what it brings; and running in the background."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text, update

from engine.core.db import reading_session, tenant_session
from engine.core.doors import Work, tenants_with
from engine.core.errors import Conflict, InvalidGraph, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import TenantSettings
from engine.customers.consent import ConsentWish, change_consents, opt_out
from engine.customers.models import Appointment, ConsentState, Customer, Entitlement, Inquiry, Purpose
from engine.delivery.models import Message, MessageRate
from engine.events.models import Event, QueuedEvent
from engine.journeys import drafts
from engine.journeys.backtest.asking import (
    ask_backtest,
    cancel_backtest,
    latest_backtest,
    list_passages,
    load_backtest,
)
from engine.journeys.backtest.grid import Grid, grid_between, last_days
from engine.journeys.backtest.models import Backtest, BacktestStatus
from engine.journeys.backtest.running import DEAD_AFTER, KEPT, delete_old_backtests, run_backtest
from engine.journeys.backtest.stage import Played, play
from engine.journeys.graph import read_graph
from engine.journeys.models import Enrolment, Step
from engine.journeys.plan import compile_plan
from engine.worker.work import KINDS
from tests.journeys.conftest import Graph, Studio, graph_of, node

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 2, 2, 4, 30, tzinfo=UTC)
"""A Monday, ten in India."""


def played(studio: Studio, graph: Graph, *, days: float = 10, step: timedelta = HOUR, **more: Any) -> Played:
    """What a backtest of this graph finds from `START` on."""
    read, problems = read_graph(graph)
    assert read is not None, problems
    plan = compile_plan(read, version_id=new_id(), journey_id=new_id())
    with reading_session(studio.tenant) as session:
        grid = Grid(START, START + timedelta(days=days), step, DAY)
        return play(session, plan, grid, tell_messages=True, **more)


def happen(studio: Studio, name: str, who: list[UUID], at: datetime, **properties: Any) -> None:
    studio.send_event(name, who, at=at, **properties)


def agreed(studio: Studio, number: int, **columns: Any) -> list[UUID]:
    """Customers who agreed to WhatsApp before the time that is played."""
    ids = studio.add_customers(number)
    with tenant_session(studio.tenant) as session:
        for each in ids:
            own = {"phone": f"+91{each.int % 10**10:010}", "email": f"{each.hex}@example.in"}
            session.execute(update(Customer).where(Customer.id == each).values(**(own | columns)))
        session.flush()
        wishes = [
            ConsentWish(each, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form") for each in ids
        ]
        change_consents(session, studio.tenant, wishes, actor="customer", now=START - 90 * DAY)
    return ids


def one_message(studio: Studio, trigger: dict[str, Any], **settings: Any) -> Graph:
    message = node("m", "action.message", channel="whatsapp", template_id=str(studio.template))
    return graph_of([trigger, message], "t > m", settings={"reentry": "always"} | settings)


def on_event(studio: Studio, name: str = "Signed Up", **settings: Any) -> Graph:
    return one_message(studio, node("t", "trigger.event", event=name), **settings)


def moments(found: Played) -> list[datetime]:
    return [each.entered_at for each in found.passages]


# Who enters


def test_an_event_lets_in_at_the_next_tick_whom_the_rules_fit(studio: Studio) -> None:
    rich, poor = agreed(studio, 2)
    happen(studio, "Signed Up", [rich], START + 90 * timedelta(minutes=1), plan="gold")
    happen(studio, "Signed Up", [poor], START + 90 * timedelta(minutes=1), plan="basic")
    gold = {"operator": "AND", "conditions": [{"field": "event.plan", "op": "eq", "value": "gold"}]}
    found = played(studio, one_message(studio, node("t", "trigger.event", event="Signed Up", filter=gold)))
    assert [(each.customer_id, each.entered_at) for each in found.passages] == [(rich, START + 2 * HOUR)]


def test_reentry_cooldown_dates_and_branches_keep_customers_out(studio: Studio) -> None:
    (who,) = agreed(studio, 1)
    for day in (0, 1, 4, 8):
        happen(studio, "Signed Up", [who], START + day * DAY + HOUR)
    for settings, expected in (
        ({"reentry": "never"}, [0]),
        ({"reentry": "after_days", "reentry_days": 4}, [0, 4, 8]),
        ({"reentry": "always"}, [0, 1, 4, 8]),
        ({"reentry": "always", "starts_on": "2026-02-03", "ends_on": "2026-02-06"}, [1, 4]),
        ({"reentry": "always", "branch_ids": [str(new_id())]}, []),
    ):
        found = played(studio, on_event(studio, **settings))
        assert moments(found) == [START + day * DAY + HOUR for day in expected], settings
    cooled = one_message(studio, node("t", "trigger.event", event="Signed Up", cooldown_days=3))
    assert moments(played(studio, cooled)) == [START + day * DAY + HOUR for day in (0, 4, 8)]


def test_the_calendar_lets_in_what_it_knew_at_the_time(studio: Studio) -> None:
    born, came, held, carted, asked = agreed(studio, 5, timezone="Asia/Kolkata")
    ten = datetime(2026, 2, 6, 4, 30, tzinfo=UTC)
    with tenant_session(studio.tenant) as session:
        session.execute(update(Customer).where(Customer.id == born).values(birthday=date(1990, 2, 6)))
        for at in (ten - 3 * DAY, ten + 2 * DAY):
            session.add(
                Appointment(
                    tenant_id=studio.tenant,
                    customer_id=came,
                    external_id=str(new_id()),
                    service="Haircut",
                    status="completed",
                    starts_at=at,
                    created_at=at,
                    updated_at=at,
                )
            )
        session.add(
            Entitlement(
                tenant_id=studio.tenant,
                customer_id=held,
                kind="membership",
                external_id="m1",
                status="cancelled",
                expires_on=date(2026, 2, 9),
                created_at=START,
                updated_at=ten + DAY,
            )
        )
        session.add(
            Inquiry(
                tenant_id=studio.tenant,
                customer_id=asked,
                subject="Price",
                source="form",
                status="answered",
                created_at=ten - 2 * DAY,
                updated_at=ten + HOUR,
            )
        )
    happen(studio, "Cart Viewed", [carted], ten - HOUR)
    happen(studio, "Order Completed", [carted], ten + 5 * HOUR)
    triggers: dict[str, tuple[UUID, dict[str, Any]]] = {
        "trigger.birthday": (born, {"occasion": "birthday", "days": 0, "at": "10:00"}),
        "trigger.quiet": (came, {"what": "visit", "days": 3, "at": "10:00"}),
        "trigger.expiry": (held, {"kind": "membership", "days": 3, "at": "10:00"}),
        "trigger.cart": (carted, {"minutes": 60}),
        "trigger.inquiry": (asked, {"days": 2, "at": "10:00"}),
    }
    for kind, (who, config) in triggers.items():
        found = played(studio, one_message(studio, {**node("t", kind), "config": config}))
        entered = [(each.customer_id, each.entered_at) for each in found.passages]
        assert (who, ten) in entered, kind
        assert {customer for customer, _ in entered} == {who}, kind


# What the guard says


def test_messages_wait_for_the_morning_where_each_customer_lives(studio: Studio) -> None:
    night = datetime(2026, 2, 3, 19, 30, tzinfo=UTC)
    (india,), (york,) = (
        agreed(studio, 1, timezone="Asia/Kolkata"),
        agreed(studio, 1, timezone="America/New_York"),
    )
    happen(studio, "Signed Up", [india, york], night)
    found = played(studio, on_event(studio))
    left = {each.customer_id: each.at for each in found.messages}
    assert left[york] == night
    with tenant_session(studio.tenant) as session:
        opens = session.scalars(select(TenantSettings.send_window_start)).one()
    local = left[india] + timedelta(hours=5, minutes=30)
    assert local.date() == date(2026, 2, 4)
    assert time(opens.hour, opens.minute) <= local.time() < time(opens.hour + 1, opens.minute)
    held = found.result.steps[1].held["MARKETING_050"]
    assert (found.result.held, found.result.capped, held.messages) == (1, 0, 1)
    assert held.longest_seconds > 6 * 3600


def test_real_messages_and_those_of_the_draft_count_towards_the_limits(studio: Studio) -> None:
    told, new = agreed(studio, 2)
    with tenant_session(studio.tenant) as session:
        session.execute(
            update(TenantSettings).values(
                daily_message_limit_per_customer=1, weekly_message_limit_per_customer=9
            )
        )
        session.execute(insert(Message), [real_message(studio, told, START + HOUR)])
    happen(studio, "Signed Up", [told, new], START + 3 * HOUR)
    happen(studio, "Signed Up", [new], START + 4 * HOUR)
    found = played(studio, on_event(studio))
    assert [each.at.date() for each in found.messages if each.customer_id == told] == [date(2026, 2, 3)]
    assert [each.at.date().day for each in found.messages if each.customer_id == new] == [2, 3]
    assert (found.result.held, found.result.capped) == (2, 2)


def real_message(studio: Studio, who: UUID, at: datetime, **columns: Any) -> dict[str, Any]:
    usual = {"channel": "email", "purpose": "marketing", "message_type": "trigger", "status": "sent"}
    ids = {"id": new_id(), "tenant_id": studio.tenant, "dedupe_key": new_id(), "customer_id": who}
    return ids | usual | {"due_at": at, "admitted_at": at, "sent_at": at, "created_at": at} | columns


def test_a_journeys_own_real_messages_are_those_the_draft_replaces(studio: Studio) -> None:
    (who,) = agreed(studio, 1)
    graph = on_event(studio)
    read, _ = read_graph(graph)
    assert read is not None
    plan = compile_plan(read, version_id=new_id(), journey_id=new_id())
    with tenant_session(studio.tenant) as session:
        session.execute(update(TenantSettings).values(daily_message_limit_per_customer=1))
        own = real_message(studio, who, START + HOUR, journey_id=plan.journey_id)
        session.execute(insert(Message), [own])
    happen(studio, "Signed Up", [who], START + 2 * HOUR)
    with reading_session(studio.tenant) as session:
        found = play(session, plan, Grid(START, START + DAY, HOUR, DAY))
    assert (found.result.sent, found.result.held) == (1, 0)


def test_consent_counts_as_it_was_and_what_was_imported_as_given_before(studio: Studio) -> None:
    asha, late, brought = studio.add_customers(3, phone="+919876543210")
    with tenant_session(studio.tenant) as session:
        for who, source, at in (
            (asha, "form", START - DAY),
            (late, "form", START + 5 * DAY),
            (brought, "import", START + 9 * DAY),
        ):
            wish = ConsentWish(who, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, source)
            change_consents(session, studio.tenant, [wish], actor="customer", now=at)
    for day in (1, 3, 6):
        happen(studio, "Signed Up", [asha, late, brought], START + day * DAY)
    with tenant_session(studio.tenant) as session:
        opt_out(
            session,
            studio.tenant,
            asha,
            channel="whatsapp",
            source="link",
            actor="customer",
            now=START + 2 * DAY,
        )
    found = played(studio, on_event(studio))
    days = {
        who: [(each.at - START).days for each in found.messages if each.customer_id == who]
        for who in (asha, late, brought)
    }
    assert days[asha] == [1]
    assert 6 not in days[brought]  # the shared number was suppressed on the second day
    assert days[brought] == [1]
    refused = {each.code: each.messages for each in found.result.refusals}
    assert refused["MARKETING_010"] == 2
    assert found.result.skipped == 7


def test_the_budget_ends_and_the_rest_waits_for_the_next_month(studio: Studio) -> None:
    ids = agreed(studio, 4)
    with tenant_session(studio.tenant) as session:
        session.execute(update(TenantSettings).values(monthly_budget_minor=300))
        session.add(
            MessageRate(
                tenant_id=studio.tenant,
                channel="whatsapp",
                category="marketing",
                country="*",
                price_micro=1_000_000,
            )
        )
        session.add(
            MessageRate(
                tenant_id=studio.tenant,
                channel="whatsapp",
                category="marketing",
                country="IN",
                price_micro=1_000_000,
            )
        )
        session.execute(
            insert(Message),
            [real_message(studio, ids[0], START + HOUR, cost_micro=1_000_000, currency="INR")],
        )
    happen(studio, "Signed Up", ids[1:], START + 3 * HOUR)
    found = played(studio, on_event(studio), days=35)
    assert [(each.at + timedelta(hours=6)).month for each in found.messages] == [
        2,
        2,
        3,
    ] or found.result.skipped == 1
    assert found.result.steps[1].held["MARKETING_023"].messages == 1
    february = [cost for cost in found.result.costs if cost.month == date(2026, 2, 1)]
    assert [(cost.channel, cost.messages, cost.cost_micro) for cost in february] == [
        ("whatsapp", 2, 2_000_000)
    ]


# What comes of it


def test_a_goal_within_its_time_is_a_conversion_with_what_it_brought(studio: Studio) -> None:
    soon, late, never = agreed(studio, 3)
    happen(studio, "Signed Up", [soon, late, never], START + HOUR)
    happen(studio, "Order Completed", [soon], START + 2 * DAY, total="499.50", currency="INR")
    happen(studio, "Order Completed", [soon], START + 3 * DAY, total=100, currency="INR")
    happen(studio, "Order Completed", [late], START + 6 * DAY, total=100, currency="INR")
    wait = node("w", "wait.duration", duration={"amount": 4, "unit": "days"})
    message = node("m", "action.message", channel="whatsapp", template_id=str(studio.template))
    graph = graph_of(
        [node("t", "trigger.event", event="Signed Up"), wait, message],
        "t > w",
        "w > m",
        settings={"goal_event": "Order Completed", "goal_days": 5, "leave_on_goal": True},
    )
    found = played(studio, graph)
    assert (found.result.converted, found.result.revenue_minor) == (1, 49_950)
    assert {each.customer_id for each in found.messages} == {late, never}
    assert found.result.outcomes == {"Reached the goal: Order Completed": 1, "Came to the end": 2}
    assert sum(day.converted for day in found.result.days) == 1


def test_who_stands_where_at_the_end_and_who_went_which_way(studio: Studio) -> None:
    ids = agreed(studio, 3)
    happen(studio, "Signed Up", ids, START + HOUR)
    happen(studio, "Visited", ids[:2], START + DAY)
    nodes = [
        node("t", "trigger.event", event="Signed Up"),
        node("e", "wait.event", event="Visited", timeout={"amount": 30, "unit": "days"}),
        node("g", "action.tag", add=["seen"]),
        node("x", "exit"),
    ]
    found = played(studio, graph_of(nodes, "t > e", "e.happened > g", "e.timeout > x"))
    steps = {step.node_id: step for step in found.result.steps}
    assert (steps["t"].passed, steps["e"].here, dict(steps["e"].ports)) == (3, 1, {"happened": 2})
    assert steps["g"].effects == {"ChangeTags": 2}
    assert (found.result.finished, found.result.on_the_way) == (2, 1)
    assert any("stay as they are" in sentence for sentence in found.result.assumptions)
    with tenant_session(studio.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Customer).where(Customer.tags != [])) == 0


def test_turns_are_taken_at_a_steady_rate(studio: Studio) -> None:
    ids = agreed(studio, 5)
    nodes = [
        node("t", "trigger.event", event="Order Completed"),
        node("w", "wait.rate", amount=2, per="hour"),
        node("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
    ]
    read, _ = read_graph(graph_of(nodes, "t > w", "w > m"))
    assert read is not None
    plan = compile_plan(read, version_id=new_id(), journey_id=new_id())
    half = timedelta(minutes=30)
    with reading_session(studio.tenant) as session:
        grid = Grid(START, START + DAY, half, DAY)
        chosen = dict.fromkeys(ids, plan.triggers[0])
        found = play(session, plan, grid, chosen=chosen, tell_messages=True)
    assert [each.at - START for each in found.messages] == [number * half for number in range(5)]


# Nothing is written


TABLES = (Enrolment, Step, Message, Event, QueuedEvent)


def test_a_backtest_writes_nothing_and_could_not(studio: Studio) -> None:
    happen(studio, "Signed Up", agreed(studio, 5), START + HOUR)

    def rows() -> list[int]:
        with tenant_session(studio.tenant) as session:
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]

    before = rows()
    assert played(studio, on_event(studio)).result.sent == 5
    assert rows() == before
    with pytest.raises(Exception, match="read-only"), reading_session(studio.tenant) as session:
        session.execute(text("UPDATE customers SET name = 'x'"))


# In the background


def draft(studio: Studio, graph: Graph) -> UUID:
    with tenant_session(studio.tenant) as session:
        name = f"Draft {new_id()}"
        return drafts.create_journey(
            session, studio.tenant, name, user_id=None, now=studio.now, graph=graph
        ).id


def ask(studio: Studio, journey_id: UUID, days: int = 30) -> UUID:
    with tenant_session(studio.tenant) as session:
        return ask_backtest(session, studio.tenant, journey_id, days, user_id=None, now=studio.now)


def look(studio: Studio, backtest_id: UUID) -> Any:
    with tenant_session(studio.tenant) as session:
        return load_backtest(session, backtest_id)


def test_a_worker_finds_it_runs_it_and_keeps_what_it_found(studio: Studio) -> None:
    ids = agreed(studio, 3, name="Asha Verma")
    happen(studio, "Signed Up", ids, studio.now - 2 * DAY)
    journey_id = draft(studio, on_event(studio))
    backtest_id = ask(studio, journey_id)
    assert studio.tenant in tenants_with(Work.BACKTESTS, now=studio.now)
    assert look(studio, backtest_id).status is BacktestStatus.QUEUED
    assert KINDS[Work.BACKTESTS].batch(studio.tenant) == 1
    assert KINDS[Work.BACKTESTS].batch(studio.tenant) == 0
    assert studio.tenant not in tenants_with(Work.BACKTESTS, now=studio.now)
    found = look(studio, backtest_id)
    assert (found.status, found.progress, found.is_stale) == (BacktestStatus.DONE, 1.0, False)
    assert (found.result["entered"], found.result["sent"]) == (3, 3)
    with tenant_session(studio.tenant) as session:
        rows, total = list_passages(session, backtest_id, search="verma", size=2)
        assert (len(rows), total) == (2, 3)
        assert [line["what"] for line in rows[0].passage["story"]] == ["step", "step", "sent"]
        assert list_passages(session, backtest_id, search="nobody") == ([], 0)
        journey = drafts.load_journey(session, journey_id)
        drafts.save_draft(session, journey_id, journey.draft, revision=journey.revision, now=studio.now)
        newest = latest_backtest(session, journey_id)
        assert newest is not None
        assert newest.is_stale


def test_one_at_a_time_and_a_cancelled_one_makes_room(studio: Studio) -> None:
    journey_id = draft(studio, on_event(studio))
    first = ask(studio, journey_id)
    with pytest.raises(Conflict):
        ask(studio, journey_id)
    with tenant_session(studio.tenant) as session:
        assert cancel_backtest(session, first, now=studio.now).status is BacktestStatus.CANCELLED
    second = ask(studio, journey_id)
    assert run_backtest(studio.tenant, clock=lambda: studio.now) == 1
    assert look(studio, first).status is BacktestStatus.CANCELLED
    assert look(studio, second).status is BacktestStatus.DONE


def test_cancelling_ends_it_at_the_next_beat(studio: Studio) -> None:
    journey_id = draft(studio, on_event(studio))
    backtest_id = ask(studio, journey_id, 365)
    looked: list[float] = []

    def clock() -> datetime:
        with tenant_session(studio.tenant) as session:
            row = session.get_one(Backtest, backtest_id)
            looked.append(row.progress)
        if len(looked) == 3:
            with tenant_session(studio.tenant) as session:
                cancel_backtest(session, backtest_id, now=studio.now)
        return studio.now

    run_backtest(studio.tenant, clock=clock)
    found = look(studio, backtest_id)
    assert (found.status, found.result) == (BacktestStatus.CANCELLED, None)


def test_one_whose_worker_died_does_not_run_for_ever(studio: Studio) -> None:
    backtest_id = ask(studio, draft(studio, on_event(studio)))
    with tenant_session(studio.tenant) as session:
        session.execute(update(Backtest).values(status="running", beat_at=studio.now))
    late = studio.now + DEAD_AFTER + timedelta(seconds=1)
    assert studio.tenant not in tenants_with(Work.BACKTESTS, now=studio.now)
    assert studio.tenant in tenants_with(Work.BACKTESTS, now=late)
    assert run_backtest(studio.tenant, clock=lambda: late) == 0
    assert look(studio, backtest_id).status is BacktestStatus.FAILED


def test_what_cannot_be_asked_is_refused_in_words(studio: Studio) -> None:
    good = draft(studio, on_event(studio))
    for days in (0, 366):
        with pytest.raises(InvalidInput, match="days"):
            ask(studio, good, days)
    with pytest.raises(InvalidGraph):
        ask(studio, draft(studio, graph_of([node("x", "exit")])))
    with pytest.raises(NotFound):
        ask(studio, new_id())
    with pytest.raises(NotFound):
        look(studio, new_id())


def test_old_results_are_deleted(studio: Studio) -> None:
    backtest_id = ask(studio, draft(studio, on_event(studio)))
    run_backtest(studio.tenant, clock=lambda: studio.now)
    with tenant_session(studio.tenant) as session:
        assert delete_old_backtests(session, studio.tenant, now=studio.now + KEPT) == 0
        assert delete_old_backtests(session, studio.tenant, now=studio.now + KEPT + HOUR) == 1
    with pytest.raises(NotFound):
        look(studio, backtest_id)


def test_the_longer_the_time_the_coarser_the_clock() -> None:
    now = datetime(2026, 3, 2, 10, 7, tzinfo=UTC)
    steps = {days: last_days(days, now=now).step for days in (30, 90, 365)}
    assert steps == {30: HOUR / 4, 90: HOUR / 2, 365: HOUR}
    month = last_days(30, now=now)
    assert (month.until, month.until - month.start) == (datetime(2026, 3, 2, 10, 0, tzinfo=UTC), 30 * DAY)
    assert grid_between(now, now + DAY).done(now + DAY / 2) == 0.5
