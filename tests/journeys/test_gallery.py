"""Ready-made journeys: each can be installed and published as it is, in words that read well in both languages."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.journeys.gallery import GalleryJourney, install, list_gallery
from engine.journeys.gallery.preview import look_at
from engine.journeys.gallery.search import channels_of, find_ready_made
from engine.journeys.models import JourneyStatus, Stage
from engine.journeys.publishing import check_draft, publish
from engine.templates.system import ready_made_templates, system_templates

GALLERY = {each.key: each for each in list_gallery()}
TEMPLATES = {entry["name"]: entry for entry in (*system_templates(), *ready_made_templates())}

S4_TRIGGERS = {
    "post_visit_thank_you",
    "rebooking_reminder",
    "package_expiry",
    "membership_expiry",
    "miss_you",
    "first_visit_followup",
    "birthday_wish",
    "anniversary_wish",
    "feedback_request",
    "loyalty_points_earned",
    "loyalty_points_expiring",
}

J12 = {
    *("welcome", "win_back", "post_class", "dunning", "birthday_voucher"),
    *("review_request", "portfolio_highlight"),
    *("post_purchase", "reorder_nudge", "festival_comeback", "vip_early_access"),
    *("abandoned_cart", "order_updates"),
}

every = pytest.mark.parametrize("key", GALLERY)


@every
def test_a_ready_made_journey_can_be_published_as_it_is(key: str, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        journey = install(session, tenant, key, user_id=None, now=now)
        assert journey.status == JourneyStatus.DRAFT
        assert check_draft(session, journey.id) == []
        publish(session, tenant, journey.id, user_id=None, now=now)
        assert journey.status == JourneyStatus.LIVE


def test_one_may_be_installed_twice(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        first = install(session, tenant, "welcome", user_id=None, now=now)
        second = install(session, tenant, "welcome", user_id=None, now=now)
        assert first.name != second.name


def test_an_unknown_one_is_refused_with_the_known_ones_named(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session, pytest.raises(NotFound, match="win_back"):
        install(session, tenant, "nothing", user_id=None, now=now)


def test_a_day_is_chosen_by_the_studios_calendar_when_a_journey_is_installed(tenant: UUID) -> None:
    late = datetime.fromisoformat("2026-03-02T20:00:00+00:00")  # already the third in India
    with tenant_session(tenant) as session:
        journey = install(session, tenant, "vip_early_access", user_id=None, now=late)
        assert _config(journey.draft, "day")["on"] == "2026-03-10"


# -- what must be there


def test_every_trigger_type_of_s4_has_its_journey() -> None:
    types = [each.trigger_type for each in GALLERY.values() if each.trigger_type]
    assert Counter(types) == Counter(S4_TRIGGERS)
    assert all(GALLERY[name].trigger_type == name for name in S4_TRIGGERS)


def test_every_journey_the_sources_name_is_there() -> None:
    assert GALLERY.keys() >= J12


def test_a_journey_says_its_stage_and_what_it_is_good_for() -> None:
    for each in GALLERY.values():
        assert isinstance(each.stage, Stage)
        assert each.goal
        assert each.description.endswith(".")
    stages = [list(Stage).index(each.stage) for each in list_gallery()]
    assert stages == sorted(stages)


@pytest.mark.parametrize(
    ("wish", "first"),
    [
        ("dunning", "dunning"),
        ("win back orders", "win_back"),
        ("post-purchase", "post_purchase"),
        ("winback", "win_back"),
        ("reactivate lapsed customers", "win_back"),
        ("ask for a google rating", "review_request"),
        ("google rating", "review_request"),
        ("bday", "birthday_wish"),
        ("जन्मदिन", "birthday_wish"),
        ("ग्राहक को वापस", "win_back"),
        ("वापस", "miss_you"),
        ("दिवाली", "festival_comeback"),
        ("basket", "abandoned_cart"),
        ("failed payment", "dunning"),
        ("Discovery birthday", None),
        ("elcome", None),
    ],
)
def test_journeys_are_found_by_what_they_are_good_for(wish: str, first: str | None) -> None:
    found = [each.key for each in find_ready_made(wish)]
    assert (first in found) if first else found == []
    assert find_ready_made(" ") == list(list_gallery())


def test_journeys_are_found_by_channel_and_stage() -> None:
    by_mail = find_ready_made("", channel="email")
    assert by_mail and all("email" in channels_of(each) for each in by_mail)
    advocacy = find_ready_made("review", stage=Stage.ADVOCACY)
    assert {each.key for each in advocacy} == {"feedback_request", "review_request"}


@every
def test_a_look_at_one_tells_its_steps_and_shows_every_message(key: str) -> None:
    seen = look_at(key, studio="Studio Mitti", today=date(2026, 3, 2))
    assert len(seen.steps) == len(GALLERY[key].graph["nodes"])
    assert all("$" not in step.words for step in seen.steps)
    assert {message.template for message in seen.messages} == {
        name
        for step in _messages(GALLERY[key])
        for name in (
            _template_of(step),
            step["config"].get("fallback", {}).get("template_id", {}).get("$template"),
        )
        if name
    }
    assert all("{{" not in message.body and message.body for message in seen.messages)
    assert seen.needs


# -- S4's timings


def test_the_thank_you_goes_out_two_hours_after_the_visit_once_a_day() -> None:
    trigger, wait = _first(GALLERY["post_visit_thank_you"], 2)
    assert trigger["config"] == {"activity": "visit_completed", "cooldown_days": 1}
    assert _length(wait) == timedelta(minutes=120)


def test_the_rebooking_reminder_enters_after_thirty_days_without_a_booking() -> None:
    (trigger,) = _first(GALLERY["rebooking_reminder"], 1)
    assert trigger["type"] == "trigger.quiet"
    assert _some(trigger, "what", "days", "cooldown_days") == ("booking", 30, 7)


def test_the_birthday_wish_enters_at_nine_on_the_day() -> None:
    trigger, wish = _first(GALLERY["birthday_wish"], 2)
    assert trigger["type"] == "trigger.birthday"
    assert _some(trigger, "occasion", "days", "at", "cooldown_days") == ("birthday", 0, "09:00", 365)
    assert wish["type"] == "action.message"


def test_the_feedback_request_goes_out_an_hour_after_the_visit_once_a_week() -> None:
    trigger, wait = _first(GALLERY["feedback_request"], 2)
    assert trigger["config"] == {"activity": "visit_completed", "cooldown_days": 7}
    assert _length(wait) == timedelta(minutes=60)


def test_the_package_reminder_enters_a_week_before_it_ends() -> None:
    trigger, message = _first(GALLERY["package_expiry"], 2)
    assert trigger["type"] == "trigger.expiry"
    assert _some(trigger, "kind", "days", "cooldown_days") == ("package", 7, 7)
    assert message["type"] == "action.message"


def test_whoever_is_missed_enters_after_sixty_days() -> None:
    (trigger,) = _first(GALLERY["miss_you"], 1)
    assert trigger["type"] == "trigger.quiet"
    assert _some(trigger, "what", "days", "cooldown_days") == ("visit", 60, 30)


def test_s4s_defaults_begin_by_whatsapp() -> None:
    for key in S4_TRIGGERS:
        first = next(step for step in GALLERY[key].graph["nodes"] if step["type"] == "action.message")
        assert first["config"]["channel"] == "whatsapp"


# -- the other sources' timings


def test_a_review_is_asked_for_two_days_after_the_project() -> None:
    trigger, wait = _first(GALLERY["review_request"], 2)
    assert trigger["config"]["activity"] == "project_completed"
    assert _length(wait) == timedelta(days=2)


def test_the_portfolio_is_shown_when_an_inquiry_is_pending_for_three_days() -> None:
    (trigger,) = _first(GALLERY["portfolio_highlight"], 1)
    assert (trigger["type"], trigger["config"]["days"]) == ("trigger.inquiry", 3)


def test_after_a_purchase_come_thanks_care_review_and_reorder() -> None:
    names = [_template_of(step) for step in _messages(GALLERY["post_purchase"])]
    assert names == [
        "Thank you (WhatsApp)",
        "Care guide (WhatsApp)",
        "Review request (WhatsApp)",
        "Reorder nudge (WhatsApp)",
    ]


def test_reminders_of_a_failed_payment_stop_when_it_is_paid() -> None:
    settings = GALLERY["dunning"].graph["settings"]
    assert settings["goal_event"] == "Payment Succeeded"
    assert settings.get("leave_on_goal", True)
    assert "Order Completed" in settings["exit_events"]


# -- graphs


@every
def test_the_steps_stand_in_order_and_do_not_cover_each_other(key: str) -> None:
    graph = GALLERY[key].graph
    at = {step["id"]: (step["position"]["x"], step["position"]["y"]) for step in graph["nodes"]}
    for edge in graph["edges"]:
        assert at[edge["target"]][1] > at[edge["source"]][1]
    for (x, y), (other_x, other_y) in _pairs(list(at.values())):
        assert y != other_y or abs(x - other_x) >= 260


@every
def test_a_marketing_message_by_whatsapp_that_cannot_arrive_has_another_way_or_is_a_second_one(
    key: str,
) -> None:
    first = _messages(GALLERY[key])[0]["config"]
    if key not in {"thank_you", "post_purchase"}:
        assert first["channel"] != "whatsapp" or "fallback" in first


@every
def test_templates_are_of_the_channel_and_kind_of_their_step(key: str) -> None:
    for step in _messages(GALLERY[key]):
        config = step["config"]
        for way in filter(None, (config, config.get("fallback"))):
            template = TEMPLATES[way["template_id"]["$template"]]
            assert template["channel"] == way["channel"]
            assert (template["template_type"] == "transactional") == (config["purpose"] == "transactional")


def test_only_news_of_orders_and_payments_is_transactional() -> None:
    transactional = {
        key
        for key, each in GALLERY.items()
        if any(step["config"]["purpose"] == "transactional" for step in _messages(each))
    }
    assert transactional == {"order_updates", "dunning"}


# -- reading a journey


def _config(graph: dict[str, Any], node_id: str) -> dict[str, Any]:
    return next(step["config"] for step in graph["nodes"] if step["id"] == node_id)


def _first(journey: GalleryJourney, number: int) -> list[dict[str, Any]]:
    """The first steps along the way."""
    steps = {step["id"]: step for step in journey.graph["nodes"]}
    way = {edge["source"]: edge["target"] for edge in journey.graph["edges"]}
    here = journey.graph["nodes"][0]["id"]
    found = [steps[here]]
    while len(found) < number:
        here = way[here]
        found.append(steps[here])
    return found


def _some(step: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(step["config"][name] for name in names)


def _length(step: dict[str, Any]) -> timedelta:
    assert step["type"] == "wait.duration"
    duration = step["config"]["duration"]
    return timedelta(**{duration["unit"]: duration["amount"]})


def _messages(journey: GalleryJourney) -> list[dict[str, Any]]:
    return [step for step in journey.graph["nodes"] if step["type"] == "action.message"]


def _template_of(step: dict[str, Any]) -> str:
    name: str = step["config"]["template_id"]["$template"]
    return name


def _pairs(points: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for number, point in enumerate(points):
        for other in points[number + 1 :]:
            yield point, other
