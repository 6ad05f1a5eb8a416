"""Writing a message out: the template's words, tracked links, and what the law wants on marketing e-mail (H4, C5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from engine.channels.interface import Channel, Outgoing
from engine.core.settings import settings
from engine.customers.contacts import Contact
from engine.customers.models import Purpose
from engine.delivery.tracking import LinkTracker, NewLink, make_token
from engine.templates.rendering import Compiled, render


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The tenant as its messages name it."""

    tenant_id: UUID
    name: str
    language: str
    timezone: str
    currency: str
    mailing_address: str
    privacy_url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is to be written out."""

    message_id: UUID
    channel: Channel
    purpose: Purpose
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A message written out, and the links that must be stored before it leaves."""

    outgoing: Outgoing
    links: tuple[NewLink, ...]


def compose(draft: Draft, contact: Contact, template: Compiled, letterhead: Letterhead) -> Written:
    """Write a message out for one customer.

    Raises:
        TemplateProblem: the template cannot be written out for this customer.
    """
    unsubscribe = (
        f"{settings().public_url}/u/{make_token('unsubscribe', letterhead.tenant_id, draft.message_id)}"
    )
    variables = {
        **contact.variables,
        **draft.variables,
        "tenant": {
            "name": letterhead.name,
            "timezone": letterhead.timezone,
            "currency": letterhead.currency,
        },
        "unsubscribe_url": unsubscribe,
        "preferences_url": unsubscribe,
    }
    rendered = render(template, variables, language=contact.language, default_language=letterhead.language)
    tracker = LinkTracker(draft.message_id)
    body = tracker.track_text(rendered.body)
    html = tracker.track_html(rendered.html) if rendered.html else None
    headers: dict[str, str] = {}
    if draft.channel is Channel.EMAIL:
        if draft.purpose is Purpose.MARKETING:
            body += _footer_text(letterhead, unsubscribe)
            html = html and html + _footer_html(letterhead, unsubscribe)
            headers = _list_headers(unsubscribe, letterhead)
        html = html and html + pixel(letterhead.tenant_id, draft.message_id)
    outgoing = Outgoing(
        message_id=draft.message_id,
        customer_id=contact.customer_id,
        channel=draft.channel,
        address=contact.address(draft.channel) or "",
        language=rendered.language,
        body=body,
        subject=rendered.subject,
        html=html,
        headers=headers,
        whatsapp=rendered.whatsapp,
    )
    return Written(outgoing, tuple(tracker.links.values()))


def _list_headers(unsubscribe: str, letterhead: Letterhead) -> dict[str, str]:
    """RFC 2369 and RFC 8058; Feedback-ID as Gmail wants it (providers 3.1)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"marketing:{letterhead.tenant_id.hex[:12]}:safar:safar1",
    }


def _footer_text(letterhead: Letterhead, unsubscribe: str) -> str:
    lines = [letterhead.name, letterhead.mailing_address, f"Unsubscribe: {unsubscribe}"]
    if letterhead.privacy_url:
        lines.append(f"Privacy: {letterhead.privacy_url}")
    return "\n\n--\n" + "\n".join(line for line in lines if line)


def _footer_html(letterhead: Letterhead, unsubscribe: str) -> str:
    parts = [escape(letterhead.name), escape(letterhead.mailing_address)]
    parts.append(f'<a href="{escape(unsubscribe)}" style="color:#6b7280">Unsubscribe</a>')
    if letterhead.privacy_url:
        parts.append(f'<a href="{escape(letterhead.privacy_url)}" style="color:#6b7280">Privacy</a>')
    told = " · ".join(part for part in parts if part)
    return (
        '<p style="margin:32px 0 0;padding:16px 0;border-top:1px solid #e5e7eb;'
        f'font:12px/1.6 sans-serif;color:#6b7280">{told}</p>'
    )


def pixel(tenant_id: UUID, message_id: UUID) -> str:
    """What tells that an e-mail was opened."""
    address = f"{settings().public_url}/o/{make_token('open', tenant_id, message_id)}.gif"
    return f'<img src="{address}" width="1" height="1" alt="" style="display:none">'
