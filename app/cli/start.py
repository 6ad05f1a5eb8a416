"""`safar up`: everything on one machine, from an empty folder to a running demo studio."""

import sys
import threading
import time

from app.cli.ground import standing_servers
from app.cli.port import answers, demand_free_port
from app.cli.seed import DemoLogin, demo_login, seed_demo
from app.cli.supervisor import Role, Supervisor
from engine.core import db
from engine.core.doors import all_tenants
from engine.core.settings import settings

READY_LOOK_SECONDS = 0.2


def start() -> int:
    """Start all and stay until a signal; returns the exit code.

    Raises:
        SettingsError: the port is taken.
        Unavailable: an embedded server does not start.
    """
    demand_free_port(settings().port)
    with standing_servers():
        db.migrate()
        seed_if_empty()
        supervisor = Supervisor(roles(settings().worker_processes))
        supervisor.stop_on_signals()
        threading.Thread(target=_welcome, args=(supervisor,), daemon=True).start()
        supervisor.run()
    supervisor.say("stopped")
    return 0


def roles(worker_processes: int) -> list[Role]:
    """The children of `safar up`."""
    workers = [f"worker-{number}" for number in range(1, worker_processes + 1)]
    commands = {"web": "web", **dict.fromkeys(workers, "worker"), "clock": "clock"}
    program = [sys.executable, "-m", "app.cli.processes"]
    return [Role(name, [*program, command]) for name, command in commands.items()]


def _welcome(supervisor: Supervisor) -> None:
    while not answers(settings().port):
        if supervisor.is_stopping:
            return
        time.sleep(READY_LOOK_SECONDS)
    for line in welcome_lines(settings().public_url, demo_login()):
        supervisor.say(line)


def seed_if_empty() -> None:
    """A new installation begins with the demo studio; one with tenants of its own is left alone."""
    if not all_tenants():
        seed_demo()


def welcome_lines(url: str, login: DemoLogin | None) -> list[str]:
    """What a person needs to know to begin."""
    sign_in = [f"  sign in      {login.email} / {login.password}"] if login else []
    return [
        "",
        f"Safar is ready at {url}",
        *sign_in,
        f"  local inbox  {url}/inbox  (every message the demo studio sends lands there)",
        f"  try it       {url}/p/demo/trial-class  (fill in the form, then look into the inbox)",
        "  real data    safar import completejourney  (a real shop's year: 2,469 households)",
        "  stop         Ctrl-C",
    ]
