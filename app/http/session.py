"""`/session`: the browser's session cookie, set after a sign-in and taken away at sign-out.

The login page signs in over its socket, which cannot set a cookie; it hands the token it got to this door, which
puts it where scripts cannot read it.
"""

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.session_cookie import COOKIE, is_own_page
from engine.core.accounts import SESSION_LIFE, session_viewer, sign_out
from engine.core.clock import utc_now
from engine.core.errors import Forbidden, Unauthenticated
from engine.core.settings import settings

router = APIRouter(include_in_schema=False)


class NewSession(BaseModel):
    """The token a sign-in gave."""

    token: str = Field(min_length=20, max_length=200)


@router.post("/session", status_code=204)
async def keep_session(request: Request, wanted: NewSession) -> Response:
    """Put the token into the cookie, if it is one of ours."""
    _only_from_own_pages(request)
    if await asyncio.to_thread(session_viewer, wanted.token, now=utc_now()) is None:
        raise Unauthenticated("This session is not valid any more. Sign in again.")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        wanted.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings().public_url.startswith("https://"),
    )
    return response


@router.delete("/session", status_code=204)
async def end_session(request: Request) -> Response:
    """Forget the session here and in the store."""
    _only_from_own_pages(request)
    if token := request.cookies.get(COOKIE):
        await asyncio.to_thread(sign_out, token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response


def _only_from_own_pages(request: Request) -> None:
    """Raises Forbidden when another site's page asks (the API answers any origin, this door does not)."""
    if not is_own_page(origin=request.headers.get("origin"), host=request.headers.get("host")):
        raise Forbidden("Sessions are opened and ended from Safar's own pages only.")
