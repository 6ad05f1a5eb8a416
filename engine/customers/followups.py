"""Reminders for the staff to get in touch with a customer, and the customers who have gone quiet (C9, S4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import transpose, unnest
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import User
from engine.core.staff import demand_staff
from engine.customers.models import Customer, FollowUp, FollowUpStatus

LONGEST_NOTE = 2000
LARGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """A reminder to make. `staff_id` None: whoever is there; date and time are those of the studio's clock.

    `dedupe_key` names what made it, for ever: the same key is made once. `source`: `staff`, `journey`, `api`…
    """

    dedupe_key: UUID
    customer_id: UUID
    staff_id: UUID | None
    reminder_date: date
    reminder_time: time | None
    note: str
    source: str


_NEW = {
    "id": "uuid",
    "tenant_id": "uuid",
    "dedupe_key": "uuid",
    "customer_id": "uuid",
    "staff_id": "uuid",
    "reminder_date": "date",
    "reminder_time": "time",
    "note": "text",
    "source": "text",
    "created_at": "timestamptz",
}

CREATE = text(f"""
    INSERT INTO staff_followup_reminders ({", ".join(_NEW)})
    SELECT rows.id, rows.tenant_id, rows.dedupe_key, coalesce(customer.merged_into, customer.id), staff.id,
        rows.reminder_date, rows.reminder_time, rows.note, rows.source, rows.created_at
    FROM {unnest(_NEW)}
    JOIN customers customer ON customer.id = rows.customer_id AND customer.erased_at IS NULL
    LEFT JOIN users staff ON staff.id = rows.staff_id AND staff.is_active
    ON CONFLICT (tenant_id, dedupe_key) DO NOTHING RETURNING id
