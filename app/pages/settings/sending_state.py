"""What the sections of sending hours, limits and the studio show and change."""

import asyncio
from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.pages.session import SessionState, signed_in
from app.pages.settings.state import SettingsState, change_settings
from app.ui import done
from engine.core.accounts import Viewer
from engine.core.db import tenant_session
from engine.core.models import Tenant, TenantSettings
from engine.core.tenants import get_settings, get_tenant

LIMITS = ("daily_message_limit_per_customer", "weekly_message_limit_per_customer")


@dataclass
class Sending:
    """The forms' values as the browser's controls take them."""

    name: str = ""
    timezone: str = "UTC"
    send_window_start: str = ""
    send_window_end: str = ""
    daily: str = ""
    weekly: str = ""
    mailing_address: str = ""
    privacy_url: str = ""


def sending_of(tenant: Tenant, settings: TenantSettings) -> Sending:
    """The values of the forms."""
    return Sending(
        name=tenant.name,
        timezone=tenant.timezone,
        send_window_start=f"{settings.send_window_start:%H:%M}",
        send_window_end=f"{settings.send_window_end:%H:%M}",
        daily=str(settings.daily_message_limit_per_customer),
        weekly=str(settings.weekly_message_limit_per_customer),
        mailing_address=settings.mailing_address,
        privacy_url=settings.privacy_url,
    )


class SendingState(SettingsState):
    """The three sections' forms; `saving` names the one being kept."""

    sending: Sending = Sending()
    problems: dict[str, str] = {}
    saving: str = ""

    @rx.event
    async def save_hours(self, answers: dict[str, str]):
        """Keep the send window and the time zone."""
        viewer = await signed_in(self)
        names = ("timezone", "send_window_start", "send_window_end")
        self.saving = "hours"
        yield
        yield await self._change(
            viewer, {name: answers.get(name, "") for name in names}, "Sending hours saved."
        )

    @rx.event
    async def save_limits(self, answers: dict[str, str]):
        """Keep how often a customer may be written to."""
        viewer = await signed_in(self)
        wanted = {name: answers.get(name, "").strip() for name in LIMITS}
        strange = {
            name: "Write a whole number, like 2." for name, value in wanted.items() if not value.isdigit()
        }
        if strange:
            self.problems = strange
            return
        self.saving = "limits"
        yield
        yield await self._change(viewer, wanted, "Limits saved.")

    @rx.event
    async def save_studio(self, answers: dict[str, str]):
        """Keep the studio's name and what the law wants under an e-mail."""
        viewer = await signed_in(self)
        names = ("name", "mailing_address", "privacy_url")
        self.saving = "studio"
        yield
        yield await self._change(
            viewer, {name: answers.get(name, "").strip() for name in names}, "Studio details saved."
        )
        yield SessionState.load

    async def _change(self, viewer: Viewer, changes: dict[str, Any], message: str):
        try:
            self.problems = await change_settings(viewer, changes)
        finally:
            self.saving = ""
        if self.problems:
            return None
        await self._show(viewer)
        return done(message)

    async def _show(self, viewer: Viewer) -> None:
        self.problems, self.saving = {}, ""
        self.sending = await asyncio.to_thread(_load, viewer)


def _load(viewer: Viewer) -> Sending:
    with tenant_session(viewer.tenant_id) as session:
        return sending_of(get_tenant(session), get_settings(session))
