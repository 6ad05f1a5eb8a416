"""Which provider carries a tenant's channels; without one, the local inbox does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.channels.interface import Account, Channel, FormField, Provider
from engine.channels.models import ChannelAccount
from engine.channels.null import NullProvider
from engine.channels.smtp import SmtpProvider
from engine.channels.whatsapp import WhatsAppProvider
from engine.core.audit import record_audit
from engine.core.crypto import decrypt, encrypt
from engine.core.errors import InvalidInput, NotFound
from engine.core.settings import settings

INBOX = "inbox"
TROUBLE = "trouble"
"""Option that holds why a provider refuses this account, until it is connected anew."""

PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider for provider in (WhatsAppProvider(), SmtpProvider(), NullProvider())
}
OFFERED = (WhatsAppProvider.name, SmtpProvider.name)
CHANNEL_LABELS = {Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS", Channel.EMAIL: "E-mail"}


@dataclass(frozen=True, slots=True)
class ProviderForm:
    """What the settings page asks for to connect a provider."""

    name: str
    label: str
    channels: tuple[str, ...]
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How a channel stands. `provider` is `inbox` while nothing is connected; `trouble` says what is wrong."""

    channel: str
    channel_label: str
    provider: str
    label: str
    is_connected: bool
    detail: str
    trouble: str
    options: Mapping[str, Any]


def provider_forms() -> list[ProviderForm]:
    """The providers one can connect."""
    offered = [PROVIDERS[name] for name in OFFERED]
    return [
        ProviderForm(
            each.name, each.label, tuple(channel.value for channel in each.channels), tuple(each.fields)
        )
        for each in offered
    ]


def hook_address(provider: str, slug: str) -> str:
    """What the tenant enters at the provider so that it reports to us; empty when it reports nothing."""
    hook = PROVIDERS[provider].hook
    return f"{settings().public_url}/hooks/{hook}/{slug}" if hook else ""


def connect_channel(
    session: Session,
    tenant_id: UUID,
    channel: str,
    provider: str,
    credentials: Mapping[str, str],
    options: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Let a provider carry a channel. A secret that is left empty stays as it was.

    Raises:
        InvalidInput: names the field that is missing or wrong.
    """
    account = draft_account(session, tenant_id, channel, provider, credentials, options)
    row = session.get(ChannelAccount, (tenant_id, channel)) or ChannelAccount(
        tenant_id=tenant_id, channel=channel
    )
    row.provider = provider
    row.credentials = encrypt(json.dumps(dict(account.credentials)))
    row.options = dict(account.options)
    row.external_id = account.options.get("phone_number_id")
    session.add(row)
    details = {"provider": provider, "options": sorted(account.options)}
    record_audit(session, tenant_id, actor, "channel.connected", channel, details, now=now)


def draft_account(
    session: Session,
    tenant_id: UUID,
    channel: str,
    provider: str,
    credentials: Mapping[str, str],
    options: Mapping[str, Any],
) -> Account:
    """An account as it would be connected, its fields checked; `PROVIDERS[...].check(account)` tries it.

    Raises:
        InvalidInput: names the field that is missing or wrong.
    """
    kind = PROVIDERS.get(provider)
    if kind is None or channel not in kind.channels:
        raise InvalidInput(f"provider: {provider} cannot carry {channel}.", details={"field": "provider"})
    row = session.get(ChannelAccount, (tenant_id, channel))
    known = _secrets(row) if row and row.provider == provider else {}
    secrets: dict[str, str] = {}
    plain: dict[str, Any] = {}
    for field in kind.fields:
        given = (credentials if field.secret else options).get(field.name)
        value = str(given if given is not None else field.default).strip()
        if field.secret and not value:
            value = known.get(field.name, "")
        if not value and not field.optional:
            raise InvalidInput(f"{field.name}: {field.label} is missing.", details={"field": field.name})
        _demand_fit(field, value)
        (secrets if field.secret else plain)[field.name] = value
    return Account(tenant_id, Channel(channel), provider, secrets, plain)


def disconnect_channel(session: Session, tenant_id: UUID, channel: str, *, actor: str, now: datetime) -> None:
    """Forget a channel's provider and its secrets; the local inbox takes over.

    Raises:
        NotFound: nothing is connected.
    """
    row = session.get(ChannelAccount, (tenant_id, channel))
    if row is None:
        raise NotFound(f"Nothing is connected for {channel}.")
    session.delete(row)
    record_audit(session, tenant_id, actor, "channel.disconnected", channel, {}, now=now)


def channel_status(session: Session) -> list[ChannelStatus]:
    """How each channel stands."""
    rows = {row.channel: row for row in session.scalars(select(ChannelAccount))}
    return [_status(channel, label, rows.get(channel)) for channel, label in CHANNEL_LABELS.items()]


def load_accounts(session: Session) -> dict[Channel, Account]:
    """The connected accounts, decrypted; a channel that is missing goes to the local inbox."""
    return {Channel(row.channel): _account(row) for row in session.scalars(select(ChannelAccount))}


def load_account(session: Session, provider: str) -> Account | None:
    """The account at this provider, for its webhooks."""
    row = session.scalars(select(ChannelAccount).where(ChannelAccount.provider == provider)).first()
    return _account(row) if row else None


def note_trouble(session: Session, tenant_id: UUID, channel: Channel, reason: str) -> None:
    """Remember why a provider refuses the account; connecting anew clears it."""
    row = session.get(ChannelAccount, (tenant_id, channel.value))
    if row is not None:
        row.options = {**row.options, TROUBLE: reason}


def _account(row: ChannelAccount) -> Account:
    return Account(row.tenant_id, Channel(row.channel), row.provider, _secrets(row), row.options)


def _secrets(row: ChannelAccount) -> dict[str, str]:
    return dict(json.loads(decrypt(row.credentials))) if row.credentials else {}


def _demand_fit(field: FormField, value: str) -> None:
    if field.choices and value not in {choice for choice, _ in field.choices}:
        allowed = ", ".join(choice for choice, _ in field.choices)
        raise InvalidInput(f"{field.name}: use one of {allowed}.", details={"field": field.name})
    if field.name == "port" and not (value.isdigit() and 0 < int(value) < 65536):
        raise InvalidInput("port: use a number from 1 to 65535.", details={"field": "port"})
    if field.name.endswith("email") and ("@" not in value or any(sign in value for sign in "\r\n <>")):
        raise InvalidInput(
            f"{field.name}: use an address like hello@your-studio.in.", details={"field": field.name}
        )
    if "\n" in value or "\r" in value:
        raise InvalidInput(f"{field.name}: use one line.", details={"field": field.name})


def _status(channel: Channel, label: str, row: ChannelAccount | None) -> ChannelStatus:
    if row is None:
        return ChannelStatus(
            channel.value,
            label,
            INBOX,
            "Local inbox",
            False,
            "Messages are kept here and reach nobody.",
            "",
            {},
        )
    options: Mapping[str, Any] = {name: value for name, value in row.options.items() if name != TROUBLE}
    detail = str(options.get("from_email") or options.get("phone_number_id") or "")
    trouble = str(row.options.get(TROUBLE, ""))
    return ChannelStatus(
        channel.value, label, row.provider, PROVIDERS[row.provider].label, True, detail, trouble, options
    )


def providers_of(channel: str) -> Sequence[str]:
    """Names of the providers one can connect for a channel."""
    return [name for name in OFFERED if channel in PROVIDERS[name].channels]
