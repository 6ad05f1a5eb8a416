"""The marketer's pages as a person uses them: settings, inbox, customers, import, templates; keyboard and labels."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy.orm import Session

from engine.channels.inbox import receive
from engine.channels.interface import Channel, Outgoing
from engine.core.accounts import Role, create_user, list_keys
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.tenants import get_settings, get_tenant
from engine.customers.consent import ConsentWish, change_consents, consents_of
from engine.customers.directory import list_customers, load_profile
from engine.customers.models import ConsentState, Purpose
from engine.customers.orders import NewOrder, save_orders
from engine.customers.profiles import Profile, save_profiles
from engine.templates.models import Template
from engine.templates.templates import list_templates
from tests.browser.conftest import PASSWORD, Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NAME = "सौदामिनी वेंकटसुब्रमण्यम श्रीवास्तव"
PAGES = ("/", "/customers", "/customers/import", "/desk", "/templates", "/inbox", "/settings")

UNNAMED = """() => {
  const named = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent);
    const told = [element.getAttribute("aria-label"), ...by, ...[...(element.labels || [])].map((label) => label.textContent),
      element.tagName === "BUTTON" || element.tagName === "A" || element.tagName === "SUMMARY" ? element.textContent : "",
      element.title];
    return told.some((text) => (text || "").trim());
  };
  const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [role=tab]")];
  return controls
    .filter((element) => element.checkVisibility() && !element.closest("[aria-hidden=true]") && !named(element))
    .map((element) => element.outerHTML.slice(0, 160));
}"""  # noqa: E501
"""Controls one can see that a screen reader would have no name for."""

STRUCTURE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const levels = [...document.querySelectorAll("main h1, main h2, main h3, main h4")].map((h) => Number(h.tagName[1]));
  return {
    lang: document.documentElement.lang,
    h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length,
    here: document.querySelectorAll("nav:not(.s-tabs) [aria-current=page]").length,
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    skips: levels.filter((level, index) => index && level > levels[index - 1] + 1).length,
    overflow: document.documentElement.scrollWidth - innerWidth,
    pictures: [...document.querySelectorAll("img:not([alt])")].length,
  };
}"""


@pytest.fixture
def customer(studio: Studio) -> UUID:
    """A customer with a long Hindi name, two tags, an order and consent to WhatsApp."""
    now = utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        profile = Profile(
            phone="+919820012345", email="saudamini@example.in", name=NAME, city="Pune", tags=("vip",)
        )
        [saved] = save_profiles(session, studio.tenant_id, [profile], source="api", now=now)
        order = NewOrder(saved.customer_id, "B-77", now - timedelta(days=2), 149900, "INR", "placed", "till")
        save_orders(session, studio.tenant_id, [order], now=now)
        wish = ConsentWish(saved.customer_id, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, studio.tenant_id, [wish], actor="system", now=now)
    return saved.customer_id


