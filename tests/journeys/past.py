"""A shop's past that is known beforehand: the real engine can live through it, and a backtest play it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from engine.core.db import reading_session, tenant_session
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents, opt_out
from engine.customers.models import ConsentState, Customer, Purpose
from engine.customers.orders import NewOrder, save_orders
from engine.delivery.handover import deliver_due
from engine.delivery.models import Message, MessageHold, MessageStatus
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.stage import Played, play
from engine.journeys.calendar import run_calendar
from engine.journeys.entries import route_events
from engine.journeys.graph import read_graph
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, Journey
from engine.journeys.plan import Plan, compile_plan
from engine.segments.membership import refresh
from engine.templates.models import Template
from tests.journeys.conftest import Graph

CHANNELS = ("whatsapp", "sms", "email")
ZONES = (None, "Asia/Kolkata", "America/New_York", "Pacific/Chatham")
DAY = timedelta(days=1)


ORDERED_AT, HAPPENED_AT = attrgetter("ordered_at"), attrgetter("occurred_at")
SAID_AT, LEFT_AT = itemgetter(0), itemgetter("admitted_at")


def between(ordered: list[Any], at: Callable[[Any], datetime], after: datetime, until: datetime) -> list[Any]:
    """Those of the list, which is in the order of `at`, that lie after one moment and not after another."""
    return ordered[bisect_right(ordered, after, key=at) : bisect_right(ordered, until, key=at)]


@dataclass(frozen=True)
class Past:
    """A tenant, its customers, and what will have happened: orders, other events, changes of mind, real messages."""

    tenant: UUID
    templates: dict[str, UUID]
    customers: list[UUID]
    orders: list[NewOrder] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    minds: list[tuple[datetime, UUID, str, bool]] = field(default_factory=list)
    mail: list[dict[str, Any]] = field(default_factory=list)

    def sort(self) -> None:
        """Bring what will happen into its order; to be called when all of it is known."""
        self.orders.sort(key=ORDERED_AT)
        self.events.sort(key=HAPPENED_AT)
        self.minds.sort(key=SAID_AT)
        self.mail.sort(key=LEFT_AT)

    def live_through(self, grid: Grid, graph: Graph, segments: Iterable[UUID] = ()) -> Journey:
        """Publish the journey at the beginning and let the real engine do at each tick what is due then."""
        wanted = list(segments)
        journey = None
        before = grid.start - timedelta(days=400)
        for now in grid.ticks():
            self._let_happen(before, now)
            before = now
            if grid.looks_at_segments(now):
                for segment_id in wanted:
                    with tenant_session(self.tenant) as session:
                        refresh(session, self.tenant, segment_id, now=now)
            if journey is None:
                journey = self._publish(graph, now)
            self.work(now)
        assert journey is not None
        return journey

    def work(self, now: datetime) -> None:
        """All that is due at this moment."""
        run_calendar(self.tenant, now=now)
        while (
            route_events(self.tenant, now=now).events
            or advance_due(self.tenant, now=now).enrolments
            or deliver_due(self.tenant, worker="test", clock=lambda: now)
        ):
            pass

    def _publish(self, graph: Graph, now: datetime) -> Journey:
        with tenant_session(self.tenant) as session:
            journey = drafts.create_journey(
                session, self.tenant, f"Lived {new_id()}", user_id=None, now=now, graph=graph
            )
            publishing.publish(session, self.tenant, journey.id, user_id=None, now=now)
            return journey

    def _let_happen(self, after: datetime, until: datetime) -> None:
        with tenant_session(self.tenant) as session:
            save_orders(session, self.tenant, between(self.orders, ORDERED_AT, after, until), now=until)
            record(session, self.tenant, between(self.events, HAPPENED_AT, after, until), now=until)
            for at, who, channel, agrees in between(self.minds, SAID_AT, after, until):
                say(session, self.tenant, at, who, channel, agrees)
            mail = between(self.mail, LEFT_AT, after, until)
            if mail:
                session.execute(insert(Message), mail)

    def plan_of(self, graph: Graph, journey_id: UUID | None = None) -> Plan:
        """The graph, ready to be played."""
        read, problems = read_graph(graph)
        assert read is not None, problems
        return compile_plan(read, version_id=new_id(), journey_id=journey_id or new_id())

    def played(self, grid: Grid, graph: Graph, journey_id: UUID | None = None) -> Played:
        """What a backtest says of it."""
        with reading_session(self.tenant) as session:
            return play(session, self.plan_of(graph, journey_id), grid, tell_messages=True)


def say(session: Any, tenant: UUID, at: datetime, who: UUID, channel: str, agrees: bool) -> None:
    """A customer opts in to a channel, or out of it."""
    if agrees:
        wish = ConsentWish(who, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, tenant, [wish], actor="customer", now=at)
    else:
        opt_out(session, tenant, who, channel=channel, source="link", actor="customer", now=at)


def make_past(tenant: UUID, number: int, grid: Grid, *, seed: int = 1) -> Past:
    """Customers in four zones whose orders, opt-outs and messages of other journeys come from a seed."""
    random = Random(seed)
    past = Past(tenant, {each: new_id() for each in CHANNELS}, [new_id() for _ in range(number)])
    with tenant_session(tenant) as session:
        session.add_all(_templates(past))
        session.execute(insert(Customer), [_customer(past, each, random) for each in past.customers])
        for who in past.customers:
            for channel in CHANNELS:
                if random.random() < 0.85:
                    say(session, tenant, grid.start - 30 * DAY, who, channel, True)
    length = (grid.until - grid.start) / timedelta(minutes=1)
    for who in past.customers:
        at = grid.start - 40 * DAY * random.random()
        for _ in range(random.randint(1, 6)):
            past.orders.append(NewOrder(who, str(new_id()), at, random.randint(1, 9_000) * 100, "INR"))
            at += timedelta(minutes=random.randint(60, 28 * 1_440))
        for name in random.choices(("Signed Up", "Cart Viewed", "Visited", "Paid"), k=random.randint(0, 4)):
            past.events.append(_event(who, name, grid.start + timedelta(minutes=random.random() * length)))
        if random.random() < 0.15:
            at = grid.start + timedelta(minutes=random.random() * length)
            past.minds.append((at, who, random.choice(CHANNELS), random.random() < 0.5))
        for _ in range(random.choice((0, 0, 0, 2, 5))):
            past.mail.append(
                _mail(past, who, grid.start + timedelta(minutes=random.random() * length), random)
            )
    past.sort()
    return past


def _templates(past: Past) -> Sequence[Template]:
    return [
        Template(
            id=template_id,
            tenant_id=past.tenant,
            name=channel,
            channel=channel,
            template_type="promotional",
            contents={
                "en": {
                    "body": "Hello {{ first_name }}",
                    **({"subject": "News"} if channel == "email" else {}),
                }
            },
        )
        for channel, template_id in past.templates.items()
    ]


def _customer(past: Past, who: UUID, random: Random) -> dict[str, Any]:
    return {
        "id": who,
        "tenant_id": past.tenant,
        "name": "Asha",
        "phone": f"+91{who.int % 10**10:010}" if random.random() < 0.9 else None,
        "email": f"{who.hex}@example.in",
        "timezone": random.choice(ZONES),
    }


def _event(who: UUID, name: str, at: datetime) -> NewEvent:
    return NewEvent(who, name, "track", "test", {}, {}, at, key_of(name, who, at.isoformat()))


def _mail(past: Past, who: UUID, at: datetime, random: Random) -> dict[str, Any]:
    """A marketing message that another journey really sent."""
    return {
        "id": new_id(),
        "tenant_id": past.tenant,
        "dedupe_key": new_id(),
        "customer_id": who,
        "channel": "email",
        "purpose": "marketing",
        "message_type": "trigger",
        "journey_id": UUID(int=7),
        "priority": random.choice((0, 2)),
        "status": MessageStatus.SENT,
        "due_at": at,
        "admitted_at": at,
        "sent_at": at,
        "created_at": at,
    }


def really_sent(tenant: UUID, journey_id: UUID) -> list[tuple[Any, ...]]:
    """The messages of a journey that left, as a backtest tells them."""
    with tenant_session(tenant) as session:
        rows = session.execute(
            select(
                Message.sent_at, Message.customer_id, Message.node_id, Message.channel, Message.template_id
            ).where(Message.journey_id == journey_id, Message.status == MessageStatus.SENT)
        )
        return sorted(tuple(row) for row in rows)


def really_refused(tenant: UUID, journey_id: UUID) -> list[tuple[Any, ...]]:
    """By customer, step and code: messages of a journey that were given up."""
    with tenant_session(tenant) as session:
        rows = session.execute(
            select(Message.node_id, Message.code).where(
                Message.journey_id == journey_id,
                Message.status.in_((MessageStatus.SKIPPED, MessageStatus.FAILED)),
            )
        )
        return sorted((row.node_id, row.code or "") for row in rows)


def really_held(tenant: UUID, journey_id: UUID) -> int:
    """How many of a journey's messages had to wait at least once."""
    with tenant_session(tenant) as session:
        held = (
            select(MessageHold.message_id)
            .join(Message, Message.id == MessageHold.message_id)
            .where(Message.journey_id == journey_id)
        )
        return len(set(session.scalars(held)))


def really_entered(tenant: UUID, journey_id: UUID) -> list[tuple[Any, ...]]:
    """Who entered when, and when they reached the goal."""
    with tenant_session(tenant) as session:
        rows = session.execute(
            select(Enrolment.customer_id, Enrolment.entered_at, Enrolment.converted_at).where(
                Enrolment.journey_id == journey_id
            )
        )
        return sorted((tuple(row) for row in rows), key=str)
