"""What publishing would bring in a month: counted as a set, the same as counted one by one (issue 4, "Publish")."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.tenants import update_settings
from engine.customers.consent import opt_out
from engine.customers.models import Customer
from engine.delivery.prices import load_prices
from engine.journeys.entering import Basis
from engine.journeys.estimate import ChannelEstimate, Estimate, estimate
from engine.journeys.graph import read_graph
from engine.journeys.plan import compile_plan
from engine.segments.models import Segment

RICH = {"combinator": "and", "rules": [{"field": "event.total", "operator": "gte", "value": 500}]}


def of(studio: Any, graph: Any) -> Estimate:
    read, problems = read_graph(graph)
    assert read is not None, problems
    plan = compile_plan(read, version_id=new_id(), journey_id=new_id())
    with tenant_session(studio.tenant) as session:
        return estimate(session, studio.tenant, plan, now=studio.now)


def message(studio: Any, step: Any, name: str = "m", **more: Any) -> Any:
    return step(name, "action.message", channel="whatsapp", template_id=str(studio.template), **more)


def whatsapp_price(studio: Any) -> int:
    with tenant_session(studio.tenant) as session:
        prices = load_prices(session, currency="INR", on=studio.now.date())
    return prices.price_in("IN", "whatsapp", "marketing")


def test_customers_of_the_last_thirty_days_stand_for_the_next(studio: Any, build: Any, step: Any) -> None:
    agreed, silent = studio.add_reachable(3, "whatsapp"), studio.add_reachable(2)
    late = studio.add_reachable(1, "whatsapp")
    for _ in range(2):
        studio.send_event("Order Completed", [*agreed, *silent], at=studio.now - timedelta(days=3))
    studio.send_event("Order Completed", late, at=studio.now - timedelta(days=31))
    found = of(
        studio, build([step("t", "trigger.event", event="Order Completed"), message(studio, step)], "t > m")
    )
    (entry,) = found.entries
    assert (entry.basis, entry.customers) == (Basis.LAST_DAYS, 5)
    assert (found.customers, found.recipients, found.at_once) == (5, 3, 0)
    assert found.channels == (ChannelEstimate("whatsapp", 3, 3, 3 * whatsapp_price(studio)),)


def test_who_may_come_back_counts_as_often(studio: Any, build: Any, step: Any) -> None:
    who = studio.add_reachable(2, "whatsapp")
    for day in (2, 4, 6):
        studio.send_event("Order Completed", who, at=studio.now - timedelta(days=day))
    nodes = [step("t", "trigger.event", event="Order Completed"), message(studio, step)]
    assert of(studio, build(nodes, "t > m", settings={"reentry": "always"})).messages == 6
    assert (
        of(studio, build(nodes, "t > m", settings={"reentry": "after_days", "reentry_days": 15})).messages
        == 4
    )


def test_rules_over_the_event_ask_its_last_one(studio: Any, build: Any, step: Any) -> None:
    poor, rich, once_rich = (studio.add_reachable(1, "whatsapp") for _ in range(3))
    studio.send_event("Order Completed", [*rich, *once_rich], at=studio.now - timedelta(days=5), total=900)
    studio.send_event("Order Completed", [*poor, *once_rich], at=studio.now - timedelta(days=2), total=100)
    trigger = step("t", "trigger.event", event="Order Completed", filter=RICH)
    assert of(studio, build([trigger, message(studio, step)], "t > m")).customers == 1


def test_members_enter_at_once_and_those_inside_already_do_not(studio: Any, build: Any, step: Any) -> None:
    studio.add_customers(4, city="Pune")
    studio.add_customers(3, city="Goa")
    segment = new_id()
    rules = {"combinator": "and", "rules": [{"field": "city", "operator": "eq", "value": "Pune"}]}
    with tenant_session(studio.tenant) as session:
        session.add(Segment(id=segment, tenant_id=studio.tenant, name="Pune", rules=rules, is_dynamic=True))
    graph = build([step("t", "trigger.segment", segment_id=str(segment), change="entered")])
    found = of(studio, graph)
    assert (found.at_once, found.customers, found.entries[0].basis) == (4, 4, Basis.MEMBERS)


def test_the_calendar_is_looked_up_ahead(studio: Any, build: Any, step: Any) -> None:
    soon, later = studio.now.date() + timedelta(days=12), studio.now.date() + timedelta(days=45)
    for day, number in ((soon, 3), (later, 2)):
        studio.add_customers(number, birthday=date(1990, day.month, min(day.day, 28)))
    found = of(studio, build([step("t", "trigger.birthday")]))
    assert (found.customers, found.entries[0].basis) == (3, Basis.NEXT_DAYS)
    weekly = of(
        studio,
        build([step("t", "trigger.schedule", repeat="daily", at="10:00"), message(studio, step)], "t > m"),
    )
    assert weekly.customers == 5


def test_a_customer_of_two_triggers_is_one_customer(studio: Any, build: Any, step: Any) -> None:
    who = studio.add_reachable(2, "whatsapp")
    studio.send_event("Order Completed", who)
    studio.send_event("Signed Up", who[:1])
    nodes = [
        step("a", "trigger.event", event="Order Completed"),
        step("b", "trigger.event", event="Signed Up"),
    ]
    found = of(studio, build([*nodes, message(studio, step)], "a > m", "b > m"))
    assert [each.customers for each in found.entries] == [2, 1]
    assert (found.customers, found.recipients) == (2, 2)


def test_everybody_goes_the_dearest_way_and_falls_back_where_there_is_one(
    studio: Any, build: Any, step: Any
) -> None:
    both, mail = studio.add_reachable(2, "whatsapp", "email"), studio.add_reachable(3, "email")
    studio.send_event("Order Completed", [*both, *mail])
    fallback = {"channel": "email", "template_id": str(studio.template)}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("b", "branch.rule", rules=RICH),
        message(studio, step, "one", fallback=fallback),
        message(studio, step, "two"),
        message(studio, step, "three"),
    ]
    found = of(studio, build(nodes, "t > b", "b.yes > one", "one > two", "b.no > three"))
    by_channel = {each.channel: (each.reachable, each.messages) for each in found.channels}
    assert by_channel == {"whatsapp": (2, 4), "email": (5, 3)}


def test_who_opted_out_is_not_reached_by_marketing_but_by_news_of_an_order(
    studio: Any, build: Any, step: Any
) -> None:
    who = studio.add_reachable(2, "whatsapp")
    with tenant_session(studio.tenant) as session:
        opt_out(session, studio.tenant, who[0], channel=None, source="desk", actor="system", now=studio.now)
    studio.send_event("Order Completed", who)
    trigger = step("t", "trigger.event", event="Order Completed")
    assert of(studio, build([trigger, message(studio, step)], "t > m")).recipients == 1
    news = message(studio, step, purpose="transactional")
    assert of(studio, build([trigger, news], "t > m")).recipients == 2


def test_the_budget_is_told_and_whether_it_lasts(studio: Any, build: Any, step: Any) -> None:
    studio.send_event("Order Completed", studio.add_reachable(3, "whatsapp"))
    graph = build([step("t", "trigger.event", event="Order Completed"), message(studio, step)], "t > m")
    assert of(studio, graph).budget_micro is None
    with tenant_session(studio.tenant) as session:
        update_settings(session, studio.tenant, {"monthly_budget_minor": 100}, actor="test", now=studio.now)
    found = of(studio, graph)
    assert (found.budget_micro, found.exceeds_budget) == (1_000_000, True)


def test_the_reach_equals_a_plain_count(studio: Any, build: Any, step: Any) -> None:
    """Many customers, each with what they have by chance: set-based SQL against one customer after the other."""
    some = studio.add_reachable(20, "whatsapp"), studio.add_reachable(15, "email"), studio.add_reachable(10)
    everybody = [each for part in some for each in part]
    studio.send_event("Order Completed", everybody[::2])
    found = of(
        studio, build([step("t", "trigger.event", event="Order Completed"), message(studio, step)], "t > m")
    )
    assert found.customers == len(everybody[::2])
    assert found.recipients == sum(_is_reachable(studio, each) for each in everybody[::2])


def _is_reachable(studio: Any, customer: UUID) -> bool:
    with tenant_session(studio.tenant) as session:
        agreed = text("SELECT state FROM consents WHERE customer_id = :id AND channel = 'whatsapp'")
        phone = session.get_one(Customer, customer).phone
        return bool(phone) and session.scalar(agreed, {"id": customer}) == "granted"
