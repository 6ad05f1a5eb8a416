"""A studio, its customers and all that can go wrong, driven by one random generator: the same seed, the same world."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from engine.channels import accounts
from engine.channels.models import ChannelAccount
from engine.channels.reports import Report, Reported, ReportKind
from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.core.ids import ids_from, key_of
from engine.customers.consent import ConsentWish, change_consents, opt_out
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery import handover
from engine.delivery.handover import deliver_due
from engine.delivery.models import Message, MessageStatus
from engine.delivery.receipts import apply_receipts, take_receipts
from engine.delivery.recovery import recover_sending
from engine.events.record import NewEvent, record
from engine.journeys import drafts, moves, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import JourneyStatus
from engine.offers.models import Coupon, DiscountType
from engine.templates.models import Template
from tests.simulation.graphs import ENTRY_EVENTS, EVENTS, Things, random_graph
from tests.simulation.provider import PowerCut, SimulatedProvider
from tests.simulation.provider import World as Outside

START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
"""A Friday; New York's clocks went forward three weeks ago, Chatham's go back in nine days."""

ZONES = (None, "Asia/Kolkata", "America/New_York", "Pacific/Chatham", "Mars/Olympus")
CHANNELS = ("whatsapp", "sms", "email")
HEALING = (timedelta(minutes=1), timedelta(days=9))
MOST_WORK = 400


ARRIVED = (Reported.SENT, Reported.DELIVERED, Reported.READ)
LOST = (Reported.SENT, Reported.FAILED)
"""What providers report of a message: that it arrived, or that it did not, never both."""


DUE = text("""
    SELECT EXISTS (SELECT FROM event_queue WHERE tenant_id = :tenant AND failed_reason IS NULL) AS route,
        EXISTS (SELECT FROM enrolments WHERE tenant_id = :tenant AND status = 'active' AND due_at <= :now) AS advance,
        EXISTS (SELECT FROM messages WHERE tenant_id = :tenant AND status = 'queued' AND due_at <= :now) AS deliver,
        EXISTS (SELECT FROM receipts WHERE tenant_id = :tenant AND done_at IS NULL AND due_at <= :now) AS receipts,
        EXISTS (
            SELECT FROM messages
            WHERE tenant_id = :tenant AND status = 'sending'
                AND claimed_at <= CAST(:now AS timestamptz) - interval '15 seconds'
        ) AS recover
