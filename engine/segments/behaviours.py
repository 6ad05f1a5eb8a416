"""What customers did, one entry each: events, messages, purchases, visits, other segments."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, func, literal, select, true

from engine.customers.models import Appointment, Order, OrderLine
from engine.events.models import Event
from engine.segments.field import Behaviour
from engine.segments.kinds.days import plain
from engine.segments.kinds.document import Document
from engine.segments.kinds.kind import Scope, Telling
from engine.segments.operators import Operator, find_operator
from engine.segments.totals import COUNTED_ORDERS, COUNTED_VISITS

Days = Annotated[Decimal, Field(gt=0, le=36_500)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
DOCUMENT = Document()


class Wish(BaseModel):
    """How often and how recently: `within_days` counts back from now in days of 24 hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    at_most: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    within_days: Days | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least must not be more than at_most")
        return self

    @property
    def seldom(self) -> Self | None:
        """For "at most N times", which also holds for those who never did: the wish whose opposite it is."""
        if self.at_most is None or self.at_least is not None:
            return None
        return self.model_copy(update={"at_least": self.at_most + 1, "at_most": None})

    def often(self) -> str:
        """The count in words, empty for "at least once"."""
        low, high = self.at_least, self.at_most
        if low is not None and low == high:
            return f" exactly {low} times"
        parts = [
            f"at least {low} times" if low and low > 1 else "",
            f"at most {high} times" if high is not None else "",
        ]
        words = " and ".join(filter(None, parts))
        return f" {words}" if words else ""

    def recently(self) -> str:
        """The window in words, empty when there is none."""
        return f" within the last {plain(self.within_days)} days" if self.within_days else ""


class PropertyRule(BaseModel):
    """One filter on an event's properties; keys may be paths such as `cart.total`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property: Name
    operator: Operator
    value: Any = None

    @field_validator("operator", mode="before")
    @classmethod
    def _known(cls, raw: object) -> Operator:
        operator = find_operator(raw)
        if operator is None or operator not in DOCUMENT.operators:
            raise ValueError(f"operator {raw!r} is not known; use one of {', '.join(DOCUMENT.operators)}")
        return operator

    @model_validator(mode="after")
    def _readable(self) -> Self:
        DOCUMENT.read(self.operator, self.value)
        return self

    def compile(self, scope: Scope) -> ColumnElement[bool]:
        """The filter over `Event`."""
        path = tuple(self.property.split("."))
        column = Event.properties[path] if len(path) > 1 else Event.properties[self.property]
        return DOCUMENT.compile(column, self.operator, DOCUMENT.read(self.operator, self.value), scope)

    def words(self, telling: Telling) -> str:
        """The filter in words."""
        return DOCUMENT.tell(self.property, self.operator, DOCUMENT.read(self.operator, self.value), telling)


class EventWish(Wish):
    """An event by name, e.g. `{"name": "Product Viewed", "at_least": 2, "within_days": 7}`."""

    name: Name
    where: tuple[PropertyRule, ...] = Field(default=(), max_length=20)


class MessageHappening(StrEnum):
    """What can happen to a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    FAILED = "failed"


class MessageWish(Wish):
    """What happened to our messages, e.g. `{"what": "clicked", "journey_id": "…", "within_days": 30}`."""

    what: MessageHappening
    channel: Name | None = None
    journey_id: UUID | None = None
    template_id: UUID | None = None
    node_id: Name | None = None


class PurchaseWish(Wish):
    """Orders with an article of one of these categories, spelled as in the catalogue."""

    category: tuple[Name, ...] = Field(min_length=1, max_length=100)

    @field_validator("category", mode="before")
    @classmethod
    def _several(cls, raw: Any) -> Any:
        return (raw,) if isinstance(raw, str) else raw


class VisitWish(Wish):
    """Completed appointments, of one service or category if named."""

    service: Name | None = None
    category: Name | None = None


def among(who: Any, scope: Scope) -> ColumnElement[bool]:
    """Only the customers asked about, so that a batch does not read the rows of everybody."""
    if scope.among is None:
        return true()
    return who == any_(literal(list(scope.among), ARRAY(Uuid)))  # type: ignore[no-any-return]


