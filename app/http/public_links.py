"""What customers open from a message: tracked links, the open pixel, unsubscribing and preferences (C5, D6)."""

import asyncio
import base64
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from app.http.incoming import client_address, read_body
from app.http.public.preferences_view import preferences_view
from app.http.public.view import View, missing_view
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import find_link_tenant
from engine.core.errors import BadSignature, NotFound
from engine.core.settings import settings
from engine.delivery.preferences import Visit, choose, load_preferences, unsubscribe
from engine.delivery.tracking import read_token, record_click, record_open

LARGEST_FORM = 10_000
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NEVER_KEPT = {"Cache-Control": "no-store, max-age=0"}

router = APIRouter(include_in_schema=False)


@router.get("/l/{code}")
def follow(code: str) -> Response:
    """A tracked link: the click is noted, the customer goes on."""
    tenant_id = find_link_tenant(code)
    if tenant_id is None:
        return _page(missing_view(), status=404)
    try:
        with tenant_session(tenant_id) as session:
            url = record_click(session, tenant_id, code, now=utc_now())
    except NotFound:
        return _page(missing_view(), status=404)
    return RedirectResponse(url, status_code=302, headers=NEVER_KEPT)


@router.get("/o/{token}.gif")
def opened(token: str) -> Response:
    """The open pixel; always a picture, whatever the token."""
    try:
        ref = read_token("open", token)
        with tenant_session(ref.tenant_id) as session:
            record_open(session, ref, now=utc_now())
    except BadSignature:
        pass
    return Response(PIXEL, media_type="image/gif", headers=NEVER_KEPT)


@router.get("/u/{token}")
def preferences(token: str) -> Response:
    """The preference centre. Opening it changes nothing: mail scanners fetch every link (providers, trap 17)."""
    try:
        ref = read_token("unsubscribe", token)
        with tenant_session(ref.tenant_id) as session:
            shown = load_preferences(session, ref)
    except (BadSignature, NotFound):
        return _page(missing_view(), status=404)
    return _page(preferences_view(shown, token))


@router.post("/u/{token}")
async def leave(token: str, request: Request) -> Response:
    """One-click unsubscribe (RFC 8058), or what was ticked in the preference centre."""
    raw = await read_body(request, LARGEST_FORM)
    form = dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    if b"List-Unsubscribe" in raw:
        form = {"List-Unsubscribe": "One-Click"}
    visit = Visit(
        ip=client_address(request),
        user_agent=request.headers.get("user-agent"),
        page_url=f"{settings().public_url}/u/{token}",
    )
    return await asyncio.to_thread(_leave, token, form, visit)


def _leave(token: str, form: Mapping[str, str], visit: Visit) -> Response:
    try:
        ref = read_token("unsubscribe", token)
        with tenant_session(ref.tenant_id) as session:
            if "List-Unsubscribe" in form:
                unsubscribe(session, ref, visit, now=utc_now())
                return PlainTextResponse("You are unsubscribed.")
            wanted = {} if "none" in form else dict.fromkeys(form, True)
            chosen = choose(session, ref, wanted, visit, now=utc_now())
    except (BadSignature, NotFound):
        return _page(missing_view(), status=404)
    return _page(preferences_view(chosen, token, is_saved=True))


def _page(view: View, *, status: int = 200) -> Response:
    headers = {**NEVER_KEPT, "Content-Security-Policy": view.policy, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(view.html, status_code=status, headers=headers)
