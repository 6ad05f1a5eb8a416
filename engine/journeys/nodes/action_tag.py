"""Add or remove tags of the customer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

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
    ChangeTags,
    Go,
    Outcome,
)

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class ActionTagConfig(Config):
    """Which tags."""

    add: tuple[Tag, ...] = Field((), max_length=20, title="Add tags", json_schema_extra=control("tag"))
    remove: tuple[Tag, ...] = Field((), max_length=20, title="Remove tags", json_schema_extra=control("tag"))


class ActionTag(Node):
    """Change tags."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Tag"
    icon: ClassVar[str] = "tag"
    description: ClassVar[str] = "Add or remove tags of the customer"

    type: Literal["action.tag"] = "action.tag"
    config: ActionTagConfig = ActionTagConfig()

    def problems(self, references: References) -> Iterable[Problem]:
        if not self.config.add and not self.config.remove:
            yield Problem("no_tag", "Name at least one tag to add or remove.", self.id, "add")

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why=self.sentence(), effect=ChangeTags(self.config.add, self.config.remove))

    def sentence(self) -> str:
        added = [f"+{tag}" for tag in self.config.add]
        return "Tag " + " ".join(added + [f"−{tag}" for tag in self.config.remove])
