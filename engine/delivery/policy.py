"""A tenant's settings as the guard's policy and the messages' letterhead."""

from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.models import Tenant, TenantSettings
from engine.core.tenants import get_settings, get_tenant
from engine.delivery.compose import Letterhead
from engine.delivery.guard import Policy
from engine.delivery.window import SendWindow


def load_policy(session: Session) -> tuple[Policy, Letterhead]:
    """The session's tenant's policy and letterhead, in two queries."""
    tenant, settings = get_tenant(session), get_settings(session)
    return _policy(tenant, settings), _letterhead(tenant, settings)


def _policy(tenant: Tenant, settings: TenantSettings) -> Policy:
    switches = {
        Channel.WHATSAPP: settings.whatsapp_enabled,
        Channel.SMS: settings.sms_enabled,
        Channel.EMAIL: settings.email_enabled,
        Channel.PUSH: settings.push_enabled,
    }
    return Policy(
        is_enabled=settings.marketing_enabled,
        channels=frozenset(channel for channel, is_on in switches.items() if is_on),
        window=SendWindow(settings.send_window_start, settings.send_window_end),
        daily_limit=settings.daily_message_limit_per_customer,
        weekly_limit=settings.weekly_message_limit_per_customer,
        timezone=tenant.timezone,
    )


def _letterhead(tenant: Tenant, settings: TenantSettings) -> Letterhead:
    return Letterhead(
        tenant_id=tenant.id,
        name=tenant.name,
        language=tenant.locale.partition("-")[0].partition("_")[0],
        timezone=tenant.timezone,
        currency=tenant.currency,
        mailing_address=settings.mailing_address,
        privacy_url=settings.privacy_url,
    )
