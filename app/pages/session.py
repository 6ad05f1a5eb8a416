"""Who is signed in: read from a cookie scripts cannot see, checked at every event.

The browser opens its socket with the cookie `safar_session`, which only `app/http/session.py` sets. Every event
handler that touches a tenant's data begins with `viewer = await signed_in(self)`.
"""

import asyncio
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

import reflex as rx

from app.session_cookie import COOKIE, is_own_page
from engine.core.accounts import Viewer, session_viewer
from engine.core.clock import utc_now
from engine.core.errors import Unauthenticated

LEAVE = """
fetch("/session", {method: "DELETE"}).finally(() => {
  sessionStorage.clear();
  location.assign("/login");
});
"""
"""Ends the session; the state of the pages goes with the tab's storage, so the next person finds nothing of it."""


async def signed_in(state: rx.State) -> Viewer:
    """The member of staff whose browser sent this event.

    Raises:
        Unauthenticated: nobody is signed in, or not any more; the edge sends the browser to the login page.
    """
    token = _session_token(state)
    viewer = await asyncio.to_thread(session_viewer, token, now=utc_now()) if token else None
    if viewer is None:
        raise Unauthenticated("You are not signed in any more. Sign in again.")
    return viewer


def login_address(state: rx.State) -> str:
    """The login page, which leads back to where the browser is now."""
    url = state.router.url
    here = f"{url.path}?{url.query}" if url.query else url.path
    return "/login" if here in ("", "/", "/login") else f"/login?next={quote(here)}"


def _session_token(state: rx.State) -> str:
    headers = state.router.headers
    if not is_own_page(origin=headers.origin, host=headers.host):
        return ""
    try:
        morsel = SimpleCookie(headers.cookie).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


class SessionState(rx.State):
    """What the shell shows of the signed-in member of staff."""

    name: str = ""
    initials: str = ""
    role: str = ""
    tenant_name: str = ""
    timezone: str = "UTC"
    currency: str = ""

    @rx.event
    async def load(self):
        """Runs before every page that is not public."""
        try:
            viewer = await signed_in(self)
        except Unauthenticated:
            return rx.redirect(login_address(self))
        self.name = viewer.name
        self.initials = "".join(word[0] for word in viewer.name.split()[:2]).upper()
        self.role = viewer.role.replace("_", " ")
        self.tenant_name = viewer.tenant_name
        self.timezone = viewer.timezone
        self.currency = viewer.currency
        return None

    @rx.event
    def sign_out(self):
        """End the session here and in the store."""
        return rx.call_script(LEAVE)
