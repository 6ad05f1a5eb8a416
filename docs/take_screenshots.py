"""Takes the pictures of `docs/screenshots`: `make screenshots`.

Starts Safar with the demo studio on a free port and a data folder that is thrown away, lets twenty days pass in it,
signs in and shows each of `docs/scenes.py`. Adding a picture is adding an entry there.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from docs.scenes import SCENES, Scene, signed_in
from docs.studio_life import live_through
from engine.core.clock import utc_now
from engine.core.db import dispose_engines, migrate, tenant_session
from engine.core.embedded import embedded_servers
from engine.core.settings import settings
from engine.journeys.models import Journey

PROJECT = Path(__file__).parents[1]
PICTURES = Path(__file__).with_name("screenshots")
CHROMIUM = "/usr/bin/chromium"
QUALITY = 82
READY_SECONDS = 600
SETTLE_MILLISECONDS = 900


def take(only: list[str]) -> None:
    """Take all pictures, or those of these names."""
    PICTURES.mkdir(exist_ok=True)
    scenes = [scene for scene in SCENES if not only or scene.name in only]
    with _studio() as (url, login, journeys), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scene in scenes:
            picture = _picture(browser, scene, url, login, journeys)
            (PICTURES / f"{scene.name}.webp").write_bytes(picture)
            print(f"{scene.name}.webp  {len(picture) // 1024} KB")
        browser.close()


def _picture(
    browser: Browser, scene: Scene, url: str, login: dict[str, str], journeys: dict[str, str]
) -> bytes:
    path = scene.path
    for name, journey_id in journeys.items():
        path = path.replace(f"{{{name}}}", journey_id)
    with signed_in(browser, url, login["email"], login["password"], size=scene.size, dark=scene.dark) as page:
        page.goto(f"{url}{path}")
        page.wait_for_load_state("networkidle")
        page.locator("[aria-busy=true]").wait_for(state="detached")
        scene.act(page)
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        taken = page.context.new_cdp_session(page).send(
            "Page.captureScreenshot", {"format": "webp", "quality": QUALITY}
        )
    return base64.b64decode(taken["data"])


@contextmanager
def _studio() -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """A running Safar: its address, how to sign in, and the ids of the journeys by name."""
    folder = Path(tempfile.mkdtemp(prefix="safar-pictures-"))
    try:
        with embedded_servers(folder, durable=False) as servers:
            port = _free_port()
            os.environ |= {
                "DATABASE_URL": servers.database_url,
                "REDIS_URL": servers.redis_url,
                "SAFAR_DATA_DIR": str(folder),
                "SAFAR_PORT": str(port),
            }
            settings.cache_clear()
            migrate()
            _run("seed")
            tenant_id = live_through(now=utc_now())
            with tenant_session(tenant_id) as session:
                found = {row.name: str(row.id) for row in session.execute(select(Journey.name, Journey.id))}
            dispose_engines()
            _run("build")
            with _running(f"http://localhost:{port}") as url:
                yield url, json.loads((folder / "demo-login.json").read_text()), found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(url: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "up"], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + READY_SECONDS
        while not _is_well(url):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("Safar did not come up.")
            time.sleep(0.5)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _run(command: str) -> None:
    subprocess.run([sys.executable, "-m", "app.cli.main", command], cwd=PROJECT, check=True)


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    take(sys.argv[1:])
