"""Put the customer on a static list, or take them off it (J5)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

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
    ChangeList,
    Go,
    Outcome,
)


class ListChange(StrEnum):
    """Which way."""

    ADD = "add"
    REMOVE = "remove"


class ActionListConfig(Config):
    """Which list, which way."""

    segment_id: UUID = Field(title="List", description="A static segment", json_schema_extra=control("list"))
    change: ListChange = Field(ListChange.ADD, title="Change", json_schema_extra=control("select"))


class ActionList(Node):
    """Change who is on a list; rules and triggers of segments see it."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "List"
    icon: ClassVar[str] = "list-plus"
    description: ClassVar[str] = "Put the customer on a static list, or take them off"
    summary: ClassVar[str] = "{change}: {segment_id}"

    type: Literal["action.list"] = "action.list"
    config: ActionListConfig

    def problems(self, references: References) -> Iterable[Problem]:
        chosen = self.config.segment_id
        if chosen in references.lists:
            return
        told = (
            "Rules decide who is in this segment. Choose a static list."
            if chosen in references.segments
            else "This list does not exist any more. Choose another one."
        )
        yield Problem("unknown_list", told, self.id, "segment_id")

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        adds = self.config.change is ListChange.ADD
        return Go(why=self.sentence(), effect=ChangeList(self.config.segment_id, adds))

    def sentence(self) -> str:
        return "Put on a list" if self.config.change is ListChange.ADD else "Take off a list"
