"""The words of the ready-made journeys: in English and Hindi, whole with and without values, fit for their channel."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.journeys.gallery import GalleryJourney, list_gallery
from engine.templates.liquid import noting_missing
from engine.templates.rendering import compile_contents, render
from engine.templates.sms import count_segments
from engine.templates.system import ready_made_templates, system_templates
from engine.templates.templates import SAMPLE

TOLD = {
    "service": "Pottery class",
    "class_name": "Wheel throwing",
    "name": "Ten classes",
    "expires_on": "2026-03-20",
    "points": 120,
    "balance": 4,
    "amount": 1499,
    "currency": "INR",
    "order_id": "A-17",
    **{f"{what}_url": f"https://kala.example/{what}" for what in ("shop", "care", "review", "portfolio")},
    **{f"{what}_url": f"https://kala.example/{what}" for what in ("payment", "tracking", "checkout")},
}
STUDIO = {"name": "Studio Mitti", "timezone": "Asia/Kolkata", "currency": "INR"}
FULL = {**SAMPLE, "event": TOLD, "tenant": STUDIO}
BARE = {"tenant": STUDIO, "unsubscribe_url": SAMPLE["unsubscribe_url"]}


def test_every_template_of_the_gallery_is_used_and_every_used_one_is_there() -> None:
    used = {name for each in list_gallery() for name in _templates_of(each)}
    assert used <= {entry["name"] for entry in (*system_templates(), *ready_made_templates())}
    assert {entry["name"] for entry in ready_made_templates()} <= used


@pytest.mark.parametrize("entry", ready_made_templates(), ids=lambda entry: entry["name"])
def test_the_words_read_well_in_english_and_hindi_with_and_without_values(entry: dict[str, Any]) -> None:
    assert entry["contents"].keys() == {"en", "hi"}
    compiled = compile_contents(entry["channel"], entry["contents"])
    for language in ("en", "hi"):
        for variables in (FULL, BARE):
            with noting_missing() as missing:
                message = render(compiled, variables, language=language, default_language="en")
            said = f"{message.subject or ''}\n{message.body}"
            assert not missing
            assert _blemishes(said) == set()
            assert "Studio Mitti" in said
            if language == "hi":
                assert "।" in said or "!" in said or "?" in said
        assert (
            "Asha" in render(compiled, FULL, language=language, default_language="en").body
            or entry["channel"] == "email"
        )


@pytest.mark.parametrize(
    "entry", [e for e in ready_made_templates() if e["channel"] == "sms"], ids=lambda entry: entry["name"]
)
def test_a_text_message_in_english_fits_two_parts_and_says_how_to_stop(entry: dict[str, Any]) -> None:
    compiled = compile_contents("sms", entry["contents"])
    body = render(compiled, FULL, language="en", default_language="en").body
    assert count_segments(body).encoding == "GSM-7"
    assert count_segments(body).segments <= 2
    stops = {"en": "Opt out:", "hi": "बंद करें:"}
    for language, words in stops.items():
        body = render(compiled, FULL, language=language, default_language="en").body
        assert (words in body) == (entry["template_type"] != "transactional")


def _blemishes(text: str) -> set[str]:
    return {sign for sign in ("{", "}", "  ", " ,", " .", " !", "None") if sign in text}


def _templates_of(journey: GalleryJourney) -> Iterator[str]:
    for step in journey.graph["nodes"]:
        if step["type"] != "action.message":
            continue
        yield step["config"]["template_id"]["$template"]
        if "fallback" in step["config"]:
            yield step["config"]["fallback"]["template_id"]["$template"]
