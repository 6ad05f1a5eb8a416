"""What the section about approval shows and changes (F5)."""

import asyncio

import reflex as rx

from app.pages.session import signed_in
from app.pages.settings.state import SettingsState, change_settings
from app.ui import done
from engine.core.accounts import Viewer
from engine.core.db import tenant_session
from engine.core.tenants import get_settings

REQUIRED, THRESHOLD = "campaign_approval_required", "campaign_approval_threshold_recipients"


class ApprovalState(SettingsState):
    """From how many customers on a journey has to be approved."""

    required: bool = True
    threshold: str = ""
    problems: dict[str, str] = {}
    saving: bool = False

    @rx.event
    async def save(self, answers: dict[str, str]):
        """Keep the rule."""
        viewer = await signed_in(self)
        threshold = answers.get(THRESHOLD, "").strip()
        if not threshold.isdigit():
            self.problems = {THRESHOLD: "Write a whole number, like 100."}
            return
        self.saving = True
        yield
        try:
            changes = {REQUIRED: bool(answers.get(REQUIRED)), THRESHOLD: int(threshold)}
            self.problems = await change_settings(viewer, changes)
        finally:
            self.saving = False
        if not self.problems:
            await self._show(viewer)
            yield done("The rule for approval is saved.")

    async def _show(self, viewer: Viewer) -> None:
        self.problems = {}
        self.required, self.threshold = await asyncio.to_thread(_load, viewer)


def _load(viewer: Viewer) -> tuple[bool, str]:
    with tenant_session(viewer.tenant_id) as session:
        found = get_settings(session)
        return found.campaign_approval_required, str(found.campaign_approval_threshold_recipients)
