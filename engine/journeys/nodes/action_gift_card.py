"""Give the customer a gift card (J5, O2)."""

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
    Go,
    GrantGiftCard,
    Outcome,
)


class ActionGiftCardConfig(Config):
    """How much, and how long it is good."""

    amount: int = Field(
        500,
        ge=1,
        le=1_000_000,
        title="Amount",
        description="In whole units of the studio's currency. Messages behind this step can say {{ gift_card.code }}",
        json_schema_extra=control("number"),
    )
    valid_days: int | None = Field(
        None,
        ge=1,
        le=3_650,
        title="Good for so many days",
        description="By the studio's calendar, the last day included. Leave empty for ever",
        json_schema_extra=control("number"),
    )


class ActionGiftCard(Node):
    """Give a gift card, once for each visit."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Give gift card"
    icon: ClassVar[str] = "gift"
    description: ClassVar[str] = "Money to spend at the studio, with a code for messages behind this step"
    summary: ClassVar[str] = "Give a gift card of {amount}[, good for {valid_days} days]"

    type: Literal["action.gift_card"] = "action.gift_card"
    config: ActionGiftCardConfig = ActionGiftCardConfig()

    def gives(self) -> str | None:
        return "gift_card"

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why=self.sentence(), effect=GrantGiftCard(self.config.amount, self.config.valid_days))

    def sentence(self) -> str:
        amount, days = self.config.amount, self.config.valid_days
        return f"Give a gift card of {amount:,}" + (
            f", good for {days} day{'' if days == 1 else 's'}" if days else ""
        )
