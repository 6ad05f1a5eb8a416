"""What a dry run's page reads from people and tells them: typed properties, and time that passes."""

from datetime import timedelta

import pytest

from app.pages.journeys.dry_run.typed import read_properties, write_properties
from app.pages.journeys.dry_run.views import passing_words
from engine.core.errors import InvalidInput


def test_properties_are_typed_a_line_each_and_read_back_as_they_were_meant() -> None:
    typed = 'service: Hair: cut\ntotal: 1500\nrate: 1.5\npaid: true\n\nphone: "0987"\nproducts: [{"sku": 1}]'
    meant = {
        "service": "Hair: cut",
        "total": 1500,
        "rate": 1.5,
        "paid": True,
        "phone": "0987",
        "products": [{"sku": 1}],
    }
    assert read_properties(typed, field="entry") == meant
    assert read_properties(write_properties(meant), field="entry") == meant


def test_a_leading_zero_and_a_number_in_quotes_stay_text() -> None:
    assert read_properties("pin: 0411", field="entry") == {"pin": "0411"}
    assert write_properties({"code": "12"}) == 'code: "12"'


@pytest.mark.parametrize("line", ["service", ": Haircut", "products: [1,"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(InvalidInput, match="Line 2") as refused:
        read_properties(f"ok: 1\n{line}", field="entry")
    assert refused.value.details == {"field": "entry"}


def test_time_that_passes_is_told_by_its_largest_unit() -> None:
    told = {
        timedelta(minutes=59): "",
        timedelta(hours=1): "1 hour passes",
        timedelta(hours=18): "18 hours pass",
        timedelta(days=3): "3 days pass",
        timedelta(days=14): "2 weeks pass",
        timedelta(days=16): "16 days pass",
    }
    assert {passed: passing_words(passed) for passed in told} == told
