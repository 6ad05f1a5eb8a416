"""One message of the walk before the guard: what it reads like, what the guard says of it, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel, Outgoing
from engine.core.settings import settings
from engine.customers.contacts import Contact
from engine.customers.models import Purpose
from engine.delivery.admission import JUDGED, Facts, judge, look_up
from engine.delivery.budgets import read_ledger
from engine.delivery.caps import counted
from engine.delivery.case import Case
from engine.delivery.compose import Draft, Letterhead, Written, compose, pixel
from engine.delivery.consequences import TAKEN_OVER
from engine.delivery.guard import Hold, Policy
from engine.delivery.models import MessageStatus
from engine.delivery.prices import micro_words
from engine.delivery.spend import month_of
from engine.delivery.tracking import NewLink, make_token
from engine.delivery.verdicts import Admitted, Sorted, write_verdicts
from engine.delivery.window import zone_of
from engine.journeys.dry_run.told import Fate, Letter
from engine.templates.rendering import TemplateProblem

NO_TOKEN = "dry-run"
"""What stands for the token of an unsubscribe link: nobody can opt out by a message that was never sent."""

NEXT_DUE = text("""
    SELECT due_at FROM messages
    WHERE tenant_id = :tenant AND customer_id = :customer AND enrolment_id = :enrolment AND status = 'queued'
    ORDER BY due_at LIMIT 1
""")

DUE = text(f"""
    SELECT {JUDGED}, node_id, (SELECT name FROM templates WHERE templates.id = template_id) AS template
    FROM messages
    WHERE tenant_id = :tenant AND customer_id = :customer AND enrolment_id = :enrolment AND status = 'queued'
        AND due_at <= :now
    ORDER BY due_at, id LIMIT 1
""")

REPLACED = text(
    "SELECT fallback ->> 'channel' FROM messages WHERE id = :id AND jsonb_exists(fallback, :mark)"
)


@dataclass(slots=True)
class Desk:
    """Where the walk's messages are judged. `charges` is what they cost so far, by month and branch."""

    session: Session
    tenant_id: UUID
    customer_id: UUID
    enrolment_id: UUID
    policy: Policy
    letterhead: Letterhead
    charges: list[tuple[date, UUID | None, int]] = field(default_factory=list)

    def next_at(self) -> datetime | None:
        """When the next message is due; None when none waits."""
        due: datetime | None = self.session.scalar(NEXT_DUE, self._whose())
        return due

    def judge_next(self, *, now: datetime) -> tuple[str, Letter] | None:
        """Ask the guard about the first due message and do as it says: its step and itself, None when none is due."""
        row = self.session.execute(DUE, {**self._whose(), "now": now}).one_or_none()
        if row is None:
            return None
        facts = self._look_up(row, now)
        contact = facts.contacts[self.customer_id]
        before = list(facts.usage[self.customer_id])
        batch = Sorted(facts.ledger, followed={row.id} if row.is_followed else set())
        judge(batch, row, facts)
        write_verdicts(self.session, self.tenant_id, batch, {}, "dry run", now=now)
        letter = self._letter(row, batch, facts, contact)
        if batch.admitted:
            letter = replace(letter, because=self._because(batch.admitted[0], contact, before, now))
            cost = batch.admitted[0].message.cost_micro
            self.charges.append((facts.ledger.month, contact.branch_id, cost))
        return row.node_id or "", letter

    def _whose(self) -> dict[str, Any]:
        return {"tenant": self.tenant_id, "customer": self.customer_id, "enrolment": self.enrolment_id}

    def _look_up(self, row: Any, now: datetime) -> Facts:
        month = month_of(now, self.policy.timezone)
        ledger = read_ledger(self.session, self.tenant_id, currency=self.letterhead.currency, month=month)
        for charged, branch_id, cost in self.charges:
            if charged == month:
                ledger.charge(branch_id, cost)
        return look_up(
            self.session,
            self.tenant_id,
            [row],
            [self.customer_id],
            self.policy,
            self.letterhead,
            ledger,
            now=now,
        )

    def _letter(self, row: Any, batch: Sorted, facts: Facts, contact: Contact) -> Letter:
        letter = Letter(
            row.channel, row.purpose, row.template or "A deleted template", self.letterhead.name, Fate.SENT
        )
        written = batch.admitted[0].written if batch.admitted else _try_to_write(row, facts, contact)
        if written is not None:
            letter = self._shown(letter, written)
        for _, verdict in batch.held:
            letter = _held(letter, verdict)
        for message_id, status, code, reason in batch.skipped:
            fate = Fate.FAILED if status == MessageStatus.FAILED else Fate.SKIPPED
            mark = {"id": message_id, "mark": TAKEN_OVER}
            instead = self.session.scalar(REPLACED, mark) or ""
            letter = replace(letter, fate=fate, code=str(code), because=(reason,), instead=instead)
        return letter

    def _shown(self, letter: Letter, written: Written) -> Letter:
        """The message with its own addresses in place of tracked ones, and without what speaks of this one letter."""
        outgoing: Outgoing = written.outgoing
        token = make_token("unsubscribe", self.tenant_id, outgoing.message_id)
        html = (outgoing.html or "").replace(pixel(self.tenant_id, outgoing.message_id), "")
        return replace(
            letter,
            language=outgoing.language,
            subject=outgoing.subject or "",
            body=_untracked(outgoing.body, written.links).replace(token, NO_TOKEN),
            html=_untracked(html, written.links).replace(token, NO_TOKEN),
            has_link=bool(written.links),
        )

    def _because(
        self, admitted: Admitted, contact: Contact, before: Sequence[Any], now: datetime
    ) -> tuple[str, ...]:
        """The facts by which the guard let it go."""
        message, policy = admitted.message, self.policy
        cost = micro_words(message.cost_micro, self.letterhead.currency) if message.cost_micro else ""
        price = (f"Costs {cost}",) if cost else ()
        if message.purpose is Purpose.TRANSACTIONAL:
            return ("Transactional: it leaves at any hour, whatever was agreed to", *price)
        zone = zone_of(contact.timezone, policy.timezone)
        today, week = counted(Case(message, contact, before, policy, zone, now))
        window = policy.window
        return (
            f"Agreed to marketing by {Channel(message.channel).label}",
            f"{now.astimezone(zone):%H:%M} there, between {window.start:%H:%M} and {window.end:%H:%M}",
            f"Message {today + 1} of {policy.daily_limit} today, {week + 1} of {policy.weekly_limit} in seven days",
            *price,
        )


def _try_to_write(row: Any, facts: Facts, contact: Contact) -> Written | None:
    """What a message that does not leave now would read like; None when it cannot be written."""
    template = facts.templates.get(row.template_id)
    if template is None:
        return None
    draft = Draft(row.id, Channel(row.channel), Purpose(row.purpose), row.variables)
    try:
        return compose(draft, contact, template, facts.letterhead)
    except TemplateProblem:
        return None


def _held(letter: Letter, hold: Hold) -> Letter:
    return replace(letter, fate=Fate.HELD, code=hold.code.value, because=(hold.reason,), until=hold.until)


def _untracked(written: str, links: Sequence[NewLink]) -> str:
    for link in links:
        written = written.replace(f"{settings().public_url}/l/{link.code}", link.url)
    return written
