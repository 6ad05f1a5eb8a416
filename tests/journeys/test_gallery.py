"""Ready-made journeys: each can be installed and published as it is, in words that read well in both languages."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.delivery.models import Message
from engine.journeys.gallery import GalleryJourney, find_ready_made, install, list_gallery
from engine.journeys.graph import read_graph
from engine.journeys.journeys import check_draft, publish
from engine.journeys.models import JourneyStatus, Stage
from engine.journeys.simulation import simulate
from engine.journeys.versions import live_plans
from engine.templates.liquid import noting_missing
from engine.templates.models import Template
from engine.templates.rendering import compile_contents, render
from engine.templates.sms import count_segments
from engine.templates.system import ready_made_templates, system_templates
from engine.templates.templates import SAMPLE
from tests.journeys.calendars import Calendar, local
from tests.journeys.conftest import Studio

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
        ("Discovery birthday", None),
        ("elcome", None),
    ],
)
def test_journeys_are_found_by_what_they_are_good_for(wish: str, first: str | None) -> None:
    found = [each.key for each in find_ready_made(wish)]
    assert (first in found) if first else found == []
    assert find_ready_made(" ") == list(list_gallery())


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


@every
def test_the_graph_is_read_without_a_problem(key: str) -> None:
    _, problems = read_graph(_with_any_id(GALLERY[key].graph))
    assert problems == []


# -- all the way


@every
def test_whoever_enters_gets_the_messages_along_the_way(key: str, studio: Studio) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp", "sms", "email", first_name="Asha")
    with tenant_session(studio.tenant) as session:
        journey = install(session, studio.tenant, key, user_id=None, now=studio.now)
        publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        (plan,) = live_plans(session)
        for trigger in plan.triggers:
            played = simulate(
                session, plan, {customer: trigger}, start=studio.now, until=studio.now + timedelta(days=120)
            )
            assert played.messages
            assert played.outcomes["Still on the way"] == 0


def test_a_birthday_is_wished_at_nine_where_the_customer_lives_and_again_next_year(
    calendar: Calendar,
) -> None:
    _go_live(calendar, "birthday_wish")
    asha = calendar.studio.add_reachable(
        1, "whatsapp", birthday=date(1990, 5, 1), timezone="Asia/Kolkata", first_name="Asha"
    )[0]
    nine = local("Asia/Kolkata", 2026, 5, 1, 9, 0)
    assert calendar.tick(nine - timedelta(minutes=1), nine, nine + timedelta(minutes=1)) == [[], [asha], []]
    calendar.studio.deliver(nine)
    assert _sent(calendar.studio) == ["Birthday wish (WhatsApp)"]
    next_year = local("Asia/Kolkata", 2027, 5, 1, 9, 0)
    assert calendar.tick(next_year) == [[asha]]


def test_a_package_is_reminded_of_a_week_before_its_last_day(calendar: Calendar) -> None:
    _go_live(calendar, "package_expiry")
    asha = calendar.studio.add_reachable(1, "whatsapp", timezone="Asia/Kolkata")[0]
    calendar.hold(asha, "package", date(2026, 3, 20), name="Ten classes", balance=4)
    ten = local("Asia/Kolkata", 2026, 3, 13, 10, 0)
    assert calendar.tick(ten - timedelta(minutes=1), ten) == [[], [asha]]
    calendar.studio.deliver(ten)
    assert _sent(calendar.studio) == ["Package expiry (WhatsApp)"]


@pytest.mark.parametrize(("key", "days"), [("rebooking_reminder", 30), ("miss_you", 60)])
def test_the_quiet_are_written_to_on_their_day_unless_they_have_booked(
    key: str, days: int, calendar: Calendar
) -> None:
    _go_live(calendar, key)
    quiet, coming = calendar.studio.add_reachable(
        2, "whatsapp", timezone="Asia/Kolkata", last_visit_at=calendar.studio.now, visit_count=1
    )
    for each in (quiet, coming):
        calendar.book(each, calendar.studio.now)
    day = calendar.studio.now + timedelta(days=days)
    calendar.book(coming, day + timedelta(days=3), "booked")
    calendar.studio.send_event("Appointment Booked", [coming], at=day - timedelta(days=1))
    assert calendar.tick(day - timedelta(days=1), day) == [[], [quiet]]


def test_after_a_visit_come_the_question_and_the_thanks_at_their_hour(calendar: Calendar) -> None:
    studio = calendar.studio
    for key in ("feedback_request", "post_visit_thank_you"):
        _go_live(calendar, key)
    asha = studio.add_reachable(1, "whatsapp", timezone="Asia/Kolkata")
    studio.send_event("Appointment Completed", asha, service="Haircut")
    said = []
    for minutes in (0, 59, 60, 119, 120):
        moment = studio.now + timedelta(minutes=minutes)
        studio.pass_time(moment)
        studio.deliver(moment)
        said.append(_sent(studio))
    asked, thanked = "Feedback request (WhatsApp)", "Visit thank-you (WhatsApp)"
    assert said == [[], [], [asked], [asked], [asked, thanked]]


@pytest.fixture
def calendar(studio: Studio) -> Calendar:
    """A studio and its calendar."""
    return Calendar(studio)


def _go_live(calendar: Calendar, key: str) -> None:
    now = calendar.studio.now
    with tenant_session(calendar.tenant) as session:
        journey = install(session, calendar.tenant, key, user_id=None, now=now)
        publish(session, calendar.tenant, journey.id, user_id=None, now=now)


def _sent(studio: Studio) -> list[str]:
    """The templates of what was sent, in order."""
    with tenant_session(studio.tenant) as session:
        query = select(Template.name).join(Message, Message.template_id == Template.id)
        return list(session.scalars(query.where(Message.status == "sent").order_by(Message.sent_at)))


# -- words

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
    used = {name for each in GALLERY.values() for name in _templates_of(each)}
    assert used <= TEMPLATES.keys()
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


# -- reading a journey


def _blemishes(text: str) -> set[str]:
    return {sign for sign in ("{", "}", "  ", " ,", " .", " !", "None") if sign in text}


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


def _templates_of(journey: GalleryJourney) -> Iterator[str]:
    for step in _messages(journey):
        yield _template_of(step)
        if "fallback" in step["config"]:
            yield step["config"]["fallback"]["template_id"]["$template"]


def _pairs(points: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for number, point in enumerate(points):
        for other in points[number + 1 :]:
            yield point, other


def _with_any_id(part: Any) -> Any:
    """The graph with ids and days that only have the right form."""
    if isinstance(part, list):
        return [_with_any_id(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.keys() & {"$template", "$segment"}:
        return str(UUID(int=1))
    if part.keys() == {"$in_days"}:
        return "2026-03-20"
    return {key: _with_any_id(value) for key, value in part.items()}
