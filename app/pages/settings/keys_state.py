"""What the section of API keys shows and changes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.session import signed_in
from app.pages.settings.state import MANAGE, SettingsState
from app.pages.words import short_moment
from app.ui import done
from engine.core.accounts import Viewer, create_key, demand, list_keys, revoke_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.models import ApiKey, KeyKind

KEY_WORDS = {KeyKind.API: "Full access", KeyKind.WRITE: "Sends events only"}


@dataclass
class KeyView:
    """A key's row."""

    id: str
    name: str
    kind: str
    hint: str
    created: str
    used: str


def key_view(key: ApiKey, *, now: datetime, timezone: str) -> KeyView:
    """A key's row."""
    return KeyView(
        id=str(key.id),
        name=key.name,
        kind=KEY_WORDS[KeyKind(key.kind)],
        hint=key.hint,
        created=short_moment(key.created_at, now=now, timezone=timezone),
        used=short_moment(key.last_used_at, now=now, timezone=timezone) or "Not yet",
    )


class KeysState(SettingsState):
    """The keys; `secret` is a new one, kept until its dialog is closed."""

    keys: list[KeyView] = []
    naming_key: bool = False
    key_problem: str = ""
    secret: str = ""

    @rx.event
    def ask_key(self, open: bool = True):
        """Open or close the dialog for a new key; a secret that was shown is forgotten."""
        self.naming_key, self.key_problem, self.secret = open, "", ""

    @rx.event
    async def make_key(self, answers: dict[str, str]):
        """Make a key and show it this once."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        name = answers.get("key_name", "").strip()
        if not name:
            self.key_problem = "Give it a name, so that you know later what uses it."
            return
        kind = KeyKind(answers.get("key_kind", KeyKind.API))
        self.secret = await asyncio.to_thread(_make_key, viewer, kind, name[:100])
        await self._show(viewer)

    @rx.event
    async def revoke(self, key_id: str):
        """End a key at once."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        await asyncio.to_thread(_revoke, viewer, key_id)
        await self._show(viewer)
        return done("Revoked. Programs that use this key are refused from now on.")

    async def _show(self, viewer: Viewer) -> None:
        now = utc_now()
        keys = await asyncio.to_thread(_load, viewer)
        self.keys = [key_view(each, now=now, timezone=viewer.timezone) for each in keys]


def _load(viewer: Viewer) -> Sequence[ApiKey]:
    with tenant_session(viewer.tenant_id) as session:
        return list_keys(session)


def _make_key(viewer: Viewer, kind: KeyKind, name: str) -> str:
    return _in_session(
        viewer,
        lambda session, now: create_key(session, viewer.tenant_id, kind, name, actor=viewer.actor, now=now),
    )


def _revoke(viewer: Viewer, key_id: str) -> None:
    _in_session(
        viewer,
        lambda session, now: revoke_key(session, viewer.tenant_id, UUID(key_id), actor=viewer.actor, now=now),
    )


def _in_session(viewer: Viewer, change: Callable[[Any, datetime], Any]) -> Any:
    with tenant_session(viewer.tenant_id) as session:
        return change(session, utc_now())
