"""What the bell in the shell shows: news the signed-in member of staff has not seen."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.session import signed_in
from app.pages.words import short_moment
from app.ui.bell import News
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import Unauthenticated
from engine.core.notifications import NotificationRow, count_unseen, mark_seen, unseen

SHOWN = 30
ICON_OF: Mapping[str, str] = {
    "reply": "message-circle",
    "followup": "alarm-clock",
    "budget": "wallet",
    "journey": "waypoints",
    "trouble": "triangle-alert",
    "coupon": "ticket-percent",
}
"""By the first word of a notification's kind (`journey.notice` → `journey`)."""


def news_of(row: NotificationRow, *, now: datetime, timezone: str) -> News:
    """A line of the list; only addresses of our own pages lead anywhere."""
    kind = row.kind.replace("_", ".").partition(".")[0]
    is_ours = row.link.startswith("/") and not row.link.startswith("//")
    return News(
        id=str(row.id),
        text=row.text,
        when=short_moment(row.at, now=now, timezone=timezone),
        href=row.link if is_ours else "",
        icon=ICON_OF.get(kind, "bell"),
    )


class NotificationsState(rx.State):
    """The bell."""

    number: int = 0
    news: list[News] = []

    @rx.event
    async def refresh(self):
        """Look again; runs with every page and then now and then."""
        try:
            viewer = await signed_in(self)
        except Unauthenticated:
            return
        await self._show(viewer)

    @rx.event
    async def seen(self, notification_id: str):
        """Put one away."""
        viewer = await signed_in(self)
        await asyncio.to_thread(_mark, viewer, [UUID(notification_id)])
        await self._show(viewer)

    @rx.event
    async def all_seen(self):
        """Put all away."""
        viewer = await signed_in(self)
        await asyncio.to_thread(_mark, viewer, None)
        await self._show(viewer)

    async def _show(self, viewer: Viewer) -> None:
        now = utc_now()
        self.number, rows = await asyncio.to_thread(_look, viewer)
        news = [news_of(row, now=now, timezone=viewer.timezone) for row in rows]
        if news != self.news:
            self.news = news


def _look(viewer: Viewer) -> tuple[int, list[NotificationRow]]:
    with tenant_session(viewer.tenant_id) as session:
        return count_unseen(session, viewer.user_id), unseen(session, viewer.user_id, limit=SHOWN)


def _mark(viewer: Viewer, ids: list[UUID] | None) -> None:
    with tenant_session(viewer.tenant_id) as session:
        mark_seen(session, viewer.user_id, ids)
