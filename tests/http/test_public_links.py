"""What customers open from a message: links, pixels, one-click unsubscribing and the preference centre."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from engine.channels.inbox import all_messages
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.consent import ConsentWish, change_consents, consents_of
from engine.customers.models import ConsentChange, ConsentState, Customer, Purpose
from engine.delivery.handover import deliver_due
from engine.delivery.models import Message
from engine.delivery.outbox import MessageIntent, queue_messages
from engine.events.models import Event
from engine.templates.models import Template


@pytest.fixture
def mail(tenant: UUID, now: datetime) -> Any:
    """A marketing e-mail in the local inbox."""
    customer, template = new_id(), new_id()
    with tenant_session(tenant) as session:
        session.add(
            Template(
                id=template,
                tenant_id=tenant,
                name="News",
                channel="email",
                template_type="promotional",
                contents={"en": {"subject": "News", "body": "Look: https://studio.example/new?a=1&b=2"}},
            )
        )
        session.add(
            Customer(
                id=customer, tenant_id=tenant, name="Asha", email="asha@example.in", phone="+919876543210"
            )
        )
        session.flush()
        wishes = [
            ConsentWish(customer, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
            for channel in ("email", "whatsapp")
        ]
        change_consents(session, tenant, wishes, actor="customer", now=now)
        intent = MessageIntent(new_id(), customer, "email", "marketing", "trigger", template, due_at=now)
        queue_messages(session, tenant, [intent], now=now)
    deliver_due(tenant, worker="test", clock=lambda: now)
    with tenant_session(tenant) as session:
        (message,) = all_messages(session, limit=5)
    return message


def path_in(text: str, kind: str) -> str:
    found = re.search(rf"/{kind}/[\w.\-]+", text)
    assert found
    return found.group()


def names_of_events(tenant: UUID) -> list[str]:
    with tenant_session(tenant) as session:
        return sorted(session.scalars(select(Event.name)))


def states(tenant: UUID, customer: UUID) -> dict[str, str]:
    with tenant_session(tenant) as session:
        return {consent.channel: consent.state for consent in consents_of(session, customer)}


def test_a_tracked_link_leads_on_and_is_an_event(visitor: TestClient, tenant: UUID, mail: Any) -> None:
    answer = visitor.get(path_in(mail.body, "l"))
    assert (answer.status_code, answer.headers["location"]) == (302, "https://studio.example/new?a=1&b=2")
    with tenant_session(tenant) as session:
        message = session.scalars(select(Message)).one()
    assert message.clicked_at and message.opened_at
    assert names_of_events(tenant) == ["message.clicked"]


def test_html_and_text_links_lead_to_the_same_place(visitor: TestClient, mail: Any) -> None:
    assert path_in(mail.html, "l") == path_in(mail.body, "l")


def test_an_open_is_counted_once(visitor: TestClient, tenant: UUID, mail: Any) -> None:
    for _ in range(2):
        answer = visitor.get(path_in(mail.html, "o"))
        assert answer.headers["content-type"] == "image/gif"
    assert names_of_events(tenant) == ["message.opened"]


def test_one_click_unsubscribes_from_the_channel_by_post_alone(
    visitor: TestClient, tenant: UUID, mail: Any
) -> None:
    address = path_in(mail.headers["List-Unsubscribe"], "u")
    assert visitor.get(address).status_code == 200
    assert states(tenant, mail.customer_id) == {"email": "granted", "whatsapp": "granted"}
    answer = visitor.post(address, data={"List-Unsubscribe": "One-Click"}, headers={"user-agent": "Mailer"})
    assert answer.status_code == 200
    assert states(tenant, mail.customer_id) == {"email": "withdrawn", "whatsapp": "granted"}
    with tenant_session(tenant) as session:
        proof = session.scalars(select(ConsentChange).where(ConsentChange.state == "withdrawn")).one()
    assert (proof.source, proof.user_agent) == ("preference_centre", "Mailer")
    assert "consent.withdrawn" in names_of_events(tenant)


def test_one_click_also_works_as_multipart(visitor: TestClient, tenant: UUID, mail: Any) -> None:
    address = path_in(mail.headers["List-Unsubscribe"], "u")
    visitor.post(address, files={"List-Unsubscribe": (None, "One-Click")})
    assert states(tenant, mail.customer_id)["email"] == "withdrawn"


def test_the_preference_centre_shows_and_stores_each_channel(
    visitor: TestClient, tenant: UUID, mail: Any
) -> None:
    address = path_in(mail.headers["List-Unsubscribe"], "u")
    page = visitor.get(address)
    assert page.text.count("checked") == 2
    assert "script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    visitor.post(address, data={"whatsapp": "yes", "sms": "yes"})
    assert states(tenant, mail.customer_id) == {"email": "withdrawn", "whatsapp": "granted", "sms": "granted"}
    visitor.post(address, data={"whatsapp": "yes", "none": "yes"})
    assert set(states(tenant, mail.customer_id).values()) == {"withdrawn"}


@pytest.mark.parametrize("path", ["/u/forged.token", "/l/nothing", "/u/x"])
def test_a_forged_or_dead_link_says_so_kindly(visitor: TestClient, database: str, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


def test_a_forged_token_cannot_unsubscribe_anybody(visitor: TestClient, tenant: UUID, mail: Any) -> None:
    address = path_in(mail.headers["List-Unsubscribe"], "u")
    visitor.post(
        address[:-2] + ("aa" if not address.endswith("aa") else "bb"), data={"List-Unsubscribe": "x"}
    )
    assert states(tenant, mail.customer_id)["email"] == "granted"


def test_messages_and_inbox_are_read_by_api(api: TestClient, tenant: UUID, mail: Any) -> None:
    (row,) = api.get("/api/v1/messages", params={"status": "sent"}).json()["data"]
    assert row["template"] == "News"
    assert api.get("/api/v1/inbox").json()["data"]["total"] == 1
    assert api.get("/api/v1/messages", params={"status": "odd"}).status_code == 422
    assert utc_now().isoformat() > row["created_at"]
