"""Message templates and their past versions."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted, Timed


class Template(Identified, Tenanted, Timed, Base):
    """What a message says, by language: `contents` is {locale: {subject?, body, html?}} (parsed by `content.py`)."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(String(16))
    template_type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(50))
    contents: Mapped[dict[str, Any]]
    whatsapp: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    version: Mapped[int] = mapped_column(server_default="1")
    is_system: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[UUID | None]


class TemplateVersion(Tenanted, Base):
    """A template's contents as they once were; messages name the version they were made from."""

    __tablename__ = "template_versions"

    template_id: Mapped[UUID] = mapped_column(
        ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    contents: Mapped[dict[str, Any]]
    whatsapp: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
