"""The embedded servers live exactly as long as somebody uses them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest
import redis

from engine.core.embedded import embedded_servers, running_servers
from engine.core.errors import Unavailable
from engine.core.places import Places

HOLDER = """
import sys, time
from pathlib import Path
from typing import LiteralString
from engine.core.embedded import embedded_servers
servers = embedded_servers(Path(sys.argv[1]), durable=False)
print("holds", flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def processes_of(folder: Path) -> list[psutil.Process]:
    """The servers and keepers that work in a folder."""
    mine = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if any(str(folder) in word for word in words) and process.info["status"] != psutil.STATUS_ZOMBIE:
            mine.append(process)
    return mine


def query(url: str, sql: LiteralString) -> str:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def test_data_outlives_a_restart_and_the_last_user_stops_the_servers(tmp_path: Path) -> None:
    with embedded_servers(tmp_path) as servers:
        query(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS a")
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
    assert eventually(lambda: not processes_of(tmp_path))
    with embedded_servers(tmp_path) as servers:
        assert query(servers.database_url, "SELECT count(*) FROM kept") == "1"
        assert query(servers.database_url, "SHOW synchronous_commit") == "on"
        assert query(servers.database_url, "SHOW fsync") == "on"
        assert query(servers.database_url, "SHOW jit") == "off"


def test_a_second_user_keeps_them_alive(tmp_path: Path) -> None:
    first = embedded_servers(tmp_path, durable=False)
    second = running_servers(tmp_path)
    assert second is not None
    first.close()
    assert query(second.database_url, "SELECT 1") == "1"
    second.close()
    assert eventually(lambda: not processes_of(tmp_path))
    assert running_servers(tmp_path) is None


def test_a_killed_user_leaves_no_server_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        assert processes_of(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert eventually(lambda: not processes_of(tmp_path))


def test_a_killed_keeper_is_replaced_and_its_database_taken_over(tmp_path: Path) -> None:
    servers = embedded_servers(tmp_path, durable=False)
    query(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS a")
    keeper = next(p for p in processes_of(tmp_path) if "engine.core.keeper" in p.cmdline())
    keeper.kill()
    keeper.wait()
    with embedded_servers(tmp_path, durable=False) as again:
        assert query(again.database_url, "SELECT count(*) FROM kept") == "1"
    assert eventually(lambda: not processes_of(tmp_path))


def test_a_crashed_server_is_started_again(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, durable=False) as servers:
        pid = int((Places(tmp_path).postgres / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

        def is_back() -> bool:
            try:
                return query(servers.database_url, "SELECT 1") == "1"
            except psycopg.OperationalError:
                return False

        assert eventually(is_back)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, durable=False):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Unavailable, match="no_such_setting"):
        embedded_servers(tmp_path, durable=False)


def test_a_long_path_still_gets_short_sockets(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 5)
    with embedded_servers(deep, durable=False) as servers:
        assert query(servers.database_url, "SELECT 1") == "1"
        assert len(os.fsencode(Places(deep).keeper_socket)) < 108
    assert eventually(lambda: not Places(deep).sockets.exists())
