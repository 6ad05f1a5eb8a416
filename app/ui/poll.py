"""Looking again every few seconds, for pages that show what happens elsewhere."""

import reflex as rx


class Poll(rx.NoSSRComponent):
    """Asks the state again while the page is mounted and visible; shows nothing itself."""

    library = rx.asset("poll.jsx", shared=True).importable_path
    tag = "Poll"

    seconds: rx.Var[float]
    """How long between two looks."""

    on_tick: rx.EventHandler[rx.event.no_args_event_spec]
    """Called at each look."""


def poll(*, seconds: float, on_tick: rx.event.EventType[()]) -> rx.Component:
    """Call `on_tick` every `seconds` while the page is visible."""
    return Poll.create(seconds=seconds, on_tick=on_tick)
