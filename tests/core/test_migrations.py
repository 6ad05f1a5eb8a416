"""The schema's history: complete, reversible, safe to run again."""

from alembic import command
from sqlalchemy import inspect

from engine.core import db


def test_models_and_migrations_agree(database: str) -> None:
    command.check(db.alembic_config())


def test_downgrade_takes_everything_away_and_upgrade_brings_it_back(copy_database: object) -> None:
    url = copy_database().render_as_string(hide_password=False)  # type: ignore[operator]
    command.downgrade(db.alembic_config(url), "base")
    assert set(inspect(db.owner_engine(url)).get_table_names()) == {"alembic_version"}
    db.migrate(url)
    db.migrate(url)
    command.check(db.alembic_config(url))
    db.owner_engine(url).dispose()
