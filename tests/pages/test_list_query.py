"""The address of the list of journeys, and what one asked for while it was on its way."""

from app.pages.journeys.list_query import ListQuery, still_ahead

ALL = ListQuery()
DRAFTS = ALL.but(state="draft")
DRAFTS_OF_A_STAGE = DRAFTS.but(stage="purchase")


def test_what_was_asked_for_meanwhile_stays_ahead_when_an_earlier_list_arrives() -> None:
    assert still_ahead([DRAFTS, DRAFTS_OF_A_STAGE], DRAFTS) == [DRAFTS_OF_A_STAGE]


def test_nothing_is_ahead_when_the_newest_arrives_even_without_those_before() -> None:
    assert still_ahead([DRAFTS, DRAFTS_OF_A_STAGE], DRAFTS_OF_A_STAGE) == []


def test_nothing_is_ahead_when_one_has_gone_to_another_list_by_oneself() -> None:
    assert still_ahead([DRAFTS, DRAFTS_OF_A_STAGE], ALL) == []
