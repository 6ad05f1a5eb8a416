"""Who may publish what by themselves, and how others ask (B2, F5; S4 `campaign_approval_*` and its permissions).

Who may approve publishes at once: that is the approval. Everybody else asks, as soon as the tenant wants it and the
journey would reach as many customers as the tenant's threshold. What is approved is exactly the revision that was
asked for: a later change of the draft withdraws the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Code, Conflict, Forbidden, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import TenantSettings
from engine.core.tenants import get_settings
from engine.journeys.drafts import load_journey
from engine.journeys.estimate import Estimate, estimate
from engine.journeys.graph import read_graph
from engine.journeys.models import Journey, JourneyStatus, PublishRequest, RequestStatus
from engine.journeys.moving import Mapped
from engine.journeys.plan import compile_plan
from engine.journeys.publishing import Published, publish, publishable
from engine.journeys.requests import APPROVE, Asked, end_request, newest_request, tell_approvers

LONGEST_REASON = 500


class NeedsApproval(Conflict):
    """The tenant's rule wants somebody else to approve first (S4: `INVALID_CAMPAIGN_STATUS`)."""

    code = Code.INVALID_CAMPAIGN_STATUS


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who wants to publish: a member of staff, or a key of the API (`user_id` None)."""

    user_id: UUID | None
    may_approve: bool


def wants_approval(settings: TenantSettings, recipients: int) -> bool:
    """Whether a journey that reaches so many has to be approved (S4 `requiresApproval`)."""
    threshold = settings.campaign_approval_threshold_recipients
    return settings.campaign_approval_required and recipients >= threshold


def estimate_draft(session: Session, tenant_id: UUID, journey: Journey, *, now: datetime) -> Estimate | None:
    """What publishing the draft would bring; None for a draft that cannot be read yet."""
    graph, _ = read_graph(journey.draft)
    if graph is None:
        return None
    plan = compile_plan(graph, version_id=new_id(), journey_id=journey.id)
    return estimate(session, tenant_id, plan, now=now)


def publish_or_refuse(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    publisher: Publisher,
    *,
    now: datetime,
    mapping: Mapped | None = None,
) -> Published:
    """Publish the draft, if this publisher may do it alone. Raises as `publishing.publish` does, and:

    Raises:
        NeedsApproval: somebody who may approve has to; `details` has the numbers.
    """
    journey = load_journey(session, journey_id)
    publishable(session, journey)
    if not publisher.may_approve:
        settings, found = get_settings(session), estimate_draft(session, tenant_id, journey, now=now)
        if found is not None and wants_approval(settings, found.recipients):
            threshold = settings.campaign_approval_threshold_recipients
            raise NeedsApproval(
                f"This journey reaches about {found.recipients:,} customers a month; from {threshold:,} on somebody "
                "who may approve has to publish it. Ask for approval.",
                details={"recipients": found.recipients, "threshold": threshold},
            )
    return publish(session, tenant_id, journey_id, user_id=publisher.user_id, now=now, mapping=mapping)


def submit(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    publisher: Publisher,
    *,
    now: datetime,
    mapping: Mapped | None = None,
) -> Asked:
    """Ask for the draft to be published as it is now; an earlier request that waits is replaced.

    Raises:
        InvalidGraph: `details` lists every problem.
        Conflict: the journey is archived.
    """
    journey = _locked(session, journey_id)
    publishable(session, journey)
    found = estimate_draft(session, tenant_id, journey, now=now)
    end_request(session, journey, RequestStatus.WITHDRAWN, user_id=publisher.user_id, now=now)
    request = PublishRequest(
        id=new_id(),
        tenant_id=tenant_id,
        journey_id=journey_id,
        revision=journey.revision,
        mapping=dict(mapping) if mapping is not None else None,
        recipients=found.recipients if found else 0,
        cost_micro=found.cost_micro if found else 0,
        status=RequestStatus.PENDING,
        asked_by=publisher.user_id,
        asked_at=now,
    )
    session.add(request)
    session.flush()
    actor = f"user:{publisher.user_id}" if publisher.user_id else "system"
    details = {"revision": request.revision, "recipients": request.recipients}
    record_audit(session, tenant_id, actor, "journey.request_submitted", str(journey_id), details, now=now)
    tell_approvers(session, journey, request, now=now)
    return _newest(session, journey_id)


def approve(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    publisher: Publisher,
    *,
    now: datetime,
    mapping: Mapped | None = None,
    revision: int | None = None,
) -> Published:
    """Publish what was asked for.

    Args:
        mapping: what becomes of those under way, in place of what was asked for.
        revision: the one the approver has looked at, if it shall be checked.

    Raises:
        Forbidden: the publisher may not approve.
        Conflict: nothing waits for approval, or not this any more.
    """
    journey, asked = _pending(session, journey_id, publisher)
    if asked.revision != journey.revision or revision not in (None, asked.revision):
        raise Conflict("The journey was changed since. Look at it again before you approve it.")
    wanted: Mapping[str, str | None] | None = mapping if mapping is not None else asked.mapping
    return publish(session, tenant_id, journey_id, user_id=publisher.user_id, now=now, mapping=wanted)


def reject(session: Session, journey_id: UUID, publisher: Publisher, *, reason: str, now: datetime) -> Asked:
    """Say no, and why.

    Raises:
        InvalidInput: without a reason, or a longer one than 500 characters.
        Forbidden: the publisher may not approve.
        Conflict: nothing waits for approval.
    """
    words = reason.strip()
    if not 1 <= len(words) <= LONGEST_REASON:
        raise InvalidInput(
            f"reason: say in 1 to {LONGEST_REASON} characters what should change.",
            details={"field": "reason"},
        )
    journey, _ = _pending(session, journey_id, publisher)
    end_request(session, journey, RequestStatus.REJECTED, user_id=publisher.user_id, now=now, reason=words)
    return _newest(session, journey_id)


def withdraw(session: Session, journey_id: UUID, publisher: Publisher, *, now: datetime) -> None:
    """Take a request back; whoever may edit the journey can. Nothing happens where none waits."""
    journey = _locked(session, journey_id)
    end_request(session, journey, RequestStatus.WITHDRAWN, user_id=publisher.user_id, now=now)


def _pending(session: Session, journey_id: UUID, publisher: Publisher) -> tuple[Journey, Asked]:
    if not publisher.may_approve:
        raise Forbidden(
            f"Only who has the right “{APPROVE}” can decide on this: regional managers and owners."
        )
    journey = _locked(session, journey_id)
    asked = newest_request(session, journey_id)
    if asked is None or not asked.is_pending:
        raise Conflict("Nothing waits for approval here. It was decided, or the draft was changed since.")
    return journey, asked


def _newest(session: Session, journey_id: UUID) -> Asked:
    asked = newest_request(session, journey_id)
    assert asked is not None
    return asked


def _locked(session: Session, journey_id: UUID) -> Journey:
    journey = session.scalar(select(Journey).where(Journey.id == journey_id).with_for_update())
    if journey is None:
        raise NotFound("This journey does not exist. It may have been deleted; go back to the list.")
    if journey.status == JourneyStatus.ARCHIVED:
        raise Conflict("This journey is archived. Duplicate it to use it again.")
    return journey
