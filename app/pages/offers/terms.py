"""A coupon's terms between the form, which writes major units and words, and the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.pages.settings.amounts import major_text, minor_of
from engine.core.errors import InvalidInput
from engine.core.refusals import what_is_wrong
from engine.offers.models import Coupon, DiscountType

USUAL_DAYS = 30

DISCOUNT_CHOICES = [
    (DiscountType.PERCENTAGE.value, "Percent off"),
    (DiscountType.FLAT.value, "Amount off"),
    (DiscountType.FREE_SERVICE.value, "Free service"),
]

AMOUNTS = ("amount_minor", "max_discount_minor", "min_order_minor")
TEXTS = ("name", "description", "discount_type", "free_service", "valid_from", "valid_until", "percent")
COUNTS = ("max_total_uses", "max_uses_per_customer")
LISTS = ("services", "categories")
SWITCHES = ("allow_stacking", "personal_only")
BRANCH = "branch:"
SEGMENT = "segment_id"

SENTENCES: Mapping[str, str] = {
    "name": "Write a name of 1 to 100 characters.",
    "code": "Use 3 to 50 letters, figures, - or _.",
    "percent": "Write how many percent, from 0.01 to 100.",
    "amount_minor": "Write an amount above zero.",
    "max_discount_minor": "Write an amount above zero, or leave it empty.",
    "min_order_minor": "Write an amount, or leave it empty.",
    "free_service": "Name the service that is free.",
    "valid_from": "Choose the first day.",
    "valid_until": "Choose the last day.",
    "max_total_uses": "Write a whole number above zero, or leave it empty.",
    "max_uses_per_customer": "Write a whole number above zero, or leave it empty.",
}
"""What a person reads where a field cannot be used."""


@dataclass
class Choice:
    """A branch to tick."""

    key: str
    label: str
    chosen: bool


@dataclass
class Terms:
    """What the form shows; amounts in major units, lists with commas."""

    name: str = ""
    code: str = ""
    description: str = ""
    discount_type: str = DiscountType.PERCENTAGE.value
    percent: str = ""
    amount_minor: str = ""
    free_service: str = ""
    max_discount_minor: str = ""
    min_order_minor: str = ""
    valid_from: str = ""
    valid_until: str = ""
    max_total_uses: str = ""
    max_uses_per_customer: str = "1"
    services: str = ""
    categories: str = ""
    segment_id: str = ""
    allow_stacking: bool = False
    personal_only: bool = False
    branches: list[Choice] = field(default_factory=list)


def new_terms(today: Any, branches: Mapping[str, str]) -> Terms:
    """What a new coupon begins with: from today, for a month."""
    return Terms(
        valid_from=str(today),
        valid_until=str(today + timedelta(days=USUAL_DAYS)),
        branches=_choices(branches, ()),
    )


def terms_of(coupon: Coupon, branches: Mapping[str, str], *, currency: str) -> Terms:
    """A coupon as the form shows it; `branches` are names by id."""
    amounts = {name: major_text(getattr(coupon, name), currency=currency) for name in AMOUNTS}
    return Terms(
        name=coupon.name,
        code=coupon.code,
        description=coupon.description,
        discount_type=coupon.discount_type,
        percent="" if coupon.percent is None else f"{coupon.percent.normalize():f}",
        free_service=coupon.free_service or "",
        valid_from=str(coupon.valid_from),
        valid_until=str(coupon.valid_until),
        max_total_uses=str(coupon.max_total_uses or ""),
        max_uses_per_customer=str(coupon.max_uses_per_customer or ""),
        services=", ".join(coupon.services or ()),
        categories=", ".join(coupon.categories or ()),
        segment_id=str(coupon.segment_id or ""),
        allow_stacking=coupon.allow_stacking,
        personal_only=coupon.personal_only,
        branches=_choices(branches, [str(each) for each in coupon.branch_ids or ()]),
        **amounts,
    )


def read_terms(answers: Mapping[str, Any], *, currency: str) -> dict[str, Any]:
    """What was typed, as the engine takes it: a field that is empty, or not shown, is None.

    Raises:
        InvalidInput: an amount cannot be read; names the field.
    """
    said = {
        name: str(answers.get(name) or "").strip() for name in (*TEXTS, *COUNTS, *AMOUNTS, *LISTS, SEGMENT)
    }
    raw: dict[str, Any] = {name: text or None for name, text in said.items()}
    raw["description"] = said["description"]
    raw |= {name: minor_of(said[name], currency=currency, field=name) for name in AMOUNTS}
    raw |= {name: _list(said[name]) for name in LISTS}
    raw |= {name: bool(answers.get(name)) for name in SWITCHES}
    raw["branch_ids"] = [
        name.removeprefix(BRANCH) for name, on in answers.items() if name.startswith(BRANCH) and on
    ]
    return raw


Kind = TypeVar("Kind", bound=BaseModel)


def checked(kind: type[Kind], raw: dict[str, Any]) -> Kind:
    """The terms as the engine's type.

    Raises:
        InvalidInput: names the field, in a sentence for whoever typed it.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        problem = error.errors()[0]
        field = str(problem["loc"][0])
        told = SENTENCES.get(field, f"{what_is_wrong(problem)}.")
        raise InvalidInput(f"{field}: {told}", details={"field": field}) from error


def _list(text: str) -> list[str] | None:
    return [each.strip() for each in text.split(",") if each.strip()] or None


def _choices(branches: Mapping[str, str], chosen: Any) -> list[Choice]:
    return [Choice(f"{BRANCH}{key}", label, key in chosen) for key, label in branches.items()]
