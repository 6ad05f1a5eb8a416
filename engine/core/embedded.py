"""PostgreSQL and Redis without an installation: started under the data directory, shared by all who use it.

    with embedded_servers(Path(".safar")) as servers:
        migrate(servers.database_url)

The first user starts them, later ones attach, and they stop with the last (see `engine/core/keeper.py`).
"""

import fcntl
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.core.errors import Unavailable
from engine.core.keeper import spawn
from engine.core.places import Places

CLOSE_SECONDS = 90


@dataclass(slots=True)
class EmbeddedServers:
    """A hold on the running servers; they live at least until `close`."""

    database_url: str
    redis_url: str
    _hold: socket.socket
    _keeper: subprocess.Popen[bytes] | None

    def close(self) -> None:
        """Let go; returns when the servers have stopped, or at once when somebody else still uses them."""
        if self._hold.fileno() == -1:
            return
        self._hold.shutdown(socket.SHUT_WR)
        self._hold.settimeout(CLOSE_SECONDS)
        while self._hold.recv(64):
            pass
        self._hold.close()
        if self._keeper is not None:
            self._keeper.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def embedded_servers(data_dir: Path, *, durable: bool = True) -> EmbeddedServers:
    """Attach to the embedded servers of a data directory, starting them when nobody has.

    Args:
        data_dir: where they keep their files; made when missing.
        durable: False for throw-away servers (tests), which need not survive a power cut.

    Raises:
        Unavailable: a server does not start; the sentence holds the end of its log.
    """
    places = Places(data_dir.resolve())
    places.data_dir.mkdir(parents=True, exist_ok=True)
    with (places.data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keeper = None
        hold = _attach(places)
        if hold is None:
            keeper = _start(places, durable=durable)
            hold = _attach(places)
        if hold is None:
            raise Unavailable(f"The embedded servers ended at once. See {places.log}.")
    return EmbeddedServers(places.database_url, places.redis_url, hold, keeper)


def running_servers(data_dir: Path) -> EmbeddedServers | None:
    """Attach to servers that already run; None when there are none."""
    places = Places(data_dir.resolve())
    hold = _attach(places)
    return EmbeddedServers(places.database_url, places.redis_url, hold, None) if hold else None


def _start(places: Places, *, durable: bool) -> subprocess.Popen[bytes]:
    try:
        return spawn(places.data_dir, durable=durable)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"The embedded servers do not start: {error}") from error


def _attach(places: Places) -> socket.socket | None:
    hold = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        hold.connect(str(places.keeper_socket))
        if hold.recv(64) == b"ready\n":
            return hold
    except OSError:
        pass
    hold.close()
    return None
