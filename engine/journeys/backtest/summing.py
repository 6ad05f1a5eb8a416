"""The result of a backtest, made of what was counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.result import Result
from engine.journeys.backtest.tally import Journeyer, Tally
from engine.journeys.plan import Plan


def sum_up(
    plan: Plan,
    grid: Grid,
    tally: Tally,
    *,
    standing: Counter[str],
    waiting: Counter[str],
    undecided: Sequence[Journeyer],
    currency: str,
    assumptions: tuple[str, ...],
) -> Result:
    """All figures.

    Args:
        standing: by step, customers who are there at the end.
        waiting: by step, messages that have not left by the end.
        undecided: entries of which some may still reach the goal.
    """
    steps = tuple(
        tally.step_result(node_id, here=standing[node_id], waiting=waiting[node_id]) for node_id in plan.nodes
    )
    zone = ZoneInfo(tally.timezone)
    within = timedelta(days=plan.settings.goal_days)
    still_open = [
        one for one in undecided if one.converted_at is None and one.entered_at + within > grid.until
    ]
    return Result(
        start=grid.start,
        until=grid.until,
        resolution_minutes=int(grid.step.total_seconds() // 60),
        currency=currency,
        entered=tally.entered,
        customers=len(tally.customers),
        finished=sum(tally.outcomes.values()),
        on_the_way=standing.total(),
        queued=sum(step.queued for step in steps),
        sent=sum(step.sent for step in steps),
        held=tally.held,
        capped=tally.capped,
        skipped=sum(sum(step.skipped.values()) for step in steps),
        waiting=waiting.total(),
        converted=tally.converted,
        still_open=len(still_open) if plan.settings.goal_event else 0,
        revenue_minor=tally.revenue_minor if tally.has_revenue else None,
        cost_micro=tally.node_cost.total(),
        outcomes=dict(tally.outcomes),
        steps=steps,
        costs=tally.all_costs(),
        days=tally.all_days(grid.start.astimezone(zone).date(), grid.until.astimezone(zone).date()),
        refusals=tally.all_refusals(),
        holds=tally.all_holds(),
        assumptions=assumptions,
        listed=len(tally.passages),
    )
