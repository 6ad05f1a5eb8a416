"""May this message reach this customer now, later or never? Pure rules, asked in one order (D2; C3, C4, C6).

The worker asks when a message is due and again right before it leaves; simulations ask the same function.
"""

from collections.abc import Sequence
from datetime import datetime

from engine.channels.interface import Channel
from engine.core.errors import Code
from engine.customers.contacts import Contact
from engine.customers.models import ConsentState, Purpose, SuppressionReason
from engine.delivery import caps
from engine.delivery.case import (
    Admit,
    Budget,
    Case,
    DueMessage,
    Hold,
    Policy,
    Refusal,
    Rival,
    Rule,
    Sent,
    Skip,
    Verdict,
)
from engine.delivery.window import zone_of

__all__ = ["Admit", "Budget", "DueMessage", "Hold", "Policy", "Rival", "Sent", "Skip", "Verdict", "guard"]

DEAD_ADDRESS = frozenset({SuppressionReason.HARD_BOUNCE, SuppressionReason.INVALID, SuppressionReason.ERASED})
"""Reasons that stop transactional messages too: nobody is there."""


def guard(
    message: DueMessage,
    contact: Contact,
    usage: Sequence[Sent],
    policy: Policy,
    now: datetime,
    rivals: Sequence[Rival] = (),
    budgets: Sequence[Budget] = (),
) -> Verdict:
    """The verdict of the first rule that objects. Transactional messages meet only the rules of `ALWAYS` (C6).

    Args:
        usage: the customer's marketing messages of the last week.
        rivals: the customer's marketing messages that wait; only the more important ones count.
        budgets: what the message is paid from; it must fit into all of them.
    """
    zone = zone_of(contact.timezone, policy.timezone)
    case = Case(message, contact, usage, policy, zone, now, rivals, budgets)
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
    caps.budget,
    caps.window,
    caps.journey_cap,
    caps.outranked,
    caps.daily_cap,
    caps.weekly_cap,
)
"""The rules in the order of S4's codes: what will never change first, so that nobody waits in vain."""
