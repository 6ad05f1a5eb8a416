"""What the section of channels shows and changes: on or off, and the providers that carry them."""

import asyncio

import reflex as rx

from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.settings.channel_views import ChannelView, FieldView, channel_view, field_views
from app.pages.settings.state import MANAGE, SettingsState, change_settings
from app.ui import done, failed
from engine.channels import accounts as channel_accounts
from engine.channels.accounts import (
    PROVIDERS,
    ChannelStatus,
    channel_status,
    hook_address,
    providers_of,
)
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.core.tenants import get_settings


class ChannelsState(SettingsState):
    """The channels, and the form that connects one."""

    channels: list[ChannelView] = []
    connecting: str = ""
    provider: str = ""
    providers: list[tuple[str, str]] = []
    fields: list[FieldView] = []
    hook: str = ""
    connect_title: str = ""
    connect_problems: dict[str, str] = {}
    trying: bool = False

    @rx.event
    async def switch_channel(self, channel: str, on: bool):
        """Switch a channel on or off for marketing, at once."""
        viewer = await signed_in(self)
        label = next((each.label for each in self.channels if each.key == channel), channel)
        problems = await change_settings(viewer, {f"{channel}_enabled": on})
        await self._show(viewer)
        if problems:
            return failed(next(iter(problems.values())))
        return done(
            f"{label} is on." if on else f"{label} is off. Nothing leaves by it until you switch it on."
        )

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

    async def _show(self, viewer: Viewer) -> None:
        self.channels = await asyncio.to_thread(_load, viewer)


def _load(viewer: Viewer) -> list[ChannelView]:
    with tenant_session(viewer.tenant_id) as session:
        settings = get_settings(session)
        return [channel_view(each, settings) for each in channel_status(session)]


def _status(viewer: Viewer, channel: str) -> ChannelStatus:
    with tenant_session(viewer.tenant_id) as session:
        return next(each for each in channel_status(session) if each.channel == channel)


def _connect(
    viewer: Viewer, channel: str, provider: str, credentials: dict[str, str], options: dict[str, str]
) -> None:
    with tenant_session(viewer.tenant_id) as session:
        account = channel_accounts.draft_account(
            session, viewer.tenant_id, channel, provider, credentials, options
        )
    PROVIDERS[provider].check(account)
    with tenant_session(viewer.tenant_id) as session:
        channel_accounts.connect_channel(
            session,
            viewer.tenant_id,
            channel,
            provider,
            credentials,
            options,
            actor=viewer.actor,
            now=utc_now(),
        )


def _disconnect(viewer: Viewer, channel: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        channel_accounts.disconnect_channel(
            session, viewer.tenant_id, channel, actor=viewer.actor, now=utc_now()
        )