""")
"""What the clock would wake workers for."""


@dataclass(frozen=True)
class Said:
    """What a customer said of a channel, when it was committed, in the order of all that happened."""

    order: int
    customer_id: UUID
    channel: str
    agrees: bool


@dataclass
class World:
    """One simulated world."""

    seed: int
    tenant: UUID
    random: Random
    now: datetime = START
    customers: list[UUID] = field(default_factory=list)
    journeys: list[UUID] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    things: Things = field(default_factory=lambda: Things({}, UUID(int=0)))
    cut_after: int | None = None
    meddles: float = 0.0
    _order: int = 0
    _meddling: bool = False

    def __post_init__(self) -> None:
        self.outside = Outside(self.random, lambda: self.now, self.next_order)

    def next_order(self) -> int:
        """The number of the next thing that happens."""
        self._order += 1
        return self._order

    def clock(self) -> datetime:
        """Shows the time; looking takes some."""
        self.now += timedelta(milliseconds=self.random.choice((0, 0, 0, 400)))
        return self.now

    # What people do

    def happen(self, who: UUID | None = None, name: str | None = None) -> None:
        """A customer does something: now or a while ago, told once or several times."""
        who = who or self.random.choice(self.customers)
        name = name or self.random.choice((*ENTRY_EVENTS, *ENTRY_EVENTS, *EVENTS))
        at = self.now - timedelta(minutes=self.random.choice((0, 0, 0, 5, 600)))
        event = NewEvent(who, name, "track", "simulation", {}, {}, at, key_of(self.seed, self.next_order()))
        for _ in range(self.random.choice((1, 1, 2))):
            with tenant_session(self.tenant) as session:
                record(session, self.tenant, [event], now=self.now)
        self.note(f"{name} by {self.customers.index(who)} at {at:%d %H:%M}")

    def change_mind_at_the_last_moment(self) -> None:
        """A customer whose message is just being handed over opts out."""
        with tenant_session(self.tenant) as session:
            leaving = session.execute(
                select(Message.customer_id, Message.channel).where(Message.status == MessageStatus.SENDING)
            ).all()
        if leaving:
            who, channel = min(leaving)
            self.change_mind(who, channel, agrees=False)

    def change_mind(
        self, who: UUID | None = None, channel: str | None = None, *, agrees: bool | None = None
    ) -> None:
        """A customer opts out of a channel, or in again."""
        who, channel = who or self.random.choice(self.customers), channel or self.random.choice(CHANNELS)
        agrees = self.random.random() < 0.4 if agrees is None else agrees
        with tenant_session(self.tenant) as session:
            if agrees:
                wish = ConsentWish(who, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
                change_consents(session, self.tenant, [wish], actor="customer", now=self.now)
            else:
                opt_out(
                    session,
                    self.tenant,
                    who,
                    channel=channel,
                    source="link",
                    reason=None,
                    actor="customer",
                    now=self.now,
                )
        self.said.append(Said(self.next_order(), who, channel, agrees))
        self.note(f"{self.customers.index(who)} opts {'in to' if agrees else 'out of'} {channel}")

    def report(self) -> None:
        """The provider reports of messages it took: in any order, late, twice, or before our commit."""
        if not self.outside.taken:
            return
        reports = []
        for _ in range(self.random.randint(1, 3)):
            taken = self.random.choice(self.outside.taken)
            status = self.random.choice(LOST if taken.message_id.int % 5 == 0 else ARRIVED)
            reports.append(
                Report(
                    ReportKind.STATUS,
                    f"{taken.message_id}:{status}",
                    taken.at + timedelta(seconds=self.random.randint(0, 900)),
                    status=status,
                    reference=str(taken.message_id),
                    provider_message_id=f"sim-{taken.message_id}",
                )
            )
        with tenant_session(self.tenant) as session:
            take_receipts(session, self.tenant, "whatsapp_cloud", reports, now=self.now)
        self.note(f"{len(reports)} reports")

    def reply(self) -> None:
        """A customer answers."""
        number = self.random.randrange(len(self.customers))
        report = Report(
            ReportKind.REPLY,
            f"reply:{self.next_order()}",
            self.now,
            address=phone_of(self.seed, number),
            text="Hello",
        )
        with tenant_session(self.tenant) as session:
            take_receipts(session, self.tenant, "whatsapp_cloud", [report], now=self.now)
        self.note(f"{number} replies")

    def manage(self) -> None:
        """The marketer publishes a new version, with or without moving those under way, or pauses, or resumes."""
        journey_id = self.random.choice(self.journeys)
        with suppress(SafarError), tenant_session(self.tenant) as session:
            journey = drafts.load_journey(session, journey_id)
            if journey.status == JourneyStatus.PAUSED or self.random.random() < 0.3:
                verb = "resume" if journey.status == JourneyStatus.PAUSED else "pause"
                moves.move(session, self.tenant, journey_id, verb, user_id=None, now=self.now)
                self.note(f"{verb} {self.journeys.index(journey_id)}")
            else:
                self._publish_anew(session, journey_id, journey.revision)

    def _publish_anew(self, session: Session, journey_id: UUID, revision: int) -> None:
        graph = random_graph(self.random, self.things, largest=8)
        drafts.save_draft(session, journey_id, graph, revision=revision, now=self.now)
        mapping = None
        if self.random.random() < 0.6:
            mapping = {
                each.node_id: each.suggested for each in publishing.preview_publish(session, journey_id)
            }
        publishing.publish(session, self.tenant, journey_id, user_id=None, now=self.now, mapping=mapping)
        self.note(
            f"publish {self.journeys.index(journey_id)}, {'moving' if mapping is not None else 'staying'}"
        )

    def let_time_pass(self) -> None:
        """Seconds to a day; now and then the clock is set back."""
        minutes = self.random.choice((0.2, 1, 5, 30, 60, 240, 600, 1_440, -30, -3))
        self.now += timedelta(minutes=minutes)
        self.note(f"{minutes:+} min: {self.now:%a %d %H:%M}")

    # What workers do

    def work(self) -> None:
        """One batch of some work; the power may fail at any commit, or within the provider."""
        due = self.due()
        if not due:
            return
        name = self.random.choice(due)
        if self.random.random() < 0.25:
            self.cut_after = self.random.randint(0, 3)
        self.outside.cuts = 0.15 if self.random.random() < 0.4 else 0.0
        limit = self.random.choice((1, 2, 5, 1_000))
        try:
            done = self.kinds()[name](limit)
            self.note(f"{name}: {done}")
        except PowerCut:
            self.note(f"{name}: the power failed")
            handover._abandon_journal()
        finally:
            self.cut_after = None
            self.outside.cuts = 0.0

    def kinds(self) -> dict[str, Callable[[int], int]]:
        """The kinds of work, as the worker knows them."""
        return {
            "route": lambda limit: route_events(self.tenant, now=self.now, limit=limit).events,
            "advance": lambda limit: advance_due(self.tenant, now=self.now, limit=limit).enrolments,
            "deliver": lambda limit: deliver_due(
                self.tenant, worker="simulation", clock=self.clock, limit=limit
            ),
            "receipts": lambda limit: apply_receipts(self.tenant, now=self.now),
            "recover": lambda limit: recover_sending(self.tenant, now=self.now),
        }

    def run(self, actions: int) -> None:
        """Live for a while in trouble, then heal: everything that is due gets done, and time goes on for some days."""
        for who in self.customers:
            self.happen(who, self.random.choice(ENTRY_EVENTS))
        self.outside.trouble, self.meddles = 0.3, 0.12
        for _ in range(actions):
            act = self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0]
            act(self)
        self.outside.trouble = self.meddles = 0.0
        self.note("healing")
        self.heal()

    def heal(self) -> None:
        """Journeys go on, and all work is done: now, and when the last message has become stale."""
        handover._abandon_journal()
        with tenant_session(self.tenant) as session:
            for journey_id in self.journeys:
                if drafts.load_journey(session, journey_id).status == JourneyStatus.PAUSED:
                    moves.move(session, self.tenant, journey_id, "resume", user_id=None, now=self.now)
        for later in HEALING:
            self.now += later
            self.work_off()

    def due(self) -> list[str]:
        """The kinds of work there are now."""
        with tenant_session(self.tenant) as session:
            found = session.execute(DUE, {"tenant": self.tenant, "now": self.now}).one()
        return [name for name, is_due in found._mapping.items() if is_due]

    def work_off(self) -> None:
        """Until nothing is due at this moment."""
        for _ in range(MOST_WORK):
            due = self.due()
            if not due:
                return
            for name in due:
                self.kinds()[name](1_000)
        raise AssertionError(f"the work never ends at {self.now}")

    def note(self, text: str) -> None:
        """A line of the story, shown when an invariant breaks."""
        self.log.append(text)

    # Where the power fails and others meddle: at commits

    def before_commit(self) -> None:
        """The power may fail right before a commit."""
        if self.cut_after is not None and not self._meddling:
            self.cut_after -= 1
            if self.cut_after < 0 and self.random.random() < 0.5:
                self.cut_after = None
                raise PowerCut

    def after_commit(self) -> None:
        """Or right after it; or something else happens between this commit and the next."""
        if self._meddling:
            return
        if self.cut_after is not None and self.cut_after < 0:
            self.cut_after = None
            raise PowerCut
        if self.random.random() < self.meddles:
            self._meddling = True
            try:
                self.random.choice(MEDDLING)(self)
            finally:
                self._meddling = False


ACTIONS: dict[Callable[[World], None], int] = {
    World.happen: 6,
    World.work: 16,
    World.let_time_pass: 6,
    World.change_mind: 2,
    World.report: 3,
    World.reply: 1,
    World.manage: 1,
}


MEDDLING = (
    World.change_mind_at_the_last_moment,
    World.change_mind_at_the_last_moment,
    World.happen,
    World.manage,
)


def phone_of(seed: int, number: int) -> str:
    """A customer's phone number."""
    return f"+9198{seed % 100_000:05}{number:03}"


