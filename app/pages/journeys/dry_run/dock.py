"""The dry run beside the canvas."""

import reflex as rx

from app.pages.journeys.dock import dock
from app.pages.journeys.dry_run.begin_form import begin_form
from app.pages.journeys.dry_run.begin_state import BeginState
from app.pages.journeys.dry_run.player import player
from app.pages.journeys.dry_run.player_state import PlayerState
from app.ui import menu_item


def dry_run_dock() -> rx.Component:
    """The question who walks, then their walk."""
    return dock(
        rx.cond(PlayerState.under_way, player(), begin_form()),
        title="Dry run",
        description="One customer walks through the draft in virtual time. Nothing is sent, nothing is stored.",
        on_close=PlayerState.close,
    )


def dry_run_item() -> rx.Component:
    """What opens it, in the menu “Try it”."""
    return menu_item("Dry run with one customer", icon="footprints", on_select=BeginState.open_dock)
