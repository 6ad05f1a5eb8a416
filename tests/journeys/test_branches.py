"""Branches by value, language, reachability and chance."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from engine.core.db import tenant_session
from engine.customers.consent import ConsentWish, change_consents, suppress
from engine.customers.models import ConsentState, Purpose, SuppressionReason

Build = Callable[..., dict[str, Any]]


@pytest.fixture
def branching(build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey with one branch of this type and config, an exit behind each of its ports."""

    def graph(kind: str, ports: tuple[str, ...], **config: Any) -> dict[str, Any]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step("b", kind, **config),
            *(step(f"x-{port}", "exit") for port in ports),
        ]
        return build(nodes, "t > b", *(f"b.{port} > x-{port}" for port in ports))

    return graph


def cases(**values: str) -> list[dict[str, str]]:
    return [{"id": name, "label": name.title(), "value": value} for name, value in values.items()]


def one(studio: Any, **columns: Any) -> UUID:
    (customer,) = studio.add_customers(1, **columns)
    return customer  # type: ignore[no-any-return]


# -- value


@pytest.mark.parametrize(
    ("columns", "port", "why"),
    [
        ({"city": "Pune"}, "west", "City is “Pune”"),
        ({"city": " PUNE "}, "west", "City is “PUNE”"),
        ({"city": "Chennai"}, "south", "City is “Chennai”"),
        ({"city": "Delhi"}, "other", "City is “Delhi”"),
        ({}, "other", "City is not known"),
    ],
)
def test_a_value_of_the_customer_names_the_way(
    studio: Any, branching: Callable[..., Any], columns: dict[str, Any], port: str, why: str
) -> None:
    customer = one(studio, **columns)
    graph = branching(
        "branch.value",
        ("west", "south", "other"),
        value="city",
        cases=cases(west="pune", south="Chennai"),
    )
    studio.begin(graph, [customer])
    assert studio.ports("b") == {customer: port}
    assert studio.why("b", customer) == why


@pytest.mark.parametrize(
    ("value", "wanted", "fits"),
    [
        (3, "3.0", True),
        (3.5, "3.50", True),
        (3, "three", False),
        (True, "true", True),
        (["yoga", "Pottery"], "pottery", True),
        (["yoga"], "pottery", False),
        ({"a": 1}, "a", False),
        ("2026-05-31", "2026-05-31", True),
        (None, "none", False),
        ("3", "3.0", False),
    ],
)
def test_attributes_are_compared_by_what_they_are(
    studio: Any, branching: Callable[..., Any], value: Any, wanted: str, fits: bool
) -> None:
    customer = one(studio, attributes={"plan": value})
    graph = branching("branch.value", ("a", "other"), value="attribute.plan", cases=cases(a=wanted))
    studio.begin(graph, [customer])
    assert studio.ports("b") == {customer: "a" if fits else "other"}


def test_dates_of_the_customer_are_written_as_in_the_calendar(
    studio: Any, branching: Callable[..., Any]
) -> None:
    customer = one(studio, birthday=date(1990, 5, 31))
    studio.begin(
        branching("branch.value", ("a", "other"), value="birthday", cases=cases(a="1990-05-31")), [customer]
    )
    assert studio.ports("b") == {customer: "a"}


def test_a_property_of_the_entry_event_names_the_way(studio: Any, branching: Callable[..., Any]) -> None:
    customers = studio.add_customers(3)
    studio.publish(
        branching("branch.value", ("gold", "other"), value="event.cart.tier", cases=cases(gold="Gold"))
    )
    for customer, cart in zip(customers, ({"tier": "gold"}, {"tier": "tin"}, "none"), strict=True):
        studio.send_event("Order Completed", [customer], cart=cart)
    studio.pass_time(studio.now)
    assert studio.ports("b") == dict(zip(customers, ("gold", "other", "other"), strict=True))


