"""Where the embedded servers keep their files, and the addresses that follow from it."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where the servers keep their files below the data directory."""

    data_dir: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.data_dir / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' working directory; nothing is kept in it."""
        return self.data_dir / "redis"

    @property
    def sockets(self) -> Path:
        """A folder whose path is short enough for Unix sockets (107 bytes)."""
        inside = self.data_dir / "run"
        if len(os.fsencode(inside)) < 80:
            return inside
        return Path(tempfile.gettempdir()) / f"safar-{hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]}"

    @property
    def postgres_socket(self) -> Path:
        """The folder of PostgreSQL's socket."""
        return self.sockets / "postgres"

    @property
    def redis_socket(self) -> Path:
        """Redis' socket."""
        return self.sockets / "redis.sock"

    @property
    def keeper_socket(self) -> Path:
        """Where the keeper is reached."""
        return self.sockets / "keeper.sock"

    @property
    def keeper_lock(self) -> Path:
        """Locked as long as a keeper lives."""
        return self.data_dir / "keeper.lock"

    @property
    def log(self) -> Path:
        """What the servers and the keeper say."""
        return self.data_dir / "servers.log"

    @property
    def database_url(self) -> str:
        """The owner's address, for SQLAlchemy with psycopg 3; other databases of the server by `URL.set`."""
        return f"postgresql+psycopg://postgres@/safar?host={self.postgres_socket}"

    @property
    def redis_url(self) -> str:
        """Redis' address as redis-py reads it."""
        return f"unix://{self.redis_socket}?db=0"
