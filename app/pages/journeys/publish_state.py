"""Publishing: at once, or by a dialog that asks what becomes of the customers under way."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import reflex as rx

from app.pages.journeys.builder_state import PUBLISH, BuilderState, tell_problems
from app.pages.journeys.figures_state import FiguresState
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.ui import done, failed
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph, InvalidInput
from engine.journeys import journeys
from engine.journeys.difference import Difference, StepChange, WayChange
from engine.journeys.journeys import Published
from engine.journeys.moving import Standing
from engine.journeys.preview import Preview, look_ahead

LEAVE = "-"
"""What the lists of steps hold for customers who leave; no step has this id on a canvas."""

WHOLE = "form"


@dataclass
class StandingRow:
    """A step where customers stand, and where they go on; `itself` when the lists of steps lack its own."""

    node_id: str
    sentence: str
    customers: str
    changed: bool
    target: str
    itself: bool = False
    problem: str = ""


@dataclass
class DifferenceLine:
    """A line of the difference; `kind` is `added`, `removed`, `changed`, `way` or `settings`."""

    kind: str
    sentence: str
    before: str = ""
    note: str = ""


class PublishState(FiguresState):
    """The publish button, and its dialog where customers are under way."""

    publish_open: bool = False
    publishing: bool = False
    moving: str = "stay"
    under_way: int = 0
    standing: list[StandingRow] = []
    steps: list[tuple[str, str]] = []
    difference: list[DifferenceLine] = []
    publish_problem: str = ""

    @rx.var
    def under_way_words(self) -> str:
        """How many are on their way."""
        if self.under_way == 1:
            return "1 customer is under way in a version published before."
        return f"{self.under_way:,} customers are under way in versions published before."

    @rx.event
    async def publish(self, revision: int):
        """Make the saved draft live; ask first where customers are under way."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        try:
            ahead = await asyncio.to_thread(_look_ahead, viewer, self._opened())
            if ahead.customers:
                self._ask(ahead)
                return None
            published = await asyncio.to_thread(_publish, viewer, self._opened(), None)
        except InvalidGraph as error:
            return await self._refused(error)
        return await self._went_live(viewer, published)

    @rx.event
    def show_publish(self, is_open: bool):
        """Close the dialog; nothing is published."""
        self.publish_open = is_open

    @rx.event
    def choose_moving(self, choice: str):
        """Whether those under way stay or move."""
        self.moving, self.publish_problem = choice, ""

    @rx.event
    def choose_target(self, node_id: str, target: str):
        """Where those at a step go on."""
        self.standing = [
            replace(row, target=target, problem="") if row.node_id == node_id else row
            for row in self.standing
        ]

    @rx.event
    async def confirm_publish(self):
        """Publish by what was chosen; what cannot be is said at its row."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        mapping = {row.node_id: None if row.target == LEAVE else row.target for row in self.standing}
        self.publishing, self.publish_problem = True, ""
        yield
        try:
            published = await asyncio.to_thread(
                _publish, viewer, self._opened(), mapping if self.moving == "move" else None
            )
        except InvalidGraph as error:
            self.publish_open = False
            yield await self._refused(error)
            return
        except InvalidInput as error:
            await self._tell_problem(viewer, error)
            return
        finally:
            self.publishing = False
        self.publish_open = False
        yield await self._went_live(viewer, published)

    def _ask(self, ahead: Preview) -> None:
        self.moving, self.publish_problem = "stay", ""
        self.under_way = ahead.customers
        self._list(ahead, {})
        self.difference = _lines(ahead.difference) if ahead.difference else []
        self.publish_open = True

    def _list(self, ahead: Preview, chosen: Mapping[str, StandingRow]) -> None:
        """Rows anew; what was chosen for a step before stays chosen."""
        known = {step.node_id for step in ahead.steps}
        self.steps = [(step.node_id, step.sentence) for step in ahead.steps]
        rows = [_row(each, known) for each in ahead.standing]
        self.standing = [
            replace(row, target=chosen[row.node_id].target) if row.node_id in chosen else row for row in rows
        ]

    async def _tell_problem(self, viewer: Viewer, error: InvalidInput) -> None:
        """Put an error to its rows; customers may stand by now where nobody stood when the dialog opened."""
        ahead = await asyncio.to_thread(_look_ahead, viewer, self._opened())
        self._list(ahead, {row.node_id: row for row in self.standing})
        ((field, sentence),) = problems_of(error, fallback=WHOLE).items()
        details = error.details if isinstance(error.details, dict) else {}
        at = {*details.get("steps", ()), field.removeprefix("mapping.")}
        self.standing = [replace(row, problem=sentence if row.node_id in at else "") for row in self.standing]
        if not any(row.problem for row in self.standing):
            self.publish_problem = sentence

    async def _refused(self, error: InvalidGraph) -> rx.event.EventSpec:
        tell_problems(await self.get_state(BuilderState), error)
        return failed(error.message)

    async def _went_live(self, viewer: Viewer, published: Published) -> rx.event.EventSpec:
        await self._look(viewer)
        entered = f" {published.enrolled:,} customers entered." if published.enrolled else ""
        return done(f"Version {published.number} is live.{entered}")


def _row(standing: Standing, known: set[str]) -> StandingRow:
    return StandingRow(
        node_id=standing.node_id,
        sentence=standing.sentence,
        customers=f"{standing.customers:,}",
        changed=standing.changed,
        target=standing.suggested or LEAVE,
        itself=standing.suggested is not None and standing.suggested not in known,
    )


def _lines(difference: Difference) -> list[DifferenceLine]:
    return [
        *(DifferenceLine("added", each.sentence) for each in difference.added),
        *(DifferenceLine("removed", each.sentence) for each in difference.removed),
        *(_changed_line(each) for each in difference.changed),
        *(_way_line(each) for each in difference.ways),
        *(DifferenceLine("settings", each) for each in difference.settings_changed),
    ]


def _changed_line(change: StepChange) -> DifferenceLine:
    if change.before != change.after:
        return DifferenceLine("changed", change.after, before=change.before)
    return DifferenceLine("changed", change.after, note=_listed(change.fields))


def _way_line(way: WayChange) -> DifferenceLine:
    where = f"{way.sentence}, “{way.port}”" if way.port else way.sentence
    return DifferenceLine("way", where, note=way.after or "the end")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.lower() for name in names)


def _look_ahead(viewer: Viewer, journey_id: UUID) -> Preview:
    with tenant_session(viewer.tenant_id) as session:
        return look_ahead(session, journey_id)


def _publish(viewer: Viewer, journey_id: UUID, mapping: Mapping[str, str | None] | None) -> Published:
    with tenant_session(viewer.tenant_id) as session:
        return journeys.publish(
            session,
            viewer.tenant_id,
            journey_id,
            user_id=viewer.user_id,
            now=utc_now(),
            mapping=mapping,
        )
