"""The end of a row in the list of journeys: pause or resume in place, everything else in a menu."""

import reflex as rx

from app.pages.journeys.list_state import JourneysState, Row
from app.pages.journeys.row_state import RowState
from app.ui import button, dialog, form, form_actions, icon_button, select_field, text_field


def row_menu(row: rx.Var[Row]) -> rx.Component:
    """What one may do with the journey."""
    return rx.el.div(
        rx.cond(
            JourneysState.may_publish,
            rx.fragment(
                rx.cond(
                    row.moves.contains("pause"),
                    icon_button(
                        f"Pause {row.name}", icon="circle-pause", on_click=RowState.move(row.id, "pause")
                    ),
                ),
                rx.cond(
                    row.moves.contains("resume"),
                    icon_button(
                        f"Resume {row.name}", icon="circle-play", on_click=RowState.move(row.id, "resume")
                    ),
                ),
            ),
        ),
        rx.menu.root(
            rx.menu.trigger(
                rx.el.button(
                    rx.icon("ellipsis", size=18, aria_hidden="true"),
                    type="button",
                    class_name="jb-more",
                    custom_attrs={"aria-label": f"More about {row.name}"},
                )
            ),
            rx.menu.content(*_items(row), size="2"),
        ),
        class_name="s-above-row jl-row-end",
    )


def _items(row: rx.Var[Row]) -> tuple[rx.Component, ...]:
    edits = rx.fragment(
        _item("Rename…", "pencil", RowState.ask_name(row.id, row.name)),
        _item("Change owner…", "user-round", RowState.ask_owner(row.id, row.name, row.owner_id)),
        _item("Duplicate", "copy", RowState.copy(row.id)),
    )
    moves = rx.fragment(
        rx.cond(row.moves.contains("archive"), _item("Archive", "archive", RowState.move(row.id, "archive"))),
        rx.cond(
            row.moves.contains("restore"),
            _item("Restore", "archive-restore", RowState.move(row.id, "restore")),
        ),
    )
    return (
        _item("Open", "square-arrow-out-up-right", rx.redirect(row.href)),
        rx.cond(JourneysState.may_edit, edits),
        _item("Download as JSON", "download", RowState.download(row.id)),
        rx.cond(JourneysState.may_publish, moves),
    )


def _item(label: str, icon: str, on_select: rx.event.EventType[()]) -> rx.Component:
    return rx.menu.item(rx.icon(icon, size=16, aria_hidden="true"), label, on_select=on_select)


def row_dialogs() -> rx.Component:
    """What the menu asks back."""
    return rx.fragment(
        dialog(
            form(
                text_field(
                    name="new_name",
                    label="Name",
                    error=RowState.problem,
                    default_value=RowState.chosen_name,
                    max_length=100,
                    auto_focus=True,
                    auto_complete="off",
                ),
                form_actions(
                    button("Cancel", look="quiet", on_click=RowState.close(False)),
                    button("Rename", type="submit"),
                ),
                on_submit=RowState.rename,
            ),
            title="Rename the journey",
            open=RowState.renaming,
            on_open_change=RowState.close,
        ),
        dialog(
            form(
                select_field(
                    name="new_owner",
                    label="Owner",
                    hint="Who looks after it. Everybody with the right role can still change it.",
                    options=JourneysState.owners[1:],
                    error=RowState.problem,
                    default_value=RowState.chosen_owner,
                ),
                form_actions(
                    button("Cancel", look="quiet", on_click=RowState.close(False)),
                    button("Change owner", type="submit"),
                ),
                on_submit=RowState.give,
            ),
            title="Who owns this journey?",
            description=RowState.chosen_name,
            open=RowState.giving,
            on_open_change=RowState.close,
        ),
    )
