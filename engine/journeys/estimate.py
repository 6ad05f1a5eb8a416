"""What publishing a journey would probably bring in a month: who enters, who can be reached, what it costs at most.

An estimate, and said to be one: the last thirty days stand for the next (`reach`), everybody goes the dearest way
through the journey, and neither limits nor quiet hours hold anything back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import networkx as nx
from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.delivery.prices import Prices, load_prices
from engine.delivery.spend import month_of, spend_summary
from engine.journeys.entering import Basis
from engine.journeys.nodes.action_message import ActionMessage, MessagePurpose
from engine.journeys.nodes.base import Node
from engine.journeys.plan import Plan
from engine.journeys.reach import EVERYBODY, Group, ask_reach

Sending = tuple[str, str]
"""A channel and a purpose."""


@dataclass(frozen=True, slots=True)
class EntryEstimate:
    """How many customers a trigger lets in, and what that rests on."""

    node_id: str
    basis: Basis
    customers: int


@dataclass(frozen=True, slots=True)
class ChannelEstimate:
    """What goes out by a channel in a month at most; `reachable` are those who enter and have agreed to it."""

    channel: str
    reachable: int
    messages: int
    cost_micro: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """`customers` enter within thirty days, `at_once` of them when it is published, `recipients` can be written to.

    Money in millionths of the currency's major unit; the budget is None where no limit is set.
    """

    entries: tuple[EntryEstimate, ...]
    customers: int
    at_once: int
    recipients: int
    channels: tuple[ChannelEstimate, ...]
    currency: str
    budget_micro: int | None
    spent_micro: int

    @property
    def messages(self) -> int:
        """All messages of a month, at most."""
        return sum(each.messages for each in self.channels)

    @property
    def cost_micro(self) -> int:
        """What they cost, at most."""
        return sum(each.cost_micro for each in self.channels)

    @property
    def exceeds_budget(self) -> bool:
        """Whether this month's budget would not last."""
        return self.budget_micro is not None and self.spent_micro + self.cost_micro > self.budget_micro


@dataclass(frozen=True, slots=True)
class _Costs:
    prices: Prices
    country: str

    def of(self, sending: Sending) -> int:
        return self.prices.price_in(self.country, *sending)


def estimate(session: Session, tenant_id: UUID, plan: Plan, *, now: datetime) -> Estimate:
    """What a month of this plan would bring; two queries for the customers, whatever their number."""
    tenant = get_tenant(session)
    groups = ask_reach(session, tenant_id, plan, now=now)
    summary = spend_summary(session, month_of(now, tenant.timezone))
    costs = _Costs(load_prices(session, currency=tenant.currency, on=now.date()), tenant.country)
    messages = _messages(plan, groups, costs)
    everybody = [each for each in groups if each.trigger == EVERYBODY]
    return Estimate(
        entries=tuple(_entry(trigger.id, place, groups) for place, trigger in enumerate(plan.triggers)),
        customers=sum(each.customers for each in everybody),
        at_once=sum(each.customers for each in groups if each.basis is Basis.MEMBERS),
        recipients=sum(each.customers for each in everybody if _reaches(plan, each)),
        channels=tuple(_channels(plan, everybody, messages, costs)),
        currency=tenant.currency,
        budget_micro=summary.budget.limit_micro if summary.budget else None,
        spent_micro=summary.total_micro,
    )


def _entry(node_id: str, place: int, groups: Sequence[Group]) -> EntryEstimate:
    own = [each for each in groups if each.trigger == place]
    basis = min((each.basis for each in own), key=list(Basis).index, default=Basis.BY_HAND)
    return EntryEstimate(node_id, basis, sum(each.customers for each in own))


def _reaches(plan: Plan, group: Group) -> bool:
    return any(_sending(node, group) for node in plan.nodes.values())


def _sending(node: Node, group: Group) -> Sending | None:
    """How a message step writes to these customers; None when it cannot, or is no message step."""
    if not isinstance(node, ActionMessage):
        return None
    config = node.config
    ways = group.marketing if config.purpose is MessagePurpose.MARKETING else group.transactional
    wanted = [config.channel, *([config.fallback.channel] if config.fallback else [])]
    return next(((channel.value, config.purpose.value) for channel in wanted if channel in ways), None)


def _messages(plan: Plan, groups: Iterable[Group], costs: _Costs) -> Counter[Sending]:
    """All messages, when everybody goes the dearest way behind their trigger."""
    ways: nx.DiGraph[str] = nx.DiGraph()
    ways.add_nodes_from(plan.nodes)
    ways.add_edges_from((source, target) for (source, _), target in plan.ways.items())
    rounds = nx.condensation(ways)
    told: Counter[Sending] = Counter()
    for group in groups:
        if group.trigger == EVERYBODY:
            continue
        for sending, number in _dearest(plan, rounds, group, costs).items():
            told[sending] += number * group.entries
    return told


def _dearest(plan: Plan, rounds: "nx.DiGraph[int]", group: Group, costs: _Costs) -> Counter[Sending]:
    """The messages on the dearest way for such a customer; of a loop each message once."""
    best: dict[int, Counter[Sending]] = {}
    for place in reversed(list(nx.topological_sort(rounds))):
        members: Iterable[str] = rounds.nodes[place]["members"]
        own = Counter(found for each in members if (found := _sending(plan.nodes[each], group)))
        behind = [best[following] for following in rounds.successors(place)]
        best[place] = own + max(behind, key=lambda told: _weight(told, costs), default=Counter())
    place_of: Mapping[str, int] = rounds.graph["mapping"]
    return best[place_of[plan.triggers[group.trigger].id]]


def _weight(told: Counter[Sending], costs: _Costs) -> tuple[int, int]:
    return sum(costs.of(sending) * number for sending, number in told.items()), told.total()


def _channels(
    plan: Plan, everybody: Sequence[Group], messages: Counter[Sending], costs: _Costs
) -> Iterable[ChannelEstimate]:
    for channel in dict.fromkeys(_used(plan)):
        reachable = sum(each.customers for each in everybody if channel in _reached(plan, each))
        own = {sending: number for sending, number in messages.items() if sending[0] == channel}
        cost = sum(costs.of(sending) * number for sending, number in own.items())
        yield ChannelEstimate(channel, reachable, sum(own.values()), cost)


def _used(plan: Plan) -> Iterable[str]:
    for node in plan.nodes.values():
        if isinstance(node, ActionMessage):
            yield node.config.channel.value
            if node.config.fallback:
                yield node.config.fallback.channel.value


def _reached(plan: Plan, group: Group) -> frozenset[str]:
    """The channels that may write to these customers here; what is transactional needs no consent."""
    free = {
        node.config.channel.value
        for node in plan.nodes.values()
        if isinstance(node, ActionMessage) and node.config.purpose is not MessagePurpose.MARKETING
    }
    return group.marketing | (group.transactional & free)
