"""A customer enters by hand: by the API, by a button of the staff, or from another journey (J2, J5)."""

from typing import ClassVar, Literal

from engine.journeys.nodes.base import Trigger, TriggerConfig


class TriggerManual(Trigger):
    """Enter when somebody says so; `engine/journeys/by_hand.py` does it."""

    label: ClassVar[str] = "By hand or API"
    icon: ClassVar[str] = "hand"
    description: ClassVar[str] = "Starts for customers whom the staff, the API or another journey adds"

    type: Literal["trigger.manual"] = "trigger.manual"
    config: TriggerConfig = TriggerConfig()

    def sentence(self) -> str:
        return "When added by hand, by the API or by another journey"
