"""The pure rule: where an enrolment goes from here."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from engine.core.ids import key_of
from engine.journeys.decide import Decision, decide
from engine.journeys.graph import read_graph
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import (
    Facts,
    Run,
)
from engine.journeys.nodes.outcomes import (
    ChangeTags,
    SendMessage,
)
from engine.journeys.plan import Plan, compile_plan

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
JOURNEY = UUID("01920000-0000-7000-8000-00000000000a")
RULES = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 100}]}

Build = Callable[..., dict[str, Any]]


def plan_for(raw: dict[str, Any]) -> Plan:
    graph, problems = read_graph(raw)
    assert graph is not None, problems
    return compile_plan(graph, version_id=uuid4(), journey_id=JOURNEY)


def run_at(node_id: str, customer: UUID | None = None) -> Run:
    return Run(uuid4(), JOURNEY, customer or uuid4(), node_id, 0, NOW, NOW, {})


def follow(plan: Plan, run: Run, facts: Facts = Facts(), now: datetime = NOW) -> Decision:
    return decide(plan, run, facts, now)


def test_a_wait_holds_until_its_time_and_then_goes_on(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("w", "wait.duration", duration={"amount": 2, "unit": "hours"}),
        step("x", "exit"),
    ]
    plan = plan_for(build(nodes, "t > w", "w > x"))
    waiting = follow(plan, run_at("t"))
    assert (waiting.run.node_id, waiting.due_at) == ("w", NOW + timedelta(hours=2))
    too_early = follow(plan, waiting.run, now=NOW + timedelta(hours=2, microseconds=-1))
    assert too_early.steps == () and too_early.due_at == waiting.due_at
    done = follow(plan, waiting.run, now=NOW + timedelta(hours=2))
    assert done.status is EnrolmentStatus.EXITED and done.due_at is None


def test_a_branch_follows_the_facts(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("b", "branch.rule", rules=RULES),
        step("y", "exit"),
        step("n", "exit"),
    ]
    plan = plan_for(build(nodes, "t > b", "b.yes > y", "b.no > n"))
    run = run_at("t")
    assert follow(plan, run, Facts({"b": frozenset({run.id})})).run.node_id == "y"
    assert follow(plan, run, Facts({"b": frozenset()})).run.node_id == "n"


def test_a_tag_is_applied_before_a_later_rule_is_asked(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("a", "action.tag", add=["vip"]),
        step("b", "branch.rule", rules=RULES),
        step("x", "exit"),
    ]
    plan = plan_for(build(nodes, "t > a", "a > b", "b.yes > x", "b.no > x"))
    decision = follow(plan, run_at("t"), Facts({"b": frozenset()}))
    assert (decision.run.node_id, decision.due_at, decision.status) == ("b", NOW, EnrolmentStatus.ACTIVE)
    assert [due.effect for due in decision.effects] == [ChangeTags(("vip",), ())]


def test_a_message_is_named_by_enrolment_node_and_visit(build: Build, step: Build) -> None:
    template = uuid4()
    nodes = [
        step("t", "trigger.event", event="E"),
        step("m", "action.message", channel="sms", template_id=str(template)),
    ]
    decision = follow(plan_for(build(nodes, "t > m")), run_at("t"))
    (due,) = decision.effects
    assert due.effect == SendMessage("sms", template, "marketing") and (due.node_id, due.visit) == ("m", 1)
    assert decision.status is EnrolmentStatus.COMPLETED


def test_a_step_missing_from_the_version_is_quarantined_not_lost(build: Build, step: Build) -> None:
    plan = plan_for(build([step("t", "trigger.event", event="E")]))
    assert follow(plan, run_at("gone")).status is EnrolmentStatus.QUARANTINED


def test_a_very_long_walk_is_cut_and_goes_on_at_once(build: Build, step: Build) -> None:
    names = [f"n{number}" for number in range(450)]
    nodes = [step("t", "trigger.event", event="E"), *(step(name, "action.tag", add=["x"]) for name in names)]
    ways = [f"{a} > {b}" for a, b in zip(["t", *names], names, strict=False)]
    plan = plan_for(build(nodes, *ways))
    decision, passes = follow(plan, run_at("t")), 1
    while decision.due_at is not None:
        decision, passes = follow(plan, decision.run), passes + 1
    assert decision.status is EnrolmentStatus.COMPLETED and passes == 3


@given(percent=st.integers(0, 100), customers=st.lists(st.uuids(), min_size=1, max_size=30))
def test_a_split_is_sticky(percent: int, customers: list[UUID]) -> None:
    arms = [{"id": "a", "percent": percent}, {"id": "b", "percent": 100 - percent}]
    raw = {
        "schema": 1,
        "nodes": [
            {"id": "t", "type": "trigger.event", "config": {"event": "E"}},
            {"id": "s", "type": "branch.split", "config": {"arms": arms}},
            {"id": "x", "type": "exit", "config": {}},
            {"id": "y", "type": "exit", "config": {}},
        ],
        "edges": [
            {"id": "1", "source": "t", "target": "s"},
            {"id": "2", "source": "s", "source_port": "a", "target": "x"},
            {"id": "3", "source": "s", "source_port": "b", "target": "y"},
        ],
    }
    plan = plan_for(raw)
    for customer in customers:
        first = follow(plan, run_at("t", customer)).run.node_id
        again = follow(plan, run_at("t", customer)).run.node_id
        assert first == again
        assert percent not in (0, 100) or first == ("x" if percent else "y")


def test_a_split_keeps_its_shares(build: Build, step: Build) -> None:
    arms = [{"id": "a", "percent": 70}, {"id": "b", "percent": 30}]
    nodes = [
        step("t", "trigger.event", event="E"),
        step("s", "branch.split", arms=arms),
        step("x", "exit"),
        step("y", "exit"),
    ]
    plan = plan_for(build(nodes, "t > s", "s.a > x", "s.b > y"))
    ends = Counter(
        follow(plan, run_at("t", key_of("customer", number))).run.node_id for number in range(10_000)
    )
    assert 6_800 < ends["x"] < 7_200


def test_rules_are_looked_up_only_where_they_can_be_reached_without_waiting(
    build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("b", "branch.rule", rules=RULES),
        step("w", "wait.duration"),
        step("c", "branch.rule", rules=RULES),
        step("x", "exit"),
    ]
    plan = plan_for(build(nodes, "t > b", "b.yes > w", "b.no > x", "w > c", "c.yes > x", "c.no > x"))
    assert plan.ahead["t"] == {"b"}
    assert plan.ahead["w"] == {"c"}


def test_deciding_changes_nothing_it_was_given(build: Build, step: Build) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("w", "wait.duration")]
    plan, run = plan_for(build(nodes, "t > w")), run_at("t")
    before = replace(run)
    assert follow(plan, run) == follow(plan, run) and run == before
