"""Messages whose worker died while handing them over: what its journal says decides (design decision 5, D4).

Nothing noted: it never left, so it is queued again. An answer noted: that is the answer. Only "leaving" noted, or a
journal that cannot be trusted: `uncertain`, shown to the marketer and never resent by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from engine.core.bulk import transpose, unnest
from engine.core.db import tenant_session
from engine.core.tally import Counted, count
from engine.delivery import journal
from engine.delivery.consequences import follow_up
from engine.delivery.journal import Mark, Noted
from engine.delivery.models import MessageStatus
from engine.delivery.spend import give_back

BATCH = 1_000
STALE = timedelta(seconds=15)
FOREIGN_PATIENCE = timedelta(minutes=10)
"""How long another machine may take to come back and settle its own claims."""

BROKEN_OFF = "The process stopped while it handed this message over; it may or may not have arrived"
MACHINE_GONE = "The machine that was handing this message over did not come back"

STALE_CLAIMS = text("""
    SELECT id, claimed_by, claimed_at, admitted_at FROM messages
    WHERE tenant_id = :tenant AND status = 'sending' AND claimed_at <= :before
    ORDER BY claimed_at LIMIT :limit FOR UPDATE SKIP LOCKED
""")

_RECOVERED = {"id": "uuid", "status": "text", "provider_message_id": "text", "reason": "text"}

RECOVER = text(f"""
    UPDATE messages SET status = rows.status, claimed_by = NULL, claimed_at = NULL, reason = rows.reason,
        provider_message_id = rows.provider_message_id,
        due_at = CASE WHEN rows.status = 'queued' THEN CAST(:now AS timestamptz) ELSE messages.due_at END,
        admitted_at = CASE WHEN rows.status <> 'queued' THEN messages.admitted_at END,
        sent_at = CASE WHEN rows.status = 'sent' THEN messages.claimed_at END
    FROM {unnest(_RECOVERED)} WHERE messages.id = rows.id
""")

Row = tuple[UUID, MessageStatus, str | None, str | None]


def recover_sending(tenant_id: UUID, *, now: datetime, stale: timedelta = STALE) -> int:
    """Settle claims of dead workers; returns how many. Rows a living worker holds are locked and left alone."""
    with tenant_session(tenant_id) as session:
        claims = session.execute(
            STALE_CLAIMS, {"tenant": tenant_id, "before": now - stale, "limit": BATCH}
        ).all()
        rows = _judge_all(claims, now)
        if rows:
            session.execute(RECOVER, {"now": now, **transpose(_RECOVERED, rows)})
            reserved = {claim.id: claim.admitted_at for claim in claims}
            follow_up(session, tenant_id, [message_id for message_id, *_ in rows], now=now)
            give_back(session, tenant_id, {message_id: reserved[message_id] for message_id, *_ in rows})
            uncertain = sum(status is MessageStatus.UNCERTAIN for _, status, *_ in rows)
            count(Counted.MESSAGES_UNCERTAIN, uncertain)
        return len(rows)


def _judge_all(claims: Sequence[Any], now: datetime) -> list[Row]:
    rows: list[Row] = []
    for name in {claim.claimed_by for claim in claims}:
        own = [claim for claim in claims if claim.claimed_by == name]
        if not journal.is_from_here(name):
            rows += [
                (claim.id, MessageStatus.UNCERTAIN, None, MACHINE_GONE)
                for claim in own
                if claim.claimed_at <= now - FOREIGN_PATIENCE
            ]
        elif not journal.is_alive(name):
            noted = journal.read(name)
            rows += [_judge(claim.id, noted) for claim in own]
    return rows


def _judge(message_id: UUID, noted: Mapping[UUID, Noted] | None) -> Row:
    if noted is None:
        return message_id, MessageStatus.UNCERTAIN, None, BROKEN_OFF
    last = noted.get(message_id)
    if last is None or last.mark is Mark.NOT_TAKEN:
        return message_id, MessageStatus.QUEUED, None, None
    if last.mark is Mark.ACCEPTED:
        return message_id, MessageStatus.SENT, last.provider_message_id, None
    return message_id, MessageStatus.UNCERTAIN, None, BROKEN_OFF
