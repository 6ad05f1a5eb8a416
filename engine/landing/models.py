"""Landing pages with their lead form, and what visitors submitted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted, Timed


class LandingPage(Identified, Tenanted, Timed, Base):
    """A public page at `/p/{tenant}/{slug}`; `form_id` is what its form posts to."""

    __tablename__ = "landing_pages"
    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)

    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[str]
    intro: Mapped[str] = mapped_column(server_default="")
    locale: Mapped[str] = mapped_column(String(16), server_default="en")
    template: Mapped[str] = mapped_column(String(32), server_default="lead")
    form_id: Mapped[UUID] = mapped_column(unique=True)
    form: Mapped[dict[str, Any]]
    published_at: Mapped[datetime | None]


class FormSubmission(Identified, Tenanted, Base):
    """One submit, kept whole; `(form_id, key)` makes a double click count once."""

    __tablename__ = "form_submissions"
    __table_args__ = (
        UniqueConstraint("form_id", "key"),
        Index("ix_form_submissions_tenant_id_at", "tenant_id", "at"),
    )

    form_id: Mapped[UUID] = mapped_column(ForeignKey("landing_pages.form_id", ondelete="CASCADE"))
    key: Mapped[UUID]
    customer_id: Mapped[UUID]
    answers: Mapped[dict[str, Any]]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    utm: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
