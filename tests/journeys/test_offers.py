"""Coupons and gift cards that journeys give: each once for each visit, and spoken of by the messages behind them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, select

from engine.core.db import app_engine, tenant_session
from engine.core.errors import InvalidGraph
from engine.core.ids import new_id
from engine.journeys.models import Enrolment, Step
from engine.offers.coupons import create_coupon, deactivate_coupon, update_coupon
from engine.offers.drafts import CouponChange, CouponDraft
from engine.offers.models import Coupon, CouponCode, GiftCard, GiftCardEntry
from engine.templates.models import Template

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)
BODY = (
    "{{ coupon.name }}: {{ coupon.code }}, {{ coupon.discount }} until {{ coupon.valid_until }}."
    "{% if gift_card %} Card {{ gift_card.code }} of {{ gift_card.amount }}.{% endif %}"
)


@pytest.fixture
def spring(studio: Any) -> Coupon:
    """20 % off all March."""
    return add_coupon(studio, "Spring")


def add_coupon(studio: Any, name: str) -> Coupon:
    draft = CouponDraft(
        name=name,
        discount_type="percentage",
        percent=20,
        valid_from=date(2026, 3, 1),
        valid_until=date(2026, 3, 31),
    )
    with tenant_session(studio.tenant) as session:
        return create_coupon(session, studio.tenant, draft, actor="system", now=studio.now)


def add_template(studio: Any, body: str) -> UUID:
    template_id = new_id()
    with tenant_session(studio.tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=studio.tenant,
                name=f"T {template_id.hex}",
                channel="whatsapp",
                template_type="promotional",
                contents={"en": {"body": body}},
            )
        )
    return template_id


def message(step: Build, node_id: str, template_id: UUID) -> dict[str, Any]:
    return step(node_id, "action.message", channel="whatsapp", template_id=str(template_id))


def coupon_step(step: Build, node_id: str, coupon: Coupon, **config: Any) -> dict[str, Any]:
    return step(node_id, "action.coupon", coupon_id=str(coupon.id), **config)


def rows(studio: Any, model: Any) -> list[Any]:
    with tenant_session(studio.tenant) as session:
        return list(session.scalars(select(model).order_by(model.id)))


def texts(studio: Any) -> dict[UUID, list[str]]:
    """What each customer read, in order."""
    told: dict[UUID, list[str]] = {}
    for each in studio.messages():
        told.setdefault(each.customer_id, []).append(each.content["body"])
    return told


def test_each_visit_gives_one_code_however_often_it_is_replayed(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        coupon_step(step, "c", spring, valid_days=7),
        step("g", "action.gift_card", amount=500, valid_days=30),
        step("w", "wait.duration", duration={"amount": 1, "unit": "hours"}),
    ]
    customers = studio.add_customers(3)
    studio.begin(build(nodes, "t > c", "c > g", "g > w", "w > c"), customers)
    with tenant_session(studio.tenant) as session:
        session.execute(delete(Step))
        for enrolment in session.scalars(select(Enrolment)):
            enrolment.node_id, enrolment.visit, enrolment.due_at = "t", 0, studio.now
    studio.pass_time(studio.now)
    codes, cards = rows(studio, CouponCode), rows(studio, GiftCard)
    assert sorted(each.customer_id for each in codes) == sorted(customers)
    assert {(each.valid_until, each.coupon_id) for each in codes} == {(date(2026, 3, 9), spring.id)}
    assert {(each.initial_minor, each.valid_until) for each in cards} == {(50_000, date(2026, 4, 1))}
    assert len(cards) == len(rows(studio, GiftCardEntry)) == 3
    studio.pass_time(studio.now + HOUR)
    assert len(rows(studio, CouponCode)) == len(rows(studio, GiftCard)) == 6


def test_the_messages_behind_it_say_the_customers_own_code(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        coupon_step(step, "c", spring),
        step("g", "action.gift_card", amount=500),
        message(step, "m", add_template(studio, BODY)),
    ]
    customers = studio.add_reachable(3, "whatsapp")
    studio.begin(build(nodes, "t > c", "c > g", "g > m"), customers)
    studio.deliver(studio.now)
    codes = {each.customer_id: each.code for each in rows(studio, CouponCode)}
    cards = {each.customer_id: each.code for each in rows(studio, GiftCard)}
    assert texts(studio) == {
        each: [f"Spring: {codes[each]}, 20% off until 31 March 2026. Card {cards[each]} of ₹500."]
        for each in customers
    }


def test_a_message_says_what_was_given_last_before_it(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    summer = add_coupon(studio, "Summer")
    template = add_template(studio, "{{ coupon.name }}{{ gift_card.code }}")
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        coupon_step(step, "c1", spring),
        message(step, "m1", template),
        coupon_step(step, "c2", summer),
        message(step, "m2", template),
        step("g", "action.gift_card", amount=500),
    ]
    graph = build(nodes, "t > c1", "c1 > m1", "m1 > c2", "c2 > m2", "m2 > g")
    with pytest.raises(InvalidGraph, match="gift card"):
        studio.publish(graph)
    template = add_template(studio, "{{ coupon.name }}")
    for node in graph["nodes"]:
        if node["type"] == "action.message":
            node["config"]["template_id"] = str(template)
    customers = studio.add_reachable(2, "whatsapp")
    studio.begin(graph, customers)
    studio.deliver(studio.now)
    assert texts(studio) == {each: ["Spring", "Summer"] for each in customers}


def test_a_coupon_that_is_over_meanwhile_leads_another_way(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        coupon_step(step, "c", spring),
        step("x", "exit"),
    ]
    studio.publish(build(nodes, "t > c", "c.over > x"))
    early, late = studio.add_customers(2)
    studio.send_event("Order Completed", [early])
    studio.pass_time(studio.now)
    april = studio.now.replace(month=4)
    studio.send_event("Order Completed", [late], at=april)
    studio.pass_time(april)
    assert studio.ports("c") == {early: "next", late: "over"}
    assert [each.customer_id for each in rows(studio, CouponCode)] == [early]


def test_a_coupon_that_is_used_up_or_switched_off_leads_another_way(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    nodes = [step("t", "trigger.event", event="Order Completed"), coupon_step(step, "c", spring)]
    studio.publish(build(nodes, "t > c"))
    with tenant_session(studio.tenant) as session:
        used = session.get_one(Coupon, spring.id)
        used.current_uses, used.max_total_uses = 5, 5
    one, other = studio.add_customers(2)
    studio.send_event("Order Completed", [one])
    studio.pass_time(studio.now)
    with tenant_session(studio.tenant) as session:
        more = CouponChange(max_total_uses=None, is_active=False)
        update_coupon(session, studio.tenant, spring.id, more, actor="system", now=studio.now)
    studio.send_event("Order Completed", [other])
    studio.pass_time(studio.now)
    assert studio.ports("c") == {one: "over", other: "over"}


def test_only_a_coupon_that_can_be_given_may_be_published(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    def told(coupon_id: UUID) -> list[tuple[str, str | None, str]]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step("c", "action.coupon", coupon_id=str(coupon_id)),
        ]
        return [(each.code, each.field, each.message) for each in studio.problems(build(nodes, "t > c"))]

    assert told(spring.id) == []
    ((code, field, words),) = told(uuid4())
    assert (code, field) == ("unknown_coupon", "coupon_id") and "does not exist" in words
    with tenant_session(studio.tenant) as session:
        deactivate_coupon(session, studio.tenant, spring.id, actor="system", now=studio.now)
    ((_, _, words),) = told(spring.id)
    assert "switched off" in words


def test_a_template_that_names_a_coupon_needs_a_step_that_gives_one(
    studio: Any, spring: Coupon, build: Build, step: Build
) -> None:
    speaks, only_words = add_template(studio, BODY), add_template(studio, "Bring your coupon. {{ name }}")
    start = step("t", "trigger.event", event="Order Completed")

    def problems(graph: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
        return [(each.code, each.node_id, each.field) for each in studio.problems(graph)]

    alone = build([start, message(step, "m", speaks)], "t > m")
    assert problems(alone) == [("not_given_before", "m", "template_id")] * 2
    assert problems(build([start, message(step, "m", only_words)], "t > m")) == []
    steps = [start, coupon_step(step, "c", spring), step("g", "action.gift_card"), message(step, "m", speaks)]
    assert problems(build(steps, "t > c", "c > g", "g > m")) == []
    assert {each[0] for each in problems(build(steps, "t > m", "m > c", "c > g"))} == {"not_given_before"}


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements of this process meanwhile."""
    seen: list[str] = []

    def note(*call: Any) -> None:
        seen.append(call[2])

    event.listen(app_engine(), "before_cursor_execute", note)
    yield seen
    event.remove(app_engine(), "before_cursor_execute", note)


def test_more_customers_cost_no_more_queries(studio: Any, spring: Coupon, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        coupon_step(step, "c", spring),
        step("g", "action.gift_card", amount=500),
        message(step, "m", add_template(studio, BODY)),
    ]
    studio.publish(build(nodes, "t > c", "c > g", "g > m"))
    numbers = []
    for customers in (1, 2, 40):
        studio.send_event("Order Completed", studio.add_reachable(customers, "whatsapp"))
        with counting() as seen:
            studio.pass_time(studio.now)
        numbers.append(len(seen))
    assert numbers[1] == numbers[2]
