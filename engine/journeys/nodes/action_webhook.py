"""Tell the tenant's own system, by a signed webhook (Standard Webhooks)."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    CallWebhook,
    Go,
    Outcome,
)


class ActionWebhookConfig(Config):
    """Where to call, and under which event name."""

    url: str = Field(
        max_length=2_000,
        pattern=r"^https?://[^\s]+$",
        title="URL",
        description="https:// address of your system",
        json_schema_extra=control("url"),
    )
    name: str = Field(
        "journey.step", min_length=1, max_length=100, title="Event name", json_schema_extra=control("text")
    )


class ActionWebhook(Node):
    """Queue a webhook call."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Webhook"
    icon: ClassVar[str] = "webhook"
    description: ClassVar[str] = "Tell your own system about this customer"

    type: Literal["action.webhook"] = "action.webhook"
    config: ActionWebhookConfig

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why="Queued a webhook", effect=CallWebhook(self.config.url, self.config.name))

    def sentence(self) -> str:
        return f"Call {self.config.url}"
