"""The node types, discovered here: every `Node` class of this folder with a `type` of its own."""

import importlib
import pkgutil
from typing import get_args

from engine.journeys.nodes.base import Node


def _discover() -> dict[str, type[Node]]:
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    concrete = _descendants(Node)  # type: ignore[type-abstract]  # a base to begin from, never made
    return {kind: cls for cls in concrete for kind in _types(cls)}


def _descendants(cls: type[Node]) -> list[type[Node]]:
    return [each for child in cls.__subclasses__() for each in (child, *_descendants(child))]


def _types(cls: type[Node]) -> tuple[str, ...]:
    declared = cls.model_fields.get("type")
    return get_args(declared.annotation) if declared else ()


NODE_TYPES: dict[str, type[Node]] = _discover()
"""`family.kind` → class, e.g. `wait.duration` → WaitDuration."""
