"""A journey's graph as JSON: read strictly for publishing, loosely for drafts; and its JSON Schema.

The format is the interface contract's: `{"schema": 1, "nodes": [...], "edges": [...], "settings": {...}}`.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, TypeAdapter, ValidationError

from engine.core.errors import InvalidGraph
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import NEXT, Config, Node, Problem, control

MAX_NODES = 1_000
MAX_EDGES = 3_000
MAX_BYTES = 2_000_000


class Edge(BaseModel):
    """A way from one node's port to another node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=130)
    source: str
    source_port: str = NEXT
    target: str


class ReentryMode(StrEnum):
    """Whether a customer may enter again after having been in the journey (J6)."""

    NEVER = "never"
    AFTER_DAYS = "after_days"
    ALWAYS = "always"


class JourneySettings(Config):
    """Rules of the whole journey."""

    reentry: ReentryMode = Field(
        ReentryMode.NEVER, title="May customers enter again?", json_schema_extra=control("select")
    )
    reentry_days: int = Field(
        30,
        ge=1,
        le=3_650,
        title="Days after which they may",
        json_schema_extra=control("number", shown_if={"reentry": ReentryMode.AFTER_DAYS.value}),
    )
    entry_rules: dict[str, Any] | None = Field(
        None, title="Only customers who", json_schema_extra=control("rules", scope="event")
    )


class Graph(BaseModel):
    """A graph whose every node is well-formed; whether it makes sense is `validation.py`'s question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    nodes: tuple[SerializeAsAny[Node], ...]
    edges: tuple[Edge, ...]
    settings: JourneySettings = JourneySettings()


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
    for field, most in (("nodes", MAX_NODES), ("edges", MAX_EDGES)):
        entries = raw.get(field)
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
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            problems.append(
                Problem("bad_edge", f"Connection {number}: {where}: {first['msg']}.", each.get("source"))
            )
    settings = JourneySettings()
    try:
        settings = JourneySettings.model_validate(raw.get("settings", {}))
    except ValidationError as error:
        problems += [
            Problem(
                "bad_setting", f"Journey setting {each['loc'][0]}: {each['msg']}.", field=str(each["loc"][0])
            )
            for each in error.errors()
        ]
    if problems:
        return None, problems
    return Graph(schema=1, nodes=tuple(nodes), edges=tuple(edges), settings=settings), []


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


def _config_message(kind: str, path: list[str], error: Any) -> str:
    label = NODE_TYPES[kind].label
    if error["type"] == "missing":
        return f"{label}: choose or fill in {_title(kind, path).lower()}."
    return f"{label}: {_title(kind, path)}: {error['msg']}."


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
