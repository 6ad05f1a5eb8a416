"""Arbitrary graphs: validation never breaks, and whatever it accepts runs without ever spinning on the spot."""

import copy
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import InvalidGraph
from engine.customers.contacts import Contact
from engine.customers.models import ConsentState
from engine.delivery.models import MessageStatus
from engine.journeys.decide import LONGEST_PASS, decide
from engine.journeys.graph import check_shape, read_graph
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import Facts, MessageFate, References, Run
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.validation import find_problems
from tests.simulation.graphs import Things, random_graph

CHANNELS = ("whatsapp", "sms", "email")
TEMPLATES = {channel: UUID(int=number) for number, channel in enumerate(CHANNELS, 1)}
COUPON = UUID(int=9)
THINGS = Things(TEMPLATES, COUPON)
KNOWN = References(
    template_channels={each: channel for channel, each in TEMPLATES.items()}, coupons={COUPON: ""}
)
START = datetime(2026, 10, 20, tzinfo=UTC)
MONTH = timedelta(days=31)
ZONES = [ZoneInfo(name) for name in ("Asia/Kolkata", "America/New_York", "Pacific/Chatham")]

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(random=st.randoms(use_true_random=False), spoilt=st.lists(st.tuples(st.integers(0), junk), max_size=6))
@settings(max_examples=300, deadline=None)
def test_whatever_a_graph_holds_validation_answers_with_problems(
    random: Random, spoilt: list[tuple[int, Any]]
) -> None:
    graph = copy.deepcopy(random_graph(random, THINGS))
    for place, value in spoilt:
        _spoil(graph, place, value)
    try:
        shaped = check_shape(graph)
    except InvalidGraph as error:
        assert error.message
        return
    for problem in find_problems(shaped, KNOWN):
        assert problem.message and "Traceback" not in problem.message


@given(junk)
@settings(max_examples=200, deadline=None)
def test_whatever_is_no_graph_is_refused_with_a_reason(raw: Any) -> None:
    try:
        check_shape(raw)
    except InvalidGraph as error:
        assert error.message


@given(random=st.randoms(use_true_random=False), luck=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_an_accepted_graph_never_spins_on_the_spot(random: Random, luck: int) -> None:
    raw = random_graph(random, THINGS, largest=25)
    assert find_problems(raw, KNOWN) == []
    graph, _ = read_graph(raw)
    assert graph is not None
    plan = compile_plan(graph, version_id=UUID(int=8), journey_id=UUID(int=9))
    moments = list(_walk(plan, Random(luck)))
    on_the_spot = 0
    for before, after in itertools.pairwise(moments):
        on_the_spot = on_the_spot + 1 if after <= before else 0
        assert on_the_spot <= len(plan.nodes) + 2, f"stands still at {before}"


def _walk(plan: Plan, random: Random) -> Iterator[datetime]:
    """The moments at which one enrolment is looked at within a month, with whatever facts luck has."""
    customer, now = UUID(int=random.getrandbits(128)), START
    trigger = plan.triggers[0].id
    run = Run(UUID(int=random.getrandbits(128)), plan.journey_id, customer, trigger, 0, now, now, {})
    while now < START + MONTH:
        yield now
        facts = _facts(plan, run, random, now)
        decision = decide(plan, run, facts, now)
        assert len(decision.steps) <= LONGEST_PASS
        if decision.status is not EnrolmentStatus.ACTIVE:
            assert decision.status in (EnrolmentStatus.COMPLETED, EnrolmentStatus.EXITED)
            assert decision.reason
            return
        assert decision.due_at is not None
        run = decision.run
        if decision.promised_at:
            run = Run(*(getattr(run, name) for name in Run.__slots__[:9]), decision.promised_at, None)
        now = max(now, decision.due_at)


def _facts(plan: Plan, run: Run, random: Random, now: datetime) -> Facts:
    def moment() -> datetime | None:
        return now - timedelta(hours=random.randint(0, 30)) if random.random() < 0.4 else None

    status = random.choice(list(MessageStatus))
    fate = MessageFate(status, run.entered_at, moment(), moment(), moment(), moment(), moment())
    contact = Contact(
        customer_id=run.customer_id,
        phone="+919800000001",
        email=None,
        language=random.choice((None, "hi", "en")),
        timezone=None,
        is_dnd=False,
        is_erased=False,
        marketing={channel: random.choice(list(ConsentState)) for channel in CHANNELS},
        suppressed={},
        variables={},
    )
    asked = plan.ahead[run.node_id]
    return Facts(
        matching={node_id: frozenset({run.id} if random.random() < 0.5 else ()) for node_id in plan.rules},
        zones={run.customer_id: ZONES[run.customer_id.int % 3]},
        contacts={run.customer_id: contact},
        values={run.customer_id: {"attribute.mood": random.choice("xyz")}},
        heard={(run.id, node_id): now for node_id in plan.nodes if random.random() < 0.3},
        fates={(run.id, node_id): fate for node_id in plan.nodes} if asked else {},
        slots={(run.id, run.visit): now + timedelta(minutes=random.randint(0, 90))},
    )


def _spoil(graph: dict[str, Any], place: int, value: Any) -> None:
    """Put junk somewhere into the graph."""
    holders: list[tuple[Any, Any]] = []
    pending: list[Any] = [graph]
    while pending:
        part = pending.pop()
        keys = part.keys() if isinstance(part, dict) else range(len(part))
        for key in keys:
            holders.append((part, key))
            if isinstance(part[key], dict | list):
                pending.append(part[key])
    part, key = holders[place % len(holders)]
    part[key] = value
