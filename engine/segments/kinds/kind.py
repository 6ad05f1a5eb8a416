"""What every kind of field offers: operators, reading a value, SQL, and words."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from sqlalchemy import ColumnElement

from engine.segments.operators import NEGATED, Operator

UNKNOWN = "not known"
"""What a customer's value is called who has none."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What conditions are compiled against.

    `as_of` asks history instead of the running totals, for past dates. `among` limits what is looked up in
    other tables to these customers, so that a batch of 500 does not read the events of everybody.
    """

    now: datetime
    timezone: ZoneInfo
    currency: str = "INR"
    as_of: bool = False
    among: Sequence[UUID] | None = None

    def days_ago(self, days: Decimal) -> datetime:
        """The moment so many days of 24 hours before `now`."""
        return self.now - timedelta(microseconds=int(days * 86_400_000_000))

    def minor_units(self) -> int:
        """How many minor units (paise) make one major unit of the currency."""
        return int(10 ** get_currency_precision(self.currency))


@dataclass(frozen=True, slots=True)
class Telling:
    """How rules are told in words: currency and locale of amounts, and names of what ids stand for."""

    currency: str = "INR"
    locale: str = "en_IN"
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, id: object) -> str:
        """The name of what an id stands for, or the id itself."""
        return self.names.get(str(id), str(id))


class Kind(ABC):
    """A kind of field. Values come in as JSON, are read once into Python values, then compiled or told."""

    name: ClassVar[str]
    operators: ClassVar[tuple[Operator, ...]]
    shows_value: ClassVar[bool] = False
    """Whether the customer's own value can be told (`found`)."""

    @abstractmethod
    def read(self, operator: Operator, raw: Any) -> Any:
        """The value of a condition.

        Raises:
            ValueError: the value does not fit; the message says what is wanted instead.
        """

    @abstractmethod
    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        """SQL of an operator that is not the negation of another; null when the customer has no value."""

    @abstractmethod
    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        """The condition in a marketer's words."""

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        """A customer's own value in words, as it was at a moment; None for kinds that have none to show.

        Args:
            value: as the database gave it, or as JSON keeps it.
        """
        return None

    def compile(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        """SQL of any operator; negations hold exactly where the positive does not, nulls included."""
        if operator in NEGATED:
            return self.positive(column, NEGATED[operator], value, scope).is_not(True)
        return self.positive(column, operator, value, scope)
