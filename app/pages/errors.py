"""The edge of the UI: an error raised in an event handler becomes what the person at the browser sees."""

import reflex as rx
import structlog
from reflex.event import EventSpec

from app.ui.toast import failed
from engine.core.errors import SafarError, Unauthenticated

log = structlog.get_logger(__name__)


def answer_error(exception: Exception) -> EventSpec:
    """A sentence for errors meant to be read, the login page for an ended session, and a log entry for the rest."""
    match exception:
        case Unauthenticated():
            return rx.redirect("/login")
        case SafarError():
            return failed(exception.message)
    log.error("unexpected_error", exc_info=exception)
    return failed("Something went wrong on our side. Nothing was lost; try again.")
