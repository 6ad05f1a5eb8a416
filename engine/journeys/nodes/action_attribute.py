"""Set or clear one of the tenant's own attributes of the customer (J5)."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    ChangeAttribute,
    Go,
    Outcome,
)

AttributeName = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")
]


class ActionAttributeConfig(Config):
    """Which attribute, and what it shall be."""

    name: AttributeName = Field(
        title="Attribute",
        description="Letters, digits and _, e.g. favourite_class",
        json_schema_extra=control("text"),
    )
    value: str = Field(
        "",
        max_length=500,
        title="Value",
        description="Leave empty to clear it",
        json_schema_extra=control("text"),
    )


class ActionAttribute(Node):
    """Change an attribute; rules read it as `attribute.<name>`, templates as `customer.<name>`."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Attribute"
    icon: ClassVar[str] = "tag"
    description: ClassVar[str] = "Remember something about the customer"

    type: Literal["action.attribute"] = "action.attribute"
    config: ActionAttributeConfig

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(
            why=self.sentence(), effect=ChangeAttribute(self.config.name, self.config.value.strip() or None)
        )

    def sentence(self) -> str:
        value = self.config.value.strip()
        return f"Set {self.config.name} to “{value}”" if value else f"Clear {self.config.name}"
