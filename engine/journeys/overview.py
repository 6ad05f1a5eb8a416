"""What the home page says: how far the studio has come, and what it could do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from engine.channels.models import ChannelAccount, InboxMessage
from engine.core.db import tenant_session
from engine.customers.models import Customer
from engine.delivery.models import Message, MessageStatus
from engine.journeys.models import Enrolment, EnrolmentStatus, Journey, JourneyStatus

LEFT = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)


@dataclass(frozen=True, slots=True)
class HomeOverview:
    """Figures of the home page; `sent_week` is the last seven days."""

    customers: int
    journeys: int
    live_journeys: int
    in_progress: int
    sent_week: int
    waiting_messages: int
    uncertain: int
    inbox_messages: int
    channels_connected: int


def home_overview(tenant_id: UUID, *, now: datetime) -> HomeOverview:
    """One look over the tenant, each figure one indexed count."""
    with tenant_session(tenant_id) as session:

        def count(column: object, *conditions: object) -> int:
            found: int = session.scalar(select(func.count()).select_from(column).where(*conditions)) or 0  # type: ignore[arg-type]
            return found

        return HomeOverview(
            customers=count(Customer, Customer.merged_into.is_(None), Customer.erased_at.is_(None)),
            journeys=count(Journey, Journey.status != JourneyStatus.ARCHIVED),
            live_journeys=count(Journey, Journey.status == JourneyStatus.LIVE),
            in_progress=count(Enrolment, Enrolment.status == EnrolmentStatus.ACTIVE),
            sent_week=count(Message, Message.status.in_(LEFT), Message.created_at > now - timedelta(days=7)),
            waiting_messages=count(Message, Message.status == MessageStatus.QUEUED),
            uncertain=count(Message, Message.status == MessageStatus.UNCERTAIN),
            inbox_messages=count(InboxMessage),
            channels_connected=count(ChannelAccount, ChannelAccount.provider != "inbox"),
        )
