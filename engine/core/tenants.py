"""A tenant's own settings (S4 `marketing_config`): read, checked and changed in one place."""

from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import InvalidInput
from engine.core.models import Tenant, TenantSettings
from engine.core.refusals import refused


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no such time zone; use a name like Asia/Kolkata")
    return name


TimezoneName = Annotated[str, AfterValidator(_known_timezone)]


class SettingsChange(BaseModel):
    """What may be changed; a field left out stays as it is. Money in minor units of the tenant's currency."""

    model_config = ConfigDict(extra="forbid")

    marketing_enabled: bool | None = None
    whatsapp_enabled: bool | None = None
    sms_enabled: bool | None = None
    email_enabled: bool | None = None
    push_enabled: bool | None = None
    send_window_start: time | None = None
    send_window_end: time | None = None
    daily_message_limit_per_customer: int | None = Field(None, ge=0, le=100)
    weekly_message_limit_per_customer: int | None = Field(None, ge=0, le=500)
    monthly_budget_minor: int | None = Field(None, ge=0)
    budget_alert_threshold_percent: int | None = Field(None, ge=1, le=100)
    campaign_approval_required: bool | None = None
    campaign_approval_threshold_recipients: int | None = Field(None, ge=1)
    mailing_address: str | None = Field(None, max_length=500)
    privacy_url: str | None = Field(None, max_length=500)
    brand: dict[str, Any] | None = None
    timezone: TimezoneName | None = None
    name: str | None = Field(None, min_length=1, max_length=120)


TENANT_FIELDS = ("timezone", "name")


def get_tenant(session: Session) -> Tenant:
    """The session's tenant."""
    return session.scalars(select(Tenant)).one()


def get_settings(session: Session) -> TenantSettings:
    """The session's tenant's settings."""
    return session.scalars(select(TenantSettings)).one()


def today_of(session: Session, now: datetime) -> date:
    """The day it is at the session's tenant's place."""
    return now.astimezone(ZoneInfo(get_tenant(session).timezone)).date()


def update_settings(
    session: Session, tenant_id: UUID, changes: dict[str, Any], *, actor: str, now: datetime
) -> TenantSettings:
    """Change settings; every change is in the audit log (F6).

    Raises:
        InvalidInput: names the field, what is wrong with it and what it takes.
    """
    try:
        wanted = SettingsChange.model_validate(changes).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise refused(error) from error
    row = get_settings(session)
    start = wanted.get("send_window_start", row.send_window_start)
    if start == wanted.get("send_window_end", row.send_window_end):
        raise InvalidInput(
            "send_window_end: must differ from the start, or nothing could ever be sent.",
            details={"field": "send_window_end"},
        )
    tenant = get_tenant(session)
    for field, value in wanted.items():
        setattr(tenant if field in TENANT_FIELDS else row, field, value)
    row.updated_at = now
    record_audit(
        session,
        tenant_id,
        actor,
        "settings.changed",
        str(tenant_id),
        {k: str(v) for k, v in wanted.items()},
        now=now,
    )
    return row
