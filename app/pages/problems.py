"""What the engine says of a bad value, put next to the field it is about."""

from engine.core.errors import SafarError


def problems_of(error: SafarError, *, fallback: str = "form") -> dict[str, str]:
    """{field: sentence} for a form; an error that names no field goes to `fallback`, shown above the form.

    The engine's sentences begin with the field's technical name for callers of the API; a person at the form
    sees which field is meant, so the name is left out.
    """
    details = error.details if isinstance(error.details, dict) else {}
    field = str(details.get("field", ""))
    sentence = error.message.removeprefix(f"{field}: ")
    return {field or fallback: sentence[:1].upper() + sentence[1:]}
