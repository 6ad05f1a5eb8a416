"""What the engine says of a bad value, put next to the field it is about."""

import re

from engine.core.errors import SafarError

NAMED = re.compile(r"(?P<field>[a-z_]+(?:\.[\w-]+)*): ")
"""How the engine's sentences begin when they are about a field; callers of the API need its technical name."""


def problems_of(error: SafarError, *, fallback: str = "form") -> dict[str, str]:
    """{field: sentence} for a form; an error that names no field goes to `fallback`, shown above the form.

    A person at the form sees which field is meant, so its technical name is left out.
    """
    details = error.details if isinstance(error.details, dict) else {}
    named = NAMED.match(error.message)
    field = str(details.get("field") or (named["field"] if named else fallback))
    sentence = error.message[named.end() :] if named else error.message
    return {field: sentence[:1].upper() + sentence[1:]}
