"""What a model refuses, in our words: the field, what is wrong with it, and what it takes.

pydantic names what its code expects; whoever typed a value, sent a file or drew a graph reads these sentences
instead, at every door.
"""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.core.errors import InvalidInput

WHOLE_NUMBER = "must be a whole number"
NUMBER = "must be a number"
YES_OR_NO = "must be true or false"
LIST = "must be a list"
OBJECT = "must be an object with named fields"
DATE = "must be a date such as 2026-03-31"
TIME = "must be a time such as 09:30"
MOMENT = "must be a moment such as 2026-03-31T09:30:00+05:30"
IDENTIFIER = "must be an id such as 0198c5a1-7d2e-7c3b-9a4f-5e6d7c8b9a01"

SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here. Check its spelling, or leave it out",
    "string_type": "must be text",
    "string_too_short": "needs {min_length} characters or more",
    "string_too_long": "takes {max_length} characters at most",
    "string_pattern_mismatch": "is not written as it must be ({pattern})",
    "too_short": "needs {min_length} or more; there are {actual_length}",
    "too_long": "takes {max_length} at most; there are {actual_length}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "bool_type": YES_OR_NO,
    "bool_parsing": YES_OR_NO,
    "list_type": LIST,
    "tuple_type": LIST,
    "set_type": LIST,
    "frozen_set_type": LIST,
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "date_type": DATE,
    "date_parsing": DATE,
    "date_from_datetime_parsing": DATE,
    "date_from_datetime_inexact": DATE,
    "time_type": TIME,
    "time_parsing": TIME,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "timezone_aware": "needs a time zone, as in 2026-03-31T09:30:00+05:30",
    "uuid_type": IDENTIFIER,
    "uuid_parsing": IDENTIFIER,
    "json_invalid": "is not JSON: {error}",
}
"""By pydantic's error type, with the facts of its `ctx`; a type that is not here keeps pydantic's own words."""


def what_is_wrong(problem: ErrorDetails) -> str:
    """What is wrong with a field and what it takes, without the field and without the last dot."""
    facts: dict[str, Any] = problem.get("ctx") or {}
    sentence = SENTENCES.get(problem["type"])
    return sentence.format(**facts) if sentence else problem["msg"].removeprefix("Value error, ")


def place_of(problem: ErrorDetails, *around: str) -> str:
    """Where it stands, e.g. `form.fields.0.name`."""
    return ".".join([*around, *map(str, problem["loc"])])


def refused(error: ValidationError, *around: str) -> InvalidInput:
    """The first thing a model refuses, as an error that names the field.

    Args:
        around: where the model itself stands in what was sent.
    """
    problem = error.errors()[0]
    field = place_of(problem, *around)
    wrong = what_is_wrong(problem)
    return InvalidInput(f"{field}: {wrong}." if field else f"{wrong}.", details={"field": field})
