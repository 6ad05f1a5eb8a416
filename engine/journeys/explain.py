"""Why a customer was told something, or was not: the chain of decisions with their facts and times (J14)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.models import Tenant
from engine.core.tenants import get_tenant
from engine.delivery.log import HoldRow, message_holds
from engine.delivery.models import Message, MessageStatus
from engine.journeys.models import RUNNING, Enrolment, EnrolmentStatus, Journey, Step
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans
from engine.segments.findings import tell_findings, telling_of

STATES: Mapping[str, str] = {
    MessageStatus.QUEUED: "waits to be sent",
    MessageStatus.SENDING: "is being handed over",
    MessageStatus.SENT: "sent",
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.READ: "read",
    MessageStatus.FAILED: "failed",
    MessageStatus.SKIPPED: "not sent",
    MessageStatus.UNCERTAIN: "handed over, but nobody knows whether it arrived",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the explanation; `step` is the node in words."""

    at: datetime
    node_id: str
    text: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An enrolment told: journey, state, how it ended, and what happened in order of time."""

    enrolment_id: UUID
    journey_id: UUID
    journey: str
    status: str
    entered_at: datetime
    reason: str
    moments: tuple[Moment, ...]


def explain_customer(
    session: Session, customer_id: UUID, *, journey_id: UUID | None = None, limit: int = 20
) -> list[Explanation]:
    """The customer's enrolments, the newest first, in a few queries.

    Args:
        journey_id: only those in this journey.
    """
    query = select(Enrolment).where(Enrolment.customer_id == customer_id)
    if journey_id is not None:
        query = query.where(Enrolment.journey_id == journey_id)
    enrolments = session.scalars(query.order_by(Enrolment.entered_at.desc()).limit(limit)).all()
    ids = [enrolment.id for enrolment in enrolments]
    named = select(Journey.id, Journey.name).where(Journey.id.in_({each.journey_id for each in enrolments}))
    names = {row.id: row.name for row in session.execute(named)}
    steps = session.scalars(select(Step).where(Step.enrolment_id.in_(ids))).all()
    plans = load_plans(
        session, {each.version_id for each in enrolments} | {step.version_id for step in steps}
    )
    teller = _Teller(get_tenant(session), plans)
    moments: dict[UUID, list[Moment]] = defaultdict(list)
    for step in steps:
        moments[step.enrolment_id].append(teller.of_step(step))
    messages = session.scalars(select(Message).where(Message.enrolment_id.in_(ids))).all()
    holds = message_holds(session, [message.id for message in messages])
    for message in messages:
        if message.enrolment_id:
            moments[message.enrolment_id] += teller.of_message(message, holds.get(message.id, []))
    for each in enrolments:
        moments[each.id] += teller.of_present(each)
    return [
        Explanation(
            enrolment_id=each.id,
            journey_id=each.journey_id,
            journey=names.get(each.journey_id, "A deleted journey"),
            status=each.status,
            entered_at=each.entered_at,
            reason=each.reason or "",
            moments=tuple(sorted(moments[each.id], key=lambda moment: moment.at)),
        )
        for each in enrolments
    ]


class _Teller:
    """Puts rows into words, in the tenant's zone, currency and language."""

    def __init__(self, tenant: Tenant, plans: Mapping[UUID, Plan]) -> None:
        self.zone = ZoneInfo(tenant.timezone)
        self.telling = telling_of(tenant)
        self.plans = plans

    def sentence(self, version_id: UUID | None, node_id: str) -> str:
        """A node in words; empty when its version cannot be read."""
        plan = self.plans.get(version_id) if version_id else None
        return plan.nodes[node_id].sentence() if plan and node_id in plan.nodes else ""

    def of_step(self, step: Step) -> Moment:
        """A step with the facts it was decided by."""
        text = step.why or "Passed"
        plan = self.plans.get(step.version_id)
        rules = plan.rules.get(step.node_id) if plan else None
        if rules is not None and step.found:
            text += f": {tell_findings(rules, step.found, at=step.at, telling=self.telling)}"
        return Moment(step.at, step.node_id, text, self.sentence(step.version_id, step.node_id))

    def of_message(self, message: Message, holds: Sequence[HoldRow]) -> list[Moment]:
        """Each time a message was held, and what became of it."""
        node_id = message.node_id or ""
        step = self.sentence(message.version_id, node_id)
        held = [
            Moment(
                hold.at, node_id, f"Held until {self.clock(hold.until)}: {hold.reason} ({hold.code})", step
            )
            for hold in holds
        ]
        told = f"Message by {Channel(message.channel).label}: {STATES[message.status]}"
        if message.reason:
            told += f" ({message.code}: {message.reason})" if message.code else f" ({message.reason})"
        return [*held, Moment(_moment_of(message), node_id, told, step)]

    def of_present(self, enrolment: Enrolment) -> list[Moment]:
        """Where somebody under way stands, or why they are stuck."""
        step = self.sentence(enrolment.version_id, enrolment.node_id)
        if enrolment.status == EnrolmentStatus.QUARANTINED:
            return [Moment(enrolment.arrived_at, enrolment.node_id, f"Stuck: {enrolment.reason}", step)]
        if enrolment.status not in RUNNING or enrolment.due_at is None:
            return []
        plan = self.plans.get(enrolment.version_id)
        node = plan.nodes.get(enrolment.node_id) if plan else None
        if node is None or enrolment.due_at <= enrolment.arrived_at:
            return []
        waits = f"Waiting until {self.clock(enrolment.due_at)} at the latest"
        if node.listens() is None and not node.asks_messages():
            waits = waits.removesuffix(" at the latest")
        return [Moment(enrolment.arrived_at, enrolment.node_id, waits, step)]

    def clock(self, moment: datetime) -> str:
        """A moment on the tenant's clock."""
        return f"{moment.astimezone(self.zone):%d %b %H:%M}"


def midnight(now: datetime, timezone: str) -> datetime:
    """When today began in this zone."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _moment_of(message: Message) -> datetime:
    return message.sent_at or message.failed_at or message.created_at
