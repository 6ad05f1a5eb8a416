"""Short news after an action, for event handlers to return or yield: `return done("Journey published.")`."""

import reflex as rx


def done(message: str) -> rx.event.EventSpec:
    """It worked."""
    return rx.toast.success(message, duration=4000)


def failed(message: str) -> rx.event.EventSpec:
    """It did not; the message says why and what to do. Stays longer, and can be closed."""
    return rx.toast.error(message, duration=9000, close_button=True)


def news(message: str) -> rx.event.EventSpec:
    """Something happened that needs no answer."""
    return rx.toast.info(message, duration=5000)
