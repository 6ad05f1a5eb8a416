"""The journey of `bench.builder`: 500 steps in rows, 700 ways, of which a good two hundred leave a branch."""

from itertools import pairwise
from typing import Any

STEPS = 500
WAYS = 700
COLUMNS = 25


def graph() -> dict[str, Any]:
    """A trigger, then waits, and where the ways ask for it branches that also lead a row on."""
    ids = [f"step-{number}" for number in range(STEPS)]
    branching = {number for number in range(1, STEPS - COLUMNS - 1) if number % 7 in (2, 4, 6)}
    branching = set(sorted(branching)[: WAYS - STEPS + 1])
    edges = [
        {
            "id": f"on-{source}",
            "source": source,
            "source_port": port(int(source[5:]), branching),
            "target": target,
        }
        for source, target in pairwise(ids)
    ]
    edges += [
        {"id": f"no-{at}", "source": ids[at], "source_port": "no", "target": ids[at + COLUMNS]}
        for at in sorted(branching)
    ]
    nodes = [
        {"id": each, "position": {"x": at % COLUMNS * 300, "y": at // COLUMNS * 190}, **kind(at, branching)}
        for at, each in enumerate(ids)
    ]
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}


def port(at: int, branching: set[int]) -> str:
    """The way on of a step."""
    return "yes" if at in branching else "next"


def kind(at: int, branching: set[int]) -> dict[str, Any]:
    """Type and config of a step."""
    if at == STEPS - 1:
        return {"type": "exit", "config": {}}
    if at == 0:
        return {"type": "trigger.event", "config": {"event": "Order Completed"}}
    if at in branching:
        rule = {"field": "order_count", "operator": "gte", "value": at}
        return {"type": "branch.rule", "config": {"rules": {"combinator": "and", "rules": [rule]}}}
    if at % 3 == 0:
        return {"type": "action.tag", "config": {"add": [f"tag-{at}"]}}
    return {"type": "wait.duration", "config": {"duration": {"amount": at, "unit": "minutes"}}}
