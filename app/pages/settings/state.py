"""What the settings page shows and changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.problems import problems_of
from app.pages.session import SessionState, signed_in
from app.pages.words import short_moment
from app.ui import done
from engine.channels import accounts as channel_accounts
from engine.channels.accounts import (
    PROVIDERS,
    ChannelStatus,
    channel_status,
    hook_address,
    provider_forms,
    providers_of,
)
from engine.core.accounts import Viewer, create_key, demand, list_keys, may, revoke_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, SafarError
from engine.core.models import ApiKey, KeyKind, Tenant, TenantSettings
from engine.core.tenants import get_settings, get_tenant, update_settings
from engine.delivery.budgets import release_budget

MANAGE = "settings.manage"
BUDGET = "monthly_budget_minor"
ICONS = {"whatsapp": "message-circle", "sms": "message-square-text", "email": "mail"}
LIMITS = ("daily_message_limit_per_customer", "weekly_message_limit_per_customer")
KEY_WORDS = {KeyKind.API: "Full access", KeyKind.WRITE: "Sends events only"}


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


@dataclass
class ChannelView:
    """A channel's row."""

    key: str
    label: str
    icon: str
    is_on: bool
    is_connected: bool
    can_connect: bool
    carrier: str
    detail: str
    trouble: str


@dataclass
class FieldView:
    """A field of a provider's form; a stored secret is never shown, only that there is one."""

    name: str
    label: str
    hint: str
    type: str
    value: str
    optional: bool
    placeholder: str
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class KeyView:
    """A key's row."""

    id: str
    name: str
    kind: str
    hint: str
    created: str
    used: str


@dataclass
class Everything:
    """What one look into the database gives."""

    tenant: Tenant
    settings: TenantSettings
    channels: list[ChannelStatus]
    keys: list[ApiKey]


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


def channel_view(status: ChannelStatus, settings: TenantSettings) -> ChannelView:
    """A channel's row."""
    return ChannelView(
        key=status.channel,
        label=status.channel_label,
        icon=ICONS[status.channel],
        is_on=getattr(settings, f"{status.channel}_enabled"),
        is_connected=status.is_connected,
        can_connect=bool(providers_of(status.channel)),
        carrier=status.label,
        detail=status.detail,
        trouble=status.trouble,
    )


def field_views(status: ChannelStatus, provider: str) -> list[FieldView]:
    """The form that connects this channel through this provider."""
    known = status.options if status.provider == provider else {}
    is_known = status.provider == provider
    form = next(each for each in provider_forms() if each.name == provider)
    return [
        FieldView(
            name=each.name,
            label=each.label,
            hint=each.hint,
            type="password" if each.secret else "text",
            value="" if each.secret else str(known.get(each.name, each.default)),
            optional=each.optional or (each.secret and is_known),
            placeholder="Stored; leave empty to keep it" if each.secret and is_known else "",
            choices=[(value, label) for value, label in each.choices],
        )
        for each in form.fields
    ]


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


