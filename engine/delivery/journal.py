"""A worker's own note of what it is handing over, so that a killed worker leaves no doubt behind (design decision 5).

One append-only file for each worker thread, locked while its writer lives. `D <id>` is written before the bytes
that cannot be taken back, `A <id> <provider's id>` or `N <id>` after the answer. A write reaches the kernel at
once, so it survives SIGKILL; it does not survive a power failure, which the boot id in the first line tells.
"""

import fcntl
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from engine.channels.interface import Answer, Outcome
from engine.core.ids import new_id
from engine.core.settings import settings

TRIM_BYTES = 4_000_000
KEEP = timedelta(days=7)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Mark(StrEnum):
    """What a line of the journal says."""

    LEAVING = "D"
    ACCEPTED = "A"
    NOT_TAKEN = "N"


@dataclass(frozen=True, slots=True)
class Noted:
    """The last word of a dead worker about a message."""

    mark: Mark
    provider_message_id: str | None = None


class Journal:
    """The journal of one thread. `name` goes into `messages.claimed_by`; making one removes those of long ago."""

    def __init__(self, *, now: datetime) -> None:
        folder().mkdir(parents=True, exist_ok=True)
        _sweep(now)
        self._file = new_id().hex
        self.name = f"{socket.gethostname()}:{self._file}"
        self._descriptor = os.open(_path(self._file), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write(f"boot {boot_id()}\n")

    def leaving(self, message_id: UUID) -> None:
        """From here on the message may have reached the provider."""
        self._write(f"{Mark.LEAVING} {message_id}\n")

    def answered(self, message_id: UUID, answer: Answer) -> None:
        """The provider's word, before it is committed. An unknown outcome leaves the doubt standing."""
        if answer.outcome is Outcome.ACCEPTED:
            self._write(f"{Mark.ACCEPTED} {message_id} {answer.provider_message_id or ''}\n")
        elif answer.outcome is not Outcome.UNKNOWN:
            self._write(f"{Mark.NOT_TAKEN} {message_id}\n")

    def settled(self) -> None:
        """Everything noted so far is committed: begin anew when the file has grown."""
        if os.fstat(self._descriptor).st_size > TRIM_BYTES:
            os.ftruncate(self._descriptor, 0)
            self._write(f"boot {boot_id()}\n")

    def abandon(self) -> None:
        """Leave the file to recovery: what it notes could not be committed."""
        os.close(self._descriptor)

    def close(self) -> None:
        """Nothing is open any more: remove the file."""
        _path(self._file).unlink(missing_ok=True)
        os.close(self._descriptor)

    def _write(self, line: str) -> None:
        os.write(self._descriptor, line.encode())


def folder() -> Path:
    """Where this machine's journals lie."""
    return settings().data_dir / "handover"


def boot_id() -> str:
    """Changes when the machine starts anew."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else "unknown"


def is_from_here(name: str) -> bool:
    """Whether a claim was made on this machine."""
    return name.rpartition(":")[0] == socket.gethostname()


def is_alive(name: str) -> bool:
    """Whether the journal's writer still lives: it holds the lock as long as it does."""
    try:
        descriptor = os.open(_path(name.rpartition(":")[2]), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read(name: str) -> Mapping[UUID, Noted] | None:
    """What a dead worker noted, by message; None when that cannot be known any more."""
    try:
        lines = _path(name.rpartition(":")[2]).read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or lines[0] != f"boot {boot_id()}":
        return None
    noted: dict[UUID, Noted] = {}
    for line in lines[1:]:
        mark, _, rest = line.partition(" ")
        message, _, provider_id = rest.partition(" ")
        noted[UUID(message)] = Noted(Mark(mark), provider_id or None)
    return noted


def _sweep(now: datetime) -> None:
    """Remove journals of writers that died long ago: recovery has read them."""
    oldest = (now - KEEP).timestamp()
    for path in folder().glob("*.journal"):
        if path.stat().st_mtime < oldest and not is_alive(path.stem):
            path.unlink(missing_ok=True)


def _path(file: str) -> Path:
    return folder() / f"{file}.journal"
