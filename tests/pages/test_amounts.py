"""Amounts in forms: people write major units, the store keeps whole minor ones and millionths."""

import pytest

from app.pages.settings.amounts import major_text, micro_from, micro_text, minor_of
from engine.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1,500.50", "INR", 150_050), (" 99 ", "INR", 9_900), ("0", "INR", 0), ("", "INR", None), ("1500", "JPY", 1_500)],
)  # fmt: skip
def test_an_amount_is_read_in_the_currencys_own_coins(text: str, currency: str, minor: int | None) -> None:
    assert minor_of(text, currency=currency, field="x") == minor


@pytest.mark.parametrize("text", ["-1", "many", "1.234", "1e5", "NaN", "inf", "1.5.1", "9" * 20, "१०"])
def test_what_is_no_amount_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        minor_of(text, currency="INR", field="monthly")
    assert refused.value.details == {"field": "monthly"}


def test_prices_are_kept_to_a_millionth() -> None:
    assert micro_from("0.863112", field="x") == 863_112
    with pytest.raises(InvalidInput):
        micro_from("0.8631123", field="x")


def test_amounts_are_shown_as_they_are_written() -> None:
    assert [major_text(each, currency="INR") for each in (150_050, 150_000, 0, None)] == [
        "1500.50",
        "1500",
        "0",
        "",
    ]
    assert [micro_text(each) for each in (863_100, 6_000_000, 0, None)] == ["0.8631", "6", "0", ""]
