"""What a model refuses is told in our words."""

from datetime import date, time
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from engine.core.refusals import refused


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Ways(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cases: tuple[str, ...] = Field(min_length=2, default=("a", "b"))


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2, max_length=5, default="Asha")
    pieces: int = Field(ge=1, le=10, default=1)
    share: float = Field(gt=0, lt=1, default=0.5)
    gift: bool = False
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = "s"
    day: date = date(2026, 3, 31)
    at: time = time(9)
    moment: AwareDatetime | None = None
    who: UUID | None = None
    ways: Ways = Ways()
    slug: str = Field(pattern="^[a-z]+$", default="a")

    @field_validator("slug")
    @classmethod
    def _not_taken(cls, slug: str) -> str:
        if slug == "taken":
            raise ValueError("is taken; choose another")
        return slug


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"nmae": "x"}, "nmae: is not known here. Check its spelling, or leave it out."),
        ({"name": 5}, "name: must be text."),
        ({"name": ""}, "name: needs 2 characters or more."),
        ({"name": "x" * 9}, "name: takes 5 characters at most."),
        ({"pieces": "many"}, "pieces: must be a whole number."),
        ({"pieces": 1.5}, "pieces: must be a whole number."),
        ({"pieces": 0}, "pieces: must be 1 or more."),
        ({"pieces": 11}, "pieces: must be 10 or less."),
        ({"share": "half"}, "share: must be a number."),
        ({"share": 0}, "share: must be more than 0.0."),
        ({"gift": "perhaps"}, "gift: must be true or false."),
        ({"colour": "green"}, "colour: must be one of 'red' or 'blue'."),
        ({"size": "xl"}, "size: must be one of 's' or 'm'."),
        ({"day": "31.3.2026"}, "day: must be a date such as 2026-03-31."),
        ({"at": "half past"}, "at: must be a time such as 09:30."),
        ({"moment": "2026-03-31T09:30:00"}, "moment: needs a time zone, as in 2026-03-31T09:30:00+05:30."),
        ({"moment": "soon"}, "moment: must be a moment such as 2026-03-31T09:30:00+05:30."),
        ({"who": "Asha"}, "who: must be an id such as 0198c5a1-7d2e-7c3b-9a4f-5e6d7c8b9a01."),
        ({"ways": 3}, "ways: must be an object with named fields."),
        ({"ways": {"cases": ["a"]}}, "ways.cases: needs 2 or more; there are 1."),
        ({"ways": {"cases": "a"}}, "ways.cases: must be a list."),
        ({"slug": "A b"}, "slug: is not written as it must be (^[a-z]+$)."),
        ({"slug": "taken"}, "slug: is taken; choose another."),
    ],
)
def test_a_refusal_names_the_field_and_what_it_takes(sent: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate(sent)
    refusal = refused(raised.value)
    assert refusal.message == told
    assert refusal.details == {"field": told.split(":")[0]}


def test_a_refusal_says_where_the_model_itself_stood() -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate({"pieces": 0})
    assert refused(raised.value, "orders", "3").message == "orders.3.pieces: must be 1 or more."
