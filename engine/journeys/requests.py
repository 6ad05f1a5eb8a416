"""Requests for approval as rows: the one that waits, how it ends, and who is told (B2, F6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from engine.core.accounts import PERMISSIONS
from engine.core.audit import record_audit
from engine.core.ids import key_of
from engine.core.models import User
from engine.core.notifications import NewNotification, notify
from engine.journeys.models import Journey, JourneyVersion, PublishRequest, RequestStatus

APPROVE = "campaign.approve"
NOBODY = "Somebody"

TOLD = {
    RequestStatus.APPROVED: "{who} approved “{journey}”. It is live.",
    RequestStatus.REJECTED: "{who} did not approve “{journey}”: {reason}",
    RequestStatus.WITHDRAWN: "“{journey}” was changed, so your request to publish it does not count any more.",
}
"""What the person who asked is told, by how it ended."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as people see it; names are empty for who has left, and for API keys."""

    id: UUID
    revision: int
    status: RequestStatus
    asked_by: UUID | None
    asker: str
    asked_at: datetime
    mapping: dict[str, Any] | None
    recipients: int
    cost_micro: int
    decider: str
    decided_at: datetime | None
    reason: str

    @property
    def is_pending(self) -> bool:
        """Whether somebody has to decide."""
        return self.status is RequestStatus.PENDING


def newest_request(session: Session, journey_id: UUID) -> Asked | None:
    """What became of the last request for a journey."""
    asker, decider = aliased(User), aliased(User)
    row = session.execute(
        select(PublishRequest, asker.name.label("asker"), decider.name.label("decider"))
        .outerjoin(asker, asker.id == PublishRequest.asked_by)
        .outerjoin(decider, decider.id == PublishRequest.decided_by)
        .where(PublishRequest.journey_id == journey_id)
        .order_by(PublishRequest.asked_at.desc(), PublishRequest.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    found = row.PublishRequest
    return Asked(
        id=found.id,
        revision=found.revision,
        status=RequestStatus(found.status),
        asked_by=found.asked_by,
        asker=row.asker or "",
        asked_at=found.asked_at,
        mapping=found.mapping,
        recipients=found.recipients,
        cost_micro=found.cost_micro,
        decider=row.decider or "",
        decided_at=found.decided_at,
        reason=found.reason,
    )


def open_request(session: Session, journey_id: UUID) -> Asked | None:
    """The request that waits for a decision, or was rejected and not followed by a new version yet."""
    asked = newest_request(session, journey_id)
    if asked is None or asked.is_pending:
        return asked
    if asked.status is not RequestStatus.REJECTED:
        return None
    published = select(func.max(JourneyVersion.published_at)).where(JourneyVersion.journey_id == journey_id)
    last = session.scalar(published)
    return asked if last is None or (asked.decided_at and asked.decided_at > last) else None


def waiting_for_approval(session: Session) -> set[UUID]:
    """The journeys whose publishing somebody has to decide on."""
    return set(
        session.scalars(
            select(PublishRequest.journey_id).where(PublishRequest.status == RequestStatus.PENDING)
        )
    )


def end_request(
    session: Session,
    journey: Journey,
    status: RequestStatus,
    *,
    user_id: UUID | None,
    now: datetime,
    reason: str = "",
) -> PublishRequest | None:
    """End the request that waits, if one does, and tell who asked unless they did it themselves."""
    ended = session.scalars(
        update(PublishRequest)
        .where(PublishRequest.journey_id == journey.id, PublishRequest.status == RequestStatus.PENDING)
        .values(status=status, decided_by=user_id, decided_at=now, reason=reason)
        .returning(PublishRequest)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if ended is None:
        return None
    record_audit(
        session,
        journey.tenant_id,
        f"user:{user_id}" if user_id else "system",
        f"journey.request_{status}",
        str(journey.id),
        {"revision": ended.revision, "reason": reason} if reason else {"revision": ended.revision},
        now=now,
    )
    if ended.asked_by and ended.asked_by != user_id:
        who = _name(session, user_id)
        words = TOLD[status].format(who=who, journey=journey.name, reason=reason)
        _tell(session, journey, [ended.asked_by], key_of(ended.id, status), words, now)
    return ended


def tell_approvers(session: Session, journey: Journey, request: PublishRequest, *, now: datetime) -> None:
    """Tell everybody who may approve, except who asks."""
    roles = PERMISSIONS[APPROVE]
    approvers = session.scalars(
        select(User.id).where(User.is_active, User.role.in_(roles), User.id != request.asked_by)
    )
    words = (
        f"{_name(session, request.asked_by)} asks to publish “{journey.name}”, "
        f"which reaches about {request.recipients:,} customers a month."
    )
    _tell(session, journey, approvers, request.id, words, now)


def _tell(
    session: Session, journey: Journey, users: Iterable[UUID], about: UUID, words: str, now: datetime
) -> None:
    wishes = [
        NewNotification(key_of(about, user_id), user_id, "journey.approval", words, f"/journeys/{journey.id}")
        for user_id in users
    ]
    notify(session, journey.tenant_id, wishes, now=now)


def _name(session: Session, user_id: UUID | None) -> str:
    user = session.get(User, user_id) if user_id else None
    return user.name if user else NOBODY
