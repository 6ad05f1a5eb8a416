"""WhatsApp Cloud API: requests by Meta's schema, answers by their codes, webhooks by their signatures."""

import hmac
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from app.http.api import create_api
from engine.channels.accounts import channel_status, connect_channel
from engine.channels.reports import ReportKind
from engine.channels.whatsapp import demand_signature
from engine.channels.whatsapp_webhook import read_reports
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import BadSignature
from engine.core.settings import settings
from engine.customers.consent import consents_of
from engine.customers.models import CustomerIdentity
from engine.delivery.models import Receipt
from engine.delivery.receipts import apply_receipts
from engine.events.models import Event
from engine.templates.models import Template
from tests.emulators import whatsapp

DATA = Path(__file__).parents[1] / "emulators" / "data"
SAMPLES = json.loads((DATA / "whatsapp-webhooks.json").read_text())
VECTORS = json.loads((DATA / "meta-signatures.json").read_text())["cases"]


@pytest.fixture
def cloud(sender: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[whatsapp.Cloud]:
    """Meta's side; the studio's WhatsApp is connected to it."""
    with whatsapp.Emulator() as running:
        monkeypatch.setenv("SAFAR_WHATSAPP_URL", running.url)
        settings.cache_clear()
        with tenant_session(sender.tenant) as session:
            connect_channel(
                session,
                sender.tenant,
                "whatsapp",
                "whatsapp_cloud",
                {"access_token": whatsapp.TOKEN, "app_secret": whatsapp.SECRET, "verify_token": "verify-me"},
                {"phone_number_id": whatsapp.NUMBER},
                actor="test",
                now=sender.clock(),
            )
        yield running


@pytest.fixture
def hooks(database: str) -> Iterator[TestClient]:
    """Our doors."""
    with TestClient(create_api()) as client:
        yield client


@pytest.fixture
def slug(sender: Any) -> str:
    """The studio's slug."""
    with tenant_session(sender.tenant) as session:
        return str(session.execute(text("SELECT slug FROM tenants")).scalar_one())


def apply_all(sender: Any) -> None:
    while apply_receipts(sender.tenant, now=utc_now()):
        pass


def customer_with(sender: Any, last: str) -> Any:
    phone = f"+91987654{last}"
    (customer,) = sender.add_customers(1, phone=phone)
    with tenant_session(sender.tenant) as session:
        session.add(
            CustomerIdentity(tenant_id=sender.tenant, kind="phone", value=phone, customer_id=customer)
        )
    return customer


def test_a_message_is_sent_as_metas_schema_wants_it_with_our_id_to_come_back(sender: Any, cloud: Any) -> None:
    sender.queue(sender.add_customers(2))
    sender.deliver()
    assert cloud.invalid == []
    assert {body["type"] for body in cloud.taken} == {"text"}
    assert {body["biz_opaque_callback_data"] for body in cloud.taken} == {
        str(m.id) for m in sender.messages()
    }
    assert all(message.provider_message_id.startswith("wamid.") for message in sender.messages())


def test_an_approved_template_is_sent_by_name_with_its_parameters(sender: Any, cloud: Any) -> None:
    with tenant_session(sender.tenant) as session:
        template = session.get_one(Template, sender.templates["whatsapp"])
        template.whatsapp = {"name": "diwali_offer", "language": "en", "parameters": ["{{ first_name }}"]}
        template.version += 1
    sender.queue(sender.add_customers(1))
    sender.deliver()
    assert cloud.invalid == []
    (body,) = cloud.taken
    assert body["template"]["name"] == "diwali_offer"
    assert body["template"]["components"][0]["parameters"] == [{"type": "text", "text": "Asha"}]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        ((429, 130429), "queued", None),
        ((500, 131000), "queued", None),
        ((401, 190), "queued", None),
        ((400, 131026), "failed", "SAFAR_020"),
        ((400, 131050), "failed", "MARKETING_011"),
        ((400, 132001), "failed", "MARKETING_052"),
    ],
)
def test_metas_error_codes_decide_what_becomes_of_a_message(
    sender: Any, cloud: Any, failure: tuple[int, int], status: str, code: str | None
) -> None:
    cloud.failures = [failure]
    (customer,) = sender.add_customers(1)
    sender.queue([customer])
    sender.deliver()
    (message,) = sender.messages()
    assert (message.status, message.code) == (status, code)
    with tenant_session(sender.tenant) as session:
        (channel,) = (each for each in channel_status(session) if each.channel == "whatsapp")
        states = {consent.channel: consent.state for consent in consents_of(session, customer)}
    assert bool(channel.trouble) == (failure[1] == 190)
    assert states["whatsapp"] == ("withdrawn" if failure[1] == 131050 else "granted")


def test_a_connection_that_breaks_after_the_request_leaves_doubt_and_is_not_repeated(
    sender: Any, cloud: Any
) -> None:
    cloud.break_after_taking = True
    sender.queue(sender.add_customers(1))
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["uncertain"]
    assert len(cloud.taken) == 1


