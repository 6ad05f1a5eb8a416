"""The web process: UI and HTTP doors on one port, served in production mode by Granian.

Nothing is built here and no Node runs: the bundle `app/frontend.py` made is served as files beside the
back end. Several of these processes, on several machines, share the UI's state through Redis.
"""

import ctypes
import gc
import os
import signal
import sys
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from reflex_base.constants import Env
from reflex_base.environment import environment

from app.frontend import PROJECT, build
from engine.core.errors import SettingsError
from engine.core.settings import settings

HOST = "0.0.0.0"
PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux' prctl(2)."""


def serve(port: int | None = None, *, processes: int = 1) -> None:
    """Build the front end if its sources changed, then serve until SIGTERM or SIGINT.

    Args:
        port: where to listen; `SAFAR_PORT` when left out.
        processes: how many processes answer. More than one needs `REDIS_URL`, where the UI's state is shared.

    Raises:
        SettingsError: several processes without Redis, or the front end cannot be built.
    """
    if processes > 1 and not settings().redis_url:
        raise SettingsError("REDIS_URL: several web processes share their state there; set it, or run one.")
    build()
    os.chdir(PROJECT)
    environment.REFLEX_DIR.set(PROJECT / ".reflex")
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    Server(
        target="app.web:asgi",
        factory=True,
        interface=Interfaces.ASGI,
        address=HOST,
        port=port or settings().port,
        workers=processes,
        workers_kill_timeout=5,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def asgi() -> Any:
    """The ASGI application, made once in each serving process."""
    _end_with_parent()
    from app.app import app

    made = app()
    # What is there now stays; looking through all of it for cycles took a fifth of validating a large journey.
    gc.collect()
    gc.freeze()
    return made


def _end_with_parent() -> None:
    """Have the kernel stop this process when its parent dies, even by SIGKILL: no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
