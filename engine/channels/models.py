"""A tenant's accounts at providers, and the local inbox that stands in for a provider by default."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted, Timed


class ChannelAccount(Tenanted, Timed, Base):
    """Which provider carries a channel for a tenant; credentials are encrypted (F5)."""

    __tablename__ = "channel_accounts"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    provider: Mapped[str] = mapped_column(String(32))
    credentials: Mapped[bytes | None]
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    external_id: Mapped[str | None]


class InboxMessage(Identified, Tenanted, Base):
    """What the local inbox received: the text a customer would have read. `id` is the message's id, so it holds one."""

    __tablename__ = "inbox_messages"
    __table_args__ = (Index("ix_inbox_messages_tenant_id_received_at", "tenant_id", "received_at"),)

    channel: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str]
    customer_id: Mapped[UUID | None]
    subject: Mapped[str | None]
    body: Mapped[str]
    html: Mapped[str | None]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    received_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
