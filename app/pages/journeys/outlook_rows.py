"""What publishing would bring, as the dock shows it: figures and words made of the engine's estimate."""

from dataclasses import dataclass, field

from engine.channels.interface import Channel
from engine.delivery.prices import micro_words
from engine.journeys.entering import Basis
from engine.journeys.estimate import Estimate
from engine.journeys.moving import Standing

LEAVE = "-"
"""What the lists of steps hold for customers who leave; no step has this id on a canvas."""

BASES = {
    Basis.MEMBERS: "in it already",
    Basis.LAST_DAYS: "in the last 30 days",
    Basis.NEXT_DAYS: "in the next 30 days",
    Basis.BY_HAND: "whom you add yourself",
}


@dataclass
class StandingRow:
    """A step where customers stand, and where they go on; `itself` when the lists of steps lack its own."""

    node_id: str
    sentence: str
    customers: str
    changed: bool
    target: str
    itself: bool = False
    problem: str = ""


@dataclass
class EntryRow:
    """A trigger, how many enter by it, and what that rests on."""

    sentence: str
    customers: str
    basis: str


@dataclass
class ChannelRow:
    """A channel: who can be reached, and what goes out at most."""

    label: str
    reachable: str
    messages: str
    cost: str


@dataclass
class EstimateView:
    """The estimate in words; `is_there` is False while there is none."""

    is_there: bool = False
    customers: str = ""
    at_once: str = ""
    recipients: str = ""
    messages: str = ""
    cost: str = ""
    budget: str = ""
    budget_percent: int = 0
    exceeds_budget: bool = False
    triggers: list[EntryRow] = field(default_factory=list)
    channels: list[ChannelRow] = field(default_factory=list)


def estimate_view(found: Estimate | None, sentences: dict[str, str]) -> EstimateView:
    """The estimate as it is shown; `sentences` are the triggers' by node id."""
    if found is None:
        return EstimateView()
    limit = found.budget_micro
    after = found.spent_micro + found.cost_micro
    return EstimateView(
        is_there=True,
        customers=f"{found.customers:,}",
        at_once=f"{found.at_once:,}" if found.at_once else "",
        recipients=f"{found.recipients:,}",
        messages=f"{found.messages:,}",
        cost=micro_words(found.cost_micro, found.currency),
        budget=""
        if limit is None
        else f"{micro_words(after, found.currency)} of {micro_words(limit, found.currency)}",
        budget_percent=0 if not limit else min(100, round(after * 100 / limit)),
        exceeds_budget=found.exceeds_budget,
        triggers=[
            EntryRow(
                sentences.get(each.node_id, ""),
                "" if each.basis is Basis.BY_HAND else f"{each.customers:,}",
                BASES[each.basis],
            )
            for each in found.entries
        ],
        channels=[
            ChannelRow(
                Channel(each.channel).label,
                f"{each.reachable:,}",
                f"{each.messages:,}",
                micro_words(each.cost_micro, found.currency),
            )
            for each in found.channels
        ],
    )


def standing_row(standing: Standing, known: set[str]) -> StandingRow:
    """A row of the table of those under way; `known` are the steps they could go on at."""
    return StandingRow(
        node_id=standing.node_id,
        sentence=standing.sentence,
        customers=f"{standing.customers:,}",
        changed=standing.changed,
        target=standing.suggested or LEAVE,
        itself=standing.suggested is not None and standing.suggested not in known,
    )
