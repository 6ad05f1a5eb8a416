"""What happens on the way, done as the doors of the house would do it: an event, an open, a click, a reply."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.channels.reports import Report, Reported, ReportKind
from engine.core.errors import InvalidInput
from engine.core.ids import key_of
from engine.core.models import Tenant
from engine.customers.bookings import EVENT_OF
from engine.customers.consent import opt_out
from engine.customers.ingest import store_events
from engine.customers.messages import Kind, Message
from engine.customers.models import AppointmentStatus
from engine.customers.orders import ORDER_COMPLETED
from engine.delivery.models import Message as Sent
from engine.delivery.models import TrackedLink
from engine.delivery.receipts import apply_statuses
from engine.delivery.replies import Said, hear
from engine.delivery.tracking import MessageRef, record_click, record_open
from engine.journeys.dry_run.wish import DryRun, Happening, What
from engine.templates.models import Template

BOOKED = EVENT_OF[AppointmentStatus.BOOKED]
ORDER_TOTAL = 1_500
"""What somebody spends who orders and of whom nothing else is said, in major units."""

STOP = "STOP"
REPLY = "Hello"
SOURCE = "dry run"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something happens: whose walk it is, and the enrolment's id, by which its messages are found."""

    session: Session
    tenant: Tenant
    wish: DryRun
    enrolment_id: UUID


@dataclass(frozen=True, slots=True)
class Done:
    """What happened in words, at which message step, and the facts beside it."""

    text: str
    node_id: str = ""
    facts: tuple[str, ...] = ()


def happen(scene: Scene, happening: Happening, number: int, *, now: datetime) -> Done:
    """Let it happen.

    Args:
        number: tells it from the others of this dry run.

    Raises:
        InvalidInput: it cannot happen, e.g. nothing was sent that could be clicked.
    """
    return HAPPEN[happening.what](scene, happening, number, now)


def tell_event(
    scene: Scene, name: str, properties: Mapping[str, Any], number: int, now: datetime
) -> Sequence[str]:
    """Record an event of the walking customer, as the ingestion does; returns what of it could not be used."""
    message = Message(
        kind=Kind.TRACK.value,
        key=key_of("dry run", scene.wish.id, number),
        occurred_at=now,
        user_id=None,
        anonymous_id=None,
        name=name,
        said=dict(properties),
        context={},
        other_id=None,
    )
    problems = store_events(scene.session, scene.tenant.id, {number: (scene.wish.walker, message)}, now=now)
    return [f"Left out: {each.field}: {each.message}" for each in problems]


def fresh_properties(
    name: str, wish_id: UUID, number: int, now: datetime, *, currency: str
) -> dict[str, Any]:
    """What an order or booking says at least; empty for other events."""
    if name == ORDER_COMPLETED:
        return {"order_id": f"{wish_id}-{number}", "total": ORDER_TOTAL, "currency": currency}
    if name in EVENT_OF.values():
        starts_at = (now + timedelta(days=1)).isoformat()
        return {"appointment_id": f"{wish_id}-{number}", "starts_at": starts_at}
    return {}


