"""The directory of customers: tags, the list with its search, one customer's page and what happened to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput

LONGEST_TAG = 64

TAG = text("""
    UPDATE customers SET tags = wanted.tags, updated_at = :now
    FROM (
        SELECT customer.id, ARRAY(
            SELECT tag FROM (
                SELECT tag, min(place) AS place
                FROM unnest(customer.tags || CAST(:add AS text[])) WITH ORDINALITY AS every(tag, place)
                WHERE tag <> ALL(CAST(:remove AS text[]))
                GROUP BY tag
            ) AS kept ORDER BY place
        ) AS tags
        FROM customers customer
        WHERE customer.tenant_id = :tenant AND customer.id = ANY(:ids)
        ORDER BY customer.id FOR UPDATE
    ) AS wanted
    WHERE customers.id = wanted.id AND customers.tags IS DISTINCT FROM wanted.tags
""")


def tag(
    session: Session,
    tenant_id: UUID,
    customer_ids: Sequence[UUID],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    now: datetime,
) -> int:
    """Put tags on customers and take others off, in one statement; a tag in both lists is taken off (C1).

    Returns:
        How many customers were changed; who has it all already stays untouched.

    Raises:
        InvalidInput: a tag is empty or longer than 64 characters.
    """
    added, removed = _clean(add), _clean(remove)
    if not customer_ids or not (added or removed):
        return 0
    values = {"tenant": tenant_id, "ids": list(customer_ids), "add": added, "remove": removed, "now": now}
    result = session.execute(TAG, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _clean(tags: Sequence[str]) -> list[str]:
    """The tags without outer blanks, each once, in their order."""
    cleaned = list(dict.fromkeys(tag.replace("\0", "").strip() for tag in tags))
    for each in cleaned:
        if not 1 <= len(each) <= LONGEST_TAG:
            raise InvalidInput(
                f"tags: '{each[:20]}' must have 1 to {LONGEST_TAG} characters.", details={"field": "tags"}
            )
    return cleaned
