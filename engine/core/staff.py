"""The staff, as colleagues see each other: who can be given a reminder or a conversation."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput
from engine.core.models import User


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff who can sign in."""

    id: UUID
    name: str


def list_staff(session: Session) -> list[Colleague]:
    """Everybody of the staff, by name."""
    page = select(User.id, User.name).where(User.is_active).order_by(User.name, User.id)
    return [Colleague(*row) for row in session.execute(page)]


def demand_staff(session: Session, user_id: UUID | None, *, field: str) -> None:
    """Check that somebody of the staff has this id; None (whoever is there) is always right.

    Raises:
        InvalidInput: names `field`.
    """
    known = select(User.id).where(User.id == user_id, User.is_active)
    if user_id is not None and session.scalar(known) is None:
        raise InvalidInput(
            f"{field}: nobody of the staff has this id. Choose one, or leave it out for whoever is there.",
            details={"field": field},
        )
