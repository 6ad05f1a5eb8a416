"""What a backtest takes for granted, in words: shown with every result."""

from collections.abc import Iterable, Iterator

from engine.journeys.backtest.entrance import Entrance
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.tally import MOST_LISTED, Tally
from engine.journeys.nodes.action_message import ActionMessage
from engine.journeys.nodes.base import CalendarTrigger
from engine.journeys.nodes.branch_reaction import BranchReaction
from engine.journeys.nodes.outcomes import ELSEWHERE, GIVES, ON_CUSTOMER
from engine.journeys.nodes.trigger_form import TriggerForm
from engine.journeys.nodes.trigger_manual import TriggerManual
from engine.journeys.nodes.trigger_segment import TriggerSegment
from engine.journeys.plan import Plan


def told_assumptions(plan: Plan, grid: Grid, tally: Tally, entrance: Entrance) -> tuple[str, ...]:
    """The sentences that apply to this plan and what happened in it."""
    return tuple(_told(plan, grid, tally, entrance))


def _told(plan: Plan, grid: Grid, tally: Tally, entrance: Entrance) -> Iterator[str]:
    minutes = int(grid.step.total_seconds() // 60)
    yield f"The clock ticks every {minutes} minutes: what happens in between is acted upon at the next tick."
    yield "The journey starts as if published on the first day, and nobody has been in it before."
    yield from _about_entries(plan, grid, entrance)
    yield (
        "Consents and opt-outs count as they were at each moment; those first told by an import are taken as given "
        "before. Suppressions that were lifted since are not known any more."
    )
    yield (
        "Addresses, tags, attributes, branches and time zones are those of today, and so are your limits, hours, "
        "prices and budgets."
    )
    if any(isinstance(node, ActionMessage) for node in plan.nodes.values()):
        yield (
            "The messages you really sent in this time count towards limits and budgets, except those of this journey, "
            "which the draft replaces."
        )
        yield "Messages that were never sent arrive at once, and nobody opens, clicks or answers them."
    if any(isinstance(node, BranchReaction) for node in plan.nodes.values()):
        yield "Branches on a reaction follow bookings and orders of history; opens, clicks and replies are “no”."
    if plan.settings.goal_event:
        yield (
            f"“{plan.settings.goal_event}” counts when it really happened within {plan.settings.goal_days} days of "
            "entering. It happened without these messages, so it is what to compare with, not what they would add."
        )
    yield from _about_effects(tally)
    if tally.entered > MOST_LISTED:
        yield f"The list shows the first {MOST_LISTED:,} of {tally.entered:,} entries; the figures count all."


def _about_entries(plan: Plan, grid: Grid, entrance: Entrance) -> Iterator[str]:
    if entrance.memberships.dynamic:
        hours = int(grid.membership.total_seconds() // 3600)
        often = "every hour" if hours == 1 else f"every {hours} hours"
        yield f"Who was in a segment is looked up {often}; rules ask for orders, visits and events as they were then."
    if any(
        isinstance(each, TriggerSegment) and each.id not in entrance.memberships.dynamic
        for each in plan.triggers
    ):
        yield "Of a list, it is known who is on it now and since when, and the changes that were recorded."
    if any(isinstance(each, CalendarTrigger) for each in plan.triggers):
        yield "The calendar is asked what it knew at each moment; what was changed or cancelled later is not undone."
    if any(isinstance(each, TriggerForm) for each in plan.triggers):
        yield "Forms count as they were submitted then."
    if any(isinstance(each, TriggerManual) for each in plan.triggers):
        yield "Nobody is added by hand or over the API in a backtest."


def _about_effects(tally: Tally) -> Iterator[str]:
    wanted = {what for _, what in tally.effects}
    if wanted & _names(ON_CUSTOMER):
        yield "Tags, attributes, lists, points, coupons and gift cards that the journey would change stay as they are."
    if wanted & _names(GIVES):
        yield "Coupons and gift cards are counted, not given; a coupon’s terms are those of today."
    if wanted & _names(ELSEWHERE):
        yield "Other journeys, webhooks, reminders and notices are counted, not carried out."


def _names(effects: Iterable[type]) -> set[str]:
    """As the tally names them."""
    return {each.__name__ for each in effects}