class SettingsState(rx.State):
    """The settings page."""

    loading: bool = True
    serial: int = 0
    may_manage: bool = False
    sending: Sending = Sending()
    problems: dict[str, str] = {}
    saving: str = ""
    channels: list[ChannelView] = []
    keys: list[KeyView] = []

    connecting: str = ""
    provider: str = ""
    providers: list[tuple[str, str]] = []
    fields: list[FieldView] = []
    hook: str = ""
    connect_title: str = ""
    connect_problems: dict[str, str] = {}
    trying: bool = False

    naming_key: bool = False
    key_problem: str = ""
    secret: str = ""

    @rx.event
    async def load(self):
        """Read everything anew; forms take the stored values."""
        viewer = await signed_in(self)
        self.may_manage = may(viewer.role, MANAGE)
        self.problems, self.saving = {}, ""
        await self._show(viewer)
        self.serial += 1
        self.loading = False

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

    @rx.event
    async def switch_channel(self, channel: str, on: bool):
        """Switch a channel on or off for marketing, at once."""
        viewer = await signed_in(self)
        label = next((each.label for each in self.channels if each.key == channel), channel)
        message = f"{label} is on." if on else f"{label} is off. Nothing leaves by it until you switch it on."
        return await self._change(viewer, {f"{channel}_enabled": on}, message)

    async def _change(self, viewer: Viewer, changes: dict[str, Any], message: str):
        self.problems = {}
        try:
            await asyncio.to_thread(_update, viewer, changes)
        except InvalidInput as error:
            self.problems, self.saving = problems_of(error), ""
            return None
        finally:
            self.saving = ""
        await self._show(viewer)
        return done(message)

    async def _show(self, viewer: Viewer) -> None:
        now = utc_now()
        found = await asyncio.to_thread(_load, viewer)
        self.sending = sending_of(found.tenant, found.settings)
        self.channels = [channel_view(each, found.settings) for each in found.channels]
        self.keys = [key_view(each, now=now, timezone=found.tenant.timezone) for each in found.keys]

    # -- providers

    @rx.event
    async def open_connection(self, channel: str):
        """Open the form that connects a channel."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        status = await asyncio.to_thread(_status, viewer, channel)
        offered = providers_of(channel)
        self.providers = [(name, PROVIDERS[name].label) for name in offered]
        self.provider = status.provider if status.provider in offered else offered[0]
        self.fields = field_views(status, self.provider)
        self.hook = hook_address(self.provider, viewer.tenant_slug)
        self.connect_title = f"Connect {status.channel_label}"
        self.connect_problems, self.trying = {}, False
        self.connecting = channel

    @rx.event
    async def choose_provider(self, provider: str):
        """Show another provider's fields."""
        viewer = await signed_in(self)
        status = await asyncio.to_thread(_status, viewer, self.connecting)
        self.provider, self.connect_problems = provider, {}
        self.fields = field_views(status, provider)
        self.hook = hook_address(provider, viewer.tenant_slug)

    @rx.event
    def close_connection(self, open: bool = False):
        """Close the form; nothing is kept of what was typed."""
        self.connecting, self.fields, self.connect_problems = "", [], {}

    @rx.event
    async def connect(self, answers: dict[str, str]):
        """Try the account, then let it carry the channel."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        self.trying, self.connect_problems = True, {}
        yield
        secrets = {each.name for each in self.fields if each.type == "password"}
        credentials = {name: value for name, value in answers.items() if name in secrets}
        options = {name: value for name, value in answers.items() if name not in secrets}
        try:
            await asyncio.to_thread(_connect, viewer, self.connecting, self.provider, credentials, options)
        except SafarError as error:
            self.connect_problems = problems_of(error)
            return
        finally:
            self.trying = False
        self.connecting, self.fields = "", []
        await self._show(viewer)
        yield done("Connected. From now on messages reach real customers.")

    @rx.event
    async def disconnect(self, channel: str):
        """Forget a channel's provider; the local inbox takes over."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        await asyncio.to_thread(_disconnect, viewer, channel)
        await self._show(viewer)
        return done("Disconnected. Messages are kept in the local inbox again.")

    # -- keys

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


def _load(viewer: Viewer) -> Everything:
    with tenant_session(viewer.tenant_id) as session:
        return Everything(
            get_tenant(session), get_settings(session), channel_status(session), list_keys(session)
        )


def _status(viewer: Viewer, channel: str) -> ChannelStatus:
    with tenant_session(viewer.tenant_id) as session:
        return next(each for each in channel_status(session) if each.channel == channel)


def _update(viewer: Viewer, changes: dict[str, Any]) -> None:
    demand(viewer.role, MANAGE)
    with tenant_session(viewer.tenant_id) as session:
        update_settings(session, viewer.tenant_id, changes, actor=viewer.actor, now=utc_now())
        if BUDGET in changes:
            release_budget(session, viewer.tenant_id, utc_now())


def _connect(
    viewer: Viewer, channel: str, provider: str, credentials: dict[str, str], options: dict[str, str]
) -> None:
    with tenant_session(viewer.tenant_id) as session:
        account = channel_accounts.draft_account(
            session, viewer.tenant_id, channel, provider, credentials, options
        )
    PROVIDERS[provider].check(account)
    _in_session(
        viewer,
        lambda session, now: channel_accounts.connect_channel(
            session,
            viewer.tenant_id,
            channel,
            provider,
            credentials,
            options,
            actor=viewer.actor,
            now=now,
        ),
    )


def _disconnect(viewer: Viewer, channel: str) -> None:
    _in_session(
        viewer,
        lambda session, now: channel_accounts.disconnect_channel(
            session, viewer.tenant_id, channel, actor=viewer.actor, now=now
        ),
    )


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
