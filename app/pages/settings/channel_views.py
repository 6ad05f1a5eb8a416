"""Channels and their providers' forms as the settings page shows them."""

from dataclasses import dataclass, field

from engine.channels.accounts import ChannelStatus, provider_forms, providers_of
from engine.core.models import TenantSettings

ICONS = {"whatsapp": "message-circle", "sms": "message-square-text", "email": "mail"}


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
