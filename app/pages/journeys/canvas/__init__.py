"""The journey canvas: React Flow with our cards, panels and keys, mounted by Reflex (`canvas.py`).

Every module of this folder is shared with the bundler under the folder's own layout, so that they import
each other by relative paths.
"""

from functools import cache
from pathlib import Path

import reflex as rx

from app.pages.journeys.canvas import controls

ENTRY = rx.asset("canvas.jsx", shared=True).importable_path


@cache
def share_modules() -> None:
    """Put every module where the bundler looks for it.

    Not on import: Reflex searches the whole stack for each file, and a process that only serves needs none.
    """
    for file in sorted(Path(__file__).parent.iterdir()):
        if file.suffix in controls.BUNDLED:
            rx.asset(file.name, shared=True)
    controls.share_modules()
