"""A running Safar for browser tests: the real processes on the session's servers, and a page signed in to it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import URL

from app.session_cookie import COOKIE
from engine.core import accounts, db
from engine.core.accounts import Role, create_tenant, create_user
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.settings import settings
from engine.templates.system import install_system_templates
from tests.distribution import redis_database_of_the_app

PROJECT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "a-long-password"
READY_SECONDS = 180
PATIENCE_MILLISECONDS = 15_000
"""How long a page may take to show what is expected, while other tests keep the machine busy."""

WINDOW: Any = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
"""Nothing glides, as for people who ask their system for less motion: a test need not wait for it."""

FORGET = """
if (location.protocol.startsWith("http") && !sessionStorage.getItem("remembers")) {
  localStorage.clear();
  sessionStorage.setItem("remembers", "from here on");
}
"""
"""A new tab begins without what another left in the browser."""

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Where the application answers, and the database it works on."""

    url: str
    database: URL
    redis_url: str

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While this is open, `engine` in this process works on the application's database and Redis."""
        before = {name: os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL")}
        os.environ["DATABASE_URL"] = self.database.render_as_string(hide_password=False)
        os.environ["REDIS_URL"] = self.redis_url
        settings.cache_clear()
        try:
            yield
        finally:
            db.dispose_engines()
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            settings.cache_clear()


@dataclass(frozen=True, slots=True)
class Studio:
    """A tenant of the running application, with an owner who can sign in."""

    app: RunningApp
    tenant_id: UUID
    slug: str
    email: str


@pytest.fixture(scope="package")
def running_app(
    servers: Any, copy_database: Callable[[], URL], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApp]:
    """`safar up` on a free port: web, two workers and the clock, in production mode."""
    subprocess.run([sys.executable, "-m", "app.cli.main", "build"], cwd=PROJECT, check=True)
    port, database = _free_port(), copy_database()
    redis_url = redis_database_of_the_app(servers.redis_url)
    log = tmp_path_factory.mktemp("safar") / "safar.log"
    app = RunningApp(f"http://localhost:{port}", database, redis_url)
    with app.inside():
        db.migrate()
        create_tenant("first", "First studio")  # so that `safar up` does not fill in the demo studio
    environment = {
        **os.environ,
        "DATABASE_URL": database.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "SAFAR_PORT": str(port),
        "SAFAR_DATA_DIR": str(log.parent),
        "PYTHONPATH": str(PROJECT),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", "up"],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_well(app.url, process, log)
            yield app
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


@pytest.fixture
def studio(running_app: RunningApp) -> Studio:
    """A studio of its own for each test, with the prebuilt templates."""
    number = next(NUMBERS)
    slug, email = f"browser-{number}", f"owner-{number}@studio.test"
    with running_app.inside():
        tenant_id = create_tenant(slug, f"Studio {number}")
        create_user(tenant_id, email, "Meera Joshi", Role.SUPER_OWNER, PASSWORD)
        with tenant_session(tenant_id) as session:
            install_system_templates(session, tenant_id, utc_now())
    return Studio(running_app, tenant_id, slug, email)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """The window all owners sit at, one after the other; it keeps the scripts it has loaded."""
    with browser.new_context(**WINDOW) as context:
        yield context


@pytest.fixture
def page(window: BrowserContext, studio: Studio) -> Iterator[Page]:
    """A page of the studio's owner, signed in."""
    with sign_in(window, studio, studio.email) as opened:
        yield opened


@contextmanager
def sign_in(context: BrowserContext, studio: Studio, email: str) -> Iterator[Page]:
    """A page in a tab that knows nothing of who was here before, signed in. An error in its scripts fails the test."""
    with studio.app.inside():
        token = accounts.sign_in(email, PASSWORD, now=utc_now())
    context.clear_cookies()
    context.clear_permissions()
    context.add_cookies([{"name": COOKIE, "value": token, "url": studio.app.url}])
    opened = context.new_page()
    opened.add_init_script(FORGET)
    opened.set_default_timeout(PATIENCE_MILLISECONDS)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.close()
    assert errors == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_well(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"Safar did not come up:\n{log.read_text()[-4000:]}")
