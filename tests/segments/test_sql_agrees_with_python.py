"""Property: for any rules, SQL finds exactly the customers plain Python finds, live and at past dates."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.segments.compiler import count, matching_among, members
from engine.segments.rules import parse_rules
from tests.segments.naive import holds
from tests.segments.town import NOW, TAGS, Person, make_person, store

KOLKATA = "Asia/Kolkata"

numbers = st.sampled_from([0, 1, 2, 3, 10, 999.99, 1000, 1000.0, 10000, 123.45, 333.33])
days = st.sampled_from([0, 1, 29, 30, 31, 60, 90, 365])
dates = st.sampled_from(["2026-03-01", "2026-03-02", "2026-01-31", "2025-03-02", "2026-02-20", "2026-02-21"])
words = st.sampled_from(
    ["Mumbai", "MUMBAI", "pune", "e", "100%", "_", "Maternity", "active", "won", "red", "new delhi"]
)
tags = st.sampled_from(TAGS)


def pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(values, values).map(sorted)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=3)


def ask(fields: list[str], operators: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    asked = [
        st.fixed_dictionaries({"field": st.sampled_from(fields), "operator": st.just(name), "value": values})
        for name, values in operators.items()
    ]
    return st.one_of(asked)


def ordered(values: st.SearchStrategy[Any]) -> dict[str, Any]:
    single = dict.fromkeys(("eq", "ne", "gt", "gte", "lt", "lte"), values)
    return {**single, "between": pairs(values), "not_between": pairs(values), **EMPTY}


EMPTY = {"is_empty": st.none(), "is_not_empty": st.none()}
TEXTUAL = {
    **dict.fromkeys(
        (
            "eq",
            "ne",
            "contains",
            "not_contains",
            "begins_with",
            "not_begins_with",
            "ends_with",
            "not_ends_with",
        ),
        words,
    ),
    "in": several(words),
    "not_in": several(words),
    **EMPTY,
}
MOMENTAL = {
    **dict.fromkeys(("before", "after"), dates),
    "within_last_days": days,
    "not_within_last_days": days,
}
months = st.sampled_from([1, 2, 3, 4, 12, "current", "next", "previous"])
states = st.sampled_from(["granted", "withdrawn", "denied", "pending"])
often = {"at_least": st.integers(1, 3), "within_days": st.sampled_from([1, 30, 60, 400])}
seldom = {"at_most": st.integers(0, 2), "within_days": st.sampled_from([1, 30, 60, 400])}


def wish(required: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.fixed_dictionaries(required, optional=often), st.fixed_dictionaries(required, optional=seldom)
    )


price = st.fixed_dictionaries(
    {
        "property": st.just("price"),
        "operator": st.sampled_from(["eq", "gt", "ne"]),
        "value": st.sampled_from([10, 100]),
    }
)
channel = st.just({"property": "channel", "operator": "in", "value": ["sms"]})
where = st.lists(st.one_of(price, channel), max_size=2)


def did(required: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(("did", "did_not"), wish(required))


NUMERIC = {**ordered(numbers), "in": several(numbers)}
TAGGED = {
    "contains": st.one_of(tags, several(tags)),
    "not_contains": tags,
    "in": several(tags),
    "not_in": several(tags),
    **EMPTY,
}
YES_OR_NO = {"eq": st.booleans(), "ne": st.booleans()}
states_of_members = st.sampled_from(["active", "Active", "expired", "cancelled", "none", "lapsed"])
CONSENTED = {"eq": states, "ne": states, "in": several(states), **EMPTY}
MONTHLY = {"eq": months, "ne": months, "in": several(months), **EMPTY}
ANYTHING = {**TEXTUAL, **MOMENTAL, **ordered(st.sampled_from([3, 5, 7.5]))}

conditions = st.one_of(
    ask(["order_count", "visit_count", "total_spend", "average_order_value", "loyalty_points"], NUMERIC),
    ask(["last_order_days", "first_order_days", "last_visit_days", "customer_age_days"], ordered(days)),
    ask(["last_order_date", "customer_since"], {**ordered(dates), **MOMENTAL}),
    ask(["city", "category", "source", "lead_status", "language"], TEXTUAL),
    ask(["tags", "interests"], TAGGED),
    ask(["has_phone", "has_email"], YES_OR_NO),
    ask(["has_active_membership", "has_active_package"], YES_OR_NO),
    ask(["membership_status"], TEXTUAL | {"eq": states_of_members, "in": several(states_of_members)}),
    ask(["birthday_month"], MONTHLY),
    ask(["consent.whatsapp", "consent.sms", "consent.email"], CONSENTED),
    ask(["attribute.size", "attribute.deep.colour", "attribute.none"], ANYTHING),
    ask(["attribute.size"], {"eq": st.sampled_from([True, False, 5, "5"]), "gt": dates}),
    ask(["event"], did({"name": st.just("Product Viewed"), "where": where})),
    ask(["message"], did({"what": st.sampled_from(["opened", "clicked"]), "channel": st.just("sms")})),
    ask(["bought_category"], did({"category": st.sampled_from(["Sarees", "Gifts"])})),
    ask(["visited"], did({"service": st.just("Yoga")})),
)


def groups(rules: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "not": st.booleans(),
            "rules": st.lists(rules, min_size=1, max_size=3),
        }
    )


trees = groups(st.recursive(conditions, groups, max_leaves=6))


class Town(list[Person]):
    """120 random customers of one tenant, with a short name for failing examples."""

    tenant: UUID

    def __repr__(self) -> str:
        return "the town"


@pytest.fixture(scope="module")
def town(database: str) -> Iterator[Town]:
    dice = random.Random(20260301)
    people = Town(make_person(dice) for _ in range(120))
    people.tenant = create_tenant("town", "Town")
    store(people.tenant, people)
    yield people


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=trees, past=st.sampled_from([0, 0, 1, 30, 45]))
def test_sql_finds_whom_python_finds(town: Town, raw: dict[str, Any], past: int) -> None:
    at = NOW - timedelta(days=past)
    rules = parse_rules(raw)
    expected = {one.id for one in town if holds(one, raw, at)}
    when: dict[str, Any] = {"now": at, "timezone": KOLKATA, "as_of": past > 0}
    with tenant_session(town.tenant) as session:
        found = members(session, rules, **when)
        assert set(found) == expected
        assert count(session, rules, **when) == len(found)
        some = [one.id for one in town[:40]]
        assert matching_among(session, rules, some, **when) == expected & set(some)
        again = members(session, rules, **{**when, "as_of": True})
        assert found == again  # the running totals and the recount agree