def test_receipts_move_messages_forward_whatever_their_order_and_number(
    sender: Any, cloud: Any, hooks: TestClient, slug: str
) -> None:
    usual, late, blocked = (customer_with(sender, last) for last in ("4321", "0009", "0002"))
    sender.queue([usual, late, blocked])
    sender.deliver()
    for body, headers in cloud.webhooks(dice=random.Random(7)):
        assert hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers=headers).status_code == 200
        assert hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers=headers).status_code == 200
    apply_all(sender)
    by_customer = {message.customer_id: message for message in sender.messages()}
    assert by_customer[usual].status == by_customer[late].status == "read"
    assert by_customer[late].delivered_at is not None
    assert by_customer[blocked].status == "failed"
    with tenant_session(sender.tenant) as session:
        states = {consent.channel: consent.state for consent in consents_of(session, blocked)}
        reads = session.scalar(select(func.count()).select_from(Event).where(Event.name == "message.read"))
        assert session.scalar(select(func.count()).where(Receipt.done_at.is_(None))) == 0
    assert states["whatsapp"] == "withdrawn"
    assert reads == 2


def test_a_receipt_resolves_an_uncertain_message(
    sender: Any, cloud: Any, hooks: TestClient, slug: str
) -> None:
    cloud.break_after_taking = True
    sender.queue([customer_with(sender, "4321")])
    sender.deliver()
    for body, headers in cloud.webhooks():
        hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers=headers)
    apply_all(sender)
    assert sender.messages()[0].status == "read"


@pytest.mark.parametrize("word", ["STOP", " stop ", "रोकें", "बंद करो"])
def test_a_stop_word_is_an_opt_out_of_the_channel(
    sender: Any, cloud: Any, hooks: TestClient, slug: str, word: str
) -> None:
    customer = customer_with(sender, "4321")
    said = {
        "from": "919876544321",
        "id": "wamid.in",
        "timestamp": "1763668800",
        "type": "text",
        "text": {"body": word},
    }
    body, headers = whatsapp.signed({"messages": [said]})
    hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers=headers)
    apply_all(sender)
    with tenant_session(sender.tenant) as session:
        states = {consent.channel: consent.state for consent in consents_of(session, customer)}
    assert states == {"whatsapp": "withdrawn", "sms": "granted", "email": "granted"}


def test_a_forged_webhook_is_refused_and_stores_nothing(
    sender: Any, cloud: Any, hooks: TestClient, slug: str
) -> None:
    body, headers = whatsapp.signed({"statuses": []}, secret="somebody-else")
    answer = hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "SAFAR_014"
    assert hooks.post(f"/hooks/whatsapp/{slug}", content=b"{}").status_code == 401
    with tenant_session(sender.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0


def test_the_handshake_needs_our_token(cloud: Any, hooks: TestClient, slug: str) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me"}
    assert hooks.get(f"/hooks/whatsapp/{slug}", params=asked).text == "1158201444"
    wrong = asked | {"hub.verify_token": "guess"}
    assert hooks.get(f"/hooks/whatsapp/{slug}", params=wrong).status_code == 403
    assert hooks.get("/hooks/whatsapp/nobody", params=asked).status_code == 404


def test_a_huge_or_broken_webhook_is_refused(cloud: Any, hooks: TestClient, slug: str) -> None:
    assert hooks.post(f"/hooks/whatsapp/{slug}", content=b"x" * 10_000_000).status_code == 413
    body = b"{broken"
    signature = "sha256=" + hmac.digest(whatsapp.SECRET.encode(), body, "sha256").hex()
    answer = hooks.post(f"/hooks/whatsapp/{slug}", content=body, headers={"X-Hub-Signature-256": signature})
    assert answer.status_code == 422


@pytest.mark.parametrize("case", VECTORS, ids=range(len(VECTORS)))
def test_signatures_are_judged_over_the_raw_bytes(case: dict[str, Any]) -> None:
    raw = case["raw_body"].encode()
    if case["valid"]:
        demand_signature(raw, case["signature"], case["secret"])
    else:
        with pytest.raises(BadSignature):
            demand_signature(raw, case["signature"], case["secret"])


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if "body" in each], ids=lambda each: each["name"]
)
def test_every_known_webhook_of_metas_is_read(sample: dict[str, Any]) -> None:
    reports = read_reports(sample["body"])
    expected = [each["type"] for each in sample["expect"] if isinstance(each, dict)]
    statuses = [report.status for report in reports if report.kind is ReportKind.STATUS]
    assert statuses == [kind for kind in expected if kind in ("sent", "delivered", "read", "failed")]
    assert any(report.kind is ReportKind.STOP for report in reports) == ("opt_out" in expected)
    assert any(report.kind is ReportKind.RESUME for report in reports) == ("opt_in" in expected)
