"""Send a message made from a template; guard and outbox decide when it leaves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.channels.interface import Channel
from engine.delivery.models import MessageStatus
from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Port,
    Problem,
    References,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    NEXT,
    Go,
    Outcome,
    SendMessage,
    SendTime,
    Substitute,
    Wait,
)

FAILED = "failed"

LONGEST_WAY_OUT = timedelta(days=8)
"""Marketing that could not leave within a week, and a day for the best hour, never will."""

LEFT = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.UNCERTAIN})
"""It is on its way, or may be."""

NEVER_LEFT = frozenset({MessageStatus.FAILED, MessageStatus.SKIPPED})


class MessagePurpose(StrEnum):
    """Marketing obeys consent, caps and quiet hours; transactional always goes out (C6)."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class OnFailure(StrEnum):
    """What follows when the message could not be sent."""

    GO_ON = "go_on"
    BRANCH = "branch"


class Fallback(Config):
    """Another channel with a template for it."""

    channel: Channel = Field(Channel.SMS, title="Channel", json_schema_extra=control("channel"))
    template_id: UUID = Field(title="Template", json_schema_extra=control("template"))


class ActionMessageConfig(Config):
    """What to send, and how."""

    channel: Channel = Field(Channel.WHATSAPP, title="Channel", json_schema_extra=control("channel"))
    template_id: UUID = Field(title="Template", json_schema_extra=control("template"))
    purpose: MessagePurpose = Field(
        MessagePurpose.MARKETING,
        title="Purpose",
        description="Transactional is for order and booking news only; it ignores opt-outs and quiet hours",
        json_schema_extra=control("select"),
    )
    fallback: Fallback | None = Field(
        None,
        title="If this channel cannot reach the customer",
        description="Sent instead, once; not to who has opted out",
        json_schema_extra=control("fallback"),
    )
    send_time: SendTime = Field(
        SendTime.NOW,
        title="When",
        description="Best hour: in which the customer opened or clicked most in the last 90 days",
        json_schema_extra=control("select"),
    )
    on_failure: OnFailure = Field(
        OnFailure.GO_ON,
        title="If it is not sent",
        description="Branch: wait until it has left, and go another way if it cannot",
        json_schema_extra=control("select"),
    )


class ActionMessage(Node):
    """Queue a message; with two ways on, stay until it has left or never will."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Send message"
    icon: ClassVar[str] = "send"
    description: ClassVar[str] = "WhatsApp, SMS or e-mail from a template"
    summary: ClassVar[str] = "{channel}, {template_id}[, else {fallback}]"

    type: Literal["action.message"] = "action.message"
    config: ActionMessageConfig

    def ports(self) -> tuple[Port, ...]:
        if self.config.on_failure is OnFailure.GO_ON:
            return (Port(NEXT),)
        return (Port(NEXT, "Sent"), Port(FAILED, "Not sent"))

    def template_ids(self) -> tuple[tuple[str, UUID], ...]:
        """The templates it may send, each with the field that names it."""
        other = self.config.fallback
        return (
            ("template_id", self.config.template_id),
            *([("fallback", other.template_id)] if other else ()),
        )

    def problems(self, references: References) -> Iterable[Problem]:
        yield from self._template_problems(
            self.config.template_id, self.config.channel, "template_id", references
        )
        fallback = self.config.fallback
        if fallback is None:
            return
        yield from self._template_problems(fallback.template_id, fallback.channel, "fallback", references)
        if fallback.channel is self.config.channel:
            yield Problem(
                "same_channel",
                f"The message goes by {fallback.channel} already. Choose another channel to fall back on, or none.",
                self.id,
                "fallback",
            )

    def _template_problems(
        self, template_id: UUID, wanted: Channel, field: str, references: References
    ) -> Iterable[Problem]:
        channel = references.template_channels.get(template_id)
        if channel is None:
            yield Problem(
                "unknown_template",
                "This template does not exist any more. Choose another one.",
                self.id,
                field,
            )
        elif channel != wanted:
            yield Problem(
                "template_channel",
                f"This template is for {channel}, but the step sends by {wanted}. Choose a fitting one.",
                self.id,
                field,
            )

    def asks_messages(self) -> tuple[str, ...]:
        return (self.id,) if self.config.on_failure is OnFailure.BRANCH else ()

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        queued = f"Queued a message by {self.config.channel}"
        if self.config.on_failure is OnFailure.GO_ON:
            return Go(why=queued, effect=self._effect())
        until = run.arrived_at + LONGEST_WAY_OUT
        fate = facts.fates.get((run.id, self.id))
        if fate is not None and fate.queued_at < run.arrived_at:
            fate = None
        if fate is not None and fate.status in LEFT:
            return Go(why=f"Sent by {self.config.channel}")
        if fate is not None and fate.status in NEVER_LEFT:
            return Go(FAILED, f"Not sent: {fate.reason or fate.status}")
        if now >= until:
            return Go(FAILED, "Not sent: it could not leave in time")
        if fate is None:
            return Wait(until, queued, self._effect())
        return Wait(until, "Waits until the message has left")

    def _effect(self) -> SendMessage:
        config, other = self.config, self.config.fallback
        return SendMessage(
            config.channel,
            config.template_id,
            config.purpose,
            Substitute(other.channel, other.template_id) if other else None,
            config.send_time,
        )

    def sentence(self) -> str:
        other = self.config.fallback
        return f"Send by {self.config.channel.label}" + (f", else by {other.channel.label}" if other else "")
