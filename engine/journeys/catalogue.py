"""The node types as the palette and the config form need them, derived from their classes."""

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import Family, Node

ENTRIES = ("arms", "cases")
"""Fields whose every entry is a way out of its own."""


@lru_cache
def node_catalogue() -> list[dict[str, Any]]:
    """One entry a node type, in the palette's order: family, label, icon, schema of its config, ports, defaults.

    `ports_from` names the field whose entries are ways out before `ports`; `ports_by` the field with whose value the
    ports change: `{"field", "ports": {value: ports}}`. `presets` are the kind with its first choice made, one a value,
    so that a search finds "payment failed" though the kind is called otherwise.
    """
    order = list(Family)
    kinds = sorted(NODE_TYPES.items(), key=lambda item: (order.index(item[1].family), item[0]))
    return [_entry(kind, cls) for kind, cls in kinds]


def _entry(kind: str, cls: type[Node]) -> dict[str, Any]:
    config = cls.model_fields["config"].annotation
    assert config is not None
    entries = next((name for name in ENTRIES if name in config.model_fields), None)
    return {
        "type": kind,
        "family": cls.family.value,
        "label": cls.label,
        "icon": cls.icon,
        "description": cls.description,
        "summary": cls.summary,
        "schema": config.model_json_schema(),
        "defaults": _defaults(config),
        "ports": _ports(cls, config, {entries: ()} if entries else {}),
        "ports_from": entries,
        "ports_by": _ports_by(cls, config),
        "presets": _presets(cls, config),
        "entrance": cls.family is Family.TRIGGER,
    }


def _defaults(config: Any) -> dict[str, Any]:
    fields = {name: field.default for name, field in config.model_fields.items() if not field.is_required()}
    dumped: dict[str, Any] = config.model_construct(**fields).model_dump(
        mode="json", exclude=_required(config)
    )
    return dumped


def _required(config: Any) -> set[str]:
    return {name for name, field in config.model_fields.items() if field.is_required()}


def _made(cls: Any, config: Any, values: dict[str, Any]) -> Node:
    """A node with these values in an otherwise unfilled config."""
    filled = {name: field.default for name, field in config.model_fields.items() if not field.is_required()}
    made: Node = cls.model_construct(id="palette", config=config.model_construct(**{**filled, **values}))
    return made


def _ports(cls: type[Node], config: Any, values: dict[str, Any]) -> list[dict[str, str]]:
    return [{"id": port.id, "label": port.label} for port in _made(cls, config, values).ports()]


def _choices(config: Any) -> Iterator[tuple[str, type[Enum]]]:
    """The fields that are one of a few values."""
    for name, field in config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Enum):
            yield name, field.annotation


def _ports_by(cls: type[Node], config: Any) -> dict[str, Any] | None:
    for name, values in _choices(config):
        ports = {value.value: _ports(cls, config, {name: value}) for value in values}
        if len({str(each) for each in ports.values()}) > 1:
            return {"field": name, "ports": ports}
    return None


def _presets(cls: type[Node], config: Any) -> list[dict[str, Any]]:
    name, values = next(_choices(config), (None, ()))
    if name is None or cls.family is Family.WAIT:
        return []
    alone = _required(config) == {name}
    return [
        {
            "label": _words(value) if alone else f"{cls.label}: {_words(value).lower()}",
            "description": _made(cls, config, {name: value}).sentence() if alone else cls.description,
            "config": {name: value.value},
        }
        for value in values
    ]


def _words(value: Enum) -> str:
    return str(value.value).replace("_", " ").capitalize()
