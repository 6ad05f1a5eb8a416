"""`safar doctor` names what is broken and the way out; every command fails in one plain line."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from engine.core import db
from tests.conftest import Servers

NOBODY_LISTENS = "127.0.0.1:1"
OWN_KEY = "a-key-of-this-installation"


def safar(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, on a data folder of its own."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = str(free.getsockname()[1])
    given = {"SAFAR_DATA_DIR": str(folder), "SAFAR_PORT": port, "SAFAR_SECRET_KEY": OWN_KEY, **environment}
    inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, "-m", "app.cli.main", *words]
    return subprocess.run(command, env={**inherited, **given}, capture_output=True, text=True, check=False)


def test_a_healthy_installation_passes(tmp_path: Path) -> None:
    assert safar("migrate", folder=tmp_path).returncode == 0
    done = safar("doctor", folder=tmp_path)
    assert "broken" not in done.stdout
    assert "cannot bypass row-level security" in done.stdout
    assert done.returncode == 0


def test_an_empty_database_is_sent_to_migrate(tmp_path: Path) -> None:
    done = safar("doctor", folder=tmp_path)
    assert "broken  The database has no tables yet" in done.stdout
    assert "-> Run `safar migrate`." in done.stdout
    assert done.returncode == 1


def test_unreachable_servers_are_named_with_the_way_out(tmp_path: Path) -> None:
    done = safar(
        "doctor",
        folder=tmp_path,
        DATABASE_URL=f"postgresql://somebody@{NOBODY_LISTENS}/safar",
        REDIS_URL=f"redis://{NOBODY_LISTENS}",
    )
    assert "broken  PostgreSQL cannot be reached" in done.stdout
    assert "-> Start the server DATABASE_URL names" in done.stdout
    assert "broken  Redis cannot be reached" in done.stdout
    assert "-> Start the server REDIS_URL names" in done.stdout
    assert done.returncode == 1


def test_the_key_from_the_source_code_is_refused_in_service(tmp_path: Path) -> None:
    key = {"SAFAR_SECRET_KEY": "development-only-key-change-me"}
    assert "care    SAFAR_SECRET_KEY is not set" in safar("doctor", folder=tmp_path, **key).stdout
    done = safar("doctor", folder=tmp_path, SAFAR_BASE_URL="https://studio.example", **key)
    assert "broken  SAFAR_SECRET_KEY is the one everybody knows" in done.stdout


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        done = safar("doctor", folder=tmp_path, SAFAR_PORT=str(other.getsockname()[1]))
    assert "broken  SAFAR_PORT: port" in done.stdout


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = safar("doctor", folder=tmp_path / "file" / "below")
    assert "broken  SAFAR_DATA_DIR: nothing can be written" in done.stdout


def test_a_role_that_can_bypass_row_level_security_is_found(
    servers: Servers, copy_database: Callable[[], URL], tmp_path: Path
) -> None:
    url = copy_database()
    address = url.render_as_string(hide_password=False)
    named = {"DATABASE_URL": address, "REDIS_URL": servers.redis_url}
    assert safar("migrate", folder=tmp_path, **named).returncode == 0
    server = make_url(servers.database_url)
    role = f'"{db.app_role(url)}"'
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"ALTER ROLE {role} BYPASSRLS"))
    done = safar("doctor", folder=tmp_path, **named)
    assert "broken  The application's role can bypass row-level security." in done.stdout
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f'DROP DATABASE "{url.database}" WITH (FORCE)'))
        connection.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SAFAR_PORT", "high"),
        ("SAFAR_PORT", "70000"),
        ("SAFAR_SECRET_KEY", "short"),
        ("SAFAR_WORKERS", "0"),
        ("SAFAR_WORKER_THREADS", "many"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, variable: str, value: str) -> None:
    done = safar("migrate", folder=tmp_path, **{variable: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{variable}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_database_of_another_make_is_refused(tmp_path: Path) -> None:
    done = safar("migrate", folder=tmp_path, DATABASE_URL="mysql://root@localhost/x", REDIS_URL="redis://x")
    assert done.returncode == 1
    assert "DATABASE_URL must name a PostgreSQL server" in done.stderr


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    assert safar("sail", folder=tmp_path).returncode == 2
    assert safar("migrate", "--no-such-option", folder=tmp_path).returncode == 2
