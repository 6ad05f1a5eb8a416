"""The supervisor: children are restarted, told to stop, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.cli.supervisor import how_it_ended, pause_before_restart

SUPERVISOR = """
import sys
from app.cli.supervisor import Role, Supervisor
named = [word.split("=") for word in sys.argv[1:]]
supervisor = Supervisor([Role(name, [sys.executable, script]) for name, script in named])
supervisor.stop_on_signals()
supervisor.run()
supervisor.say("stopped")
"""

# A child as ours are: it holds on to the lifeline, has a child of its own, and ends in good order on SIGTERM.
CHILD = """
import os, signal, subprocess, sys, time
from app.cli.lifeline import hold_on_to
hold_on_to(int(sys.argv[sys.argv.index("--lifeline") + 1]))
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def end(*_):
    print("ends in good order", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", os.getpid(), below.pid, flush=True)
time.sleep(600)
"""

STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", os.getpid(), os.getpid(), flush=True)
while True:
    time.sleep(600)
"""


class Running:
    """A supervisor in a process of its own, and what it has said so far."""

    def __init__(self, folder: Path, **scripts: str) -> None:
        roles = []
        for name, script in scripts.items():
            path = folder / f"{name}.py"
            path.write_text(script)
            roles.append(f"{name}={path}")
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, *roles], stdout=subprocess.PIPE, text=True, env=environment
        )

    def wait_for(self, words: str) -> str:
        """The next line with these words in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return line
        raise AssertionError(f"it ended without saying '{words}'")

    def child(self) -> tuple[int, int]:
        """The process ids of the child that comes up next, and of the one below it."""
        *_, child, below = self.wait_for("| up ").split()
        return int(child), int(below)

    def rest(self) -> str:
        """What it still says until it ends."""
        said, _ = self.process.communicate(timeout=30)
        return said


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    run = Running(tmp_path, web=CHILD)
    yield run
    run.process.kill()
    run.process.wait()


def is_gone(pid: int, *, seconds: float = 10.0) -> bool:
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_a_killed_child_is_started_again_and_takes_its_own_children_along(running: Running) -> None:
    child, below = running.child()
    os.kill(child, signal.SIGKILL)
    assert "was killed by SIGKILL; starting it again in 0.5 s" in running.wait_for("starting it again")
    again, _ = running.child()
    assert again != child
    assert is_gone(below)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_children_in_good_order(running: Running, number: signal.Signals) -> None:
    child, below = running.child()
    began = time.monotonic()
    running.process.send_signal(number)
    said = running.rest()
    assert "web      | ends in good order" in said
    assert said.endswith("safar    | stopped\n")
    assert running.process.returncode == 0
    assert time.monotonic() - began < 10
    assert is_gone(child)
    assert is_gone(below)


def test_a_killed_supervisor_leaves_no_orphan(running: Running) -> None:
    child, below = running.child()
    running.process.kill()
    assert is_gone(child)
    assert is_gone(below)


def test_a_child_that_ignores_the_signal_is_ended_by_force(tmp_path: Path) -> None:
    running = Running(tmp_path, clock=STUBBORN)
    child, _ = running.child()
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert "clock does not stop; ending it by force" in running.rest()
    assert time.monotonic() - began < 10
    assert is_gone(child)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    running = Running(tmp_path, clock=STUBBORN)
    child, _ = running.child()
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    running.rest()
    assert time.monotonic() - began < 4
    assert is_gone(child)


def test_pauses_grow_up_to_half_a_minute() -> None:
    assert [pause_before_restart(n) for n in (1, 2, 3, 7, 100)] == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_ends_are_told_in_words() -> None:
    assert how_it_ended(1) == "ended with code 1"
    assert how_it_ended(-9) == "was killed by SIGKILL"
