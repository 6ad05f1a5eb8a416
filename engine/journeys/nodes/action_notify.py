"""Tell the staff at once (J5, C9)."""

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
    Go,
    NotifyStaff,
    Outcome,
)

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class ActionNotifyConfig(Config):
    """What, and to whom."""

    text: Words = Field(
        title="Text",
        description="The customer's name stands before it",
        json_schema_extra=control("text"),
    )
    user_id: UUID | None = Field(
        None, title="To", description="Leave empty for everybody", json_schema_extra=control("staff")
    )


class ActionNotify(Node):
    """Show a notification under the staff's bell, once for each visit."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Notify staff"
    icon: ClassVar[str] = "bell"
    description: ClassVar[str] = "Tell one member of staff, or all, that a customer has come this far"
    summary: ClassVar[str] = "Tell[ {user_id}]: {text}"

    type: Literal["action.notify"] = "action.notify"
    config: ActionNotifyConfig

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.user_id and self.config.user_id not in references.staff:
            yield Problem(
                "unknown_staff",
                "This member of staff has left. Choose another one, or everybody.",
                self.id,
                "user_id",
            )

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why=self.sentence(), effect=NotifyStaff(self.config.text, self.config.user_id))

    def sentence(self) -> str:
        return f"Tell the staff: {self.config.text[:80]}"
