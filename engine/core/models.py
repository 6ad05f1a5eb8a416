"""Tables everybody stands on: tenants, branches, users, keys, settings, audit.

Every tenant table bears `tenant_id` and is put under row-level security by the migration that makes it.
Hot, append-only tables (events, step log, messages) carry no foreign keys: their writers are few and their
rows must be cheap; everything else does.
"""

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from engine.core.ids import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables; tells SQLAlchemy how Python types are stored."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
        str: Text,
        int: Integer,
        bytes: BYTEA,
        time: Time,
    }


class Tenanted:
    """Mixin of every table whose rows belong to a tenant."""

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))


class Identified:
    """Mixin of rows with an id of their own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Timed:
    """Mixin of rows that remember when they were made and last changed (UTC)."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Role(StrEnum):
    """Roles of S4, from the least to the most powerful."""

    RECEPTIONIST = "Receptionist"
    BRANCH_MANAGER = "Branch_Manager"
    REGIONAL_MANAGER = "Regional_Manager"
    SUPER_OWNER = "Super_Owner"


class KeyKind(StrEnum):
    """What a key may do: `api` reads and writes the REST interface, `write` may only ingest (providers 6)."""

    API = "api"
    WRITE = "write"


class Tenant(Identified, Timed, Base):
    """One business: a studio, salon, shop or chain."""

    __tablename__ = "tenants"

    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(server_default="Asia/Kolkata")
    locale: Mapped[str] = mapped_column(String(16), server_default="en")
    currency: Mapped[str] = mapped_column(String(3), server_default="INR")
    country: Mapped[str] = mapped_column(String(2), server_default="IN")


class TenantSettings(Tenanted, Timed, Base):
    """A tenant's marketing settings: S4 `marketing_config` without credentials (those are channel accounts)."""

    __tablename__ = "tenant_settings"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    marketing_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    whatsapp_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    sms_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    email_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    push_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    send_window_start: Mapped[time] = mapped_column(server_default="09:00")
    send_window_end: Mapped[time] = mapped_column(server_default="21:00")
    daily_message_limit_per_customer: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    weekly_message_limit_per_customer: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    monthly_budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_alert_threshold_percent: Mapped[int] = mapped_column(SmallInteger, server_default="80")
    campaign_approval_required: Mapped[bool] = mapped_column(server_default=text("true"))
    campaign_approval_threshold_recipients: Mapped[int] = mapped_column(server_default="100")
    mailing_address: Mapped[str] = mapped_column(server_default="")
    privacy_url: Mapped[str] = mapped_column(server_default="")
    brand: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class Branch(Identified, Tenanted, Timed, Base):
    """One location of a tenant, with its own budget (S4 `branch_marketing_config`)."""

    __tablename__ = "branches"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str]
    city: Mapped[str] = mapped_column(server_default="")
    timezone: Mapped[str | None]
    marketing_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    monthly_budget_minor: Mapped[int | None] = mapped_column(BigInteger)


class User(Identified, Tenanted, Timed, Base):
    """A member of staff. One e-mail address signs in to one tenant."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(32))
    password_hash: Mapped[str]
    branch_ids: Mapped[list[UUID] | None]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]


class SignInSession(Tenanted, Base):
    """A browser that is signed in; the token itself is never stored."""

    __tablename__ = "sign_in_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Identified, Tenanted, Base):
    """A key of the REST interface or a write key of ingestion; only its hash is kept."""

    __tablename__ = "api_keys"

    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(8))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Identified, Tenanted, Base):
    """Who changed what: consent, sends, approvals, settings; kept two years (F6)."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_tenant_id_at", "tenant_id", "at"),)

    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class Notification(Identified, Tenanted, Base):
    """Something the staff should know: one user, or everybody (`user_id` None); told once for a `dedupe_key`."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        Index("ix_notifications_tenant_id_at", "tenant_id", "at"),
    )

    dedupe_key: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    text: Mapped[str]
    link: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
    seen_by: Mapped[list[UUID]] = mapped_column(server_default="{}")


class Upkeep(Tenanted, Base):
    """When a daily chore of a tenant is due again; a worker locks the row while it does it (F8)."""

    __tablename__ = "upkeep"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    chore: Mapped[str] = mapped_column(String(32), primary_key=True)
    due_at: Mapped[datetime]
