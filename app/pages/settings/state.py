"""What all sections of the settings page stand on: who may change them, and how a change is kept."""

import asyncio
from typing import Any

import reflex as rx

from app.pages.problems import problems_of
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.tenants import update_settings

MANAGE = "settings.manage"


class SettingsState(rx.State):
    """The page; the sections' states stand on it."""

    loading: bool = True
    may_manage: bool = False

    async def _show(self, viewer: Viewer) -> None:
        """Read a section's stored values; every section's state has its own."""


async def change_settings(viewer: Viewer, changes: dict[str, Any]) -> dict[str, str]:
    """Keep some settings; returns the problems by field, none when they are kept.

    Raises:
        Forbidden: this member of staff may not.
    """
    try:
        await asyncio.to_thread(_update, viewer, changes)
    except InvalidInput as error:
        return problems_of(error)
    return {}


def _update(viewer: Viewer, changes: dict[str, Any]) -> None:
    demand(viewer.role, MANAGE)
    with tenant_session(viewer.tenant_id) as session:
        update_settings(session, viewer.tenant_id, changes, actor=viewer.actor, now=utc_now())
