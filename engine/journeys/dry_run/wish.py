"""What is to be tried: whom, by which trigger, what happens on the way, and up to which moment. Immutable, and JSON."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from engine.channels.interface import Channel
from engine.core.ids import key_of
from engine.core.tenants import TimezoneName

MOST_HAPPENINGS = 200
LONGEST = timedelta(days=3 * 366)
"""How far into the future a dry run may look."""

Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")
]
Value = str | bool | int | float | None


class Wish(BaseModel):
    """Base of what is wished for: unknown fields are refused, so that a typing error is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Invented(Wish):
    """A customer who does not exist. What is left out is as for somebody of whom little is known.

    `spend` is in major units of the tenant's currency, `points` are loyalty points.
    """

    name: Word = "Asha Rao"
    language: str | None = Field(None, max_length=16)
    timezone: TimezoneName | None = None
    has_phone: bool = True
    has_email: bool = True
    consents: frozenset[Channel] = frozenset({Channel.WHATSAPP, Channel.SMS, Channel.EMAIL})
    is_dnd: bool = False
    city: str | None = Field(None, max_length=200)
    category: str | None = Field(None, max_length=200)
    source: str | None = Field(None, max_length=200)
    lead_status: str | None = Field(None, max_length=200)
    tags: tuple[Word, ...] = ()
    interests: tuple[Word, ...] = ()
    birthday: date | None = None
    anniversary: date | None = None
    orders: int = Field(0, ge=0, le=100)
    spend: Decimal = Field(Decimal(0), ge=0, le=10**9)
    last_order_days: int = Field(0, ge=0, le=3_650)
    visits: int = Field(0, ge=0, le=100)
    last_visit_days: int = Field(0, ge=0, le=3_650)
    is_member: bool = False
    points: int = Field(0, ge=0, le=10**6)
    attributes: dict[str, Value] = Field(default_factory=dict, max_length=100)


class What(StrEnum):
    """What can happen on the way: an event by its name, or something the customer does with a message."""

    EVENT = "event"
    OPENS = "opens"
    CLICKS = "clicks"
    REPLIES = "replies"
    OPTS_OUT = "opts_out"
    BOOKS = "books"
    ORDERS = "orders"


class Happening(Wish):
    """Something that happens at a virtual moment.

    `name` and `properties` are an event's, `text` is what a reply says; `node_id` names the message step whose newest
    message is meant, else it is the newest of all.
    """

    at: AwareDatetime
    what: What
    name: str = Field("", max_length=200)
    properties: dict[str, Any] = Field(default_factory=dict)
    text: str = Field("", max_length=1_000)
    node_id: str | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.what is What.EVENT and not self.name.strip():
            raise ValueError("name: say which event happens")
        return self


class DryRun(Wish):
    """A customer's walk through the draft of a journey: how it begins, what happens, and up to when it is told.

    Exactly one of `customer_id` and `invented` says who walks; `id` tells dry runs apart. `clock` is the virtual time.
    """

    id: UUID
    journey_id: UUID
    customer_id: UUID | None = None
    invented: Invented | None = None
    trigger: str
    entry: dict[str, Any] = Field(default_factory=dict)
    start: AwareDatetime
    clock: AwareDatetime
    happenings: tuple[Happening, ...] = Field((), max_length=MOST_HAPPENINGS)

    @model_validator(mode="after")
    def _one_customer(self) -> Self:
        if (self.customer_id is None) == (self.invented is None):
            raise ValueError("customer_id: choose a customer, or invent one")
        return self

    @property
    def walker(self) -> UUID:
        """The customer's id; an invented one has an id of this dry run's own."""
        return self.customer_id or key_of("dry run", self.id)

    @property
    def latest(self) -> datetime:
        """The moment up to which it can be played."""
        return self.start + LONGEST
