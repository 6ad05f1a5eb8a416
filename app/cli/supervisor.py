"""Keeps child processes alive: forwards what they say, restarts those that die, stops all in the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

GRACE_SECONDS = 8.0
STEADY_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Role:
    """A child to keep alive: its name in the output, and its command line."""

    name: str
    command: Sequence[str]


@dataclass(slots=True)
class Child:
    """A role as it is played now. Each child leads a process group, so that its own children go with it."""

    role: Role
    process: subprocess.Popen[bytes] | None = None
    forwarder: threading.Thread | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the child and all below it."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def pause_before_restart(failures: int) -> float:
    """Seconds to wait before starting a child that failed this many times in a row."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16))


def how_it_ended(code: int) -> str:
    """In words: "ended with code 1" or "was killed by SIGKILL"."""
    return f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


@dataclass(slots=True)
class Supervisor:
    """Runs roles until it is asked to stop.

        supervisor = Supervisor([Role("web", ["safar", "web"])])
        supervisor.stop_on_signals()
        supervisor.run()

    Commands are called with `--lifeline N` added, see `app/cli/lifeline.py`.
    """

    roles: Sequence[Role]
    output: TextIO = field(default_factory=lambda: sys.stdout)
    stop_requests: int = 0

    def stop_on_signals(self) -> None:
        """SIGTERM, SIGINT (Ctrl-C) and SIGHUP (terminal closed) end `run` gently; a second one at once."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.request_stop)

    def request_stop(self, *_signal: object) -> None:
        """Ask `run` to end; asked twice, it does not wait for the children to finish what they do."""
        self.stop_requests += 1

    @property
    def is_stopping(self) -> bool:
        """Whether `run` ends or has ended."""
        return self.stop_requests > 0

    def run(self) -> None:
        """Start the children and look after them; returns when all have ended."""
        lifeline, held = os.pipe()
        children = [Child(role) for role in self.roles]
        try:
            while not self.is_stopping:
                for child in children:
                    self._look_after(child, lifeline)
                time.sleep(LOOK_SECONDS)
        finally:
            self._stop(children)
            os.close(lifeline)
            os.close(held)

    def say(self, text: str, *, name: str = "safar") -> None:
        """Write a line, headed by who says it."""
        self.output.write(f"{name:<9}| {text}\n")
        self.output.flush()

    def _look_after(self, child: Child, lifeline: int) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                self._start(child, lifeline)
            return
        code = child.process.poll()
        if code is None:
            return
        child.signal_group(signal.SIGKILL)  # what it left behind must not stand in the way of the next one
        child.failures = 1 if now - child.started_at > STEADY_SECONDS else child.failures + 1
        pause = pause_before_restart(child.failures)
        child.process, child.restart_at = None, now + pause
        self.say(f"{child.role.name} {how_it_ended(code)}; starting it again in {pause:g} s")

    def _start(self, child: Child, lifeline: int) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            [*child.role.command, "--lifeline", str(lifeline)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            pass_fds=(lifeline,),
            start_new_session=True,
        )
        child.forwarder = threading.Thread(
            target=self._forward, args=(child.role.name, child.process), daemon=True
        )
        child.forwarder.start()

    def _forward(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                self.say(line.decode(errors="replace").rstrip("\r\n"), name=name)

    def _stop(self, children: Sequence[Child]) -> None:
        for child in children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and self.stop_requests < 2 and any(c.is_alive for c in children):
            time.sleep(LOOK_SECONDS / 2)
        for child in children:
            if child.is_alive:
                self.say(f"{child.role.name} does not stop; ending it by force")
            child.signal_group(signal.SIGKILL)
            if child.process is not None and child.forwarder is not None:
                child.process.wait()
                child.forwarder.join(1.0)
