"""A coupon's way: made in the office, given by a journey, read by the customer, used at the till."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.offers.models import Coupon, CouponCode
from engine.offers.redeeming import redeem
from engine.offers.rules import Use
from engine.templates.templates import TemplateDraft, create_template
from tests.browser.canvas import new_journey
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_coupon_is_made_given_by_a_journey_read_and_used(page: Page, studio: Studio) -> None:
    customer, now = new_id(), utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        person = Customer(id=customer, tenant_id=studio.tenant_id, name="आशा राव", phone="+919876500001")
        session.add(person)
        session.flush()
        wish = ConsentWish(customer, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, studio.tenant_id, [wish], actor="customer", now=now)
        words = {"en": {"body": "Your code {{ coupon.code }}: {{ coupon.discount }}"}}
        draft = TemplateDraft(
            name="Your code", channel="whatsapp", contents=words, template_type="transactional"
        )
        create_template(session, studio.tenant_id, draft, now=now)

    page.goto(studio.app.url)
    page.get_by_role("link", name="Offers").first.click()
    expect(page.get_by_role("heading", name="No coupons yet")).to_be_visible()
    page.get_by_role("button", name="New coupon").first.click()
    dialog = page.get_by_role("dialog", name="New coupon")
    page.fill("#name", "Birthday treat")
    page.fill("#code", "bday")
    page.fill("#percent", "120")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_text("Write how many percent, from 0.01 to 100.")).to_be_visible()
    page.locator("#discount_type").select_option("Amount off")
    page.fill("#amount_minor", "250")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Birthday treat")).to_be_visible()
    expect(page.get_by_text("₹250 off")).to_be_visible()

    canvas = new_journey(page, studio, "Birthdays")
    trigger = canvas.drop("trigger.manual", 760, 140)
    gives = canvas.drop("action.coupon", 760, 300)
    canvas.choose("coupon_id", "Birth")
    page.fill("#jc-field-valid_days", "7")
    expect(canvas.node(gives)).to_contain_text("Give “Birthday treat”, good for 7 days")
    message = canvas.drop("action.message", 760, 500)
    canvas.choose("template_id", "Your code")
    page.get_by_role("radio", name="Transactional").click()
    canvas.close_panel()
    canvas.connect(trigger, "next", gives)
    canvas.connect(gives, "next", message)
    canvas.wait_until_saved()
    canvas.publish()
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    page.get_by_role("button", name="Add customers…").click()
    add = page.get_by_role("dialog", name="Add customers")
    add.get_by_label("Search customers").fill("आशा")
    add.get_by_role("checkbox", name="आशा राव").click()
    add.get_by_role("button", name="Let 1 customer in").click()

    page.goto(f"{studio.app.url}/inbox")
    expect(page.get_by_text(re.compile(r"Your code \w{8}: ₹250 off")).first).to_be_visible(timeout=30_000)
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        code = session.scalars(select(CouponCode.code)).one()
        coupon_id = session.scalars(select(Coupon.id)).one()
        redeem(session, studio.tenant_id, Use(code, customer, 100_000), order_id="INV-1", now=utc_now())
    page.goto(f"{studio.app.url}/customers/{customer}")
    expect(page.get_by_text("Given a coupon")).to_be_visible()
    expect(page.get_by_text("Used a coupon")).to_be_visible()

    page.goto(f"{studio.app.url}/offers/{coupon_id}")
    expect(
        page.get_by_role("table", name="Used last").get_by_role("row").filter(has_text=code)
    ).to_contain_text("INV-1")
    page.get_by_role("button", name="Switch off").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    page.goto(f"{studio.app.url}/offers")
    row = page.get_by_role("row").filter(has_text="Birthday treat")
    expect(row).to_contain_text("₹750")
    expect(row.get_by_text("Off", exact=True)).to_be_visible()
