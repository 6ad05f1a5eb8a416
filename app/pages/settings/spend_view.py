"""A month's spend as the settings page draws it: one bar by channel, the budget's end and the threshold on it."""

from collections import defaultdict
from dataclasses import dataclass, field

from app.pages.words import channel_words
from engine.delivery.prices import micro_words
from engine.delivery.spend import BudgetLine, SpendSummary

FULL = 100.0


@dataclass
class SpendPart:
    """A channel's share of the bar; `width` is CSS, `messages` and `amount` as they are written."""

    channel: str
    label: str
    width: str
    messages: str
    amount: str


@dataclass
class SpendView:
    """The bar. `mark` is where the staff are warned, as CSS, empty without a budget; `level` colours the sum."""

    month: str = ""
    spent: str = ""
    budget: str = ""
    left: str = ""
    percent: str = ""
    level: str = "good"
    mark: str = ""
    mark_words: str = ""
    parts: list[SpendPart] = field(default_factory=list)


@dataclass
class BranchSpend:
    """How a branch's budget stands; `words` is empty without one."""

    words: str = ""
    width: str = "0%"
    level: str = "good"


def spend_view(summary: SpendSummary, *, threshold_percent: int) -> SpendView:
    """The month; without a budget the bar shows how the spend is shared, else how much of the budget it took."""
    budget = summary.budget
    limit = budget.limit_micro if budget else 0
    scale = max(limit, summary.total_micro)
    view = SpendView(
        month=f"{summary.month:%B %Y}",
        spent=micro_words(summary.total_micro, summary.currency),
        parts=_parts(summary, scale),
    )
    if budget is None:
        return view
    view.budget = micro_words(limit, summary.currency)
    view.left = micro_words(max(limit - summary.total_micro, 0), summary.currency)
    view.percent = f"{budget.percent} %"
    view.level = level_of(budget, threshold_percent)
    view.mark = _width(limit * threshold_percent / 100, scale)
    view.mark_words = f"You are told at {threshold_percent} %"
    return view


def branch_spend(budget: BudgetLine | None, currency: str, *, threshold_percent: int) -> BranchSpend:
    """A branch's line."""
    if budget is None:
        return BranchSpend()
    spent, limit = micro_words(budget.spent_micro, currency), micro_words(budget.limit_micro, currency)
    width = f"{min(budget.percent, 100)}%"
    words = f"{spent} of {limit}, {budget.percent} %"
    return BranchSpend(words, width, level_of(budget, threshold_percent))


def level_of(budget: BudgetLine, threshold_percent: int) -> str:
    """`good` below the threshold, `waiting` from there on, `bad` at the end."""
    if budget.percent >= 100:
        return "bad"
    return "waiting" if budget.percent >= threshold_percent else "good"


def _parts(summary: SpendSummary, scale: int) -> list[SpendPart]:
    cost: dict[str, int] = defaultdict(int)
    messages: dict[str, int] = defaultdict(int)
    for line in summary.lines:
        cost[line.channel] += line.cost_micro
        messages[line.channel] += line.messages
    order = sorted(cost, key=lambda channel: -cost[channel])
    return [
        SpendPart(
            channel=channel,
            label=channel_words(channel),
            width=_width(cost[channel], scale),
            messages="1 message" if messages[channel] == 1 else f"{messages[channel]:,} messages",
            amount=micro_words(cost[channel], summary.currency),
        )
        for channel in order
        if messages[channel] or cost[channel]
    ]


def _width(part: float, scale: int) -> str:
    return f"{part / scale * FULL:.2f}%" if scale else "0%"
