"""The interpreter's shell on a real database: batches, effects, exactly once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.core.db import tenant_session
from engine.customers.models import Customer
from engine.delivery.models import Message, OutgoingWebhook
from engine.journeys import drafts, interpreter, publishing
from engine.journeys.counts import fold_counts, node_counts
from engine.journeys.directory import JourneyQuery, list_journeys
from engine.journeys.entries import route_events
from engine.journeys.explain import explain_customer
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, EnrolmentStatus, Step

Build = Callable[..., dict[str, Any]]


def start(studio: Any, graph: dict[str, Any], customers: list[Any], event: str = "Order Completed") -> Any:
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
        )
        published = publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    studio.send_event(event, customers)
    route_events(studio.tenant, now=studio.now)
    return published


def test_a_message_is_queued_when_its_wait_is_over_and_not_before(studio: Any) -> None:
    start(studio, studio.simple_graph(wait_days=1), studio.add_customers(2))
    assert advance_due(studio.tenant, now=studio.now).effects == 0
    assert advance_due(studio.tenant, now=studio.now + timedelta(hours=23)).enrolments == 0
    assert advance_due(studio.tenant, now=studio.now + timedelta(days=1)).effects == 2
    with tenant_session(studio.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 2


def test_a_branch_asks_the_customers_present_facts(studio: Any, build: Build, step: Build) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 1000}]}
    graph = build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("b", "branch.rule", rules=rules),
            step("vip", "action.tag", add=["vip"]),
            step("x", "exit"),
        ],
        "t > b",
        "b.yes > vip",
        "b.no > x",
    )
    rich, poor = (
        studio.add_customers(3, total_spend_minor=100_001),
        studio.add_customers(2, total_spend_minor=100_000),
    )
    start(studio, graph, rich + poor)
    advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        tagged = set(session.scalars(select(Customer.id).where(Customer.tags == ["vip"])))
    assert tagged == set(rich)


def test_a_rule_after_a_tag_sees_the_tag(studio: Any, build: Build, step: Build) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "tags", "op": "contains", "value": "new"}]}
    graph = build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("a", "action.tag", add=["new"]),
            step("b", "branch.rule", rules=rules),
            step("y", "action.tag", add=["seen"]),
            step("x", "exit"),
        ],
        "t > a",
        "a > b",
        "b.yes > y",
        "b.no > x",
    )
    customers = studio.add_customers(2)
    start(studio, graph, customers)
    while advance_due(studio.tenant, now=studio.now).enrolments:
        pass
    with tenant_session(studio.tenant) as session:
        assert set(session.scalars(select(Customer.id).where(Customer.tags == ["new", "seen"]))) == set(
            customers
        )


def test_an_attribute_that_a_journey_sets_is_seen_by_the_next_rule(
    studio: Any, build: Build, step: Build
) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "attribute.class", "op": "eq", "value": "pottery"}]}
    graph = build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("a", "action.attribute", name="class", value="pottery"),
            step("b", "branch.rule", rules=rules),
            step("c", "action.attribute", name="old", value=""),
            step("x", "exit"),
        ],
        "t > a",
        "a > b",
        "b.yes > c",
        "b.no > x",
    )
    customers = studio.add_customers(2, attributes={"old": "weaving", "shoe_size": 38})
    start(studio, graph, customers)
    while advance_due(studio.tenant, now=studio.now).enrolments:
        pass
    with tenant_session(studio.tenant) as session:
        kept = session.scalars(select(Customer.attributes)).all()
    assert kept == [{"class": "pottery", "shoe_size": 38}] * 2


def test_a_webhook_is_queued_once_for_each_visit(studio: Any, build: Build, step: Build) -> None:
    graph = build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("h", "action.webhook", url="https://example.com/hook"),
            step("w", "wait.duration", duration={"amount": 1, "unit": "hours"}),
        ],
        "t > h",
        "h > w",
        "w > h",
    )
    start(studio, graph, studio.add_customers(1))
    for hour in range(3):
        advance_due(studio.tenant, now=studio.now + timedelta(hours=hour))
    with tenant_session(studio.tenant) as session:
        assert session.scalar(select(func.count()).select_from(OutgoingWebhook)) == 3


def test_many_workers_do_each_enrolment_once(studio: Any) -> None:
    start(studio, studio.simple_graph(wait_days=None), studio.add_customers(500))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: advance_due(studio.tenant, now=studio.now, limit=60), range(20)))
    assert sum(each.enrolments for each in done) == 500
    with tenant_session(studio.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 500
        assert session.scalar(select(func.count()).select_from(Step)) == 1_000


def test_a_batch_that_fails_half_way_leaves_no_trace(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start(studio, studio.simple_graph(wait_days=None), studio.add_customers(5))

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as power, pytest.raises(RuntimeError):
        power.setattr(interpreter, "apply_effects", crash)
        advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Step)) == 0
    assert advance_due(studio.tenant, now=studio.now).effects == 5


def test_counts_on_the_canvas_equal_the_log(studio: Any) -> None:
    published = start(studio, studio.simple_graph(wait_days=1), studio.add_customers(7))
    advance_due(studio.tenant, now=studio.now)
    studio.send_event("Order Completed", studio.add_customers(2))
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        before = node_counts(session, published.version_id)
        fold_counts(session, studio.tenant)
        after = node_counts(session, published.version_id)
        log = {
            row[0]: row[1]
            for row in session.execute(select(Step.node_id, func.count()).group_by(Step.node_id))
        }
        (row,) = list_journeys(session, JourneyQuery(), since=studio.now - timedelta(hours=1)).rows
    assert before == after
    assert after["t"].passed == log["t"] == 9 and after["w"].here == 9
    assert (row.entered, row.in_progress, row.completed) == (9, 9, 0)


def test_an_enrolment_explains_itself(studio: Any) -> None:
    (customer,) = studio.add_customers(1)
    start(studio, studio.simple_graph(wait_days=1), [customer])
    advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        (told,) = explain_customer(session, customer)
    assert told.journey == "Journey"
    assert "Order Completed" in told.moments[0].text and told.moments[-1].text.startswith(
        "Waiting until 03 Mar 15:30"
    )


def test_finished_enrolments_have_an_end_and_a_reason(studio: Any) -> None:
    start(studio, studio.simple_graph(wait_days=None), studio.add_customers(1))
    advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        enrolment = session.scalars(select(Enrolment)).one()
    assert (enrolment.status, enrolment.due_at, enrolment.finished_at) == (
        EnrolmentStatus.COMPLETED,
        None,
        studio.now,
    )
    assert enrolment.reason == "Came to the end"
