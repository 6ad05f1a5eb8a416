"""The shape of an answer that went well; that of an error is `engine.core.errors` (interface contract, S4)."""

from typing import Any


def succeeded(data: Any) -> dict[str, Any]:
    """S4's envelope around what was asked for."""
    return {"success": True, "data": data}
