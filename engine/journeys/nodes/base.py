"""What every node type is: a config, out-ports, the facts it needs, and one decision.

A node type is one class in one file of this folder (design decision 6). Palette, config form, JSON Schema,
validation messages and documentation are derived from it; nothing else has to be touched to add one.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

NEXT = "next"


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

    def moved_to(self, node_id: str, now: datetime) -> "Run":
        """The same enrolment, one step further."""
        return Run(
            self.id,
            self.journey_id,
            self.customer_id,
            node_id,
            self.visit + 1,
            now,
            self.entered_at,
            self.entry,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What was looked up for a batch before deciding: for each rule node, the enrolments whose customers satisfy it,
    and the customers' time zones."""

    matching: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    zones: Mapping[UUID, ZoneInfo] = field(default_factory=dict)

    def holds(self, node_id: str, run: Run) -> bool:
        """Whether the rule of this node holds for this enrolment."""
        return run.id in self.matching[node_id]

    def zone_of(self, run: Run) -> ZoneInfo:
        """Where the customer lives; looked up for plans with a node that `needs_zone`."""
        return self.zones[run.customer_id]


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Effect: queue one message."""

    channel: str
    template_id: UUID
    purpose: str


@dataclass(frozen=True, slots=True)
class ChangeTags:
    """Effect: add and remove tags of the customer."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeAttribute:
    """Effect: set one of the customer's own attributes; None clears it."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """Effect: queue one signed call to the tenant's endpoint."""

    url: str
    name: str


Effect = SendMessage | ChangeTags | ChangeAttribute | CallWebhook


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by a port, with an effect or none; `why` is for the log a marketer reads (J14)."""

    port: str = NEXT
    why: str | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay until a moment (UTC)."""

    until: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Leave the journey."""

    reason: str


Outcome = Go | Wait | End


@dataclass(frozen=True, slots=True)
class References:
    """What a graph may point at in this tenant: ids, and a template's channel."""

    template_channels: Mapping[UUID, str] = field(default_factory=dict)
    segments: frozenset[UUID] = frozenset()
    forms: frozenset[UUID] = frozenset()


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
        """Whether time can pass here; a loop needs at least one such node."""
        return False

    def needs_zone(self) -> bool:
        """Whether `decide` asks for the customer's time zone."""
        return False

    @abstractmethod
    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        """What happens to this enrolment at this node now. Pure."""

    def sentence(self) -> str:
        """The node as a short sentence, for logs, diffs and explanations."""
        return self.label


class Trigger(Node):
    """A node by which customers enter, when an event comes that it listens to."""

    family: ClassVar[Family] = Family.TRIGGER

    @abstractmethod
    def event_name(self) -> str:
        """The event to listen to."""

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


def control(kind: str, **more: Any) -> dict[str, Any]:
    """Tells the config form which control edits a field."""
    return {"control": kind, **more}
