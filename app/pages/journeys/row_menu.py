"""The end of a row in the list of journeys: pause or resume in place, everything else in a menu."""

import reflex as rx

from app.pages.journeys.list_state import JourneysState, Row
from app.pages.journeys.row_state import RowState
from app.ui import button, dialog, form, form_actions, icon_button, menu, menu_item, select_field, text_field


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
        menu(
            rx.el.button(
                rx.icon("ellipsis", size=18, aria_hidden="true"),
                type="button",
                class_name="jb-more",
                custom_attrs={"aria-label": f"More about {row.name}"},
            ),
            *_items(row),
        ),
        class_name="s-above-row jl-row-end",
    )


def _items(row: rx.Var[Row]) -> tuple[rx.Component, ...]:
    edits = rx.fragment(
        menu_item("Rename…", icon="pencil", on_select=RowState.ask_name(row.id, row.name)),
        menu_item(
            "Change owner…", icon="user-round", on_select=RowState.ask_owner(row.id, row.name, row.owner_id)
        ),
        menu_item("Duplicate", icon="copy", on_select=RowState.copy(row.id)),
    )
    moves = rx.fragment(
        rx.cond(
            row.moves.contains("archive"),
            menu_item("Archive", icon="archive", on_select=RowState.move(row.id, "archive")),
        ),
        rx.cond(
            row.moves.contains("restore"),
            menu_item("Restore", icon="archive-restore", on_select=RowState.move(row.id, "restore")),
        ),
    )
    return (
        menu_item("Open", icon="square-arrow-out-up-right", on_select=rx.redirect(row.href)),
        rx.cond(JourneysState.may_edit, edits),
        menu_item("Download as JSON", icon="download", on_select=RowState.download(row.id)),
        rx.cond(JourneysState.may_publish, moves),
    )


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
