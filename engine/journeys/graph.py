"""A journey's graph as JSON: read strictly for publishing, loosely for drafts; and its JSON Schema.

The format is the interface contract's: `{"schema": 1, "nodes": [...], "edges": [...], "settings": {...}}`, and, where
somebody stuck notes on the canvas, `"notes": [{"id", "position", "width", "height", "text", "colour"}]`.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import networkx as nx
import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from engine.core.errors import InvalidGraph
from engine.core.refusals import refused, what_is_wrong
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import (
    Config,
    Node,
    Position,
    Problem,
    control,
)
from engine.journeys.nodes.outcomes import (
    NEXT,
)
from engine.segments.behaviours import PropertyRule

MAX_NODES = 1_000
MAX_EDGES = 3_000
MAX_NOTES = 300
LONGEST_NOTE = 5_000
MAX_BYTES = 2_000_000


class Edge(BaseModel):
    """A way from one node's port to another node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=130)
    source: str
    source_port: str = NEXT
    target: str


class NoteColour(StrEnum):
    """The paper of a note; the app's style sheet says how each looks by day and by night."""

    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"
    PINK = "pink"
    GREY = "grey"


class Note(BaseModel):
    """Words stuck on the canvas for those who draw; it says nothing to the journey."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_\-]+$")
    position: Position = Position()
    width: float = Field(240, ge=80, le=2_000, title="Width", description="In the canvas's pixels")
    height: float = Field(160, ge=60, le=2_000, title="Height", description="In the canvas's pixels")
    text: str = Field("", max_length=LONGEST_NOTE, title="Text")
    colour: NoteColour = Field(NoteColour.YELLOW, title="Colour")


class ReentryMode(StrEnum):
    """Whether a customer may enter again after having been in the journey (J6)."""

    NEVER = "never"
    AFTER_DAYS = "after_days"
    ALWAYS = "always"


class Priority(StrEnum):
    """Which journey's message goes first when two want the same customer on the same day (J6)."""

    NORMAL = "normal"
    HIGH = "high"
    HIGHEST = "highest"

    @property
    def rank(self) -> int:
        """The higher goes first."""
        return list(Priority).index(self)


EventName = Annotated[str, Field(min_length=1, max_length=200)]


class JourneySettings(Config):
    """Rules of the whole journey."""

    reentry: ReentryMode = Field(
        ReentryMode.NEVER,
        title="May customers enter again?",
        json_schema_extra=control("select", group="Who enters"),
    )
    reentry_days: int = Field(
        30,
        ge=1,
        le=3_650,
        title="Days after which they may",
        json_schema_extra=control(
            "number", shown_if={"reentry": ReentryMode.AFTER_DAYS.value}, group="Who enters"
        ),
    )
    entry_rules: dict[str, Any] | None = Field(
        None,
        title="Only customers who",
        json_schema_extra=control("rules", scope="event", group="Who enters"),
    )
    branch_ids: tuple[UUID, ...] = Field(
        (),
        max_length=500,
        title="Only customers of these branches",
        description="Leave empty for all",
        json_schema_extra=control("branches", group="Who enters"),
    )
    starts_on: date | None = Field(
        None,
        title="First day",
        description="Nobody enters before, by the studio's calendar",
        json_schema_extra=control("date", group="Who enters"),
    )
    ends_on: date | None = Field(
        None,
        title="Last day",
        description="Nobody enters after it; who is on the way goes on to the end",
        json_schema_extra=control("date", group="Who enters"),
    )
    goal_event: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        title="Goal",
        description="The event that counts as success, e.g. Order Completed",
        json_schema_extra=control("event", group="Goal"),
    )
    goal_where: tuple[PropertyRule, ...] = Field(
        (),
        max_length=20,
        title="Goal only if",
        json_schema_extra=control("where", of="goal_event", shown_if_set="goal_event", group="Goal"),
    )
    goal_days: int = Field(
        30,
        ge=1,
        le=365,
        title="Counts for so many days after entering",
        json_schema_extra=control("number", shown_if_set="goal_event", group="Goal"),
    )
    leave_on_goal: bool = Field(
        True,
        title="Leave when the goal is reached",
        description="What is queued for the customer by then is not sent",
        json_schema_extra=control("boolean", shown_if_set="goal_event", group="Goal"),
    )
    exit_events: tuple[EventName, ...] = Field(
        (),
        max_length=20,
        title="Leave when one of these happens",
        json_schema_extra=control("events", group="Leaving"),
    )
    exit_rules: dict[str, Any] | None = Field(
        None,
        title="Leave when the customer",
        description="Asked at every step",
        json_schema_extra=control("rules", scope="customer", group="Leaving"),
    )
    stop_on_reply: bool = Field(
        True,
        title="Stop when the customer replies",
        description="The staff take over on the desk. Journeys that branch on replies go on",
        json_schema_extra=control("boolean", group="Leaving"),
    )
    priority: Priority = Field(
        Priority.NORMAL,
        title="Priority",
        description="When two journeys want to write to a customer on the same day, the more important one does",
        json_schema_extra=control("select", group="Limits"),
    )
    message_limit: int | None = Field(
        None,
        ge=1,
        le=100,
        title="At most so many messages to one customer in seven days",
        description="Of this journey, besides the studio's own limits",
        json_schema_extra=control("number", group="Limits"),
    )

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("the last day must not lie before the first day")
        return self


