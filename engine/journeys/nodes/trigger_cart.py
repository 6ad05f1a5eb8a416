"""A customer enters who has left something in the cart and not ordered (J2 "cart abandoned")."""

from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import CalendarTrigger, TriggerConfig, control


class TriggerCartConfig(TriggerConfig):
    """After how long."""

    minutes: int = Field(
        60,
        ge=5,
        le=10_080,
        title="Minutes after the last look at the cart",
        description="60 is an hour, 1440 a day",
        json_schema_extra=control("number"),
    )


class TriggerCart(CalendarTrigger):
    """Enter once for each cart: after the last `Product Added`, `Cart Viewed` or `Checkout Started`."""

    label: ClassVar[str] = "Cart abandoned"
    icon: ClassVar[str] = "shopping-cart"
    description: ClassVar[str] = "Starts when something lies in the cart and no order has followed"
    summary: ClassVar[str] = "Cart left for {minutes} minutes without an order"

    type: Literal["trigger.cart"] = "trigger.cart"
    config: TriggerCartConfig = TriggerCartConfig()

    def sentence(self) -> str:
        return f"Cart left for {self.config.minutes} minutes without an order"
