"""What every node type is: a config, out-ports, the facts it needs, and one decision.

A node type is one class in one file of this folder (design decision 6). Palette, config form, JSON Schema,
validation messages and documentation are derived from it; nothing else has to be touched to add one.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from engine.customers.contacts import Contact
from engine.delivery.models import MessageStatus
from engine.delivery.replies import REPLIED
from engine.journeys.nodes.outcomes import NEXT, Go, Outcome
from engine.journeys.values import ENTRY_PREFIX
from engine.segments.behaviours import PropertyRule


class Family(StrEnum):
    """Groups of the palette, in its order."""

    TRIGGER = "trigger"
    WAIT = "wait"
    BRANCH = "branch"
    ACTION = "action"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Port:
    """A way out of a node."""

    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a graph from being published, in a sentence a marketer understands (J7)."""

    code: str
    message: str
    node_id: str | None = None
    field: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API and the canvas get it."""
        return {"code": self.code, "node_id": self.node_id, "field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class Run:
    """One enrolment as the rules see it. `entry` is what the trigger's event carried."""

    id: UUID
    journey_id: UUID
    customer_id: UUID
    node_id: str
    visit: int
    arrived_at: datetime
    entered_at: datetime
    entry: Mapping[str, Any]
    entry_key: UUID | None = None
    promised_at: datetime | None = None
    moved_visit: int | None = None

    def moved_to(self, node_id: str, now: datetime) -> "Run":
        """The same enrolment, one step further; what was promised at the node it leaves counts no more."""
        return Run(
            self.id,
            self.journey_id,
            self.customer_id,
            node_id,
            self.visit + 1,
            now,
            self.entered_at,
            self.entry,
            self.entry_key,
            None,
            self.moved_visit,
        )


@dataclass(frozen=True, slots=True)
class Listening:
    """An event that concerns an enrolment while it stands at a node, if its properties fit all of `where`.

    It counts since the enrolment arrived there, or since the newest message of `after_message` was sent.
    """

    event: str
    where: tuple[PropertyRule, ...] = ()
    after_message: str | None = None


