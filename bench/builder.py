"""The journey builder in a real browser at 500 steps and 700 ways: opening, dragging, typing, saving; and validation.

Chromium runs without a window, and here usually without a graphics card: frames a second then say how fast this machine
paints, so the processor time of the page's scripts stands beside them, which does not depend on that.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.builder_graph import STEPS, WAYS, graph
from bench.ground import servers
from engine.core.accounts import Role, create_tenant, create_user
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.journeys import drafts
from engine.journeys.references import load_references
from engine.journeys.validation import find_problems

MOVES = 120
KEYS = 80
SAVES = 10
PROJECT = Path(__file__).parents[1]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
EMAIL, PASSWORD = "bench@studio.test", "a-long-password"
READY_SECONDS = 240
MILLISECOND = 1_000


def main() -> None:
    """Print the figures beside what is aimed at."""
    print(f"Builder: {STEPS} steps, {WAYS} ways, Chromium without a window, {os.cpu_count()} cores")
    subprocess.run([sys.executable, "-m", "app.cli.main", "build"], cwd=PROJECT, check=True)
    with servers() as folder:
        tenant = create_tenant("bench", "Bench")
        create_user(tenant, EMAIL, "Meera Joshi", Role.SUPER_OWNER, PASSWORD)
        journey_id = drawn(tenant)
        validated(tenant)
        with running(folder) as url, signed_in(url) as page:
            address = f"{url}/journeys/{journey_id}"
            tell("opened, the first card drawn", opened(page, address), "ms", "< 2,000")
            for title, shown in (("the whole journey in view", whole), ("at reading size", readable)):
                shown(page)
                frames, script = dragged(page)
                tell(f"a step dragged, {title}", frames, "frames/s", "≥ 50")
                tell("  script a move", script, "ms", "")
            tell("a key typed in the panel, to the next paint, p95", typed(page), "ms", "< 50")
            tell("autosave, there and back, median", saved(page), "ms", "< 300")


def tell(title: str, value: float, unit: str, aim: str) -> None:
    """A figure beside its aim."""
    print(f"  {title:<52} {value:>10,.1f} {unit:<9}" + (f" (aim {aim})" if aim else ""))


def drawn(tenant: UUID) -> UUID:
    """The journey, as a draft."""
    with tenant_session(tenant) as session:
        return drafts.create_journey(
            session, tenant, "Five hundred", user_id=None, now=utc_now(), graph=graph()
        ).id


def validated(tenant: UUID) -> None:
    """Tell how long it takes to find all problems of the graph."""
    raw = graph()
    with tenant_session(tenant) as session:
        references = load_references(session)
    problems = find_problems(raw, references)
    assert not problems, problems[:3]
    gc.collect()
    gc.freeze()  # as the web process does when it is loaded
    seconds = []
    for _ in range(SAVES):
        begun = time.process_time()
        find_problems(raw, references)
        seconds.append(time.process_time() - begun)
    tell("validated in Python, processor time, median", median(seconds) * MILLISECOND, "ms", "< 20")


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """`safar web` on a free port; yields its address."""
    port = free_port()
    environment = {**os.environ, "SAFAR_PORT": str(port), "PYTHONPATH": str(PROJECT)}
    with (folder / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", "web"],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://localhost:{port}"
    try:
        wait_for(f"{url}/healthz", web)
        yield url
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The application did not come up.")


@contextmanager
def signed_in(url: str) -> Iterator[Page]:
    """A page of the studio's owner."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{url}/login")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{url}/")
        yield page
        browser.close()


def opened(page: Page, address: str) -> float:
    """Milliseconds from the address to drawn cards, with the scripts in the browser's cache; the median of three."""
    page.goto(address)
    page.wait_for_selector(".jc-card")
    return median(
        timed(lambda: (page.goto(address), page.wait_for_selector(".jc-card"))) for _ in range(3)
    ) * (MILLISECOND)


def whole(page: Page) -> None:
    """Show all steps."""
    page.locator(".jc-stage").focus()
    page.keyboard.press("f")
    page.wait_for_timeout(800)


def readable(page: Page) -> None:
    """Show some steps as one reads them."""
    page.keyboard.press("/")
    page.keyboard.type("step-260")
    page.keyboard.press("Enter")
    page.wait_for_timeout(800)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)


FRAMES = """() => {
  window.frames_seen = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames_seen.push(now - last);
    last = now;
    window.frame_timer = requestAnimationFrame(tick);
  };
  window.frame_timer = requestAnimationFrame(tick);
}"""


def dragged(page: Page) -> tuple[float, float]:
    """Median frames a second while a step is dragged, and milliseconds of script a mouse move."""
    card = page.locator('.react-flow__node[data-id="step-260"]').bounding_box()
    assert card is not None
    x, y = card["x"] + card["width"] / 2, card["y"] + card["height"] / 4
    measured = page.context.new_cdp_session(page)
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8, steps=4)
    before = script_seconds(measured)
    page.evaluate(FRAMES)
    for at in range(MOVES):
        page.mouse.move(x + 8 + at % 60, y + 8 + at % 40)
    deltas = page.evaluate(
        "() => { cancelAnimationFrame(window.frame_timer); return window.frames_seen.slice(2); }"
    )
    script = script_seconds(measured) - before
    page.mouse.up()
    page.keyboard.press("Control+z")
    return MILLISECOND / median(deltas), script / MOVES * MILLISECOND


def script_seconds(session: CDPSession) -> float:
    """Processor time of the page's scripts so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ScriptDuration")


PAINTS = """() => {
  window.paints = [];
  document.addEventListener("input", () => {
    const begun = performance.now();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.paints.push(performance.now() - begun);
    requestAnimationFrame(() => channel.port2.postMessage(null));
  }, true);
}"""


def typed(page: Page) -> float:
    """Milliseconds from a key to the paint that shows it: the 95th percentile."""
    page.evaluate(PAINTS)
    page.keyboard.press("/")
    page.keyboard.type("step-0")
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    page.keyboard.press("Escape")
    page.click("#jc-field-event")
    page.evaluate("window.paints.length = 0")
    page.keyboard.type("Order Completed in the shop " * (KEYS // 28 + 1), delay=40)
    page.wait_for_timeout(200)
    return quantiles(page.evaluate("window.paints"), n=20)[18]


SAVING = """() => {
  window.saves = [];
  let begun = 0;
  const mark = document.querySelector(".jc-save");
  new MutationObserver(() => {
    if (mark.dataset.status === "saving") begun = performance.now();
    if (mark.dataset.status === "saved" && begun) { window.saves.push(performance.now() - begun); begun = 0; }
  }).observe(mark, { attributes: true, attributeFilter: ["data-status"] });
}"""


def saved(page: Page) -> float:
    """Milliseconds from the graph's sending to the answer that it is kept."""
    page.evaluate(SAVING)
    for _ in range(SAVES):
        page.keyboard.type("x")
        page.wait_for_timeout(900)
    page.wait_for_timeout(1_000)
    return median(page.evaluate("window.saves"))


if __name__ == "__main__":
    main()