def _often(query: Select[Any], who: Any, wish: Wish, counted: Any) -> Select[Any]:
    """Only customers for whom `counted` lies between `at_least` (or 1) and `at_most`."""
    least = wish.at_least or 1
    if least == 1 and wish.at_most is None:
        return query
    query = query.group_by(who).having(counted >= least)
    return query if wish.at_most is None else query.having(counted <= wish.at_most)


def _when(query: Select[Any], who: Any, at: Any, wish: Wish, scope: Scope) -> Select[Any]:
    """Only in the window, and only the customers asked about."""
    query = query.where(among(who, scope))
    if wish.within_days is not None:
        query = query.where(at >= scope.days_ago(wish.within_days))
    return query.where(at <= scope.now) if scope.as_of else query


def _events(name: str, conditions: list[ColumnElement[bool]], wish: Wish, scope: Scope) -> Select[Any]:
    query = select(Event.customer_id).where(Event.name == name, *conditions)
    query = _when(query, Event.customer_id, Event.occurred_at, wish, scope)
    return _often(query, Event.customer_id, wish, func.count())


def did_event(wish: EventWish, scope: Scope) -> Select[Any]:
    """Customers with such events."""
    return _events(wish.name, [rule.compile(scope) for rule in wish.where], wish, scope)


def got_message(wish: MessageWish, scope: Scope) -> Select[Any]:
    """Customers with such receipts; a receipt is an event like any other."""
    filters = wish.model_dump(include={"channel", "journey_id", "template_id", "node_id"}, exclude_none=True)
    same = [Event.properties[key].astext == str(value) for key, value in filters.items()]
    return _events(f"message.{wish.what}", same, wish, scope)


def bought(wish: PurchaseWish, scope: Scope) -> Select[Any]:
    """Customers with such orders; orders are counted, not articles."""
    query = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.category.in_(wish.category), COUNTED_ORDERS)
    )
    query = _when(query, Order.customer_id, Order.ordered_at, wish, scope)
    return _often(query, Order.customer_id, wish, func.count(Order.id.distinct()))


def visited(wish: VisitWish, scope: Scope) -> Select[Any]:
    """Customers with such visits."""
    query = select(Appointment.customer_id).where(COUNTED_VISITS, Appointment.starts_at <= scope.now)
    for column, value in ((Appointment.service, wish.service), (Appointment.category, wish.category)):
        query = query if value is None else query.where(func.lower(column) == value.lower())
    query = _when(query, Appointment.customer_id, Appointment.starts_at, wish, scope)
    return _often(query, Appointment.customer_id, wish, func.count())


def tell_event(wish: EventWish, telling: Telling) -> str:
    """An event in words."""
    where = " and ".join(rule.words(telling) for rule in wish.where)
    return f"did “{wish.name}”{wish.often()}{wish.recently()}" + (f" where {where}" if where else "")


def tell_message(wish: MessageWish, telling: Telling) -> str:
    """A message behaviour in words."""
    of = [
        f" by {wish.channel}" if wish.channel else "",
        f" of journey {telling.name(wish.journey_id)}" if wish.journey_id else "",
        f" from template {telling.name(wish.template_id)}" if wish.template_id else "",
        f" at step {wish.node_id}" if wish.node_id else "",
    ]
    return f"had a message {wish.what}{''.join(of)}{wish.often()}{wish.recently()}"


def tell_purchase(wish: PurchaseWish, telling: Telling) -> str:
    """A purchase in words."""
    return f"bought {' or '.join(wish.category)}{wish.often()}{wish.recently()}"


def tell_visit(wish: VisitWish, telling: Telling) -> str:
    """A visit in words."""
    what = " ".join(filter(None, [wish.service, wish.category and f"({wish.category})"]))
    return f"visited{f' for {what}' if what else ''}{wish.often()}{wish.recently()}"


DID = "Behaviour"
ONCE = (
    "At least once unless at_least or at_most says otherwise; “at most” also holds for those who never did."
)

BEHAVIOURS: tuple[Behaviour[Any], ...] = (
    Behaviour("event", "Did something", DID, EventWish, did_event, tell_event, ONCE),
    Behaviour("message", "Got a message", DID, MessageWish, got_message, tell_message, ONCE),
    Behaviour("bought_category", "Bought from a category", DID, PurchaseWish, bought, tell_purchase, ONCE),
    Behaviour("visited", "Visited", DID, VisitWish, visited, tell_visit, ONCE),
)
