"""The two shapes of things a rule can ask: a field of the customer, and something the customer did."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, Select

from engine.core.refusals import refused
from engine.customers.models import Customer
from engine.segments.kinds.kind import Kind, Scope, Telling
from engine.segments.operators import LABELS, NEGATED, Operator, values_wanted

Wish = TypeVar("Wish", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """An operator as the builder shows it; `values` is none, one, two or many."""

    name: str
    label: str
    values: str


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as the builder shows it; `value_schema` is the JSON Schema of a structured value."""

    name: str
    label: str
    group: str
    kind: str
    unit: str
    hint: str
    operators: tuple[OperatorInfo, ...]
    choices: tuple[str, ...]
    value_schema: dict[str, Any] | None = None


class Asked(ABC):
    """What can stand in a condition's `field`."""

    name: str
    label: str
    group: str

    @property
    @abstractmethod
    def operators(self) -> tuple[Operator, ...]:
        """Operators that make sense here."""

    @abstractmethod
    def read(self, operator: Operator, raw: Any) -> Any:
        """The value of a condition from JSON; raises ValueError with the way out."""

    @abstractmethod
    def compile(self, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        """The condition over `Customer`."""

    @abstractmethod
    def tell(self, operator: Operator, value: Any, telling: Telling) -> str:
        """The condition in a marketer's words."""

    @abstractmethod
    def info(self) -> FieldInfo:
        """What the builder needs."""

    def _operators(self) -> tuple[OperatorInfo, ...]:
        return tuple(OperatorInfo(one.value, LABELS[one], values_wanted(one)) for one in self.operators)


@dataclass(frozen=True)
class Field(Asked):
    """A value of the customer: `column` gives its SQL, `kind` what can be asked of it."""

    name: str
    label: str
    group: str
    kind: Kind
    column: Callable[[Scope], Any]
    unit: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[Operator, ...]:
        return self.kind.operators

    def read(self, operator: Operator, raw: Any) -> Any:
        return self.kind.read(operator, raw)

    def compile(self, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        return self.kind.compile(self.column(scope), operator, value, scope)

    def tell(self, operator: Operator, value: Any, telling: Telling) -> str:
        return self.kind.tell(self.label.lower(), operator, value, telling)

    def info(self) -> FieldInfo:
        return FieldInfo(
            self.name,
            self.label,
            self.group,
            self.kind.name,
            self.unit,
            self.hint,
            self._operators(),
            self.choices,
        )


@dataclass(frozen=True)
class Behaviour(Asked, Generic[Wish]):
    """Something customers did: `wish` is the model of a condition's value, `who` selects their ids.

    `did_not` is everybody else. A condition is one uncorrelated set of ids, which PostgreSQL hashes once.
    """

    name: str
    label: str
    group: str
    wish: type[Wish]
    who: Callable[[Wish, Scope], Select[Any]]
    words: Callable[[Wish, Telling], str]
    hint: str = ""

    @property
    def operators(self) -> tuple[Operator, ...]:
        return (Operator.DID, Operator.DID_NOT)

    def read(self, operator: Operator, raw: Any) -> Any:
        try:
            return self.wish.model_validate(raw)
        except ValidationError as error:
            raise ValueError(refused(error).message.removesuffix(".")) from None

    def compile(self, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        often = getattr(value, "seldom", None)
        did = Customer.id.in_(self.who(often or value, scope))
        return did.is_not(True) if (operator in NEGATED) is (often is None) else did

    def tell(self, operator: Operator, value: Any, telling: Telling) -> str:
        words = self.words(value, telling)
        return f"did not: {words}" if operator in NEGATED else words

    def info(self) -> FieldInfo:
        schema = self.wish.model_json_schema()
        return FieldInfo(
            self.name, self.label, self.group, "behaviour", "", self.hint, self._operators(), (), schema
        )
