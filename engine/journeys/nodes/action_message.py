"""Send a message made from a template; guard and outbox decide when it leaves."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.channels.interface import Channel
from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Go,
    Node,
    Outcome,
    Problem,
    References,
    Run,
    SendMessage,
    control,
)


class MessagePurpose(StrEnum):
    """Marketing obeys consent, caps and quiet hours; transactional always goes out (C6)."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


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


class ActionMessage(Node):
    """Queue a message."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Send message"
    icon: ClassVar[str] = "send"
    description: ClassVar[str] = "WhatsApp, SMS or e-mail from a template"

    type: Literal["action.message"] = "action.message"
    config: ActionMessageConfig

    def problems(self, references: References) -> Iterable[Problem]:
        channel = references.template_channels.get(self.config.template_id)
        if channel is None:
            yield Problem(
                "unknown_template",
                "This template does not exist any more. Choose another one.",
                self.id,
                "template_id",
            )
        elif channel != self.config.channel:
            yield Problem(
                "template_channel",
                f"This template is for {channel}, but the step sends by {self.config.channel}. Choose a fitting one.",
                self.id,
                "template_id",
            )

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        effect = SendMessage(self.config.channel, self.config.template_id, self.config.purpose)
        return Go(why=f"Queued a message by {self.config.channel}", effect=effect)

    def sentence(self) -> str:
        return f"Send by {self.config.channel}"