@pytest.fixture
def messages(studio: Studio, customer: UUID) -> None:
    """Three messages in the inbox, one a channel; the e-mail tries to run a script."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        sent = [
            _message(customer, Channel.SMS, "+919820012345", "Your class is tomorrow at 7:00."),
            _message(
                customer,
                Channel.EMAIL,
                "saudamini@example.in",
                "Welcome",
                subject="Welcome to the studio",
                html="<h1>Welcome</h1><script>parent.document.title = 'taken'</script>",
            ),
            _message(customer, Channel.WHATSAPP, "+919820012345", "Namaste! *Half price* until Sunday."),
        ]
        for minutes, message in enumerate(sent):
            receive(session, studio.tenant_id, [message], now=utc_now() + timedelta(minutes=minutes - 10))


def test_settings_are_kept_and_bad_values_stand_next_to_their_field(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/settings")
    page.fill("#send_window_start", "10:30")
    page.fill("#send_window_end", "10:30")
    _section(page, "Sending hours").get_by_role("button", name="Save").click()
    expect(page.locator("#send_window_end-error")).to_contain_text("Must differ from the start")
    expect(page.locator("#send_window_end")).to_have_attribute("aria-invalid", "true")

    page.fill("#send_window_end", "20:15")
    page.select_option("#timezone", "Asia/Dubai")
    _section(page, "Sending hours").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sending hours saved.")).to_be_visible()
    page.fill("#daily_message_limit_per_customer", "3")
    _section(page, "Limits").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Limits saved.")).to_be_visible()
    page.get_by_role("switch", name="Send by SMS").click()
    expect(page.get_by_text("SMS is off.")).to_be_visible()

    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        kept = get_settings(session)
        assert (f"{kept.send_window_start:%H:%M}", f"{kept.send_window_end:%H:%M}") == ("10:30", "20:15")
        assert (kept.daily_message_limit_per_customer, kept.sms_enabled) == (3, False)
        assert get_tenant(session).timezone == "Asia/Dubai"
    page.reload()
    expect(page.locator("#send_window_end")).to_have_value("20:15")
    expect(page.get_by_role("switch", name="Send by SMS")).not_to_be_checked()


def test_a_key_is_shown_once_and_can_be_revoked(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/settings")
    page.get_by_role("button", name="New key").click()
    page.fill("#key_name", "Website")
    page.get_by_role("button", name="Make key").click()
    expect(page.locator(".st-secret")).to_contain_text("safar_write_")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("row", name="Website")).to_be_visible()
    expect(page.locator(".st-secret")).to_have_count(0)

    page.get_by_role("button", name="Revoke Website").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert list_keys(session) == []


def test_a_provider_that_cannot_be_reached_is_not_connected(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/settings")
    page.get_by_role("listitem").filter(has_text="E-mail").get_by_role("button", name="Connect").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Server").fill("127.0.0.1")
    dialog.get_by_label("Port").fill("9")
    dialog.get_by_label("Security").select_option("none")
    dialog.get_by_label("Sender address").fill("hello@studio.test")
    dialog.get_by_role("button", name="Try and connect").click()
    expect(dialog.locator(".s-error, .s-notice").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Local inbox", exact=True)).to_have_count(3)


@pytest.mark.usefixtures("messages")
def test_the_inbox_reads_searches_and_follows(page: Page, studio: Studio, customer: UUID) -> None:
    page.goto(f"{studio.app.url}/inbox")
    lines = page.locator(".ib-line")
    expect(lines).to_have_count(3)
    expect(page.locator(".ib-unread")).to_have_count(3)
    lines.first.click()
    expect(page.locator(".m-whatsapp .m-bold")).to_have_text("Half price")
    expect(page.locator(".ib-unread")).to_have_count(2)

    page.get_by_label("Search messages").fill("welcome")
    expect(lines).to_have_count(1)
    lines.first.click()
    frame = page.frame_locator("iframe.m-frame")
    expect(frame.get_by_role("heading", name="Welcome")).to_be_visible()
    assert page.title() == "Inbox · Safar"

    page.get_by_label("Search messages").fill("")
    page.get_by_label("Channel").select_option("sms")
    expect(lines).to_have_count(1)
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        late = _message(customer, Channel.SMS, "+919820012345", "One more thing.")
        receive(session, studio.tenant_id, [late], now=utc_now())
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("One more thing.")


def test_a_file_is_looked_at_mapped_and_imported(page: Page, studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(
        f"Client,Mobile,Town,Loves\n{NAME},98200 11111,Pune,Hatha\nRavi,98200 22222,Mumbai,Pranayama\nNobody,12,Goa,\n"
    )
    page.goto(f"{studio.app.url}/customers/import")
    expect(page.get_by_text("Drop a CSV file here")).to_be_visible()
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_text("3 rows, 4 columns")).to_be_visible()
    expect(page.get_by_text("Row 4")).to_be_visible()
    page.get_by_label("What “Client” becomes").select_option("name")
    expect(page.get_by_label("What “Client” becomes")).to_have_value("name")
    expect(page.get_by_label("What “Town” becomes")).to_have_value("city")
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("Rows kept back")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download them").click()
    assert "Nobody" in Path(download.value.path()).read_text(encoding="utf-8-sig")

    page.get_by_role("link", name="See your customers").click()
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        found = list_customers(session, search="saud") or list_customers(session)
        assert list_customers(session).total == 2, found
        ravi = list_customers(session, search="Ravi").rows[0]
        assert load_profile(session, ravi.id).customer.attributes["Loves"] == "Pranayama"


def test_a_file_that_is_no_csv_says_what_to_do(page: Page, studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "clients.xlsx"
    file.write_bytes(b"PK\x03\x04" + bytes(64))
    page.goto(f"{studio.app.url}/customers/import")
    expect(page.get_by_text("Drop a CSV file here")).to_be_visible()
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_role("alert")).to_contain_text("Excel workbook")


def test_a_profile_tells_tags_and_stops_a_channel(page: Page, studio: Studio, customer: UUID) -> None:
    page.goto(f"{studio.app.url}/customers")
    page.get_by_label("Search customers").fill("98200 12345")
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.get_by_text("Order B-77")).to_be_visible()
    expect(page.get_by_text("WhatsApp, marketing")).to_be_visible()

    page.get_by_label("Add a tag").fill("prenatal")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag prenatal")).to_be_visible()
    page.get_by_role("button", name="Remove tag vip").click()
    expect(page.get_by_role("button", name="Remove tag vip")).to_have_count(0)
    page.get_by_role("button", name="Stop WhatsApp").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Withdrawn").first).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert load_profile(session, customer).customer.tags == ["prenatal"]
        assert [each.state for each in consents_of(session, customer) if each.channel == "whatsapp"] == [
            "withdrawn"
        ]


def test_an_unknown_customer_is_told(page: Page, studio: Studio) -> None:
    for address in ("/customers/nonsense", f"/customers/{new_id()}", f"/templates/{new_id()}"):
        page.goto(f"{studio.app.url}{address}")
        expect(page.get_by_role("heading", name="No such")).to_be_visible()


def test_a_template_is_written_previewed_and_kept(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/templates")
    page.get_by_role("button", name="New template").first.click()
    page.fill("#name", "Thank you, first class")
    page.get_by_label("Channel").last.select_option("whatsapp")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, first class")

    body = page.get_by_role("textbox", name="Text")
    body.fill("Namaste ")
    page.get_by_role("button", name="First name").click()
    body.press_sequentially(", *see you soon*!")
    bubble = page.locator(".te-preview .m-bubble")
    expect(bubble).to_contain_text("Namaste Asha, see you soon!")
    expect(bubble.locator(".m-bold")).to_have_text("see you soon")

    body.press_sequentially(" {% if %}")
    expect(page.locator(".te-preview .s-notice")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#body-error")).not_to_be_empty()
    body.fill("Namaste {{ first_name }}")
    expect(bubble).to_contain_text("Namaste Asha")

    page.get_by_label("Add a language").select_option("hi")
    expect(page.get_by_role("tab", name="हिन्दी")).to_have_attribute("aria-selected", "true")
    body.fill("नमस्ते {{ first_name }}")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    template = _template(studio, "Thank you, first class")
    assert template.contents == {
        "en": {"body": "Namaste {{ first_name }}"},
        "hi": {"body": "नमस्ते {{ first_name }}"},
    }
    assert template.version == 2

    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, first class (copy)")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Templates")
    expect(page.get_by_text("(copy)")).to_have_count(0)


def test_unsaved_words_are_not_lost_by_a_click(page: Page, studio: Studio) -> None:
    template = _template(studio, "Welcome (SMS)")
    page.goto(f"{studio.app.url}/templates/{template.id}")
    page.get_by_role("textbox", name="Text").fill("Half a thought")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    expect(page.locator(".te-segments")).to_contain_text("1 part · 14 of 160 characters")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if len(asked) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    page.get_by_role("link", name="Inbox").first.click()
    while not asked:
        page.wait_for_timeout(50)
    expect(page.get_by_role("textbox", name="Text")).to_have_value("Half a thought")
    page.get_by_role("link", name="Inbox").first.click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert len(asked) == 2


@pytest.mark.usefixtures("messages")
@pytest.mark.parametrize("width", [1440, 390])
def test_every_control_has_a_name_and_every_page_a_structure(
    page: Page, studio: Studio, customer: UUID, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900 if width > 1000 else 844})
    template = _template(studio, "Welcome (WhatsApp)")
    for address in (*PAGES, f"/customers/{customer}", f"/templates/{template.id}"):
        page.goto(f"{studio.app.url}{address}")
        page.locator("h1:not(:empty)").first.wait_for()
        expect(page.locator(".s-bone")).to_have_count(0)
        assert page.evaluate(UNNAMED) == [], address
        structure = page.evaluate(STRUCTURE)
        wanted = {
            "lang": "en",
            "h1": 1,
            "main": 1,
            "here": 1,
            "twice": [],
            "skips": 0,
            "overflow": 0,
            "pictures": 0,
        }
        assert structure == wanted, f"{address}: {json.dumps(structure)}"


@pytest.mark.usefixtures("customer")
def test_the_keyboard_is_enough(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/customers")
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for name in ("Import", "Search customers", "Order", NAME):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent")
        assert name in focused
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.get_by_role("tab", name="Timeline").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("In no journey yet")).to_be_visible()


def test_staff_who_may_only_look_find_nothing_to_press(browser: Browser, staff: str, studio: Studio) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.app.url}/login?next=/settings")
    page.fill("#email", staff)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_text("Only an owner of the account changes these.")).to_be_visible()
    expect(page.locator("#daily_message_limit_per_customer")).to_be_disabled()
    expect(page.get_by_role("button", name="Connect")).to_have_count(0)
    page.goto(f"{studio.app.url}/templates")
    expect(page.get_by_role("row").nth(2)).to_be_visible()
    expect(page.get_by_role("button", name="New template")).to_have_count(0)
    context.close()


@pytest.fixture
def staff(studio: Studio) -> Iterator[str]:
    """The address of a member of staff without any right to change."""
    address = f"staff-{studio.slug}@studio.test"
    with studio.app.inside():
        create_user(studio.tenant_id, address, "Kabir Sen", Role.RECEPTIONIST, PASSWORD)
    yield address


def _section(page: Page, title: str):
    return page.get_by_role("region", name=title)


def _message(
    customer: UUID,
    channel: Channel,
    address: str,
    body: str,
    *,
    subject: str | None = None,
    html: str | None = None,
) -> Outgoing:
    return Outgoing(new_id(), customer, channel, address, "en", body, subject=subject, html=html)


def _template(studio: Studio, name: str) -> Template:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        found = _named(session, name)
        session.expunge(found)
        return found


def _named(session: Session, name: str) -> Template:
    return next(each for each in list_templates(session) if each.name == name)
