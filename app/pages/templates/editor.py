"""The editor's parts that live in the browser; `editor.jsx` beside this file draws them."""

import reflex as rx

FILE = rx.asset("editor.jsx", shared=True).importable_path


class VariablePalette(rx.NoSSRComponent):
    """Buttons that put a variable where the cursor was last, in a control marked `data-takes-variables`."""

    library = FILE
    tag = "VariablePalette"

    variables: rx.Var[list[tuple[str, str]]]
    """Label and text of each."""

    fallback: rx.Var[str]
    """Id of the control that takes it when none had the cursor yet."""

    disabled: rx.Var[bool]
    """Whether nothing may be put in."""


class UnsavedGuard(rx.NoSSRComponent):
    """Asks before unsaved words are left, and saves on Ctrl+S."""

    library = FILE
    tag = "UnsavedGuard"

    changed: rx.Var[bool]
    """Whether there is anything to lose."""

    form: rx.Var[str]
    """Id of the form to send."""
