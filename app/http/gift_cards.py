"""REST of gift cards: `/api/v1/gift-cards`. Amounts are in minor units of the card's currency."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.tenants import today_of
from engine.offers import gift_cards
from engine.offers.drafts import LARGEST_AMOUNT

router = APIRouter(prefix="/api/v1/gift-cards", tags=["gift cards"])
Caller = Annotated[KeyRef, Depends(api_caller)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=gift_cards.LARGEST_PAGE)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]


class CardBody(BaseModel):
    """The code on a card, as somebody reads it."""

    model_config = ConfigDict(extra="forbid")

    code: Line


class SpendBody(CardBody):
    """What to take off. `order_id` is the till's number of the payment: the same one is taken off once."""

    amount_minor: int = Field(gt=0, le=LARGEST_AMOUNT)
    order_id: Line


@router.get("")
def index(
    caller: Caller,
    search: str = "",
    customer_id: UUID | None = None,
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """Gift cards with what is left on them, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        found, total = gift_cards.list_gift_cards(
            session, search=search, customer_id=customer_id, page=page, size=size
        )
    return succeeded({"gift_cards": [asdict(each) for each in found], "total": total})


@router.post("/validate")
def check(caller: Caller, body: CardBody) -> dict[str, Any]:
    """What is left on a card, and whether it can still be spent."""
    with tenant_session(caller.tenant_id) as session:
        card = gift_cards.find_gift_card(session, body.code)
        today = today_of(session, utc_now())
    is_over = card.valid_until is not None and card.valid_until < today
    return succeeded({"valid": card.balance_minor > 0 and not is_over, "gift_card": asdict(card)})


@router.post("/redeem")
def spend(caller: Caller, body: SpendBody) -> dict[str, Any]:
    """Take an amount off a card; told again, the same order gets the same answer with `already` true."""
    with tenant_session(caller.tenant_id) as session:
        done = gift_cards.redeem_gift_card(
            session,
            caller.tenant_id,
            body.code,
            amount_minor=body.amount_minor,
            order_id=body.order_id,
            now=utc_now(),
        )
    shown = {name: value for name, value in asdict(done).items() if name != "is_new"}
    return succeeded(shown | {"already": not done.is_new})
