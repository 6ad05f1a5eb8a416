"""Segments: rules or lists that name a group of customers, and who is in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted, Timed


class Segment(Identified, Tenanted, Timed, Base):
    """A named group: dynamic (by rules) or static (a list), S4 `segments`."""

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(server_default="")
    segment_type: Mapped[str] = mapped_column(String(20), server_default="custom")
    is_dynamic: Mapped[bool] = mapped_column(server_default=text("true"))
    rules: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    branch_ids: Mapped[list[UUID] | None]
    customer_count: Mapped[int] = mapped_column(server_default="0")
    last_refreshed_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[UUID | None]


class SegmentMember(Tenanted, Base):
    """Who was in the segment at its last refresh, and since when."""

    __tablename__ = "segment_members"

    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime]
