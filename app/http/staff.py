"""REST of the staff's desk: `/api/v1/staff`: follow-up reminders, conversations, customers who went quiet (S4, C9)."""

from dataclasses import asdict
from datetime import date, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.customers import followups
from engine.customers.inactive import LONGEST_DAYS, inactive_customers
from engine.customers.models import FollowUp, FollowUpStatus
from engine.delivery import conversations
from engine.delivery.models import ConversationStatus

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Caller = Annotated[KeyRef, Depends(api_caller)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


class NewReminder(BaseModel):
    """A reminder to make; without `staff_id` it is for whoever is there. Date and time by the studio's clock."""

    model_config = ConfigDict(extra="forbid")

    customer_id: UUID
    reminder_date: date
    reminder_time: time | None = None
    staff_id: UUID | None = None
    note: str = Field("", max_length=followups.LONGEST_NOTE)


class ReminderChange(BaseModel):
    """What may be changed; a field left out stays as it is. None empties `reminder_time` and `staff_id`."""

    model_config = ConfigDict(extra="forbid")

    status: FollowUpStatus | None = None
    reminder_date: date | None = None
    reminder_time: time | None = None
    staff_id: UUID | None = None
    note: str | None = Field(None, max_length=followups.LONGEST_NOTE)


class Answer(BaseModel):
    """What to say to the customer. The same `key` is sent once; `user_id` names the member of staff."""

    model_config = ConfigDict(extra="forbid")

    text: str
    key: UUID | None = None
    user_id: UUID | None = None


class Closing(BaseModel):
    """`read_until`: the customer's last words that were read; newer ones leave the conversation open."""

    model_config = ConfigDict(extra="forbid")

    read_until: AwareDatetime | None = None


class Assignment(BaseModel):
    """Who takes the conversation; None: whoever is there."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID | None


@router.get("/followups")
def list_followups(
    caller: Caller,
    staff_id: UUID | None = None,
    customer_id: UUID | None = None,
    status: FollowUpStatus = FollowUpStatus.PENDING,
    until: date | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Reminders in one state; with `staff_id`, those of this member of staff and those for whoever is there."""
    with tenant_session(caller.tenant_id) as session:
        rows = followups.list_followups(
            session,
            staff_id=staff_id,
            customer_id=customer_id,
            status=status,
            until=until,
            offset=offset,
            limit=limit,
        )
    return succeeded([asdict(row) for row in rows])


@router.post("/followups", status_code=201)
def create_followup(caller: Caller, body: NewReminder) -> dict[str, Any]:
    """Make a reminder."""
    with tenant_session(caller.tenant_id) as session:
        followup_id = followups.remind(
            session,
            caller.tenant_id,
            body.customer_id,
            staff_id=body.staff_id,
            on=body.reminder_date,
            at=body.reminder_time,
            note=body.note,
            source="api",
            now=utc_now(),
        )
        return succeeded(_reminder(session.get_one(FollowUp, followup_id)))


@router.patch("/followups/{followup_id}")
def change_followup(caller: Caller, followup_id: UUID, body: ReminderChange) -> dict[str, Any]:
    """Complete, dismiss or reopen a reminder, or change when, what and whose it is."""
    given = body.model_fields_set
    with tenant_session(caller.tenant_id) as session:
        followup = followups.change_followup(
            session,
            followup_id,
            status=body.status,
            on=body.reminder_date,
            at=body.reminder_time if "reminder_time" in given else followups.KEEP,
            note=body.note,
            staff_id=body.staff_id if "staff_id" in given else followups.KEEP,
            now=utc_now(),
        )
        return succeeded(_reminder(followup))


@router.delete("/followups/{followup_id}", status_code=204)
def delete_followup(caller: Caller, followup_id: UUID) -> None:
    """Delete a reminder for good."""
    with tenant_session(caller.tenant_id) as session:
        followups.delete_followup(session, followup_id)


@router.get("/conversations")
def list_conversations(
    caller: Caller,
    status: ConversationStatus | None = None,
    search: str = "",
    assigned_to: UUID | None = None,
    before: AwareDatetime | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Who wrote to us, the latest first; `open` waits for an answer. `before` (a `last_at`) continues the list."""
    with tenant_session(caller.tenant_id) as session:
        rows = conversations.list_conversations(
            session, status=status, search=search, assigned_to=assigned_to, before=before, limit=limit
        )
    return succeeded([_conversation(row) for row in rows])


@router.get("/conversations/{customer_id}")
def read_conversation(
    caller: Caller, customer_id: UUID, before: AwareDatetime | None = None, limit: Limit = 100
) -> dict[str, Any]:
    """One conversation with what was said on both sides, the oldest first; `before` (an `at`) goes back."""
    with tenant_session(caller.tenant_id) as session:
        row = conversations.read_conversation(session, customer_id)
        entries = conversations.thread(session, customer_id, before=before, limit=limit)
    return succeeded({**_conversation(row), "thread": [asdict(entry) for entry in entries]})


@router.post("/conversations/{customer_id}/answer", status_code=202)
def answer(caller: Caller, customer_id: UUID, body: Answer) -> dict[str, Any]:
    """Queue an answer on the channel on which the customer wrote. On WhatsApp within 24 hours of their last words."""
    with tenant_session(caller.tenant_id) as session:
        queued = conversations.answer(
            session,
            caller.tenant_id,
            customer_id,
            body.text,
            user_id=body.user_id,
            key=body.key,
            now=utc_now(),
        )
        return succeeded(
            {"queued": queued, **_conversation(conversations.read_conversation(session, customer_id))}
        )


@router.post("/conversations/{customer_id}/close")
def close(caller: Caller, customer_id: UUID, body: Closing | None = None) -> dict[str, Any]:
    """Nobody has to answer any more; the customer's next reply opens it again."""
    with tenant_session(caller.tenant_id) as session:
        conversations.close(session, customer_id, read_until=body.read_until if body else None)
        return succeeded(_conversation(conversations.read_conversation(session, customer_id)))


@router.post("/conversations/{customer_id}/reopen")
def reopen(caller: Caller, customer_id: UUID) -> dict[str, Any]:
    """Somebody has to answer after all."""
    with tenant_session(caller.tenant_id) as session:
        conversations.reopen(session, customer_id)
        return succeeded(_conversation(conversations.read_conversation(session, customer_id)))


@router.post("/conversations/{customer_id}/assign")
def assign(caller: Caller, customer_id: UUID, body: Assignment) -> dict[str, Any]:
    """Give a conversation to a member of staff."""
    with tenant_session(caller.tenant_id) as session:
        conversations.assign(session, customer_id, body.user_id)
        return succeeded(_conversation(conversations.read_conversation(session, customer_id)))


@router.get("/inactive-customers")
def inactive(
    caller: Caller,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 60,
    staff_id: UUID | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Customers not seen for so many days, who spent most first; with `staff_id`, of this person's branches."""
    with tenant_session(caller.tenant_id) as session:
        rows = inactive_customers(
            session, staff_id=staff_id, days=days, offset=offset, limit=limit, now=utc_now()
        )
    return succeeded([asdict(row) for row in rows])


REMINDER = (
    *("id", "customer_id", "staff_id", "reminder_date", "reminder_time"),
    *("note", "status", "source", "completed_at", "created_at"),
)


def _reminder(followup: FollowUp) -> dict[str, Any]:
    return {name: getattr(followup, name) for name in REMINDER}


def _conversation(row: conversations.ConversationRow) -> dict[str, Any]:
    return {**asdict(row), "free_until": row.free_until}
