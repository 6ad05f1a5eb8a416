"""The settings page: one section below the other."""

import reflex as rx

from app.pages.frame import frame
from app.pages.registry import Page
from app.pages.settings.approval import approval_section
from app.pages.settings.budget import budget_section
from app.pages.settings.channels import channels_section, connection_dialog
from app.pages.settings.keys import keys_section, new_key_dialog
from app.pages.settings.page_state import SettingsPageState
from app.pages.settings.prices import new_price_dialog, prices_section
from app.pages.settings.section import owners_only
from app.pages.settings.sending import sending_sections
from app.pages.settings.state import SettingsState
from app.ui import card, notice, page_header, skeleton_lines


def settings() -> rx.Component:
    """Channels, hours, limits, studio, budget, prices, keys."""
    return frame(
        page_header(
            title="Settings",
            description="When and how often you write, through what, for how much, and who may ask.",
        ),
        rx.cond(
            SettingsState.loading,
            rx.el.div(*[card(skeleton_lines(count=4)) for _ in range(3)], class_name="s-stack-l"),
            rx.el.div(
                rx.cond(
                    SettingsState.may_manage, None, notice("Only an owner of the account changes these.")
                ),
                channels_section(),
                owners_only(sending_sections(), approval_section(), budget_section(), prices_section()),
                keys_section(),
                class_name="st-sections",
            ),
        ),
        connection_dialog(),
        new_price_dialog(),
        new_key_dialog(),
        active="settings",
    )


SETTINGS = Page(
    route="/settings",
    component=settings,
    title="Settings",
    description="Sending hours, limits, channels, budgets, prices and keys of the studio.",
    on_load=(SettingsPageState.load,),
)
