"""The customers behind a number on a step: who is there, who passed, who was told, whom it failed and why (J11)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, null, select, true, tuple_
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput
from engine.customers.directory import matching
from engine.customers.models import Customer
from engine.delivery.log import DELIVERED, SENT, WAITING
from engine.delivery.models import Message, MessageStatus
from engine.journeys.drafts import load_journey
from engine.journeys.models import RUNNING, Enrolment, Step

PAGE = 50
LARGEST_PAGE = 500


class Figure(StrEnum):
    """A number on a step; what it counts is said by `_SOURCES`. `sent` are all that left, whatever became of them."""

    HERE = "here"
    PASSED = "passed"
    CONVERTED = "converted"
    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    OPENED = "opened"
    CLICKED = "clicked"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Behind:
    """A customer behind a number: since or at when, until when they wait, and why, where there is a reason."""

    customer_id: UUID
    name: str
    at: datetime
    until: datetime | None
    why: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """As the canvas gets it."""
        return asdict(self) | {
            "customer_id": str(self.customer_id),
            "at": self.at.isoformat(),
            "until": self.until.isoformat() if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class BehindPage:
    """A page of them; `after` continues the list, None at its end."""

    rows: tuple[Behind, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A step of the live version."""

    journey_id: UUID
    version_id: UUID | None
    node_id: str


def _standing(query: Select[Any], place: _Place) -> Select[Any]:
    return query.select_from(Enrolment).where(
        Enrolment.journey_id == place.journey_id,
        Enrolment.status.in_(RUNNING),
        Enrolment.version_id == place.version_id,
        Enrolment.node_id == place.node_id,
    )


def _passed(query: Select[Any], place: _Place) -> Select[Any]:
    return (
        query.select_from(Step)
        .join(Enrolment, Enrolment.id == Step.enrolment_id)
        .where(Step.version_id == place.version_id, Step.node_id == place.node_id)
    )


def _converted(query: Select[Any], place: _Place) -> Select[Any]:
    before = (
        select(Step.visit)
        .where(
            Step.enrolment_id == Enrolment.id,
            Step.version_id == place.version_id,
            Step.node_id == place.node_id,
            Step.at <= Enrolment.converted_at,
        )
        .exists()
    )
    return query.select_from(Enrolment).where(
        Enrolment.journey_id == place.journey_id, Enrolment.converted_at.is_not(None), before
    )


def _messages(query: Select[Any], place: _Place) -> Select[Any]:
    return query.select_from(Message).where(
        Message.version_id == place.version_id, Message.node_id == place.node_id
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a figure's customers are found: which rows of a step, with their key, customer, moment and reason."""

    rows: Callable[[Select[Any], _Place], Select[Any]]
    key: Any
    customer: Any
    at: Any
    only: ColumnElement[bool] = field(default_factory=true)
    until: Any = field(default_factory=null)
    why: Any = field(default_factory=null)
    code: Any = field(default_factory=null)
    oldest_first: bool = False


def _told(at: Any, only: ColumnElement[bool], until: Any = None) -> _Source:
    return _Source(
        _messages,
        Message.id,
        Message.customer_id,
        at,
        only,
        until=null() if until is None else until,
        why=Message.reason,
        code=func.coalesce(Message.code, Message.held_code),
    )


def _enrolled(rows: Callable[[Select[Any], _Place], Select[Any]], at: Any, **more: Any) -> _Source:
    return _Source(rows, Enrolment.id, Enrolment.customer_id, at, **more)


_ENDED_AT = func.coalesce(Message.failed_at, Message.created_at)
_ARRIVED_AT = func.coalesce(Message.delivered_at, Message.read_at, Message.sent_at)
_READ_AT = func.coalesce(Message.read_at, Message.delivered_at)
_CLAIMED_AT = func.coalesce(Message.claimed_at, Message.created_at)

_SOURCES: Mapping[Figure, _Source] = {
    Figure.HERE: _enrolled(_standing, Enrolment.arrived_at, until=Enrolment.due_at, oldest_first=True),
    Figure.PASSED: _enrolled(_passed, Step.at, why=Step.why),
    Figure.CONVERTED: _enrolled(_converted, Enrolment.converted_at),
    Figure.QUEUED: _told(Message.created_at, WAITING & Message.held_code.is_(None), Message.due_at),
    Figure.HELD: _told(Message.created_at, WAITING & Message.held_code.is_not(None), Message.due_at),
    Figure.SENT: _told(Message.sent_at, Message.status.in_(SENT)),
    Figure.DELIVERED: _told(_ARRIVED_AT, Message.status.in_(DELIVERED)),
    Figure.READ: _told(_READ_AT, Message.status == MessageStatus.READ),
    Figure.OPENED: _told(Message.opened_at, Message.opened_at.is_not(None)),
    Figure.CLICKED: _told(Message.clicked_at, Message.clicked_at.is_not(None)),
    Figure.FAILED: _told(_ENDED_AT, Message.status == MessageStatus.FAILED),
    Figure.SKIPPED: _told(_ENDED_AT, Message.status == MessageStatus.SKIPPED),
    Figure.UNCERTAIN: _told(_CLAIMED_AT, Message.status == MessageStatus.UNCERTAIN),
}


def customers_behind(
    session: Session,
    journey_id: UUID,
    node_id: str,
    figure: Figure,
    *,
    port: str | None = None,
    search: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> BehindPage:
    """One page of the customers whom a figure of a step of the live version counts: the newest first, those who wait
    there the longest first. Who passed twice is there twice.

    Args:
        port: only those who left by it; for `passed` alone.
        search: words of the name, phone or e-mail address.
        after: `BehindPage.after` of the page before.

    Raises:
        NotFound: there is no such journey.
        InvalidInput: `after` is not from a page before.
    """
    place = _Place(journey_id, load_journey(session, journey_id).live_version_id, node_id)
    source = _SOURCES[figure]
    columns = select(
        source.key.label("key"),
        source.customer.label("customer"),
        Customer.name.label("name"),
        source.at.label("at"),
        source.until.label("until"),
        source.why.label("why"),
        source.code.label("code"),
    )
    query = source.rows(columns, place).join(Customer, Customer.id == source.customer)
    query = query.where(source.only, *matching(search))
    if port and figure is Figure.PASSED:
        query = query.where(Step.port == port)
    spot = tuple_(source.at, source.key)
    if after is not None:
        before = tuple_(*_read_spot(after))
        query = query.where(spot > before if source.oldest_first else spot < before)
    order = (source.at, source.key) if source.oldest_first else (source.at.desc(), source.key.desc())
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = session.execute(query.order_by(*order).limit(limit + 1)).all()
    last = found[limit - 1] if len(found) > limit else None
    return BehindPage(
        tuple(
            Behind(row.customer, row.name or "", row.at, row.until, row.why or "", row.code or "")
            for row in found[:limit]
        ),
        f"{last.at.isoformat()}|{last.key}" if last else None,
    )


def _read_spot(after: str) -> tuple[datetime, UUID]:
    moment, _, key = after.partition("|")
    try:
        return datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        raise InvalidInput(
            "after: send what the page before gave, or leave it out.", details={"field": "after"}
        ) from None
