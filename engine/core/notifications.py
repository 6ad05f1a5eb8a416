"""What the staff should know: told once to one member of staff or to everybody, until each has seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, func, or_, select, text, update
from sqlalchemy.orm import Session

from engine.core.bulk import transpose, unnest
from engine.core.ids import new_id
from engine.core.models import Notification

LONGEST_TEXT = 500
LARGEST_LIST = 200


@dataclass(frozen=True, slots=True)
class NewNotification:
    """Something to tell. `user_id` None: everybody; `link` is a path of the app, e.g. `/desk?customer=<id>`.

    `dedupe_key` names what it is about, for ever: the same key is told once.
    """

    dedupe_key: UUID
    user_id: UUID | None
    kind: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification as the bell lists it."""

    id: UUID
    kind: str
    text: str
    link: str
    at: datetime


_NEW = {
    "id": "uuid",
    "tenant_id": "uuid",
    "dedupe_key": "uuid",
    "user_id": "uuid",
    "kind": "text",
    "text": "text",
    "link": "text",
    "at": "timestamptz",
}

NOTIFY = text(f"""
    INSERT INTO notifications ({", ".join(_NEW)})
    SELECT rows.id, rows.tenant_id, rows.dedupe_key, rows.user_id, rows.kind, rows.text, rows.link, rows.at
    FROM {unnest(_NEW)} LEFT JOIN users ON users.id = rows.user_id
    WHERE rows.user_id IS NULL OR users.is_active
    ON CONFLICT (tenant_id, dedupe_key) DO NOTHING RETURNING id
""")


def notify(session: Session, tenant_id: UUID, wishes: Sequence[NewNotification], *, now: datetime) -> int:
    """Tell the staff, in one statement; what was told before stays as it is. Returns how many were new.

    Nothing is kept for a member of staff who has left. Texts are cut at 500 characters.
    """
    rows = [
        (
            new_id(),
            tenant_id,
            each.dedupe_key,
            each.user_id,
            each.kind,
            each.text.replace("\0", "")[:LONGEST_TEXT],
            each.link,
            now,
        )
        for each in wishes
    ]
    if not rows:
        return 0
    return len(session.execute(NOTIFY, transpose(_NEW, rows)).all())


def unseen(session: Session, user_id: UUID, *, limit: int = 50) -> list[NotificationRow]:
    """What a member of staff has not seen yet, the newest first."""
    columns = (getattr(Notification, name) for name in NotificationRow.__dataclass_fields__)
    page = (
        select(*columns)
        .where(*_unseen_by(user_id))
        .order_by(Notification.at.desc(), Notification.id.desc())
        .limit(min(max(limit, 1), LARGEST_LIST))
    )
    return [NotificationRow(*row) for row in session.execute(page)]


def count_unseen(session: Session, user_id: UUID) -> int:
    """How many notifications a member of staff has not seen yet."""
    return session.scalar(select(func.count()).select_from(Notification).where(*_unseen_by(user_id))) or 0


def mark_seen(session: Session, user_id: UUID, ids: Sequence[UUID] | None = None) -> int:
    """Note that a member of staff has seen these, or all when `ids` is None. Returns how many were unseen."""
    wanted = list(_unseen_by(user_id))
    if ids is not None:
        wanted.append(Notification.id.in_(ids))
    result = session.execute(
        update(Notification)
        .where(*wanted)
        .values(seen_by=func.array_append(Notification.seen_by, user_id))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _unseen_by(user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    mine = or_(Notification.user_id == user_id, Notification.user_id.is_(None))
    return mine, ~Notification.seen_by.bool_op("@>")([user_id])
