"""Signing in: the engine checks the password, the browser fetches its cookie with the token it got."""

import asyncio
import json

import reflex as rx

from app.pages.session import signed_in
from engine.core.accounts import sign_in
from engine.core.clock import utc_now
from engine.core.errors import SafarError, Unauthenticated

ENTER = """
fetch("/session", {method: "POST", headers: {"Content-Type": "application/json"}, body: %s}).then(() => {
  sessionStorage.clear();
  location.assign(%s);
});
"""


def local_address(wanted: str) -> str:
    """Where to go after signing in: an address of this site only, so that a link cannot lead elsewhere."""
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_local else "/"


class LoginState(rx.State):
    """The login form."""

    problem: str = ""
    busy: bool = False

    @rx.event
    async def load(self):
        """Whoever is signed in already has no business here."""
        self.problem, self.busy = "", False
        try:
            await signed_in(self)
        except Unauthenticated:
            return None
        return rx.redirect(self._destination())

    @rx.event
    async def submit(self, entered: dict[str, str]):
        """Sign in with the form's `email` and `password`."""
        self.problem, self.busy = "", True
        yield
        try:
            token = await asyncio.to_thread(
                sign_in, entered.get("email", ""), entered.get("password", ""), now=utc_now()
            )
        except SafarError as error:
            self.problem, self.busy = error.message, False
            return
        body = json.dumps(json.dumps({"token": token}))
        yield rx.call_script(ENTER % (body, json.dumps(self._destination())))

    def _destination(self) -> str:
        return local_address(self.router.url.query_parameters.get("next", "/"))
