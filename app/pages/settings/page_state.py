"""Opening the settings page: every section is read before any is shown."""

import reflex as rx

from app.pages.session import signed_in
from app.pages.settings.approval_state import ApprovalState
from app.pages.settings.budget_state import BudgetState
from app.pages.settings.channels_state import ChannelsState
from app.pages.settings.keys_state import KeysState
from app.pages.settings.prices_state import PricesState
from app.pages.settings.sending_state import SendingState
from app.pages.settings.state import MANAGE, SettingsState
from engine.core.accounts import may

SECTIONS: tuple[type[SettingsState], ...] = (
    ChannelsState,
    SendingState,
    ApprovalState,
    BudgetState,
    PricesState,
    KeysState,
)


class SettingsPageState(SettingsState):
    """The page as a whole."""

    @rx.event
    async def load(self):
        """Read everything anew."""
        viewer = await signed_in(self)
        self.may_manage = may(viewer.role, MANAGE)
        for section in SECTIONS:
            state = await self.get_state(section)
            await state._show(viewer)
        self.loading = False
