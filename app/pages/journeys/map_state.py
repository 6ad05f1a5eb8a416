"""What the journey map shows, and moving a journey to another stage."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.journeys.builder_state import EDIT
from app.pages.journeys.figures_state import journey_id_of
from app.pages.journeys.list_query import AWAITS_APPROVAL, ListQuery, statuses_of
from app.pages.journeys.status import tone_of, words_of
from app.pages.session import signed_in
from app.pages.words import money
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.journeys.drafts import About, describe_journey
from engine.journeys.models import Stage
from engine.journeys.stages import JourneyMap, MapCard, MapStage, journey_map

MEANINGS = {
    Stage.DISCOVERY: "They hear of you",
    Stage.CONSIDERATION: "They think it over",
    Stage.PURCHASE: "They book or buy",
    Stage.RETENTION: "They come back",
    Stage.ADVOCACY: "They bring friends",
}
"""What a customer does in each stage."""


@dataclass
class Card:
    """A journey as the map writes it; figures are of the last 30 days, those called `ever` of all time."""

    id: str
    href: str
    name: str
    status: str
    tone: str
    awaits_approval: bool
    stage: str
    entered: str
    entered_ever: str
    revenue: str
    revenue_ever: str


@dataclass
class Column:
    """A stage as the map writes it."""

    stage: str
    name: str
    meaning: str
    total: int
    summary: str
    entered: str
    entered_ever: str
    revenue: str
    revenue_ever: str
    cards: list[Card]
    more: str
    more_href: str
    begin_href: str


def card_of(card: MapCard, currency: str) -> Card:
    """A card in the tenant's currency."""
    return Card(
        id=str(card.id),
        href=f"/journeys/{card.id}",
        name=card.name,
        status=words_of(card.status),
        tone=tone_of(card.status),
        awaits_approval=card.awaits_approval,
        stage=card.stage,
        entered=f"{card.recent_entries:,}",
        entered_ever=f"{card.entries:,}",
        revenue=money(card.recent_revenue_minor, currency=currency),
        revenue_ever=money(card.revenue_minor, currency=currency),
    )


def column_of(found: MapStage, currency: str) -> Column:
    """A stage with its totals in words."""
    journeys = "1 journey" if found.total == 1 else f"{found.total:,} journeys"
    hidden = found.total - len(found.cards)
    return Column(
        stage=found.stage,
        name=found.stage.capitalize(),
        meaning=MEANINGS[found.stage],
        total=found.total,
        summary=f"{journeys}, {found.live:,} live" if found.total else "No journeys",
        entered=f"{found.recent_entries:,}",
        entered_ever=f"{found.entries:,}",
        revenue=money(found.recent_revenue_minor, currency=currency),
        revenue_ever=money(found.revenue_minor, currency=currency),
        cards=[card_of(card, currency) for card in found.cards],
        more=f"{hidden:,} more" if hidden > 0 else "",
        more_href=f"/journeys?stage={found.stage}",
        begin_href=f"/journeys/new?stage={found.stage}",
    )


class MapState(rx.State):
    """The map, narrowed to one state by the address (`?state=live`)."""

    loading: bool = True
    columns: list[Column] = []
    status: str = ""
    may_edit: bool = False

    @rx.event
    async def load(self):
        """Draw it."""
        self.status = ListQuery.read(self.router.url.query_parameters).state
        await self._draw(await signed_in(self))
        self.loading = False

    @rx.event
    def only_status(self, status: str):
        """Journeys in this state."""
        return rx.redirect(f"/journeys/map?state={status}" if status else "/journeys/map")

    @rx.event
    async def move_to(self, journey_id: str, stage: str):
        """Put a journey into another stage."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        if stage not in set(Stage):
            raise InvalidInput(f"stage: must be one of {', '.join(Stage)}.", details={"field": "stage"})
        name = await asyncio.to_thread(_move, viewer, journey_id_of(journey_id), Stage(stage))
        await self._draw(viewer)
        return done(f"“{name}” now stands in {stage}.")

    async def _draw(self, viewer: Viewer) -> None:
        self.may_edit = may(viewer.role, EDIT)
        drawn = await asyncio.to_thread(_look, viewer, self.status, utc_now())
        self.columns = [column_of(stage, drawn.currency) for stage in drawn.stages]


def _look(viewer: Viewer, status: str, now: datetime) -> JourneyMap:
    with tenant_session(viewer.tenant_id) as session:
        statuses, awaits = statuses_of(status), status == AWAITS_APPROVAL
        return journey_map(session, now=now, statuses=statuses, awaits_approval=awaits)


def _move(viewer: Viewer, journey_id: UUID, stage: Stage) -> str:
    with tenant_session(viewer.tenant_id) as session:
        about = About(stage=stage)
        return describe_journey(session, journey_id, about, user_id=viewer.user_id, now=utc_now()).name
