"""The journey canvas: React Flow with our cards, panels and keys, mounted by Reflex (`canvas.py`).

Every module of this folder is shared with the bundler under the folder's own layout, so that they import
each other by relative paths.
"""

from pathlib import Path

import reflex as rx

from app.pages.journeys.canvas import controls

FOLDER = Path(__file__).parent
FILES = {
    file.name: rx.asset(file.name, shared=True)
    for file in sorted(FOLDER.iterdir())
    if file.suffix in controls.BUNDLED
}
