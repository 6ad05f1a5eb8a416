"""Arbitrary journeys that can be published, drawn from a random generator: for simulations and for fuzzing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

Json = dict[str, Any]

EVENTS = ("Order Completed", "Visited", "Paid", "Clicked Around")
ENTRY_EVENTS = ("Signed Up", "Cart Viewed")
MINUTES = {"unit": "minutes"}
DEEPEST = 9


@dataclass(frozen=True)
class Things:
    """What graphs may point at: a template for each channel, a coupon, a static list."""

    templates: dict[str, UUID]
    coupon: UUID
    static_list: UUID | None = None


@dataclass
class Draw:
    """A graph in the making."""

    random: Random
    things: Things
    largest: int
    nodes: list[Json] = field(default_factory=list)
    edges: list[Json] = field(default_factory=list)

    def add(self, kind: str, config: Json) -> str:
        """A new node."""
        node_id = f"{kind.partition('.')[2]}_{len(self.nodes)}"
        place = {"x": 0, "y": 120 * len(self.nodes)}
        self.nodes.append({"id": node_id, "type": kind, "position": place, "config": config})
        return node_id

    def lead(self, source: str, port: str, target: str) -> None:
        """A way from a node's port."""
        self.edges.append({"id": f"{source}.{port}", "source": source, "source_port": port, "target": target})

    def duration(self, most_hours: int = 48) -> Json:
        """From minutes to days."""
        unit, most = self.random.choice((("minutes", 90), ("hours", most_hours), ("days", 3)))
        return {"amount": self.random.randint(1, most), "unit": unit}


def random_graph(random: Random, things: Things, *, largest: int = 12, **settings: Any) -> Json:
    """A graph that can be published: a trigger, steps of every kind, branches that may meet again, loops that wait."""
    draw = Draw(random, things, largest)
    trigger = draw.add("trigger.event", {"event": random.choice(ENTRY_EVENTS)})
    draw.lead(trigger, "next", _grow(draw, [], 0))
    graph_settings = random_settings(random) | settings
    return {"schema": 1, "nodes": draw.nodes, "edges": draw.edges, "settings": graph_settings}


def random_settings(random: Random) -> Json:
    """Rules of the whole journey."""
    settings: Json = {"reentry": random.choice(("never", "always"))}
    if random.random() < 0.4:
        settings |= {"goal_event": random.choice(EVENTS), "leave_on_goal": random.random() < 0.7}
    if random.random() < 0.2:
        settings["exit_events"] = [random.choice(EVENTS)]
    if random.random() < 0.3:
        settings["stop_on_reply"] = False
    if random.random() < 0.3:
        settings["priority"] = random.choice(("normal", "high", "highest"))
    if random.random() < 0.2:
        settings["message_limit"] = random.randint(1, 2)
    return settings


def _grow(draw: Draw, waits: list[str], depth: int) -> str:
    """A step and all that follows it; `waits` are the waits on the way here, to which a loop may lead back."""
    full = len(draw.nodes) >= draw.largest or depth > DEEPEST
    kind = "exit" if full else draw.random.choice(_KINDS)
    first, last, ports = _MAKE[kind](draw)
    if kind in _WAITS:
        waits = [*waits, first]
    for port in ports:
        if waits and draw.random.random() < 0.05:
            draw.lead(last, port, draw.random.choice(waits))
        else:
            draw.lead(last, port, _grow(draw, waits, depth + 1))
    return first


Made = tuple[str, str, tuple[str, ...]]
"""What was made: its first node, its last one, and the ports of that."""


def _one(node_id: str, *ports: str) -> Made:
    return node_id, node_id, ports


def _exit(draw: Draw) -> Made:
    return _one(draw.add("exit", {}))


def _message(draw: Draw) -> Made:
    random = draw.random
    channel = random.choice(list(draw.things.templates))
    config: Json = {"channel": channel, "template_id": str(draw.things.templates[channel])}
    if random.random() < 0.2:
        config["purpose"] = "transactional"
    if random.random() < 0.3:
        other = random.choice([each for each in draw.things.templates if each != channel])
        config["fallback"] = {"channel": other, "template_id": str(draw.things.templates[other])}
    if random.random() < 0.3:
        return _one(draw.add("action.message", config | {"on_failure": "branch"}), "next", "failed")
    return _one(draw.add("action.message", config), "next")


def _tag(draw: Draw) -> Made:
    return _one(draw.add("action.tag", {"add": [draw.random.choice("abc")]}), "next")


def _attribute(draw: Draw) -> Made:
    return _one(draw.add("action.attribute", {"name": "mood", "value": draw.random.choice("xy")}), "next")


def _wait(draw: Draw) -> Made:
    return _one(draw.add("wait.duration", {"duration": draw.duration()}), "next")


