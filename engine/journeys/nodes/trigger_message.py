"""A customer enters on what becomes of a message: opened, clicked, replied to, read, failed (J2)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import Trigger, TriggerConfig, control


class MessageNews(StrEnum):
    """What happened to the message."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    READ = "read"
    FAILED = "failed"


PHRASES: Mapping[MessageNews, str] = {
    MessageNews.OPENED: "is opened",
    MessageNews.CLICKED: "is clicked",
    MessageNews.REPLIED: "is answered",
    MessageNews.READ: "is read",
    MessageNews.FAILED: "cannot be delivered",
}


class TriggerMessageConfig(TriggerConfig):
    """What happened, and whose message it was."""

    what: MessageNews = Field(
        MessageNews.CLICKED, title="When a message is", json_schema_extra=control("select")
    )
    journey_id: UUID | None = Field(
        None,
        title="Sent by",
        description="A journey; leave empty for any message",
        json_schema_extra=control("journey", any=True),
    )


class TriggerMessage(Trigger):
    """Enter on news of a message."""

    label: ClassVar[str] = "Message opened, clicked, answered"
    icon: ClassVar[str] = "mail-open"
    description: ClassVar[str] = "Starts when a customer opens, clicks or answers a message, or it fails"
    summary: ClassVar[str] = "A message is {what}[, sent by {journey_id}]"

    type: Literal["trigger.message"] = "trigger.message"
    config: TriggerMessageConfig = TriggerMessageConfig()

    def events(self) -> frozenset[str]:
        return frozenset({f"message.{self.config.what}"})

    def expects(self) -> Mapping[str, str]:
        return {"journey_id": str(self.config.journey_id)} if self.config.journey_id else {}

    def sentence(self) -> str:
        return f"When a message {PHRASES[self.config.what]}"