@contextmanager
def simulated(seed: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh world in a tenant of its own; ids and luck come from the seed, the power fails at commits."""
    random = Random(seed)

    def next_uuid() -> UUID:
        return UUID(int=random.getrandbits(128), version=4)

    with ids_from(next_uuid):
        world = World(seed, create_tenant(f"world-{seed}", f"World {seed}"), random)
        monkeypatch.setitem(accounts.PROVIDERS, "whatsapp_cloud", SimulatedProvider(world.outside))
        _settle_in(world)
        hooks = {
            "before_commit": lambda session: world.before_commit(),
            "after_commit": lambda session: world.after_commit(),
        }
        for name, hook in hooks.items():
            sql_event.listen(Session, name, hook)
        try:
            yield world
        finally:
            for name, hook in hooks.items():
                sql_event.remove(Session, name, hook)
            handover._abandon_journal()


def _settle_in(world: World) -> None:
    random = world.random
    templates = {channel: UUID(int=random.getrandbits(128), version=4) for channel in CHANNELS}
    world.things = Things(templates, UUID(int=random.getrandbits(128), version=4))
    world.customers = [UUID(int=random.getrandbits(128), version=4) for _ in range(4)]
    with tenant_session(world.tenant) as session:
        for channel, template_id in templates.items():
            session.add(
                Template(
                    id=template_id,
                    tenant_id=world.tenant,
                    name=channel,
                    channel=channel,
                    template_type="promotional",
                    contents={
                        "en": {"body": "Hello {{ first_name }}"}
                        | ({"subject": "News"} if channel == "email" else {})
                    },
                )
            )
            session.add(ChannelAccount(tenant_id=world.tenant, channel=channel, provider="whatsapp_cloud"))
        today = world.now.date()
        session.add(
            Coupon(
                id=world.things.coupon,
                tenant_id=world.tenant,
                code="WORLD",
                name="World",
                discount_type=DiscountType.PERCENTAGE,
                percent=10,
                valid_from=today,
                valid_until=today + timedelta(days=random.randint(0, 60)),
            )
        )
        session.execute(
            insert(Customer),
            [
                {
                    "id": who,
                    "tenant_id": world.tenant,
                    "name": f"Customer {number}",
                    "phone": phone_of(world.seed, number),
                    "email": f"c{number}.w{world.seed}@example.in",
                    "timezone": random.choice(ZONES),
                }
                for number, who in enumerate(world.customers)
            ],
        )
        _add_identities(session, world)
        wishes = [
            ConsentWish(who, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
            for who in world.customers
            for channel in CHANNELS
            if random.random() < 0.85
        ]
        change_consents(session, world.tenant, wishes, actor="customer", now=world.now)
        world.said = [Said(world.next_order(), wish.customer_id, wish.channel, True) for wish in wishes]
        for number in range(2):
            graph = random_graph(random, world.things, largest=8)
            journey = drafts.create_journey(
                session, world.tenant, f"Journey {number}", user_id=None, now=world.now, graph=graph
            )
            publishing.publish(session, world.tenant, journey.id, user_id=None, now=world.now)
            world.journeys.append(journey.id)


def _add_identities(session: Session, world: World) -> Any:
    from engine.customers.models import CustomerIdentity, IdentityKind

    session.execute(
        insert(CustomerIdentity),
        [
            {
                "tenant_id": world.tenant,
                "kind": IdentityKind.PHONE,
                "value": phone_of(world.seed, number),
                "customer_id": who,
            }
            for number, who in enumerate(world.customers)
        ],
    )