@dataclass(frozen=True, slots=True)
class MessageFate:
    """What became of the newest message of a node in one enrolment; a moment is None while it has not come."""

    status: MessageStatus
    queued_at: datetime
    sent_at: datetime | None = None
    read_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was looked up for a batch before deciding; everything is by enrolment unless said otherwise.

    `matching`: for each rule node, the enrolments whose customers satisfy it; `findings`: by node and
    enrolment, the values by which its rule was decided. `zones`, `contacts`, `values`: by customer. `heard`: by
    enrolment and node, when the event that the node listens to first came. `fates`: by enrolment and message
    node. `slots`: by enrolment and visit, when a rate-limited wait lets it on. `goals`: when its goal was
    reached. `exits`: why it must leave now. `sent_before`: message nodes it passed before it was moved to its
    present version. `coupons`: those of the asking nodes that can be given now.
    """

    matching: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    findings: Mapping[str, Mapping[UUID, tuple[Any, ...]]] = field(default_factory=dict)
    zones: Mapping[UUID, ZoneInfo] = field(default_factory=dict)
    contacts: Mapping[UUID, Contact] = field(default_factory=dict)
    values: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    heard: Mapping[tuple[UUID, str], datetime] = field(default_factory=dict)
    fates: Mapping[tuple[UUID, str], MessageFate] = field(default_factory=dict)
    slots: Mapping[tuple[UUID, int], datetime] = field(default_factory=dict)
    goals: Mapping[UUID, datetime] = field(default_factory=dict)
    exits: Mapping[UUID, str] = field(default_factory=dict)
    sent_before: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    coupons: frozenset[UUID] = frozenset()

    def holds(self, node_id: str, run: Run) -> bool:
        """Whether the rule of this node holds for this enrolment."""
        return run.id in self.matching[node_id]

    def zone_of(self, run: Run) -> ZoneInfo:
        """Where the customer lives; looked up for plans with a node that `needs_zone`."""
        return self.zones[run.customer_id]

    def value_of(self, run: Run, name: str) -> Any:
        """What a node `asks_value` for: `event.<path>` of the entry, else of the customer; None when unknown."""
        if not name.startswith(ENTRY_PREFIX):
            return self.values.get(run.customer_id, {}).get(name)
        found: Any = run.entry
        for part in name.removeprefix(ENTRY_PREFIX).split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


@dataclass(frozen=True, slots=True)
class References:
    """What a graph may point at in this tenant: ids, and a template's channel.

    `coupons`: by id, why one cannot be given, or nothing. `templates_saying`: by `coupon` and `gift_card`, the
    templates that speak of what a step before them must have given.
    """

    template_channels: Mapping[UUID, str] = field(default_factory=dict)
    segments: frozenset[UUID] = frozenset()
    lists: frozenset[UUID] = frozenset()
    forms: frozenset[UUID] = frozenset()
    staff: frozenset[UUID] = frozenset()
    branches: frozenset[UUID] = frozenset()
    manual_journeys: frozenset[UUID] = frozenset()
    coupons: Mapping[UUID, str] = field(default_factory=dict)
    templates_saying: Mapping[str, frozenset[UUID]] = field(default_factory=dict)


class Config(BaseModel):
    """Base of all node configs: unknown fields are refused, so that a typing error is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DurationUnit(StrEnum):
    """Units a marketer thinks in."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class Duration(Config):
    """A length of time; days are 24 hours."""

    amount: int = Field(1, ge=1, le=10_000)
    unit: DurationUnit = DurationUnit.DAYS

    @property
    def delta(self) -> timedelta:
        """As a timedelta."""
        return timedelta(**{self.unit.value: self.amount})

    @property
    def words(self) -> str:
        """`1 day`, `3 hours`."""
        return f"{self.amount} {self.unit.value[:-1] if self.amount == 1 else self.unit.value}"


class Position(Config):
    """Where the node stands on the canvas, in canvas pixels."""

    x: float = 0
    y: float = 0


class Node(BaseModel):
    """Base of all node types. Subclasses set `type` to their literal and `config` to their config class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: ClassVar[Family]
    label: ClassVar[str]
    icon: ClassVar[str]
    description: ClassVar[str]
    summary: ClassVar[str] = ""
    """The card's sentence with fields in braces, e.g. `Wait {duration}`; empty: the canvas lists what was chosen."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_\-]+$")
    position: Position = Position()

    def ports(self) -> tuple[Port, ...]:
        """The ways out; the default is one unnamed way on."""
        return (Port(NEXT),)

    def must_connect(self) -> bool:
        """Whether every port needs a way on (branches); others may end the journey."""
        return False

    def problems(self, references: References) -> Iterable[Problem]:
        """What is wrong with the config beyond its types, e.g. a template that does not exist."""
        return ()

    def rules(self) -> dict[str, Any] | None:
        """Segment rules whose truth `decide` needs for this node (asked before deciding, for the whole batch)."""
        return None

    def waits(self) -> bool:
        """Whether time must pass here before anybody goes on; a loop needs at least one such node."""
        return False

    def ends_pass(self) -> bool:
        """Whether nobody who arrives here goes on in the same pass: what lies behind need not be asked yet."""
        return self.waits()

    def listens(self) -> Listening | None:
        """The event that concerns who stands here: when it comes they are looked at again at once."""
        return None

    def asks_value(self) -> str | None:
        """A value `decide` needs: `event.<path>`, or a name of `values.VALUES`, or `attribute.<name>`."""
        return None

    def asks_contact(self) -> bool:
        """Whether `decide` needs the customer's addresses, consents and language."""
        return False

    def asks_messages(self) -> tuple[str, ...]:
        """Nodes whose messages' fates `decide` needs; their sending, reading and failing wakes who stands here."""
        return ()

    def asks_coupon(self) -> UUID | None:
        """The coupon of which `decide` must know whether it can be given."""
        return None

    def gives(self) -> str | None:
        """What messages behind this node can speak of because of it: `coupon` or `gift_card`."""
        return None

    def hears_replies(self) -> bool:
        """Whether a reply is a way on here, so that the journey must not stop on it."""
        heard = self.listens()
        return heard is not None and heard.event == REPLIED

    def release_interval(self) -> timedelta | None:
        """The time between two enrolments let on, where a node lets on only so many."""
        return None

    def needs_zone(self) -> bool:
        """Whether `decide` asks for the customer's time zone."""
        return False

    @abstractmethod
    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        """What happens to this enrolment at this node now. Pure."""

    def sentence(self) -> str:
        """The node as a short sentence, for logs, diffs and explanations."""
        return self.label


class TriggerConfig(Config):
    """What every trigger can be told."""

    cooldown_days: int | None = Field(
        None,
        ge=1,
        le=3_650,
        title="Cooldown in days",
        description="Who entered by this trigger does not enter by it again for so long",
        json_schema_extra={"control": "number", "last": True},
    )


class Trigger(Node):
    """A node by which customers enter: when an event comes that it listens to, or by the calendar."""

    family: ClassVar[Family] = Family.TRIGGER

    config: TriggerConfig

    def events(self) -> frozenset[str]:
        """The events to listen to; none for triggers of the calendar and of the API."""
        return frozenset()

    def expects(self) -> Mapping[str, str]:
        """Properties the event must carry with exactly these values."""
        return {}

    def existing_members_of(self) -> UUID | None:
        """The segment whose present members enter when the journey is published; None for no such wish."""
        return None

    def admits(self, properties: Mapping[str, Any]) -> bool:
        """Whether an event with these properties may enter, before any rule is asked."""
        return all(str(properties.get(name)) == value for name, value in self.expects().items())

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        """Customers pass a trigger at once."""
        return Go(why=f"Entered: {self.sentence()}")


TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A local time as `HH:MM`."""


class CalendarTrigger(Trigger):
    """A trigger of the calendar: pure data. Whom it means is asked in `occasions`, when, by `calendar`.

    `perishable`: what was missed is let go once the customer's day is over, such as a birthday wish; else it is made
    up for, however late within `calendar.CATCH_UP`.
    """

    perishable: ClassVar[bool] = False


def from_the_day(days: int) -> str:
    """An offset in words: `on`, `7 days before`, `1 day after`; what the day is follows."""
    number = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return "on" if days == 0 else f"{number} {'before' if days < 0 else 'after'}"


def control(kind: str, **more: Any) -> dict[str, Any]:
    """Tells the config form which control edits a field."""
    return {"control": kind, **more}
