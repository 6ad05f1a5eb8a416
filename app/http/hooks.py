"""Where providers report: `/hooks/{provider}/{tenant}` (providers 9.3). Checked, stored, answered; worked off later."""

import asyncio
import hmac
import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from app.http.incoming import read_body
from engine.channels.accounts import load_account
from engine.channels.interface import Account
from engine.channels.whatsapp import SIGNATURE_HEADER, WhatsAppProvider, demand_signature
from engine.channels.whatsapp_webhook import read_reports
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import TenantRef, find_tenant
from engine.core.errors import Forbidden, InvalidInput, NotFound
from engine.delivery.receipts import take_receipts

LARGEST_BODY = 5_000_000

router = APIRouter(prefix="/hooks", tags=["hooks"])


@router.get("/whatsapp/{tenant}")
def shake_hands(
    tenant: str,
    mode: Annotated[str, Query(alias="hub.mode")] = "",
    token: Annotated[str, Query(alias="hub.verify_token")] = "",
    challenge: Annotated[str, Query(alias="hub.challenge")] = "",
) -> Response:
    """Meta's handshake: the challenge comes back when the token is ours."""
    account = _account(_tenant(tenant))
    expected = account.credentials.get("verify_token", "")
    if mode != "subscribe" or not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise Forbidden("hub.verify_token is not the one under Settings, Channels, WhatsApp.")
    return PlainTextResponse(challenge)


@router.post("/whatsapp/{tenant}")
async def take_whatsapp(tenant: str, request: Request) -> Response:
    """Statuses, replies and preferences of Meta; the signature is over the raw bytes."""
    raw = await read_body(request, LARGEST_BODY)
    await asyncio.to_thread(_take, tenant, raw, request.headers.get(SIGNATURE_HEADER, ""))
    return PlainTextResponse("")


def _take(slug: str, raw: bytes, signature: str) -> None:
    tenant = _tenant(slug)
    demand_signature(raw, signature, _account(tenant).credentials.get("app_secret", ""))
    try:
        payload = json.loads(raw)
    except ValueError as error:
        raise InvalidInput("body: this is no JSON.") from error
    if not isinstance(payload, dict):
        raise InvalidInput("body: this is no webhook of Meta's.")
    reports = read_reports(payload)
    with tenant_session(tenant.id) as session:
        take_receipts(session, tenant.id, WhatsAppProvider.name, reports, now=utc_now())


def _tenant(slug: str) -> TenantRef:
    tenant = find_tenant(slug)
    if tenant is None:
        raise NotFound("There is no such studio.")
    return tenant


def _account(tenant: TenantRef) -> Account:
    account = _load(tenant.id)
    if account is None:
        raise NotFound("WhatsApp is not connected here.")
    return account


def _load(tenant_id: UUID) -> Account | None:
    with tenant_session(tenant_id) as session:
        return load_account(session, WhatsAppProvider.name)
