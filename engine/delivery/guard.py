"""May this message reach this customer now, later or never? Pure rules, asked in one order (D2; C3, C4, C6).

The worker asks when a message is due and again right before it leaves; simulations ask the same function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.channels.interface import Channel
from engine.core.errors import Code
from engine.customers.contacts import Contact
from engine.customers.models import ConsentState, Purpose, SuppressionReason
from engine.delivery.window import SendWindow, is_open, next_midnight, next_opening, zone_of

WEEK_DAYS = 7

DEAD_ADDRESS = frozenset({SuppressionReason.HARD_BOUNCE, SuppressionReason.INVALID, SuppressionReason.ERASED})
"""Reasons that stop transactional messages too: nobody is there."""


@dataclass(frozen=True, slots=True)
class DueMessage:
    """What the guard needs to know of a message."""

    channel: Channel
    purpose: Purpose
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's rules. Limits are marketing messages for one customer over all channels."""

    is_enabled: bool
    channels: frozenset[Channel]
    window: SendWindow
    daily_limit: int
    weekly_limit: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Admit:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before `until` (UTC), because of `code`."""

    until: datetime
    code: Code


@dataclass(frozen=True, slots=True)
class Skip:
    """Never; `reason` is for the marketer."""

    code: Code
    reason: str


Verdict = Admit | Hold | Skip
Refusal = Hold | Skip | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at. `usage`: when this customer's marketing messages of the last week left."""

    message: DueMessage
    contact: Contact
    usage: Sequence[datetime]
    policy: Policy
    zone: ZoneInfo
    now: datetime


def guard(
    message: DueMessage, contact: Contact, usage: Sequence[datetime], policy: Policy, now: datetime
) -> Verdict:
    """The verdict of the first rule that objects. Transactional messages meet only the rules of `ALWAYS` (C6)."""
    zone = zone_of(contact.timezone, policy.timezone)
    case = Case(message, contact, usage, policy, zone, now)
    for rule in ALWAYS if message.purpose is Purpose.TRANSACTIONAL else MARKETING:
        refusal = rule(case)
        if refusal is not None:
            return refusal
    return Admit()


def _expired(case: Case) -> Refusal:
    if case.message.expires_at is None or case.now < case.message.expires_at:
        return None
    return Skip(Code.EXPIRED, "It waited too long to be still of interest")


def _enabled(case: Case) -> Refusal:
    return None if case.policy.is_enabled else Skip(Code.MARKETING_DISABLED, "Marketing is switched off")


def _channel(case: Case) -> Refusal:
    if case.message.channel in case.policy.channels:
        return None
    return Skip(Code.CHANNEL_DISABLED, f"The channel {case.message.channel} is switched off")


def _reachable(case: Case) -> Refusal:
    if case.contact.is_erased:
        return Skip(Code.UNREACHABLE, "The customer's data was erased")
    if case.contact.address(case.message.channel):
        return None
    return Skip(Code.UNREACHABLE, f"No address for {case.message.channel}")


def _dead_address(case: Case) -> Refusal:
    reason = case.contact.suppressed.get(case.message.channel)
    return Skip(Code.SUPPRESSED, f"The address does not work ({reason})") if reason in DEAD_ADDRESS else None


def _consent(case: Case) -> Refusal:
    state = case.contact.marketing.get(case.message.channel)
    if state is ConsentState.GRANTED:
        return None
    if state is ConsentState.WITHDRAWN:
        return Skip(Code.OPTED_OUT, "The customer has opted out")
    return Skip(Code.NO_CONSENT, f"No consent to marketing by {case.message.channel}")


def _suppressed(case: Case) -> Refusal:
    reason = case.contact.suppressed.get(case.message.channel)
    if reason is None:
        return None
    if reason is SuppressionReason.OPTED_OUT:
        return Skip(Code.OPTED_OUT, "Somebody with this address has opted out")
    return Skip(Code.SUPPRESSED, f"The address is suppressed ({reason})")


def _dnd(case: Case) -> Refusal:
    if not case.contact.is_dnd or case.message.channel is not Channel.SMS:
        return None
    return Skip(Code.DND_REGISTERED, "The number is in the Do Not Disturb registry")


def _window(case: Case) -> Refusal:
    if is_open(case.policy.window, case.zone, case.now):
        return None
    return Hold(next_opening(case.policy.window, case.zone, case.now), Code.OUTSIDE_SEND_WINDOW)


def _daily_cap(case: Case) -> Refusal:
    if len(case.usage) < case.policy.daily_limit:
        return None
    today = case.now.astimezone(case.zone).date()
    left = [at for at in case.usage if at.astimezone(case.zone).date() >= today]
    if len(left) < case.policy.daily_limit:
        return None
    return _throttled(case, days=1)


def _weekly_cap(case: Case) -> Refusal:
    if len(case.usage) < case.policy.weekly_limit:
        return None
    today = case.now.astimezone(case.zone).date()
    first = today - timedelta(days=WEEK_DAYS - 1)
    week = sorted(day for at in case.usage if (day := at.astimezone(case.zone).date()) >= first)
    limit = case.policy.weekly_limit
    if len(week) < limit:
        return None
    makes_room = week[len(week) - limit] if limit else today
    return _throttled(case, days=(makes_room - first).days + 1)


def _throttled(case: Case, *, days: int) -> Hold:
    midnight = next_midnight(case.zone, case.now, days=days)
    return Hold(next_opening(case.policy.window, case.zone, midnight), Code.THROTTLE_LIMIT)


Rule = Callable[[Case], Refusal]

ALWAYS: tuple[Rule, ...] = (_expired, _reachable, _dead_address)
MARKETING: tuple[Rule, ...] = (
    _expired,
    _enabled,
    _channel,
    _reachable,
    _dead_address,
    _consent,
    _suppressed,
    _dnd,
    _window,
    _daily_cap,
    _weekly_cap,
)
"""The rules in the order of S4's codes: what will never change first, so that nobody waits in vain."""
