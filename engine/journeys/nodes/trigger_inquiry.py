"""A lead enters whose question nobody has dealt with for some days (J2 "inquiry stalled")."""

from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import CalendarTrigger, TimeOfDay, TriggerConfig, control


class TriggerInquiryConfig(TriggerConfig):
    """For how long."""

    days: int = Field(
        3, ge=1, le=365, title="Still pending after so many days", json_schema_extra=control("number")
    )
    at: TimeOfDay = Field(
        "10:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )


class TriggerInquiry(CalendarTrigger):
    """Enter once for each inquiry that is still pending."""

    label: ClassVar[str] = "Inquiry stalled"
    icon: ClassVar[str] = "message-circle-question"
    description: ClassVar[str] = "Starts when an inquiry is still pending after some days"
    summary: ClassVar[str] = "Inquiry still pending after {days} days, at {at}"

    type: Literal["trigger.inquiry"] = "trigger.inquiry"
    config: TriggerInquiryConfig = TriggerInquiryConfig()

    def sentence(self) -> str:
        days = "1 day" if self.config.days == 1 else f"{self.config.days} days"
        return f"Inquiry still pending after {days}, at {self.config.at}"