class Graph(BaseModel):
    """A graph whose every node is well-formed; whether it makes sense is `validation.py`'s question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    nodes: tuple[SerializeAsAny[Node], ...]
    edges: tuple[Edge, ...]
    settings: JourneySettings = JourneySettings()
    notes: tuple[Note, ...] = Field((), max_length=MAX_NOTES)

    @cached_property
    def ways(self) -> "nx.DiGraph[str]":
        """Which steps lead to which, made once; edges that lead nowhere are left out. Not to be changed."""
        ways: nx.DiGraph[str] = nx.DiGraph()
        ways.add_nodes_from(node.id for node in self.nodes)
        ways.add_edges_from(
            (edge.source, edge.target) for edge in self.edges if edge.source in ways and edge.target in ways
        )
        return ways


@lru_cache
def _node_adapter() -> TypeAdapter[Node]:
    union = reduce(or_, NODE_TYPES.values())
    tagged: Any = Annotated[union, Field(discriminator="type")]
    return TypeAdapter(tagged)


EMPTY_GRAPH: dict[str, Any] = {"schema": 1, "nodes": [], "edges": [], "settings": {}}


def check_shape(raw: object) -> dict[str, Any]:
    """A draft may be unfinished, but it must be a graph: this is what is demanded before it is saved.

    Raises:
        InvalidGraph: not an object with lists of nodes and edges, or larger than a canvas can show.
    """
    if not isinstance(raw, dict):
        raise InvalidGraph("A graph is a JSON object with `schema`, `nodes`, `edges` and `settings`.")
    if raw.get("schema") != 1:
        raise InvalidGraph(
            "schema: this version of Safar reads graphs of schema 1.", details={"field": "schema"}
        )
    for field, most in (("nodes", MAX_NODES), ("edges", MAX_EDGES), ("notes", MAX_NOTES)):
        entries = raw.get(field, [] if field == "notes" else None)
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InvalidGraph(f"{field}: must be a list of objects.", details={"field": field})
        if len(entries) > most:
            raise InvalidGraph(
                f"{field}: {len(entries)} are more than {most}. Split the journey.", details={"field": field}
            )
    if not isinstance(raw.get("settings", {}), dict):
        raise InvalidGraph("settings: must be an object.", details={"field": "settings"})
    try:
        size = len(orjson.dumps(raw))
    except TypeError as error:
        raise InvalidGraph(f"The graph holds a value that JSON cannot carry: {error}.") from error
    if size > MAX_BYTES:
        raise InvalidGraph("The graph is larger than 2 MB. Shorten texts or split the journey.")
    return raw


def read_json(content: bytes | str) -> dict[str, Any]:
    """A graph from JSON text, shape checked.

    Raises:
        InvalidGraph: it is no JSON (says where), or not a graph.
    """
    try:
        return check_shape(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise InvalidGraph(
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error


def read_graph(raw: dict[str, Any]) -> tuple[Graph | None, list[Problem]]:
    """The graph and no problems, or no graph and every malformed node, edge and setting, each with its field."""
    problems: list[Problem] = []
    nodes = [node for each in raw["nodes"] for node in _read_node(each, problems)]
    edges: list[Edge] = []
    for number, each in enumerate(raw["edges"], 1):
        try:
            edges.append(Edge.model_validate(each))
        except ValidationError as error:
            wrong = refused(error).message
            problems.append(Problem("bad_edge", f"Connection {number}: {wrong}", each.get("source")))
    settings = JourneySettings()
    try:
        settings = JourneySettings.model_validate(raw.get("settings", {}))
    except ValidationError as error:
        problems += [_setting_problem(each) for each in error.errors()]
    notes = [
        note
        for number, each in enumerate(raw.get("notes", []), 1)
        for note in _read_note(number, each, problems)
    ]
    if problems:
        return None, problems
    return Graph(schema=1, nodes=tuple(nodes), edges=tuple(edges), settings=settings, notes=tuple(notes)), []


def _read_node(raw: dict[str, Any], problems: list[Problem]) -> Iterator[Node]:
    node_id = raw.get("id") if isinstance(raw.get("id"), str) else None
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in NODE_TYPES:
        problems.append(
            Problem(
                "unknown_type",
                f"“{kind}” is not a kind of step. Remove it and choose one from the palette.",
                node_id,
            )
        )
        return
    try:
        yield _node_adapter().validate_python(raw)
    except ValidationError as error:
        for each in error.errors():
            path = [str(part) for part in each["loc"] if part not in (kind, "config")]
            problems.append(
                Problem("bad_config", _config_message(kind, path, each), node_id, path[0] if path else None)
            )


def _read_note(number: int, raw: dict[str, Any], problems: list[Problem]) -> Iterator[Note]:
    try:
        yield Note.model_validate(raw)
    except ValidationError as error:
        problems.append(Problem("bad_note", f"Note {number}: {refused(error).message}"))


def _setting_problem(error: Any) -> Problem:
    name = str(error["loc"][0]) if error["loc"] else "ends_on"
    title = JourneySettings.model_fields[name].title if name in JourneySettings.model_fields else name
    return Problem("bad_setting", f"{title}: {what_is_wrong(error)}.", field=name)


def _config_message(kind: str, path: list[str], error: Any) -> str:
    label = NODE_TYPES[kind].label
    if error["type"] == "missing":
        return f"{label}: choose or fill in {_title(kind, path).lower()}."
    return f"{label}: {_title(kind, path)}: {what_is_wrong(error)}."


def _title(kind: str, path: list[str]) -> str:
    """What the form calls a field, with the place inside it: `Split, 2, percent`."""
    config = NODE_TYPES[kind].model_fields["config"].annotation
    fields = getattr(config, "model_fields", {})
    if not path or path[0] not in fields:
        return " ".join(path) or "settings"
    first = fields[path[0]].title or path[0].replace("_", " ")
    return ", ".join([first, *(str(int(part) + 1) if part.isdigit() else part for part in path[1:])])


def dump_graph(graph: Graph) -> dict[str, Any]:
    """The graph as JSON again."""
    dumped: dict[str, Any] = graph.model_dump(mode="json", by_alias=True)
    return dumped


@lru_cache
def graph_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a graph, with every node type; served at `/api/v1/journeys/schema`."""
    schema = Graph.model_json_schema(by_alias=True)
    nodes = _node_adapter().json_schema(ref_template="#/$defs/{model}")
    schema["$defs"].update(nodes.pop("$defs"))
    schema["$defs"].pop("Node", None)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["nodes"]["items"] = nodes
    return schema
