"""Codes people read out at a till: short, without letters that look like figures, each given once."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Neither 0 and O nor 1, I and L."""

COUPON_LENGTH, GIFT_CARD_LENGTH = 8, 12
"""31⁸ is 850 thousand million; a gift card is money, so its code is longer."""

ROUNDS = 3
"""How often a code that somebody else has is drawn anew."""


def draw_code(length: int) -> str:
    """A code nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def tidy(code: str) -> str:
    """A code as it is kept, from how people type it: any case, with blanks."""
    return "".join(code.replace("\0", "").split()).upper()


def insert_once(
    session: Session,
    tenant_id: UUID,
    table: str,
    statement: TextClause,
    columns: dict[str, str],
    wishes: Mapping[UUID, Callable[[], Sequence[Any]]],
    values: dict[str, Any],
) -> list[Any]:
    """Insert what `wishes` name by their dedupe keys, each once for ever; returns the new rows.

    A statement that leaves a row out, because its code is taken, is asked again with codes drawn anew.

    Args:
        statement: inserts `columns`, skips conflicts and returns `dedupe_key` and more.
        wishes: by dedupe key, what makes a row with a fresh code.
    """
    written: list[Any] = []
    left = dict(sorted(wishes.items()))
    for _ in range(ROUNDS):
        if not left:
            break
        parameters = {"tenant": tenant_id, **values, **transpose(columns, [make() for make in left.values()])}
        new = session.execute(statement, parameters).all()
        written += new
        gone = {row.dedupe_key for row in new}
        left = {key: make for key, make in left.items() if key not in gone}
        known = _known(session, tenant_id, table, left) if left else set()
        left = {key: make for key, make in left.items() if key not in known}
    return written


def _known(session: Session, tenant_id: UUID, table: str, keys: Iterable[UUID]) -> set[UUID]:
    statement = text(
        f"SELECT dedupe_key FROM {table} WHERE tenant_id = :tenant AND dedupe_key = ANY(CAST(:keys AS uuid[]))"
    )
    return set(session.scalars(statement, {"tenant": tenant_id, "keys": array_literal(keys)}))
