"""A customer enters on submitting a form of a landing page."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import Problem, References, Trigger, TriggerConfig, control


class TriggerFormConfig(TriggerConfig):
    """Which form; any form when left out."""

    form_id: UUID | None = Field(
        None, title="Form", description="Leave empty for any form", json_schema_extra=control("form")
    )


class TriggerForm(Trigger):
    """Enter on a form submit."""

    label: ClassVar[str] = "Form submitted"
    icon: ClassVar[str] = "clipboard-list"
    description: ClassVar[str] = "Starts when a visitor sends the form of a landing page"

    type: Literal["trigger.form"] = "trigger.form"
    config: TriggerFormConfig = TriggerFormConfig()

    def events(self) -> frozenset[str]:
        return frozenset({"form.submitted"})

    def expects(self) -> Mapping[str, str]:
        return {"form_id": str(self.config.form_id)} if self.config.form_id else {}

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.form_id and self.config.form_id not in references.forms:
            yield Problem(
                "unknown_form", "This form does not exist any more. Choose another one.", self.id, "form_id"
            )

    def sentence(self) -> str:
        return "When a form is submitted"