""")


def create_followups(
    session: Session, tenant_id: UUID, wishes: Sequence[NewFollowUp], *, now: datetime
) -> int:
    """Make reminders in one statement; those made before stay as they are. Returns how many were new.

    A customer who was merged stands for who took over, one who was erased gets none. A reminder for a member of
    staff who has left is for whoever is there. Notes are cut at 2,000 characters.
    """
    rows = [
        (
            new_id(),
            tenant_id,
            each.dedupe_key,
            each.customer_id,
            each.staff_id,
            each.reminder_date,
            each.reminder_time,
            each.note.replace("\0", "").strip()[:LONGEST_NOTE],
            each.source,
            now,
        )
        for each in wishes
    ]
    if not rows:
        return 0
    return len(session.execute(CREATE, transpose(_NEW, rows)).all())


def remind(
    session: Session,
    tenant_id: UUID,
    customer_id: UUID,
    *,
    staff_id: UUID | None = None,
    on: date,
    at: time | None = None,
    note: str = "",
    source: str = "staff",
    now: datetime,
) -> UUID:
    """Make one reminder for a person who asks for it; returns its id.

    Raises:
        NotFound: there is no such customer, or their data was erased.
        InvalidInput: the note is too long, or nobody of the staff has this `staff_id`.
    """
    demand_staff(session, staff_id, field="staff_id")
    wish = NewFollowUp(new_id(), customer_id, staff_id, on, at, _checked_note(note), source)
    if not create_followups(session, tenant_id, [wish], now=now):
        raise NotFound("There is no such customer. They may have been erased.")
    return session.scalars(select(FollowUp.id).where(FollowUp.dedupe_key == wish.dedupe_key)).one()


# -- the list


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """A reminder as lists show it; `staff_name` is empty when it is for whoever is there."""

    id: UUID
    customer_id: UUID
    customer_name: str
    customer_phone: str | None
    customer_email: str | None
    staff_id: UUID | None
    staff_name: str
    reminder_date: date
    reminder_time: time | None
    note: str
    status: str
    source: str
    completed_at: datetime | None
    created_at: datetime


def list_followups(
    session: Session,
    *,
    staff_id: UUID | None = None,
    status: str = FollowUpStatus.PENDING,
    until: date | None = None,
    customer_id: UUID | None = None,
    offset: int = 0,
    limit: int = 100,
) -> list[FollowUpRow]:
    """Reminders in one state: what is pending by its date, the earliest first; the rest, the latest first.

    Args:
        staff_id: only those of this member of staff, and those for whoever is there.
        until: only those up to and on this day.
        limit: at most 500.

    Raises:
        InvalidInput: the status is unknown.
    """
    wanted = [FollowUp.status == _status(status)]
    if staff_id is not None:
        wanted.append(_for(staff_id))
    if until is not None:
        wanted.append(FollowUp.reminder_date <= until)
    if customer_id is not None:
        wanted.append(FollowUp.customer_id == customer_id)
    order: list[Any] = [FollowUp.reminder_date, FollowUp.reminder_time.nulls_first(), FollowUp.id]
    if status != FollowUpStatus.PENDING:
        order = [FollowUp.completed_at.desc().nulls_last(), FollowUp.id.desc()]
    page = (
        select(*_COLUMNS)
        .join(Customer, Customer.id == FollowUp.customer_id)
        .outerjoin(User, User.id == FollowUp.staff_id)
        .where(*wanted)
        .order_by(*order)
        .offset(max(offset, 0))
        .limit(min(max(limit, 1), LARGEST_LIST))
    )
    return [FollowUpRow(*row) for row in session.execute(page)]


def count_due(session: Session, *, staff_id: UUID, until: date) -> int:
    """How many reminders a member of staff has to do up to and on this day, those for whoever is there too."""
    wanted = (
        FollowUp.status == FollowUpStatus.PENDING,
        FollowUp.reminder_date <= until,
        _for(staff_id),
    )
    return session.scalar(select(func.count()).select_from(FollowUp).where(*wanted)) or 0


def _for(staff_id: UUID) -> ColumnElement[bool]:
    return or_(FollowUp.staff_id == staff_id, FollowUp.staff_id.is_(None))


_COLUMNS: tuple[Any, ...] = (
    FollowUp.id,
    FollowUp.customer_id,
    Customer.name,
    Customer.phone,
    Customer.email,
    FollowUp.staff_id,
    func.coalesce(User.name, ""),
    FollowUp.reminder_date,
    FollowUp.reminder_time,
    FollowUp.note,
    FollowUp.status,
    FollowUp.source,
    FollowUp.completed_at,
    FollowUp.created_at,
)


def _status(status: str) -> FollowUpStatus:
    try:
        return FollowUpStatus(status)
    except ValueError:
        raise InvalidInput(
            f"status: must be one of {', '.join(FollowUpStatus)}.", details={"field": "status"}
        ) from None


# -- one reminder


class Keep(Enum):
    """That a field stays as it is, where None means that it is emptied."""

    AS_IT_IS = "keep"


KEEP = Keep.AS_IT_IS


def change_followup(
    session: Session,
    followup_id: UUID,
    *,
    status: str | None = None,
    on: date | None = None,
    at: time | Keep | None = KEEP,
    note: str | None = None,
    staff_id: UUID | Keep | None = KEEP,
    now: datetime,
) -> FollowUp:
    """Complete, dismiss or reopen a reminder, or change when, what and whose it is.

    Completing twice is the same as once. A reminder that is closed is reopened before it can be closed otherwise.

    Raises:
        NotFound: there is no such reminder.
        InvalidInput: the status or staff is unknown, or the note too long.
        Conflict: it is closed already, in another way.
    """
    followup = session.get(FollowUp, followup_id, with_for_update=True)
    if followup is None:
        raise NotFound("There is no such reminder. It may have been deleted.")
    if status is not None:
        _move(followup, _status(status), now)
    if on is not None:
        followup.reminder_date = on
    if not isinstance(at, Keep):
        followup.reminder_time = at
    if note is not None:
        followup.note = _checked_note(note)
    if not isinstance(staff_id, Keep):
        demand_staff(session, staff_id, field="staff_id")
        followup.staff_id = staff_id
    session.flush()
    return followup


def delete_followup(session: Session, followup_id: UUID) -> None:
    """Delete a reminder for good.

    Raises:
        NotFound: there is no such reminder.
    """
    gone = session.scalars(delete(FollowUp).where(FollowUp.id == followup_id).returning(FollowUp.id)).all()
    if not gone:
        raise NotFound("There is no such reminder. It may have been deleted already.")


def _move(followup: FollowUp, status: FollowUpStatus, now: datetime) -> None:
    if status == followup.status:
        return
    if FollowUpStatus.PENDING not in (status, followup.status):
        raise Conflict(f"The reminder is {followup.status} already. Reopen it first.")
    followup.status = status
    followup.completed_at = None if status is FollowUpStatus.PENDING else now


def _checked_note(note: str) -> str:
    cleaned = note.replace("\0", "").strip()
    if len(cleaned) > LONGEST_NOTE:
        raise InvalidInput(
            f"note: must have at most {LONGEST_NOTE:,} characters; it has {len(cleaned):,}.",
            details={"field": "note"},
        )
    return cleaned
