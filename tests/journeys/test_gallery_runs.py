"""Ready-made journeys at work: played through to the last message, and S4's defaults by their own triggers."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.delivery.models import Message
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.stage import play
from engine.journeys.gallery import install, list_gallery
from engine.journeys.publishing import publish
from engine.journeys.versions import live_plans
from engine.offers.models import Coupon, CouponCode
from engine.offers.redeeming import CouponRefused, redeem
from engine.offers.rules import Use
from engine.templates.models import Template
from tests.journeys.calendars import Calendar, local
from tests.journeys.conftest import Studio

HOUR = timedelta(hours=1)


@pytest.fixture
def calendar(studio: Studio) -> Calendar:
    """A studio and its calendar."""
    return Calendar(studio)


@pytest.mark.parametrize("key", [each.key for each in list_gallery()])
def test_whoever_enters_gets_the_messages_along_the_way(key: str, studio: Studio) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp", "sms", "email", first_name="Asha")
    with tenant_session(studio.tenant) as session:
        journey = install(session, studio.tenant, key, user_id=None, now=studio.now)
        publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        (plan,) = live_plans(session)
        for trigger in plan.triggers:
            ahead = Grid(studio.now, studio.now + timedelta(days=120), HOUR, timedelta(days=1))
            found = play(session, plan, ahead, chosen={customer: trigger}).result
            assert found.sent
            assert found.on_the_way == 0


def test_a_birthday_is_wished_at_nine_where_the_customer_lives_and_again_next_year(
    calendar: Calendar,
) -> None:
    _go_live(calendar, "birthday_wish")
    asha = calendar.studio.add_reachable(
        1, "whatsapp", birthday=date(1990, 5, 1), timezone="Asia/Kolkata", first_name="Asha"
    )[0]
    nine = local("Asia/Kolkata", 2026, 5, 1, 9, 0)
    late = timedelta(seconds=40)
    assert calendar.tick(nine - timedelta(minutes=1), nine + late, nine + 2 * late) == [[], [asha], []]
    calendar.studio.deliver(nine + late)
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


def test_the_birthday_voucher_says_the_customers_own_code_which_is_good_once(calendar: Calendar) -> None:
    studio = calendar.studio
    with tenant_session(studio.tenant) as session:
        install(session, studio.tenant, "birthday_voucher", user_id=None, now=studio.now)
    _go_live(calendar, "birthday_voucher")
    asha, ravi = studio.add_reachable(
        2, "whatsapp", birthday=date(1990, 5, 1), timezone="Asia/Kolkata", first_name="Asha"
    )
    ten = local("Asia/Kolkata", 2026, 5, 1, 10, 0)
    calendar.tick(ten)
    for moment in (ten, ten + timedelta(days=7)):
        studio.pass_time(moment)
        studio.deliver(moment)
    with tenant_session(studio.tenant) as session:
        assert session.scalars(select(Coupon.name)).all() == ["Birthday treat"]
        codes = {each.customer_id: each for each in session.scalars(select(CouponCode))}
        own, other = codes[asha], codes[ravi]
        assert own.valid_until == date(2026, 5, 15)
        read = [each.content["body"] for each in studio.messages() if each.customer_id == asha]
        assert len(read) == 2 and all(own.code in text and other.code not in text for text in read)
        use = Use(own.code, asha, 100_000)
        later = ten + timedelta(days=8)
        redeem(session, studio.tenant, use, order_id="A-1", now=later)
        with pytest.raises(CouponRefused):
            redeem(session, studio.tenant, use, order_id="A-2", now=later)
        with pytest.raises(CouponRefused):
            taken = Use(other.code, asha, 100_000)
            redeem(session, studio.tenant, taken, order_id="A-3", now=later)


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
