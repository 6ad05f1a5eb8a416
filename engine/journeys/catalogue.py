"""The node types as the palette and the config form need them, derived from their classes."""

from functools import lru_cache
from typing import Any

from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import Family, Node


@lru_cache
def node_catalogue() -> list[dict[str, Any]]:
    """One entry a node type, in the palette's order: family, label, icon, schema of its config, ports, defaults."""
    order = list(Family)
    kinds = sorted(NODE_TYPES.items(), key=lambda item: (order.index(item[1].family), item[0]))
    return [_entry(kind, cls) for kind, cls in kinds]


def _entry(kind: str, cls: type[Node]) -> dict[str, Any]:
    config = cls.model_fields["config"].annotation
    assert config is not None
    schema = config.model_json_schema()
    arms = "arms" in config.model_fields
    return {
        "type": kind,
        "family": cls.family.value,
        "label": cls.label,
        "icon": cls.icon,
        "description": cls.description,
        "schema": schema,
        "defaults": _defaults(config),
        "ports": [] if arms else [{"id": port.id, "label": port.label} for port in _static_ports(cls)],
        "ports_from": "arms" if arms else None,
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


def _static_ports(cls: type[Node]) -> Any:
    return cls.ports(cls.model_construct(id="palette"))
