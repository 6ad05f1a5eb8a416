"""One bad row must not stop the others: a batch that cannot be stored is halved until the row to blame stands alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError

from engine.core.errors import SafarError

POISON = (
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SafarError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What is wrong with a row and will be wrong again. A server that is down is not among it: that passes."""

Row = TypeVar("Row")
Done = TypeVar("Done")


def in_parts(
    rows: Sequence[Row], do: Callable[[Sequence[Row]], Done], set_aside: Callable[[Row, str], Done]
) -> list[Done]:
    """Do all rows at once; where that fails, each half by itself, down to the row that is set aside with a reason.

    `do` and `set_aside` each use a transaction of their own.
    """
    if not rows:
        return []
    try:
        return [do(rows)]
    except POISON as error:
        if len(rows) == 1:
            return [set_aside(rows[0], told(error))]
    middle = len(rows) // 2
    return in_parts(rows[:middle], do, set_aside) + in_parts(rows[middle:], do, set_aside)


def told(error: Exception) -> str:
    """The first line of an error, for the marketer's list of what is stuck."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