def test_a_value_that_the_journey_has_just_set_is_seen(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("a", "action.attribute", name="plan", value="gold"),
        step("b", "branch.value", value="attribute.plan", cases=cases(gold="gold")),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > a", "a > b", "b.gold > x", "b.other > x"), [customer])
    assert studio.ports("b") == {customer: "gold"}


@pytest.mark.parametrize(
    ("config", "code", "field"),
    [
        ({"value": "shoe_size", "cases": cases(a="1")}, "unknown_value", "value"),
        ({"value": "city", "cases": cases(other="1")}, "case_other", "cases"),
        ({"value": "city", "cases": cases(a="Pune", b="PUNE")}, "value_twice", "cases"),
        ({"value": "city", "cases": cases(a=" ")}, "case_empty", "cases"),
        ({"value": "city", "cases": cases(a="1") + cases(a="2")}, "case_twice", "cases"),
        ({"value": "city", "cases": []}, "bad_config", "cases"),
    ],
)
def test_cases_that_cannot_be_told_apart_are_refused(
    studio: Any, branching: Callable[..., Any], config: dict[str, Any], code: str, field: str
) -> None:
    problems = studio.problems(branching("branch.value", ("other",), **config))
    assert (code, "b", field) in {(each.code, each.node_id, each.field) for each in problems}


def test_each_case_needs_a_way_on(studio: Any, branching: Callable[..., Any]) -> None:
    (problem,) = studio.problems(
        branching("branch.value", ("other",), value="city", cases=cases(west="Pune"))
    )
    assert (problem.code, problem.node_id) == ("dangling_branch", "b") and "West" in problem.message


# -- language


@pytest.mark.parametrize(
    ("language", "port"),
    [
        ("hi", "hindi"),
        ("hi-IN", "hindi"),
        ("HI_in", "hindi"),
        ("en-GB", "british"),
        ("en", "english"),
        ("en-US", "english"),
        ("ta", "other"),
        (None, "other"),
    ],
)
def test_the_language_names_the_way(
    studio: Any, branching: Callable[..., Any], language: str | None, port: str
) -> None:
    customer = one(studio, language=language)
    graph = branching(
        "branch.language",
        ("hindi", "english", "british", "other"),
        cases=cases(hindi="hi", english="en", british="en-GB"),
    )
    studio.begin(graph, [customer])
    assert studio.ports("b") == {customer: port}


# -- reachable


def reach(studio: Any, branching: Callable[..., Any], channel: str, customer: UUID) -> tuple[str, str]:
    studio.begin(branching("branch.reachable", ("yes", "no"), channel=channel), [customer])
    return studio.ports("b")[customer], studio.why("b", customer)


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "email"])
def test_who_has_an_address_and_agreed_is_reachable(
    studio: Any, branching: Callable[..., Any], channel: str
) -> None:
    (customer,) = studio.add_reachable(1, channel)
    assert reach(studio, branching, channel, customer) == ("yes", f"Reachable by {channel}")


@pytest.mark.parametrize(
    ("agreed", "columns", "why"),
    [
        (("sms",), {"phone": None}, "No address for sms"),
        (("email",), {}, "No consent to marketing by sms"),
        (("sms",), {"is_dnd": True}, "The number is in the Do Not Disturb registry"),
    ],
)
def test_who_is_not_reachable_is_told_with_the_reason(
    studio: Any,
    branching: Callable[..., Any],
    agreed: tuple[str, ...],
    columns: dict[str, Any],
    why: str,
) -> None:
    (customer,) = studio.add_reachable(1, *agreed, **columns)
    assert reach(studio, branching, "sms", customer) == ("no", why)


def test_do_not_disturb_is_about_sms_only(studio: Any, branching: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp", is_dnd=True)
    assert reach(studio, branching, "whatsapp", customer)[0] == "yes"


def test_who_opted_out_or_whose_address_is_dead_is_not_reachable(
    studio: Any, branching: Callable[..., Any]
) -> None:
    gone, dead = studio.add_reachable(2, "email")
    with tenant_session(studio.tenant) as session:
        wish = ConsentWish(gone, "email", Purpose.MARKETING, ConsentState.WITHDRAWN, "form")
        change_consents(session, studio.tenant, [wish], actor="customer", now=studio.now)
        suppress(
            session,
            studio.tenant,
            {("email", f"{dead.hex}@example.in"): dead},
            reason=SuppressionReason.HARD_BOUNCE,
            source="smtp",
            now=studio.now,
        )
    studio.begin(branching("branch.reachable", ("yes", "no"), channel="email"), [gone, dead])
    assert studio.ports("b") == {gone: "no", dead: "no"}
    assert studio.why("b", gone) == "Opted out of marketing by email"
    assert studio.why("b", dead) == "The address is suppressed (hard_bounce)"


# -- split


def test_who_is_held_out_is_told_apart(studio: Any, branching: Callable[..., Any]) -> None:
    arms = [
        {"id": "a", "label": "A", "percent": 60},
        {"id": "none", "label": "Nothing", "percent": 40, "holdout": True},
    ]
    customers = studio.add_customers(200)
    studio.begin(branching("branch.split", ("a", "none"), arms=arms), customers)
    ports = studio.ports("b")
    assert 50 < Counter(ports.values())["none"] < 110
    for customer in customers[:20]:
        told = "Held out, to compare" if ports[customer] == "none" else "Split: A"
        assert studio.why("b", customer) == told


def test_only_one_arm_is_held_out(studio: Any, branching: Callable[..., Any]) -> None:
    arms = [{"id": name, "percent": 50, "holdout": True} for name in "ab"]
    (problem,) = studio.problems(branching("branch.split", ("a", "b"), arms=arms))
    assert (problem.code, problem.node_id, problem.field) == ("two_holdouts", "b", "arms")
