"""A customer enters on joining or leaving a segment (S8)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import Problem, References, Trigger, TriggerConfig, control


class SegmentChange(StrEnum):
    """What happened to the membership."""

    ENTERED = "entered"
    LEFT = "left"


class TriggerSegmentConfig(TriggerConfig):
    """Which segment, which way."""

    segment_id: UUID = Field(title="Segment", json_schema_extra=control("segment"))
    change: SegmentChange = Field(
        SegmentChange.ENTERED, title="When customers have", json_schema_extra=control("select")
    )
    include_existing: bool = Field(
        True,
        title="Also those in it already",
        description="Enrol today's members when the journey is published",
        json_schema_extra=control("boolean"),
    )


class TriggerSegment(Trigger):
    """Enter on a change of membership."""

    label: ClassVar[str] = "Segment entered or left"
    icon: ClassVar[str] = "users"
    description: ClassVar[str] = "Starts when a customer joins or leaves a segment"
    summary: ClassVar[str] = "Customer has {change} {segment_id}"

    type: Literal["trigger.segment"] = "trigger.segment"
    config: TriggerSegmentConfig

    def events(self) -> frozenset[str]:
        return frozenset({f"segment.{self.config.change}"})

    def expects(self) -> Mapping[str, str]:
        return {"segment_id": str(self.config.segment_id)}

    def existing_members_of(self) -> UUID | None:
        wanted = self.config.include_existing and self.config.change is SegmentChange.ENTERED
        return self.config.segment_id if wanted else None

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.segment_id not in references.segments:
            yield Problem(
                "unknown_segment",
                "This segment does not exist any more. Choose another one.",
                self.id,
                "segment_id",
            )

    def sentence(self) -> str:
        return f"When a customer has {self.config.change} the segment"
