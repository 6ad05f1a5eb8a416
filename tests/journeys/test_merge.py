"""Two drafts made from the same one: nothing that only one side changed is lost (issue 4, "Saving")."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.journeys.merge import Merged, merge, touched

Graph = dict[str, Any]
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Other tests keep the machine busy."""

NAMES = ("a", "b", "c", "d")


def node(name: str, value: int, x: int = 0) -> dict[str, Any]:
    return {"id": name, "type": "wait.duration", "position": {"x": x, "y": 0}, "config": {"value": value}}


def edge(source: str, target: str, port: str = "next") -> dict[str, Any]:
    return {"id": f"{source}-{port}", "source": source, "source_port": port, "target": target}


def graph(*nodes: dict[str, Any], ways: tuple[dict[str, Any], ...] = (), **settings: Any) -> Graph:
    return {"schema": 1, "nodes": list(nodes), "edges": list(ways), "settings": settings}


@st.composite
def drafts(draw: st.DrawFn) -> Graph:
    """A draft over few names, so that two of them meet often."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    numbers = st.integers(0, 2)
    nodes = [node(each, draw(numbers), draw(numbers)) for each in names]
    ports = st.tuples(st.sampled_from(names or NAMES), st.sampled_from(("yes", "no")))
    ways = draw(st.dictionaries(ports, st.sampled_from(names or NAMES), max_size=4 if names else 0))
    settings = draw(st.dictionaries(st.sampled_from(("goal", "limit")), numbers))
    return graph(*nodes, ways=tuple(edge(s, t, p) for (s, p), t in ways.items()), **settings)


def content(one: Graph) -> dict[Any, Any]:
    """Every place of a graph that can be changed by itself, with what stands there."""
    steps = {("step", each["id"]): (each["type"], each["config"]) for each in one["nodes"]}
    ways = {("way", each["source"], each["source_port"]): each["target"] for each in one["edges"]}
    return steps | ways | {("setting", name): value for name, value in one["settings"].items()}


@PATIENT
@given(drafts(), drafts(), drafts())
def test_what_one_side_changed_and_the_other_left_alone_is_never_lost(
    base: Graph, mine: Graph, theirs: Graph
) -> None:
    both = merge(base, mine, theirs)
    was, one, other = content(base), content(mine), content(theirs)
    met = {each for each in was.keys() | one.keys() | other.keys() if _differ(was, one, other, each)}
    if both.graph is None:
        assert met or both.steps
        return
    assert not met
    now = content(both.graph)
    for each in was.keys() | one.keys() | other.keys():
        wanted = one if was.get(each) != one.get(each) else other
        assert now.get(each) == wanted.get(each), each


def _differ(was: Any, one: Any, other: Any, key: Any) -> bool:
    return was.get(key) != one.get(key) != other.get(key) != was.get(key)


@PATIENT
@given(drafts(), drafts(), drafts())
def test_no_arrow_is_left_without_a_step_at_its_end(base: Graph, mine: Graph, theirs: Graph) -> None:
    both = merge(base, mine, theirs).graph
    if both is not None:
        names = {each["id"] for each in both["nodes"]}
        assert all({each["source"], each["target"]} <= names for each in both["edges"])


@PATIENT
@given(drafts(), drafts(), drafts())
def test_who_is_me_and_who_the_other_does_not_matter(base: Graph, mine: Graph, theirs: Graph) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert (one.steps, one.settings) == (other.steps, other.settings)
    if one.graph is not None and other.graph is not None:
        assert content(one.graph) == content(other.graph)


@PATIENT
@given(drafts(), drafts())
def test_when_only_one_of_them_changed_anything_it_is_theirs(base: Graph, mine: Graph) -> None:
    assert content(merge(base, mine, base).graph or {}) == content(mine)
    assert content(merge(base, base, mine).graph or {}) == content(mine)


@PATIENT
@given(drafts(), drafts())
def test_the_same_change_by_both_is_one_change(base: Graph, mine: Graph) -> None:
    assert content(merge(base, mine, mine).graph or {}) == content(mine)


def test_a_step_is_moved_by_one_and_changed_by_the_other() -> None:
    base = graph(node("a", 1), node("b", 1))
    both = merge(base, graph(node("a", 1, x=500), node("b", 1)), graph(node("a", 7), node("b", 1)))
    assert both.graph == graph(node("a", 7, x=500), node("b", 1))


def test_a_step_changed_by_one_and_removed_by_the_other_is_asked_about() -> None:
    base = graph(node("a", 1), node("b", 1))
    assert merge(base, graph(node("a", 2), node("b", 1)), graph(node("b", 1))) == Merged(None, frozenset("a"))


def test_an_arrow_to_a_step_that_the_other_removed_is_asked_about() -> None:
    base = graph(node("a", 1), node("b", 1))
    mine = graph(node("a", 1), node("b", 1), ways=(edge("a", "b"),))
    assert merge(base, mine, graph(node("a", 1))) == Merged(None, frozenset("b"))


def test_a_way_bent_by_both_is_asked_about() -> None:
    nodes = node("a", 1), node("b", 1), node("c", 1)
    mine, theirs = graph(*nodes, ways=(edge("a", "b"),)), graph(*nodes, ways=(edge("a", "c"),))
    assert merge(graph(*nodes), mine, theirs).steps == {"a"}


def test_a_setting_is_a_place_of_its_own() -> None:
    base = graph(goal="Order", limit=1)
    assert merge(base, graph(goal="Visit", limit=1), graph(goal="Order", limit=2)).graph == graph(
        goal="Visit", limit=2
    )
    assert merge(base, graph(goal="Visit", limit=1), graph(goal="Sign up", limit=1)).settings == {"goal"}


def test_what_was_touched_is_told_by_step_way_and_setting() -> None:
    base = graph(node("a", 1), node("b", 1), ways=(edge("a", "b"),), goal="Order")
    found = touched(base, graph(node("a", 2, x=9), node("c", 1), ways=(edge("a", "c"),), goal="Visit"))
    assert (found.added, found.changed, found.removed) == (frozenset("c"), frozenset("a"), frozenset("b"))
    assert (found.ways, found.settings) == ({("a", "next")}, {"goal"})
    assert found.steps == {"a", "b", "c"}


def test_notes_of_both_stay_and_the_same_note_is_asked_about() -> None:
    def noted(**words: str) -> Graph:
        return {**graph(node("a", 1)), "notes": [{"id": each, "text": text} for each, text in words.items()]}

    both = merge(noted(x="old"), noted(x="old", y="mine"), noted(x="theirs")).graph
    assert both is not None and {each["id"]: each["text"] for each in both["notes"]} == {
        "x": "theirs",
        "y": "mine",
    }
    assert merge(noted(x="old"), noted(x="mine"), noted(x="theirs")).settings == {"notes"}
