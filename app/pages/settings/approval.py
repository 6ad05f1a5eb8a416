"""The section about who has to agree before a journey goes live."""

import reflex as rx

from app.pages.settings.approval_state import REQUIRED, THRESHOLD, ApprovalState
from app.pages.settings.section import save_button, section, stored
from app.ui import check_field, form, text_field


def approval_section() -> rx.Component:
    """The rule."""
    return section(
        "Approval",
        "Regional managers and owners publish by themselves. Branch managers ask them when a journey reaches many.",
        form(
            stored(
                check_field(
                    name=REQUIRED,
                    label="Large journeys need approval",
                    default_checked=ApprovalState.required,
                ),
                text_field(
                    name=THRESHOLD,
                    label="From so many customers a month",
                    type="number",
                    min=1,
                    hint="As estimated when somebody wants to publish.",
                    default_value=ApprovalState.threshold,
                    error=ApprovalState.problems[THRESHOLD],
                ),
                values=ApprovalState.required.to_string() + " " + ApprovalState.threshold,
            ),
            save_button(ApprovalState.saving),
            on_submit=ApprovalState.save,
        ),
    )
