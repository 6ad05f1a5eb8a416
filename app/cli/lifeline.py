"""How a child of the supervisor learns that the supervisor is gone, however it went.

The supervisor keeps the writing end of a pipe that nobody ever writes to. Its children hold the reading end:
they see it end when the supervisor dies, even by SIGKILL, and take their whole process group with them.
"""

import os
import signal
import threading
import time

GRACE_SECONDS = 8.0


def hold_on_to(descriptor: int | None) -> None:
    """End this process and its group when the pipe behind `descriptor` ends; nothing to do without one."""
    if descriptor is not None:
        os.set_inheritable(descriptor, False)
        threading.Thread(target=_end_with, args=(descriptor,), name="lifeline", daemon=True).start()


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)
