"""Columns between which cards can be dragged with the mouse."""

from typing import Any

import reflex as rx


class Board(rx.NoSSRComponent):
    """Its children are columns with `data-column`, in them draggable cards with `data-card`."""

    library = rx.asset("board.jsx", shared=True).importable_path
    tag = "Board"

    enabled: rx.Var[bool]
    """Whether cards may be dragged."""

    on_move: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    """A card was dropped into another column: the card, the column."""


def board(*columns: rx.Component | rx.Var[Any], enabled: rx.Var[bool], on_move: Any) -> rx.Component:
    """The columns side by side; keyboards and fingers need another way to move a card, such as a menu."""
    return Board.create(*columns, enabled=enabled, on_move=on_move)
