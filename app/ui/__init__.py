"""The visual vocabulary: every page is made of these parts and no others."""

from app.ui.badge import badge
from app.ui.brand import brand, mark
from app.ui.button import button, icon_button, link_button
from app.ui.card import card, notice, stat_card, stat_row
from app.ui.dialog import confirm, dialog
from app.ui.empty import empty
from app.ui.form import (
    area_field,
    check_field,
    described,
    field,
    fields_row,
    form,
    form_actions,
    pick,
    search_field,
    select_field,
    switch,
    text_field,
)
from app.ui.link import link, outside_link, text_link
from app.ui.menu import menu, menu_item
from app.ui.page_header import page_header
from app.ui.poll import poll
from app.ui.skeleton import bone, skeleton_cards, skeleton_lines
from app.ui.table import Column, Paging, Sorting, table
from app.ui.theme import Token, Tone
from app.ui.toast import done, failed, news
from app.ui.upload import file_drop

__all__ = [
    "Column",
    "Paging",
    "Sorting",
    "Token",
    "Tone",
    "area_field",
    "badge",
    "bone",
    "brand",
    "button",
    "card",
    "check_field",
    "confirm",
    "described",
    "dialog",
    "done",
    "empty",
    "failed",
    "field",
    "fields_row",
    "file_drop",
    "form",
    "form_actions",
    "icon_button",
    "link",
    "link_button",
    "mark",
    "menu",
    "menu_item",
    "news",
    "notice",
    "outside_link",
    "page_header",
    "pick",
    "poll",
    "search_field",
    "select_field",
    "skeleton_cards",
    "skeleton_lines",
    "stat_card",
    "stat_row",
    "switch",
    "table",
    "text_field",
    "text_link",
]
