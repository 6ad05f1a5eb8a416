"""The budget section: what this month cost so far, and how much a month may cost."""

import reflex as rx

from app.pages.settings.budget_state import MONTHLY, THRESHOLD, BranchField, BudgetState
from app.pages.settings.section import save_button, section, stored
from app.pages.settings.spend_view import SpendPart
from app.ui import fields_row, form, text_field


def budget_section() -> rx.Component:
    """The month's spend above, the budgets below."""
    return section(
        "Budget",
        "What messages may cost in a month. When it is used up, marketing waits for the next month or a higher "
        "budget; order and booking news always leave.",
        _spend(),
        _budgets(),
    )


def _spend() -> rx.Component:
    spend = BudgetState.spend
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.el.div("Spent in ", spend.month, class_name="s-muted s-small"),
                rx.el.div(spend.spent, class_name="st-spent s-number"),
            ),
            rx.cond(
                spend.budget != "",
                rx.el.div(
                    rx.el.span(
                        spend.percent, " of ", spend.budget, class_name=f"st-level s-tone-{spend.level}"
                    ),
                    rx.el.span(spend.left, " left", class_name="s-muted s-small"),
                    class_name="st-of s-number",
                ),
                rx.el.div("No budget is set", class_name="s-muted s-small"),
            ),
            class_name="st-spend-head",
        ),
        rx.el.div(
            rx.el.div(
                rx.foreach(spend.parts, _share),
                class_name="st-bar",
                role="img",
                custom_attrs={"aria-label": f"{spend.percent} of the budget of {spend.month}"},
            ),
            rx.cond(
                spend.mark != "",
                rx.el.span(class_name="st-mark", title=spend.mark_words, style={"left": spend.mark}),
            ),
            class_name="st-bar-frame",
        ),
        rx.cond(
            spend.parts.length() > 0,
            rx.el.ul(
                rx.foreach(spend.parts, _part),
                rx.cond(
                    spend.mark_words != "",
                    rx.el.li(
                        rx.el.span(class_name="st-key st-key-mark"),
                        rx.el.span(spend.mark_words, class_name="s-muted"),
                    ),
                ),
                class_name="st-parts",
            ),
            rx.el.p("Nothing was sent this month yet.", class_name="s-muted s-small"),
        ),
        class_name="s-stack",
    )


def _share(part: rx.Var[SpendPart]) -> rx.Component:
    return rx.el.span(class_name=f"st-share st-of-{part.channel}", style={"width": part.width})


def _part(part: rx.Var[SpendPart]) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name=f"st-key st-of-{part.channel}"),
        rx.el.span(part.label),
        rx.el.span(part.messages, class_name="s-muted"),
        rx.el.span(part.amount, class_name="s-number st-amount"),
    )


def _budgets() -> rx.Component:
    return form(
        stored(
            fields_row(
                text_field(
                    name=MONTHLY,
                    label=f"For a month, in {BudgetState.symbol}",
                    hint="Leave it empty for no limit.",
                    optional=True,
                    input_mode="decimal",
                    auto_complete="off",
                    default_value=BudgetState.monthly,
                    error=BudgetState.problems[MONTHLY],
                ),
                text_field(
                    name=THRESHOLD,
                    label="Tell the staff at, in %",
                    hint="Once a month, of each budget.",
                    type="number",
                    min=1,
                    max=100,
                    default_value=BudgetState.threshold,
                    error=BudgetState.problems[THRESHOLD],
                ),
            ),
            rx.cond(
                BudgetState.branches.length() > 0,
                rx.el.div(
                    rx.el.h3("Of each branch", class_name="s-label"),
                    rx.el.p(
                        "A branch's messages are paid from its own budget and the one above.",
                        class_name="s-hint",
                    ),
                    rx.el.div(rx.foreach(BudgetState.branches, _branch), class_name="s-grid st-branches"),
                    class_name="st-branch-budgets",
                ),
            ),
            values=BudgetState.stored_values,
        ),
        save_button(BudgetState.saving),
        on_submit=BudgetState.save,
    )


def _branch(branch: rx.Var[BranchField]) -> rx.Component:
    return rx.el.div(
        text_field(
            name=branch.field,
            label=branch.name,
            optional=True,
            input_mode="decimal",
            auto_complete="off",
            placeholder="No limit of its own",
            default_value=branch.budget,
            error=BudgetState.problems[branch.field],
        ),
        rx.cond(
            branch.spend.words != "",
            rx.el.div(
                rx.el.div(
                    rx.el.span(
                        class_name=f"st-share st-level s-tone-{branch.spend.level}",
                        style={"width": branch.spend.width},
                    ),
                    class_name="st-bar st-bar-thin",
                    custom_attrs={"aria-hidden": "true"},
                ),
                rx.el.span(branch.spend.words, class_name="s-muted s-small s-number"),
                class_name="st-branch-spend",
            ),
        ),
        class_name="st-branch",
    )
