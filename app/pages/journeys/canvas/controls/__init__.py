"""The controls of the config form, one file each; `index.js` names them."""

from pathlib import Path

import reflex as rx

BUNDLED = frozenset({".js", ".jsx", ".css"})


def share_modules() -> None:
    """Put every control where the bundler looks for it."""
    for file in sorted(Path(__file__).parent.iterdir()):
        if file.suffix in BUNDLED:
            rx.asset(file.name, shared=True)