def _event(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    return _tell(scene, happening.name.strip(), dict(happening.properties), number, now)


def _books(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    return _tell(scene, BOOKED, dict(happening.properties), number, now)


def _orders(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    return _tell(scene, ORDER_COMPLETED, dict(happening.properties), number, now)


def _tell(scene: Scene, name: str, properties: dict[str, Any], number: int, now: datetime) -> Done:
    usual = fresh_properties(name, scene.wish.id, number, now, currency=scene.tenant.currency)
    left_out = tell_event(scene, name, usual | properties, number, now)
    facts = tuple(f"{key}: {value}" for key, value in properties.items())
    return Done(f"“{name}” happens", facts=(*facts, *left_out))


def _opens(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    message = _message(scene, happening)
    if message.channel == Channel.SMS:
        raise InvalidInput("An SMS does not tell whether it was read.", details={"field": "what"})
    if message.channel == Channel.EMAIL:
        record_open(scene.session, MessageRef(scene.tenant.id, message.id), now=now)
    else:
        unique = f"{scene.wish.id}:{number}"
        read = Report(ReportKind.STATUS, unique, now, status=Reported.READ, reference=str(message.id))
        apply_statuses(scene.session, scene.tenant.id, {message.id: read}, now=now)
    return Done(f"Opens “{_name(scene, message)}”", message.node_id or "")


def _clicks(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    message = _message(scene, happening)
    links = select(TrackedLink.code).where(TrackedLink.message_id == message.id).order_by(TrackedLink.url)
    code = scene.session.scalars(links.limit(1)).first()
    if code is None:
        raise InvalidInput(
            f"“{_name(scene, message)}” has no link to click. Put one into the template.",
            details={"field": "what"},
        )
    url = record_click(scene.session, scene.tenant.id, code, now=now)
    return Done(f"Clicks the link in “{_name(scene, message)}”", message.node_id or "", (url,))


def _replies(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    message, words = _message(scene, happening), happening.text.strip() or REPLY
    if message.channel == Channel.EMAIL:
        raise InvalidInput("Replies to e-mails go to the studio's own mailbox.", details={"field": "what"})
    _say(scene, message, ReportKind.REPLY, words, number, now)
    return Done(f"Replies to “{_name(scene, message)}”: {words}", message.node_id or "")


def _opts_out(scene: Scene, happening: Happening, number: int, now: datetime) -> Done:
    """On the channel of the newest message, by the word or the link; on all when there was none."""
    message = _newest(scene, happening)
    if message is not None and message.channel != Channel.EMAIL:
        _say(scene, message, ReportKind.STOP, STOP, number, now)
        return Done(f"Opts out of marketing by {Channel(message.channel).label}: “{STOP}”")
    channel = message.channel if message else None
    opt_out(
        scene.session,
        scene.tenant.id,
        scene.wish.walker,
        channel=channel,
        source="link",
        actor="customer",
        now=now,
    )
    return Done(f"Opts out of marketing{f' by {Channel(channel).label}' if channel else ''}")


def _say(scene: Scene, message: Sent, kind: ReportKind, words: str, number: int, now: datetime) -> None:
    report = Report(
        kind,
        f"{scene.wish.id}:{number}",
        now,
        provider_message_id=message.provider_message_id,
        text=words,
    )
    said = Said(scene.wish.walker, message.channel, message.provider or SOURCE, report)
    hear(scene.session, scene.tenant.id, [said], now=now)


def _message(scene: Scene, happening: Happening) -> Sent:
    message = _newest(scene, happening)
    if message is None:
        raise InvalidInput(
            "Nothing has been sent yet. Go on to the first message.", details={"field": "what"}
        )
    return message


def _newest(scene: Scene, happening: Happening) -> Sent | None:
    """The newest message of the walk that has left, of one step if the happening names it."""
    query = select(Sent).where(
        Sent.customer_id == scene.wish.walker,
        Sent.enrolment_id == scene.enrolment_id,
        Sent.sent_at.is_not(None),
    )
    if happening.node_id:
        query = query.where(Sent.node_id == happening.node_id)
    newest = query.order_by(Sent.sent_at.desc(), Sent.created_at.desc()).limit(1)
    return scene.session.scalars(newest.execution_options(populate_existing=True)).first()


def _name(scene: Scene, message: Sent) -> str:
    named = select(Template.name).where(Template.id == message.template_id)
    return scene.session.scalar(named) or Channel(message.channel).label


HAPPEN: Mapping[What, Callable[[Scene, Happening, int, datetime], Done]] = {
    What.EVENT: _event,
    What.OPENS: _opens,
    What.CLICKS: _clicks,
    What.REPLIES: _replies,
    What.OPTS_OUT: _opts_out,
    What.BOOKS: _books,
    What.ORDERS: _orders,
}
