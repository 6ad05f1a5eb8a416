"""What the walk gives: done on the stage, with codes that are the same each time and are known as tries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from engine.core.bulk import transpose, unnest
from engine.journeys.decide import EffectDue
from engine.journeys.effects import apply_effects
from engine.journeys.nodes.outcomes import (
    ON_CUSTOMER,
    GrantCoupon,
    GrantGiftCard,
    SendMessage,
)
from engine.journeys.plan import Plan
from engine.offers.codes import ALPHABET, COUPON_LENGTH, GIFT_CARD_LENGTH

TRY = "TRY"
"""How the codes of dry runs begin."""

_CODES = {"of_key": "uuid", "sample": "text"}


def _rename(table: str) -> TextClause:
    return text(
        f"UPDATE {table} SET code = sample FROM {unnest(_CODES)} WHERE tenant_id = :tenant AND dedupe_key = of_key"
    )


CODES: Mapping[type, tuple[TextClause, int]] = {
    GrantCoupon: (_rename("coupon_codes"), COUPON_LENGTH),
    GrantGiftCard: (_rename("gift_cards"), GIFT_CARD_LENGTH),
}
"""By effect: what renames its codes, and how long they are."""


def give(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], *, now: datetime
) -> None:
    """Do what a pass wants done to its customer, then queue its messages, which may speak of what was given."""
    given = [each for each in due if isinstance(each.effect, ON_CUSTOMER)]
    apply_effects(session, tenant_id, given, plans, now=now)
    for kind, (rename, length) in CODES.items():
        rows = [(each.key, sample_code(each.key, length)) for each in given if isinstance(each.effect, kind)]
        if rows:
            session.execute(rename, {"tenant": tenant_id, **transpose(_CODES, rows)})
    messages = [each for each in due if isinstance(each.effect, SendMessage)]
    apply_effects(session, tenant_id, messages, plans, now=now)


def sample_code(key: UUID, length: int) -> str:
    """A code for something that is given in a dry run: the same key has the same code."""
    number, letters = key.int, ""
    while len(letters) < length - len(TRY):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return TRY + letters
