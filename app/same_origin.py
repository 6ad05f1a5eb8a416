"""Lets one front-end build serve on every host and port.

Reflex writes the backend's address, port included, into the bundle. Ours is always the origin the page came
from, so the bundle asks the browser instead; the port can change without a new build.
"""

from typing import Any

from reflex.plugins import Plugin

STATE_JS = "utils/state.js"
EDITS = {
    "endpoint.hostname = frontend_hostname;": "endpoint.host = window.location.host;",
    'endpoint.port = ""; // Assume websocket is on https port via load balancer.': "",
}


def speak_to_own_origin(source: str) -> str:
    """Reflex's client script with the backend's host and port taken from the page's address.

    Raises:
        RuntimeError: the script is not the one we know (Reflex was upgraded); look at `getBackendURL` there.
    """
    for old, new in EDITS.items():
        if old in source:
            source = source.replace(old, new)
        elif "endpoint.host = window.location.host;" not in source:
            raise RuntimeError(f"{STATE_JS} of this Reflex version lacks `{old}`: adapt app/same_origin.py.")
    return source


class SameOriginPlugin(Plugin):
    """Applies `speak_to_own_origin` at every compile."""

    def pre_compile(self, **context: Any) -> None:
        """Register the edit; Reflex applies it to the file in its build folder."""
        context["add_modify_task"](STATE_JS, speak_to_own_origin)
