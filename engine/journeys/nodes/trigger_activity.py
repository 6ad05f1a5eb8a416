"""A customer enters on something that customers do everywhere: books, comes, buys, becomes a member (J2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from engine.customers.bookings import CLASS_ATTENDED, EVENT_OF
from engine.customers.entitlement_events import (
    CANCELLED_EVENT,
    MEMBERSHIP,
    PACKAGE,
    POINTS_EARNED,
    RENEWED_EVENT,
    STARTED_EVENT,
)
from engine.customers.models import AppointmentStatus
from engine.customers.orders import ORDER_COMPLETED
from engine.journeys.nodes.base import Trigger, TriggerConfig, control

BOOKED, CANCELLED, MISSED, COMPLETED = (
    EVENT_OF[status]
    for status in (
        AppointmentStatus.BOOKED,
        AppointmentStatus.CANCELLED,
        AppointmentStatus.MISSED,
        AppointmentStatus.COMPLETED,
    )
)


class Activity(StrEnum):
    """What the customer did, in the palette's order."""

    SIGNED_UP = "signed_up"
    FIRST_BOOKING = "first_booking"
    BOOKED = "booked"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    MISSED = "missed"
    VISIT_COMPLETED = "visit_completed"
    FIRST_VISIT_COMPLETED = "first_visit_completed"
    CLASS_ATTENDED = "class_attended"
    WAITLIST_PROMOTED = "waitlist_promoted"
    PROJECT_COMPLETED = "project_completed"
    ORDER_PLACED = "order_placed"
    FIRST_ORDER = "first_order"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REFUNDED = "order_refunded"
    PAYMENT_FAILED = "payment_failed"
    POINTS_EARNED = "points_earned"
    MEMBERSHIP_STARTED = "membership_started"
    MEMBERSHIP_RENEWED = "membership_renewed"
    MEMBERSHIP_CANCELLED = "membership_cancelled"
    PACKAGE_PURCHASED = "package_purchased"


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """One activity: in words, the events that tell of it, and what they usually say (`event.<property>`).

    `first_of`: it counts for each customer only the first time that any of these events happens.
    """

    label: str
    events: frozenset[str]
    offers: tuple[str, ...] = ()
    first_of: frozenset[str] = frozenset()


_APPOINTMENT = ("appointment_id", "service", "category", "starts_at", "amount", "currency")
_ORDER = ("order_id", "total", "currency", "products")
_MEMBERSHIP = ("membership_id", "name", "starts_on", "expires_on")
_VISITS = frozenset({COMPLETED, CLASS_ATTENDED})
_BOOKINGS = frozenset({*EVENT_OF.values(), CLASS_ATTENDED})


def _on(label: str, event: str, *offers: str) -> ActivityKind:
    return ActivityKind(label, frozenset({event}), offers)


ACTIVITIES: Mapping[Activity, ActivityKind] = {
    Activity.SIGNED_UP: _on("signs up", "Signed Up"),
    Activity.FIRST_BOOKING: ActivityKind(
        "books for the first time", frozenset({BOOKED}), _APPOINTMENT, _BOOKINGS
    ),
    Activity.BOOKED: _on("books", BOOKED, *_APPOINTMENT),
    Activity.APPOINTMENT_CANCELLED: _on("cancels an appointment", CANCELLED, *_APPOINTMENT),
    Activity.MISSED: _on("does not come to an appointment", MISSED, *_APPOINTMENT),
    Activity.VISIT_COMPLETED: ActivityKind("has come for a visit or class", _VISITS, _APPOINTMENT),
    Activity.FIRST_VISIT_COMPLETED: ActivityKind(
        "has come for the first time", _VISITS, _APPOINTMENT, _VISITS
    ),
    Activity.CLASS_ATTENDED: _on("has attended a class", CLASS_ATTENDED, *_APPOINTMENT),
    Activity.WAITLIST_PROMOTED: _on("gets a place from the waiting list", "Waitlist Promoted", *_APPOINTMENT),
    Activity.PROJECT_COMPLETED: _on("has a project completed", "Project Completed", "project_id", "name"),
    Activity.ORDER_PLACED: _on("orders", ORDER_COMPLETED, *_ORDER),
    Activity.FIRST_ORDER: ActivityKind(
        "orders for the first time", frozenset({ORDER_COMPLETED}), _ORDER, frozenset({ORDER_COMPLETED})
    ),
    Activity.ORDER_SHIPPED: _on("has an order shipped", "Order Shipped", *_ORDER),
    Activity.ORDER_DELIVERED: _on("has an order delivered", "Order Delivered", *_ORDER),
    Activity.ORDER_CANCELLED: _on("cancels an order", "Order Cancelled", *_ORDER),
    Activity.ORDER_REFUNDED: _on("gets an order refunded", "Order Refunded", *_ORDER),
    Activity.PAYMENT_FAILED: _on("has a payment fail", "Payment Failed", "order_id", "amount", "currency"),
    Activity.POINTS_EARNED: _on("earns loyalty points", POINTS_EARNED, "points", "expires_on"),
    Activity.MEMBERSHIP_STARTED: _on("becomes a member", STARTED_EVENT[MEMBERSHIP], *_MEMBERSHIP),
    Activity.MEMBERSHIP_RENEWED: _on("renews a membership", RENEWED_EVENT[MEMBERSHIP], *_MEMBERSHIP),
    Activity.MEMBERSHIP_CANCELLED: _on("cancels a membership", CANCELLED_EVENT[MEMBERSHIP], *_MEMBERSHIP),
    Activity.PACKAGE_PURCHASED: _on(
        "buys a package", STARTED_EVENT[PACKAGE], "package_id", "name", "sessions", "expires_on"
    ),
}


class TriggerActivityConfig(TriggerConfig):
    """Which activity."""

    activity: Activity = Field(
        title="When a customer has",
        json_schema_extra=control(
            "select", offers={activity: list(kind.offers) for activity, kind in ACTIVITIES.items()}
        ),
    )


class TriggerActivity(Trigger):
    """Enter on an activity."""

    label: ClassVar[str] = "Customer activity"
    icon: ClassVar[str] = "activity"
    description: ClassVar[str] = "Starts when a customer books, comes, orders, earns points or joins"

    type: Literal["trigger.activity"] = "trigger.activity"
    config: TriggerActivityConfig

    @property
    def kind(self) -> ActivityKind:
        """What the chosen activity means."""
        return ACTIVITIES[self.config.activity]

    def events(self) -> frozenset[str]:
        return self.kind.events

    def sentence(self) -> str:
        return f"When a customer {self.kind.label}"
