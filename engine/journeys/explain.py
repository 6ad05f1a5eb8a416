"""Why a customer is where they are: the chain of steps and messages of an enrolment, with times and reasons (J14)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.delivery.models import Message
from engine.journeys.models import Enrolment, Journey, Step
from engine.journeys.versions import load_plans


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the explanation."""

    at: datetime
    node_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An enrolment told: journey, state, and what happened in order of time."""

    journey: str
    status: str
    entered_at: datetime
    moments: tuple[Moment, ...]


def explain_customer(session: Session, customer_id: UUID, *, limit: int = 20) -> list[Explanation]:
    """The customer's enrolments, the newest first, in a few queries."""
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.customer_id == customer_id)
        .order_by(Enrolment.entered_at.desc())
        .limit(limit)
    ).all()
    ids = [enrolment.id for enrolment in enrolments]
    journeys = select(Journey.id, Journey.name).where(
        Journey.id.in_({each.journey_id for each in enrolments})
    )
    names = {row.id: row.name for row in session.execute(journeys)}
    moments: dict[UUID, list[Moment]] = {enrolment_id: [] for enrolment_id in ids}
    for step in session.scalars(select(Step).where(Step.enrolment_id.in_(ids))):
        moments[step.enrolment_id].append(Moment(step.at, step.node_id, step.why or "Passed"))
    for message in session.scalars(select(Message).where(Message.enrolment_id.in_(ids))):
        if message.enrolment_id:
            moments[message.enrolment_id].append(_of_message(message))
    plans = load_plans(session, {each.version_id for each in enrolments})
    zone = ZoneInfo(get_tenant(session).timezone)
    for each in enrolments:
        node = plans[each.version_id].nodes.get(each.node_id)
        if each.due_at and node and node.waits():
            moments[each.id].append(
                Moment(
                    each.arrived_at, each.node_id, f"Waiting until {each.due_at.astimezone(zone):%d %b %H:%M}"
                )
            )
    return [
        Explanation(
            journey=names.get(each.journey_id, "A deleted journey"),
            status=each.status,
            entered_at=each.entered_at,
            moments=tuple(sorted(moments[each.id], key=lambda moment: moment.at)),
        )
        for each in enrolments
    ]


def midnight(now: datetime, timezone: str) -> datetime:
    """When today began in this zone."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _of_message(message: Message) -> Moment:
    told = f"Message by {message.channel}: {message.status}"
    if message.reason:
        told += f" ({message.code}: {message.reason})" if message.code else f" ({message.reason})"
    return Moment(message.sent_at or message.failed_at or message.created_at, message.node_id or "", told)
