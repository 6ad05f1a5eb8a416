"""What a node can decide: go on, wait or end; and the effects it may want on the way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

NEXT = "next"
"""The port of nodes with one way on."""


class SendTime(StrEnum):
    """When a message shall leave: at once, or in the hour in which the customer usually looks at messages."""

    NOW = "now"
    BEST_HOUR = "best_hour"


@dataclass(frozen=True, slots=True)
class Substitute:
    """Another way to tell the same, when the first one cannot reach the customer (D4)."""

    channel: str
    template_id: UUID


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Effect: queue one message."""

    channel: str
    template_id: UUID
    purpose: str
    substitute: Substitute | None = None
    send_time: SendTime = SendTime.NOW


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


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Effect: put the customer on a static list, or take them off."""

    segment_id: UUID
    adds: bool


@dataclass(frozen=True, slots=True)
class CreateFollowUp:
    """Effect: remind the staff to get in touch, `in_days` days from now at the tenant's place."""

    in_days: int
    note: str
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NotifyStaff:
    """Effect: tell one member of staff, or all."""

    text: str
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class GrantPoints:
    """Effect: give loyalty points, good for so many days (None: for ever)."""

    points: int
    valid_days: int | None = None


@dataclass(frozen=True, slots=True)
class GrantCoupon:
    """Effect: give a code of the customer's own, good for so many days (None: as long as the coupon)."""

    coupon_id: UUID
    valid_days: int | None = None


@dataclass(frozen=True, slots=True)
class GrantGiftCard:
    """Effect: give a gift card, in whole units of the tenant's currency, good for so many days (None: for ever)."""

    amount: int
    valid_days: int | None = None


@dataclass(frozen=True, slots=True)
class StartJourney:
    """Effect: let the customer into another live journey, by its manual trigger."""

    journey_id: UUID


Effect = (
    SendMessage
    | ChangeTags
    | ChangeAttribute
    | CallWebhook
    | ChangeList
    | CreateFollowUp
    | NotifyStaff
    | GrantPoints
    | GrantCoupon
    | GrantGiftCard
    | StartJourney
)


GIVES = (GrantCoupon, GrantGiftCard)
"""Effects that give a code of the customer's own."""

ON_CUSTOMER = (ChangeTags, ChangeAttribute, ChangeList, GrantPoints, *GIVES)
"""Effects on the customer alone; the others, but messages, reach other people or other journeys."""

ELSEWHERE = (StartJourney, CallWebhook, CreateFollowUp, NotifyStaff)


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by a port, with an effect or none; `why` is for the log a marketer reads, `found` the values behind it,
    put into words only when somebody asks (J14)."""

    port: str = NEXT
    why: str | None = None
    effect: Effect | None = None
    found: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay until a moment (UTC), or until an event comes that the node listens to.

    `promises`: the moment is kept with the enrolment and shown again as `run.promised_at`.
    """

    until: datetime
    why: str | None = None
    effect: Effect | None = None
    promises: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """Leave the journey."""

    reason: str


Outcome = Go | Wait | End