def _until(draw: Draw) -> Made:
    at = f"{draw.random.randint(0, 23):02}:{draw.random.choice((0, 30)):02}"
    return _one(
        draw.add("wait.until", {"at": at, "days": draw.random.choice(("any day", "Monday to Friday"))}),
        "next",
    )


def _wait_event(draw: Draw) -> Made:
    config = {"event": draw.random.choice(EVENTS), "timeout": draw.duration()}
    return _one(draw.add("wait.event", config), "happened", "timeout")


def _rate(draw: Draw) -> Made:
    return _one(draw.add("wait.rate", {"amount": draw.random.randint(1, 60), "per": "hour"}), "next")


def _rule(draw: Draw) -> Made:
    tagged = {"field": "tags", "op": "contains", "value": draw.random.choice("abc")}
    return _one(draw.add("branch.rule", {"rules": {"operator": "AND", "conditions": [tagged]}}), "yes", "no")


def _split(draw: Draw) -> Made:
    share = draw.random.randint(0, 100)
    arms = [{"id": "a", "percent": share}, {"id": "b", "percent": 100 - share}]
    return _one(draw.add("branch.split", {"arms": arms}), "a", "b")


def _value(draw: Draw) -> Made:
    cases = [{"id": "x", "label": "X", "value": "x"}, {"id": "y", "label": "Y", "value": "y"}]
    return _one(draw.add("branch.value", {"value": "attribute.mood", "cases": cases}), "x", "y", "other")


def _language(draw: Draw) -> Made:
    cases = [{"id": "hindi", "label": "Hindi", "value": "hi"}]
    return _one(draw.add("branch.language", {"cases": cases}), "hindi", "other")


def _date(draw: Draw) -> Made:
    config = {
        "date": draw.random.choice(("birthday", "attribute.mood", "last_order_at")),
        "days": draw.random.randint(-3, 3),
        "at": f"{draw.random.randint(0, 23):02}:30",
        "yearly": draw.random.random() < 0.5,
        "if_missing": draw.random.choice(("go_on", "leave")),
    }
    return _one(draw.add("wait.date", config), "next")


def _notify(draw: Draw) -> Made:
    return _one(draw.add("action.notify", {"text": "Look here"}), "next")


def _follow_up(draw: Draw) -> Made:
    return _one(draw.add("action.followup", {"in_days": draw.random.randint(0, 9), "note": "Call"}), "next")


def _points(draw: Draw) -> Made:
    return _one(draw.add("action.points", {"points": draw.random.randint(1, 50)}), "next")


def _gift_card(draw: Draw) -> Made:
    config = {"amount": draw.random.randint(1, 900), "valid_days": draw.random.randint(1, 30)}
    return _one(draw.add("action.gift_card", config), "next")


def _coupon(draw: Draw) -> Made:
    config = {"coupon_id": str(draw.things.coupon), "valid_days": draw.random.randint(1, 30)}
    return _one(draw.add("action.coupon", config), "next", "over")


def _reachable(draw: Draw) -> Made:
    channel = draw.random.choice(list(draw.things.templates))
    return _one(draw.add("branch.reachable", {"channel": channel}), "yes", "no")


def _reaction(draw: Draw) -> Made:
    message, _, ports = _message(draw)
    reaction = draw.random.choice(("opened", "clicked", "replied", "ordered"))
    config = {"message": message, "reaction": reaction, "within": draw.duration(24)}
    branch = draw.add("branch.reaction", config)
    draw.lead(message, "next", branch)
    if "failed" in ports:
        draw.lead(message, "failed", draw.add("exit", {}))
    return message, branch, ("yes", "no")


_ALL: dict[str, tuple[int, Callable[[Draw], Made]]] = {
    "action.message": (9, _message),
    "action.tag": (2, _tag),
    "action.attribute": (1, _attribute),
    "wait.duration": (4, _wait),
    "wait.until": (2, _until),
    "wait.event": (3, _wait_event),
    "wait.rate": (1, _rate),
    "branch.rule": (2, _rule),
    "branch.split": (2, _split),
    "branch.value": (1, _value),
    "branch.reachable": (1, _reachable),
    "branch.language": (1, _language),
    "branch.reaction": (3, _reaction),
    "wait.date": (1, _date),
    "action.notify": (1, _notify),
    "action.followup": (1, _follow_up),
    "action.points": (1, _points),
    "action.gift_card": (1, _gift_card),
    "action.coupon": (1, _coupon),
    "exit": (1, _exit),
}
_MAKE = {kind: make for kind, (_, make) in _ALL.items()}
_KINDS = [kind for kind, (weight, _) in _ALL.items() for _ in range(weight)]
_WAITS = frozenset({"wait.duration", "wait.until", "wait.event", "wait.rate"})
"""Steps to which a loop may lead back: time must pass there."""
