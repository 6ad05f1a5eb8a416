"""Two ways on: customers who reacted to a message in time, and those who did not (J4)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from engine.delivery.models import MessageStatus
from engine.journeys.nodes.action_message import LONGEST_WAY_OUT
from engine.journeys.nodes.base import (
    Config,
    Duration,
    DurationUnit,
    Facts,
    Family,
    Listening,
    MessageFate,
    Node,
    Port,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
    Wait,
)

YES, NO = "yes", "no"


class Reaction(StrEnum):
    """What the customer may do."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    BOOKED = "booked"
    ORDERED = "ordered"


EVENTS: Mapping[Reaction, str] = {
    Reaction.BOOKED: "Appointment Booked",
    Reaction.ORDERED: "Order Completed",
}
"""Reactions that are events of their own, after the message was sent."""

UNITS: Mapping[str, int] = {"day": 1_440, "hour": 60, "minute": 1}
"""In minutes."""


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


SHOWN_BY: Mapping[Reaction, Callable[[MessageFate], datetime | None]] = {
    Reaction.OPENED: lambda fate: _first(fate.opened_at, fate.read_at, fate.clicked_at, fate.replied_at),
    Reaction.CLICKED: lambda fate: fate.clicked_at,
    Reaction.REPLIED: lambda fate: fate.replied_at,
}
"""When a message itself shows the reaction; who clicked, or whom WhatsApp saw reading, has opened it."""


class BranchReactionConfig(Config):
    """Which message, which reaction, in which time."""

    message: str = Field(
        min_length=1,
        max_length=64,
        title="Message",
        description="A message step before this one",
        json_schema_extra=control("message_node"),
    )
    reaction: Reaction = Field(Reaction.OPENED, title="If the customer", json_schema_extra=control("select"))
    within: Duration = Field(
        Duration(amount=2, unit=DurationUnit.DAYS),
        title="Within",
        description="Counted from the moment the message was sent",
        json_schema_extra=control("duration"),
    )


class BranchReaction(Node):
    """Go on as soon as the customer reacts, or when the time after sending is up.

    A message that was not sent yet is waited for; one that never will be is no reaction.
    """

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "If they react"
    icon: ClassVar[str] = "mouse-pointer-click"
    description: ClassVar[str] = "Go one way if the customer opens, clicks, replies, books or orders in time"
    summary: ClassVar[str] = "If they {reaction} {message} within {within}"

    type: Literal["branch.reaction"] = "branch.reaction"
    config: BranchReactionConfig

    def ports(self) -> tuple[Port, ...]:
        return (Port(YES, "Yes"), Port(NO, "No"))

    def must_connect(self) -> bool:
        return True

    def listens(self) -> Listening | None:
        event = EVENTS.get(self.config.reaction)
        return Listening(event, after_message=self.config.message) if event else None

    def hears_replies(self) -> bool:
        return self.config.reaction is Reaction.REPLIED

    def asks_messages(self) -> tuple[str, ...]:
        return (self.config.message,)

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        fate = facts.fates.get((run.id, self.config.message))
        if fate is None:
            return Go(NO, "No message was sent at that step")
        until = self._until(run, fate, now)
        reacted_at = self._reacted_at(run, facts, fate)
        if reacted_at is not None and reacted_at <= until:
            return Go(YES, f"The customer {self.config.reaction} {_after(fate, reacted_at)}")
        if fate.status in (MessageStatus.FAILED, MessageStatus.SKIPPED):
            return Go(NO, f"The message was not sent: {fate.reason or fate.status}")
        if now < until:
            return Wait(until, self.sentence(), promises=_is_lost(fate))
        if fate.sent_at is None and not _is_lost(fate):
            return Go(NO, "The message was not sent in time")
        return Go(NO, f"The customer has not {self.config.reaction} within {self.config.within.words}")

    def _until(self, run: Run, fate: MessageFate, now: datetime) -> datetime:
        within = self.config.within.delta
        if fate.sent_at is not None:
            return fate.sent_at + within
        if _is_lost(fate):
            return run.promised_at or now + within
        return run.arrived_at + LONGEST_WAY_OUT + within

    def _reacted_at(self, run: Run, facts: Facts, fate: MessageFate) -> datetime | None:
        shown_by = SHOWN_BY.get(self.config.reaction)
        return shown_by(fate) if shown_by else facts.heard.get((run.id, self.id))

    def sentence(self) -> str:
        return f"If the customer has {self.config.reaction} within {self.config.within.words}"


def _is_lost(fate: MessageFate) -> bool:
    """Whether it may have been sent though nobody knows: the time then counts from when that was seen here."""
    return fate.sent_at is None and fate.status is MessageStatus.UNCERTAIN


def _after(fate: MessageFate, reacted_at: datetime) -> str:
    if fate.sent_at is None:
        return "to the message"
    minutes = int((reacted_at - fate.sent_at).total_seconds() // 60)
    for unit, size in UNITS.items():
        if minutes >= size:
            amount = minutes // size
            return f"{amount} {unit}{'' if amount == 1 else 's'} after the message was sent"
    return "as soon as the message was sent"
