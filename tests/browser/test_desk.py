"""The desk as the staff use it: a reply is answered, a follow-up made, put off and done, the bell put away."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.core.notifications import NewNotification, count_unseen, notify
from engine.core.staff import list_staff
from engine.customers.followups import list_followups, remind
from engine.customers.models import Customer
from engine.delivery.conversations import read_conversation, thread
from engine.delivery.models import Conversation
from engine.events.record import NewEvent, record
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NAME = "सौदामिनी वेंकटसुब्रमण्यम श्रीवास्तव"
LONG = (
    "नमस्ते! क्या इस रविवार को दो लोगों के लिए जगह है? *मेरी बेटी* भी आना चाहती है, "
    "पर उसने पहले कभी मिट्टी का काम नहीं किया। https://studio.example/"
    + "a-very-long-address-without-any-blank-"
    * 3
)


@pytest.fixture
def customer(studio: Studio) -> UUID:
    """A customer with a long Hindi name, quiet for a hundred days, who wrote twice just now."""
    customer_id, now = new_id(), utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.add(
            Customer(
                id=customer_id,
                tenant_id=studio.tenant_id,
                name=NAME,
                phone="+919820012345",
                email="saudamini@example.in",
                last_order_at=now - timedelta(days=100),
                order_count=3,
                total_spend_minor=449_700,
            )
        )
        session.flush()
        for minutes, words in ((9, "Hello?"), (4, LONG)):
            _write(studio, session, customer_id, words, at=now - timedelta(minutes=minutes))
    return customer_id


def _write(studio: Studio, session, customer_id: UUID, words: str, *, at: datetime) -> None:
    said = {"text": words, "channel": "whatsapp"}
    event = NewEvent(customer_id, "message.replied", "track", "test", said, {}, at, key_of(customer_id, at))
    record(session, studio.tenant_id, [event], now=at)
    row = session.get(Conversation, (studio.tenant_id, customer_id)) or Conversation(
        tenant_id=studio.tenant_id, customer_id=customer_id, channel="whatsapp", replies=0
    )
    row.last_text, row.last_at, row.status, row.replies = words, at, "open", row.replies + 1
    session.add(row)
    session.flush()


def test_the_staff_answer_and_follow_up(page: Page, studio: Studio, customer: UUID) -> None:
    page.goto(f"{studio.app.url}/desk")
    expect(page.get_by_role("tab", name="Replies")).to_contain_text("1")
    page.get_by_role("button", name=NAME).click()
    thread_log = page.get_by_role("log")
    expect(thread_log.get_by_text("Hello?")).to_be_visible()
    page.get_by_label("Who takes it").select_option(label="Meera Joshi")
    page.get_by_role("textbox", name="Answer").fill("जी हाँ, रविवार 11 बजे।\nआपका स्वागत है!")
    page.get_by_role("button", name="Send").click()
    expect(thread_log.get_by_text("आपका स्वागत है!")).to_be_visible()
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("")
    expect(page.get_by_role("textbox", name="Answer")).to_be_focused()
    expect(page.get_by_text("Nobody waits")).to_be_visible()
    expect(thread_log.get_by_text("Sent")).to_be_visible(timeout=20_000)
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        row, last = read_conversation(session, customer), thread(session, customer)[-1]
        assert (row.status, row.assigned_name) == ("done", "Meera Joshi")
        assert (last.author, last.status) == ("Meera Joshi", "sent")

    page.get_by_role("tab", name="Quiet customers").click()
    page.get_by_role("button", name=f"Remind me of {NAME}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(NAME)).to_be_visible()
    dialog.get_by_label("Time").fill("11:30")
    dialog.get_by_label("What for").fill("Ask whether her daughter liked it")
    dialog.get_by_role("button", name="Remind me").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=f"Remind me of {NAME}")).to_have_count(0)

    page.get_by_role("tab", name="Follow-ups").click()
    expect(page.get_by_text("Tomorrow, 11:30")).to_be_visible()
    page.get_by_role("button", name=f"Change {NAME}").click()
    yesterday = (utc_now() - timedelta(days=2)).date().isoformat()
    dialog.get_by_label("Day").fill(yesterday)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Overdue")).to_be_visible()
    expect(page.get_by_role("tab", name="Follow-ups")).to_contain_text("1")
    page.get_by_role("button", name=f"Done: {NAME}").click()
    expect(page.get_by_text("Nothing to follow up")).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        (followup,) = list_followups(session, status="completed")
        assert (followup.customer_id, followup.note) == (customer, "Ask whether her daughter liked it")


def test_a_follow_up_for_a_customer_found_by_search(page: Page, studio: Studio, customer: UUID) -> None:
    page.goto(f"{studio.app.url}/desk?tab=followups")
    page.get_by_role("button", name="New follow-up").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remind me").click()
    expect(dialog.get_by_text("Choose a customer first.")).to_be_visible()
    dialog.get_by_label("Find the customer").fill("98200")
    dialog.get_by_role("button", name=NAME).click()
    dialog.get_by_role("button", name="Remind me").click()
    expect(page.get_by_role("heading", name="Coming")).to_be_visible()
    page.get_by_role("button", name=f"Dismiss {NAME}").click()
    page.get_by_label("Which follow-ups").select_option("dismissed")
    page.get_by_role("button", name=f"Reopen: {NAME}").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()


def test_after_whatsapps_day_the_desk_says_what_to_do(page: Page, studio: Studio, customer: UUID) -> None:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.execute(update(Conversation).values(last_at=utc_now() - timedelta(hours=25)))
    page.goto(f"{studio.app.url}/desk?customer={customer}")
    expect(page.get_by_text("Send an approved template")).to_be_visible()
    expect(page.get_by_role("textbox", name="Answer")).to_have_count(0)
    page.get_by_role("button", name="Done without an answer").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def test_the_bell_counts_leads_there_and_is_put_away(page: Page, studio: Studio, customer: UUID) -> None:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        news = [
            NewNotification(key_of(1), None, "reply", f"{NAME} wrote: {LONG}", f"/desk?customer={customer}"),
            NewNotification(key_of(2), None, "journey", "Win-back: call three customers", ""),
        ]
        notify(session, studio.tenant_id, news, now=utc_now())
        (meera,) = list_staff(session)
    page.goto(f"{studio.app.url}/journeys")
    page.locator(".s-side").get_by_role("button", name="Notifications, 2 new").click()
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("log").get_by_text("Hello?")).to_be_visible()
    page.locator(".s-side").get_by_role("button", name="Notifications, 1 new").click()
    page.get_by_role("button", name="All seen").click()
    expect(page.get_by_text("Nothing new")).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert count_unseen(session, meera.id) == 0


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_nothing_overflows_with_long_names_and_words(
    page: Page, studio: Studio, customer: UUID, size: tuple[int, int]
) -> None:
    today = utc_now().date()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        for days in (-3, 0, 4):
            remind(
                session, studio.tenant_id, customer, on=today + timedelta(days=days), note=LONG, now=utc_now()
            )
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for tab in ("replies", "followups", "quiet"):
        page.goto(f"{studio.app.url}/desk?tab={tab}")
        expect(page.get_by_text(NAME).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(f"{studio.app.url}/desk?customer={customer}")
    expect(page.get_by_role("log").get_by_text("Hello?")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    send = page.get_by_role("button", name="Send").bounding_box()
    assert send
    assert send["y"] + send["height"] <= size[1]
