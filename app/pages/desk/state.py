"""Which part of the desk is open."""

import reflex as rx

from app.pages.desk.dialog_state import ReminderDialogState
from app.pages.desk.quiet_state import QuietState
from app.pages.desk.reminders_state import RemindersState
from app.pages.desk.replies_state import RepliesState

LOADERS = {
    "replies": RepliesState.load,
    "followups": RemindersState.load,
    "quiet": QuietState.load,
}
"""The desk's tabs, and what shows each."""


class DeskState(rx.State):
    """The tabs."""

    tab: str = "replies"

    @rx.event
    def load(self):
        """Open the tab the address names (`?tab=followups`); the others' figures are needed too."""
        wanted = self.router.url.query_parameters.get("tab", "replies")
        self.tab = wanted if wanted in LOADERS else "replies"
        also = [QuietState.load] if self.tab == "quiet" else []
        return [ReminderDialogState.show(False), RepliesState.load, RemindersState.load, *also]

    @rx.event
    def choose(self, tab: str):
        """Open another tab."""
        self.tab = tab
        return LOADERS[tab]
