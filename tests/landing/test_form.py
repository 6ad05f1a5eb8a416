"""Reading a visitor's answers, and what a form must be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import InvalidInput
from engine.landing.form import FormSpec, clean_text, is_trapped, read_answers, read_form

PHONE = {"key": "phone", "kind": "phone", "label": "Phone", "required": True}
FORM = read_form(
    {
        "fields": [
            {"key": "name", "kind": "name", "label": "Name", "required": True},
            {"key": "phone", "kind": "phone", "label": "Phone"},
            {"key": "email", "kind": "email", "label": "E-mail"},
            {"key": "size", "kind": "choice", "label": "Size", "options": ["S", "M"]},
            {"key": "wedding", "kind": "date", "label": "Wedding"},
            {"key": "question", "kind": "message", "label": "Question"},
            {"key": "agree", "kind": "consent", "label": "Write to me", "channel": "whatsapp"},
        ]
    }
)
GOOD = {"name": "Asha", "phone": "98200 12345"}


def read(form: FormSpec = FORM, locale: str = "en", **answers: str) -> Any:
    return read_answers(form, answers, country="IN", locale=locale)


def test_good_answers_are_cleaned() -> None:
    answers = read(**GOOD, email=" Asha@Example.IN ", size="M", wedding="2026-11-20", agree="on", other="x")
    assert not answers.problems
    assert answers.values == {
        "name": "Asha",
        "phone": "+919820012345",
        "email": "asha@example.in",
        "size": "M",
        "wedding": "2026-11-20",
        "agree": "yes",
    }
    assert [each.key for each in answers.ticked] == ["agree"]


@pytest.mark.parametrize(
    ("answers", "field", "said"),
    [
        ({"phone": "98200 12345"}, "name", "fill this in"),
        ({"name": "\u200b \n", "phone": "98200 12345"}, "name", "fill this in"),
        (GOOD | {"phone": "12"}, "phone", "phone number"),
        (GOOD | {"phone": "+91 98200 1234x"}, "phone", "phone number"),
        (GOOD | {"email": "asha@"}, "email", "e-mail address"),
        (GOOD | {"size": "XXL"}, "size", "one of the answers"),
        (GOOD | {"wedding": "tomorrow"}, "wedding", "date"),
        (GOOD | {"name": "A" * 501}, "name", "500"),
        (GOOD | {"question": "A" * 5001}, "question", "5000"),
        ({"name": "Asha"}, "phone", "phone number or an e-mail"),
    ],
)
def test_each_problem_stands_at_its_field(answers: dict[str, str], field: str, said: str) -> None:
    problems = read(**answers).problems
    assert list(problems) == [field]
    assert said in problems[field]


def test_problems_speak_the_pages_language() -> None:
    assert "फ़ोन" in read(locale="hi-IN", **(GOOD | {"phone": "1"})).problems["phone"]
    assert "phone" in read(locale="ta", **(GOOD | {"phone": "1"})).problems["phone"]


def test_a_script_stays_the_text_it_is() -> None:
    assert (
        read(**(GOOD | {"name": "<script>alert(1)</script>"})).values["name"] == "<script>alert(1)</script>"
    )


@given(st.text())
def test_cleaned_text_can_be_stored_whatever_was_typed(typed: str) -> None:
    cleaned = clean_text(typed, keep_lines=True)
    assert "\0" not in cleaned
    cleaned.encode()
    assert "\n" not in clean_text(typed)


def test_lines_of_a_message_are_kept_and_joiners_of_hindi_too() -> None:
    answers = read(**(GOOD | {"name": "क्\u200dष", "question": "one\r\ntwo"})).values
    assert (answers["question"], answers["name"]) == ("one\ntwo", "क्\u200dष")


def test_the_trap() -> None:
    assert is_trapped({"website_url": "https://spam"})
    assert not is_trapped({"website_url": " ", "name": "Asha"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([], "needs 1 or more"),
        ([{"key": "name", "kind": "name", "label": "N"}], "phone number or an e-mail"),
        ([PHONE, PHONE | {"kind": "text"}], "same key"),
        ([PHONE, PHONE | {"key": "phone_2"}], "one field of the kind"),
        ([PHONE, {"key": "a", "kind": "choice", "label": "A", "options": ["x", "x"]}], "two answers"),
        ([PHONE, {"key": "a", "kind": "consent", "label": "A"}], "whatsapp, sms or email"),
        ([PHONE, {"key": "form_id", "kind": "text", "label": "A"}], "meaning of its own"),
        ([PHONE, {"key": "A b", "kind": "text", "label": "A"}], "is not written as it must be"),
        ([PHONE, {"key": "a", "kind": "file", "label": "A"}], "kind"),
    ],
)
def test_a_form_that_cannot_work_is_refused(fields: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_form({"fields": fields})
