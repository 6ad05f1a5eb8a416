"""What becomes of a message after its provider answered, or after a last look said no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.channels.accounts import note_trouble
from engine.channels.interface import Account, Answer, Channel, Outcome, Outgoing
from engine.core.bulk import transpose, unnest
from engine.core.errors import Code
from engine.core.tally import Counted, count
from engine.customers.consent import opt_out_many, suppress
from engine.customers.models import SuppressionReason
from engine.delivery.guard import Hold, Skip, Verdict
from engine.delivery.log import log_holds
from engine.delivery.models import MessageStatus

MOST_ATTEMPTS = 7
FIRST_WAIT = timedelta(seconds=30)
CHANNEL_DOWN_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Settled:
    """A message's next state. `status` None: somebody else has it, nothing is written."""

    message_id: UUID
    status: MessageStatus | None
    due_at: datetime | None = None
    provider_message_id: str | None = None
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    outgoing: Outgoing | None = None
    hold: Hold | None = None

    @classmethod
    def lost(cls, message_id: UUID) -> "Settled":
        """Recovery took it back before it was called for."""
        return cls(message_id, None)

    @classmethod
    def by_verdict(cls, message_id: UUID, verdict: Verdict) -> "Settled":
        """The last look said not now, or never."""
        if isinstance(verdict, Hold):
            return cls(
                message_id, MessageStatus.QUEUED, due_at=verdict.until, code=verdict.code, hold=verdict
            )
        assert isinstance(verdict, Skip)
        return cls(message_id, MessageStatus.SKIPPED, code=verdict.code, reason=verdict.reason)

    @classmethod
    def by_answer(cls, outgoing: Outgoing, answer: Answer, attempts: int, *, now: datetime) -> "Settled":
        """The provider's answer. What may pass is tried again with growing waits."""
        message_id = outgoing.message_id
        match answer.outcome:
            case Outcome.ACCEPTED:
                return cls(
                    message_id,
                    MessageStatus.SENT,
                    provider_message_id=answer.provider_message_id,
                    answer=answer,
                )
            case Outcome.UNKNOWN:
                return cls(message_id, MessageStatus.UNCERTAIN, reason=answer.reason, answer=answer)
            case Outcome.CHANNEL_DOWN:
                return cls(
                    message_id,
                    MessageStatus.QUEUED,
                    due_at=now + CHANNEL_DOWN_WAIT,
                    code=Code.PROVIDER_ERROR,
                    answer=answer,
                )
            case Outcome.LINE_DOWN | Outcome.LATER if attempts < MOST_ATTEMPTS or answer.leaves_line_down:
                wait = answer.wait or FIRST_WAIT * 2 ** min(attempts, MOST_ATTEMPTS - 1)
                return cls(
                    message_id,
                    MessageStatus.QUEUED,
                    due_at=now + wait,
                    code=Code.PROVIDER_ERROR,
                    answer=answer,
                )
        told = ": ".join(filter(None, (answer.code, answer.reason)))
        return cls(
            message_id,
            MessageStatus.FAILED,
            code=failure_code(answer.outcome),
            reason=told,
            answer=answer,
            outgoing=outgoing,
        )


_FAILURES = {Outcome.OPTED_OUT: Code.OPTED_OUT, Outcome.UNREACHABLE: Code.UNREACHABLE}


def failure_code(outcome: Outcome) -> Code:
    """Our code for a refusal that is final."""
    return _FAILURES.get(outcome, Code.PROVIDER_ERROR)


_SETTLED = {
    "id": "uuid",
    "status": "text",
    "due_at": "timestamptz",
    "provider_message_id": "text",
    "code": "text",
    "reason": "text",
}

SETTLE = text(f"""
    UPDATE messages SET status = rows.status, due_at = coalesce(rows.due_at, messages.due_at),
        provider_message_id = coalesce(rows.provider_message_id, messages.provider_message_id),
        held_code = CASE WHEN rows.status = 'queued' THEN rows.code END,
        code = CASE WHEN rows.status <> 'queued' THEN rows.code END,
        reason = rows.reason, claimed_by = NULL, claimed_at = NULL,
        admitted_at = CASE WHEN rows.status IN ('sent', 'uncertain') THEN messages.admitted_at END,
        sent_at = CASE WHEN rows.status = 'sent' THEN CAST(:now AS timestamptz) END,
        failed_at = CASE WHEN rows.status = 'failed' THEN CAST(:now AS timestamptz) END
    FROM {unnest(_SETTLED)} WHERE messages.id = rows.id AND messages.status = 'sending'
""")


def settle(session: Session, account: Account, settled: Sequence[Settled], *, now: datetime) -> None:
    """Write the next states, and what the answers tell of the account and the addresses."""
    rows = [
        (each.message_id, each.status, each.due_at, each.provider_message_id, each.code, each.reason)
        for each in settled
        if each.status is not None
    ]
    if rows:
        session.execute(SETTLE, {"now": now, **transpose(_SETTLED, rows)})
    log_holds(
        session,
        account.tenant_id,
        [(each.message_id, each.hold) for each in settled if each.hold],
        now=now,
    )
    down = next(
        (each for each in settled if each.answer and each.answer.outcome is Outcome.CHANNEL_DOWN), None
    )
    if down and down.answer:
        note_trouble(
            session, account.tenant_id, account.channel, down.answer.reason or "The provider refuses."
        )
    lessons = [
        Lesson(
            outcome=each.answer.outcome,
            customer_id=each.outgoing.customer_id,
            channel=each.outgoing.channel,
            address=each.outgoing.address,
            provider=account.provider,
            reason=each.answer.reason,
        )
        for each in settled
        if each.answer and each.outgoing
    ]
    learn(session, account.tenant_id, lessons, now=now)
    for each in settled:
        if each.status is not None:
            count(Counted.MESSAGES_HELD if each.hold else COUNTED[each.status])


COUNTED = {
    MessageStatus.SENT: Counted.MESSAGES_SENT,
    MessageStatus.FAILED: Counted.MESSAGES_FAILED,
    MessageStatus.SKIPPED: Counted.MESSAGES_SKIPPED,
    MessageStatus.UNCERTAIN: Counted.MESSAGES_UNCERTAIN,
    MessageStatus.QUEUED: Counted.MESSAGES_PUT_OFF,
}
"""What an answer can make of a message, and how it is counted."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a provider's refusal tells of a customer, at once or in a later receipt."""

    outcome: Outcome
    customer_id: UUID
    channel: str
    address: str
    provider: str
    reason: str | None


def learn(session: Session, tenant_id: UUID, lessons: Sequence[Lesson], *, now: datetime) -> None:
    """Draw the consequence of refusals: an opt-out is a withdrawal, a dead mailbox is suppressed (C4)."""
    for provider in {each.provider for each in lessons}:
        own = [each for each in lessons if each.provider == provider]
        left = {
            (each.customer_id, each.channel): each.reason for each in own if each.outcome is Outcome.OPTED_OUT
        }
        dead = {
            (each.channel, each.address): each.customer_id
            for each in own
            if each.outcome is Outcome.UNREACHABLE and each.channel == Channel.EMAIL and each.address
        }
        opt_out_many(session, tenant_id, left, source="provider", actor=f"provider:{provider}", now=now)
        suppress(session, tenant_id, dead, reason=SuppressionReason.HARD_BOUNCE, source=provider, now=now)
