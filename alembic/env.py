"""Alembic's entry: the schema of all rooms, migrated as the database's owner."""

import importlib

from alembic import context
from sqlalchemy import create_engine, pool

from engine.core.db import owner_url
from engine.core.models import Base

ROOMS = (
    "channels",
    "customers",
    "delivery",
    "events",
    "journeys",
    "journeys.backtest",
    "landing",
    "offers",
    "segments",
    "templates",
)
for room in ROOMS:
    importlib.import_module(f"engine.{room}.models")


def belongs_to_the_models(
    thing: object, name: str | None, kind: str, reflected: bool, _other: object
) -> bool:
    """Monthly partitions of `events` are made by the clock, not by migrations."""
    if kind == "table" and reflected:
        return not (name or "").startswith("events_")
    table = getattr(thing, "table", None)
    return not (kind == "index" and reflected and table is not None and table.name.startswith("events_"))


def run() -> None:
    """Migrate online; there is no offline mode, since migrations make roles' rights and functions too."""
    url = context.config.attributes.get("url") or owner_url().render_as_string(hide_password=False)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=belongs_to_the_models,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
