"""The keeper: a small process that owns the embedded servers and lets them live as long as they are used.

Everybody who uses the servers holds a connection to the keeper's socket. The kernel closes it however its
holder dies, so the keeper always knows: when the last one has gone it stops both servers cleanly. Thus no
crash, `kill -9` or closed terminal leaves a server behind, and no command stops one that others still use.

    python -m engine.core.keeper DATA_DIR [--throw-away]
"""

import fcntl
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from engine.core.places import Places
from engine.core.servers import prepare, start_postgres, start_redis, stop

LOOK_AFTER_SECONDS = 1.0
FIRST_USER_SECONDS = 30.0


class Keeper:
    """Owns both servers; `serve` returns when nobody uses them any more or a signal asks to end."""

    def __init__(self, places: Places, *, durable: bool) -> None:
        self.places = places
        self.durable = durable
        self.users: set[socket.socket] = set()
        self.selector = selectors.DefaultSelector()
        self.is_ending = False
        self.postgres = start_postgres(places, durable=durable)
        self.redis = start_redis(places)

    def serve(self, door: socket.socket) -> None:
        """Let users in and out until the last has gone; restart a server that died."""
        self.selector.register(door, selectors.EVENT_READ, data=door)
        deadline = time.monotonic() + FIRST_USER_SECONDS
        had_users = False
        while not self.is_ending:
            for key, _ in self.selector.select(LOOK_AFTER_SECONDS):
                if key.data is door:
                    self._let_in(door)
                else:
                    self._hear(key.data)
            had_users = had_users or bool(self.users)
            if not self.users and (had_users or time.monotonic() > deadline):
                return
            self._look_after()

    def end(self, *_signal: object) -> None:
        """Leave `serve` at the next moment (a signal's handler)."""
        self.is_ending = True

    def stop_servers(self) -> None:
        """Stop both servers, then let the users who wait for that go."""
        stop(self.redis, gentle=signal.SIGTERM, hard=signal.SIGKILL)
        stop(self.postgres, gentle=signal.SIGINT, hard=signal.SIGQUIT)
        for user in self.users | {key.data for key in list(self.selector.get_map().values())}:
            user.close()

    def _let_in(self, door: socket.socket) -> None:
        user, _ = door.accept()
        try:
            user.send(b"ready\n")
        except OSError:  # it died while it waited
            user.close()
            return
        self.users.add(user)
        self.selector.register(user, selectors.EVENT_READ, data=user)

    def _hear(self, user: socket.socket) -> None:
        # A user never speaks: what arrives is the end of its half. The last one waits for the servers' end.
        try:
            said = user.recv(64)
        except ConnectionError:
            said = b""
        if said:
            return
        self.users.discard(user)
        if self.users:
            self.selector.unregister(user)
            user.close()

    def _look_after(self) -> None:
        if self.postgres.poll() is not None:
            self.postgres = start_postgres(self.places, durable=self.durable)
        if self.redis.poll() is not None:
            self.redis = start_redis(self.places)


def keep(data_dir: Path, *, durable: bool) -> None:
    """Be the keeper of a data directory: let a former one end, start the servers, serve, stop them."""
    data_dir.mkdir(parents=True, exist_ok=True)
    places = Places(data_dir)
    with places.keeper_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(places)
        keeper = Keeper(places, durable=durable)
        signal.signal(signal.SIGTERM, keeper.end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        door = _open_door(places.keeper_socket)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            keeper.serve(door)
        finally:
            # First the address goes, so that whoever comes now starts a keeper of its own and waits for us.
            places.keeper_socket.unlink(missing_ok=True)
            keeper.stop_servers()
            if not places.sockets.is_relative_to(places.data_dir):
                shutil.rmtree(places.sockets, ignore_errors=True)


def _open_door(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(path))
    path.chmod(0o700)
    door.listen(64)
    return door


def spawn(data_dir: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    """Start a keeper in a session of its own, so that Ctrl-C does not reach the servers before their users.

    Raises:
        RuntimeError: a server does not start; the message holds the end of its log.
    """
    command = [sys.executable, "-m", "engine.core.keeper", str(data_dir)]
    if not durable:
        command.append("--throw-away")
    log = Places(data_dir).log
    log.parent.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).resolve().parents[2]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=root,
        )
    assert process.stdout is not None
    with process.stdout as answer:
        if answer.readline() != b"ready\n":
            process.wait()
            raise RuntimeError(log.read_text(errors="replace").strip()[-2000:])
    return process


if __name__ == "__main__":
    keep(Path(sys.argv[1]).resolve(), durable="--throw-away" not in sys.argv)
