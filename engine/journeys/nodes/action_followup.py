"""Remind the staff to get in touch with the customer (J5, C9)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Problem,
    References,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    CreateFollowUp,
    Go,
    Outcome,
)

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class ActionFollowUpConfig(Config):
    """When, why and who."""

    in_days: int = Field(
        1,
        ge=0,
        le=365,
        title="In days",
        description="By the studio's calendar; 0 is today",
        json_schema_extra=control("number"),
    )
    note: Note = Field(title="Note", description="What it is about", json_schema_extra=control("text"))
    staff_id: UUID | None = Field(
        None,
        title="For",
        description="Leave empty for whoever is there",
        json_schema_extra=control("staff"),
    )


class ActionFollowUp(Node):
    """Make a reminder on the staff's desk, once for each visit."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Staff follow-up"
    icon: ClassVar[str] = "phone-call"
    description: ClassVar[str] = "Remind the staff to call or write to the customer"
    summary: ClassVar[str] = "Remind[ {staff_id}]: {note}"

    type: Literal["action.followup"] = "action.followup"
    config: ActionFollowUpConfig

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.staff_id and self.config.staff_id not in references.staff:
            yield Problem(
                "unknown_staff",
                "This member of staff has left. Choose another one, or nobody in particular.",
                self.id,
                "staff_id",
            )

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        config = self.config
        return Go(why=self.sentence(), effect=CreateFollowUp(config.in_days, config.note, config.staff_id))

    def sentence(self) -> str:
        days = self.config.in_days
        when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
        return f"Remind the staff {when}: {self.config.note[:80]}"
