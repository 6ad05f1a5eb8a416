"""Publishing: what it would change and bring, and the word that makes it so, or asks for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import reflex as rx
from sqlalchemy.orm import Session

from app.pages.journeys.builder_state import EDIT, PUBLISH, PUBLISH_DOCK, BuilderState, tell_problems
from app.pages.journeys.difference_lines import DifferenceLine, lines_of
from app.pages.journeys.figures_state import FiguresState
from app.pages.journeys.outlook_rows import LEAVE, EstimateView, StandingRow, estimate_view, standing_row
from app.pages.journeys.overlay import difference_overlay
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.words import short_moment
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidGraph, InvalidInput
from engine.journeys import approval
from engine.journeys.approval import Publisher
from engine.journeys.drafts import load_journey
from engine.journeys.preview import Outlook, look_out
from engine.journeys.publishing import Published
from engine.journeys.requests import APPROVE

WHOLE = "form"
CHANGED = "The draft was changed since this was shown. Look at it again."


class PublishState(FiguresState):
    """The dock in which one looks before publishing."""

    looking: bool = False
    publishing: bool = False
    shown_revision: int = 0
    first_version: bool = False
    blocked: list[dict[str, Any]] = []
    moving: str = "stay"
    under_way: int = 0
    standing: list[StandingRow] = []
    steps: list[tuple[str, str]] = []
    difference: list[DifferenceLine] = []
    estimate: EstimateView = EstimateView()
    must_ask: bool = False
    may_approve: bool = False
    threshold: str = ""
    request_words: str = ""
    request_reason: str = ""
    is_pending: bool = False
    rejecting: bool = False
    reject_problem: str = ""
    publish_problem: str = ""

    @rx.var
    def under_way_words(self) -> str:
        """How many are on their way."""
        if self.under_way == 1:
            return "1 customer is under way in a version published before."
        return f"{self.under_way:,} customers are under way in versions published before."

    @rx.event
    async def publish(self, revision: int):
        """Everything is saved: show what publishing it would do."""
        self.dock, self.looking, self.publish_problem, self.moving = PUBLISH_DOCK, True, "", "stay"
        self.rejecting, self.reject_problem = False, ""
        yield
        try:
            await self._show(await signed_in(self))
        finally:
            self.looking = False

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
    def ask_reason(self, rejecting: bool):
        """Open or close the field for the reason."""
        self.rejecting, self.reject_problem = rejecting, ""

    @rx.event
    async def confirm_publish(self):
        """Publish by what was chosen, or what was asked for; what cannot be is said at its row."""
        async for each in self._do(PUBLISH, _publish):
            yield each

    @rx.event
    async def ask_approval(self):
        """Ask somebody who may to publish it."""
        async for each in self._do(PUBLISH, _submit):
            yield each

    @rx.event
    async def withdraw(self):
        """Take the request back."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        await asyncio.to_thread(_withdraw, viewer, self._opened())
        await self._show(viewer)
        await self._look(viewer)
        return done("The request is taken back.")

    @rx.event
    async def reject(self, answers: dict[str, str]):
        """Say no, and why."""
        viewer = await signed_in(self)
        try:
            await asyncio.to_thread(_reject, viewer, self._opened(), answers.get("reason", ""))
        except InvalidInput as error:
            self.reject_problem = problems_of(error)["reason"]
            return None
        await self._look(viewer)
        self.dock, self.overlay = "", None
        return done("Rejected. Who asked is told why.")

    async def _do(self, right: str, act: "Act"):
        viewer = await signed_in(self)
        demand(viewer.role, right)
        chosen = {row.node_id: None if row.target == LEAVE else row.target for row in self.standing}
        mapping = chosen if self.moving == "move" else None
        self.publishing, self.publish_problem = True, ""
        yield
        try:
            told = await asyncio.to_thread(act, viewer, self._opened(), mapping, self.shown_revision)
        except InvalidGraph as error:
            tell_problems(await self.get_state(BuilderState), error)
            await self._show(viewer)
            return
        except InvalidInput as error:
            await self._tell_problem(viewer, error)
            return
        except Conflict as error:
            await self._show(viewer)
            self.publish_problem = error.message
            return
        finally:
            self.publishing = False
        self.dock, self.overlay = "", None
        await self._look(viewer)
        yield done(told)

    async def _show(self, viewer: Viewer) -> None:
        self._tell_outlook(await asyncio.to_thread(_look_out, viewer, self._opened()), viewer)

    def _tell_outlook(self, out: Outlook, viewer: Viewer) -> None:
        self.shown_revision, self.first_version = out.revision, out.live is None
        self.blocked = [each.as_json() for each in out.problems]
        self.must_ask, self.threshold = out.must_ask, f"{out.threshold:,}"
        self.may_approve = may(viewer.role, APPROVE)
        self.under_way = out.preview.customers
        self._list(out, {})
        self.difference = lines_of(out.preview.difference) if out.preview.difference else []
        self.overlay = (
            difference_overlay(out.live, out.draft).as_json() if self.difference and out.live else None
        )
        self.estimate = estimate_view(out.estimate, out.triggers)
        asked = out.asked
        self.request_words, self.request_reason, self.is_pending = "", "", False
        if asked is not None:
            moment = asked.decided_at or asked.asked_at
            when = short_moment(moment, now=utc_now(), timezone=viewer.timezone)
            who = asked.asker or "A key of the API"
            decided = f"{asked.decider or 'Somebody'} did not approve this, {when}"
            self.request_words = f"{who} asked for approval, {when}" if asked.is_pending else decided
            self.request_reason, self.is_pending = asked.reason, asked.is_pending
            self.moving = "move" if asked.mapping is not None else "stay"
            chosen = {} if asked.mapping is None else asked.mapping
            self.standing = [
                replace(row, target=chosen[row.node_id] or LEAVE) if row.node_id in chosen else row
                for row in self.standing
            ]

    def _list(self, out: Outlook, chosen: Mapping[str, StandingRow]) -> None:
        """Rows anew; what was chosen for a step before stays chosen."""
        known = {step.node_id for step in out.preview.steps}
        self.steps = [(step.node_id, step.sentence) for step in out.preview.steps]
        rows = [standing_row(each, known) for each in out.preview.standing]
        self.standing = [
            replace(row, target=chosen[row.node_id].target) if row.node_id in chosen else row for row in rows
        ]

    async def _tell_problem(self, viewer: Viewer, error: InvalidInput) -> None:
        """Put an error to its rows; customers may stand by now where nobody stood when the dock opened."""
        out = await asyncio.to_thread(_look_out, viewer, self._opened())
        self._list(out, {row.node_id: row for row in self.standing})
        ((field, sentence),) = problems_of(error, fallback=WHOLE).items()
        details = error.details if isinstance(error.details, dict) else {}
        at = {*details.get("steps", ()), field.removeprefix("mapping.")}
        self.standing = [replace(row, problem=sentence if row.node_id in at else "") for row in self.standing]
        if not any(row.problem for row in self.standing):
            self.publish_problem = sentence


Act = Callable[[Viewer, UUID, Mapping[str, str | None] | None, int], str]


def _publisher(viewer: Viewer) -> Publisher:
    return Publisher(viewer.user_id, may(viewer.role, APPROVE))


def _look_out(viewer: Viewer, journey_id: UUID) -> Outlook:
    with tenant_session(viewer.tenant_id) as session:
        return look_out(session, viewer.tenant_id, journey_id, _publisher(viewer), now=utc_now())


def _publish(
    viewer: Viewer, journey_id: UUID, mapping: Mapping[str, str | None] | None, revision: int
) -> str:
    with tenant_session(viewer.tenant_id) as session:
        _demand_revision(session, journey_id, revision)
        published: Published = approval.publish_or_refuse(
            session, viewer.tenant_id, journey_id, _publisher(viewer), now=utc_now(), mapping=mapping
        )
        entered = f" {published.enrolled:,} customers entered." if published.enrolled else ""
        return f"Version {published.number} is live.{entered}"


def _submit(viewer: Viewer, journey_id: UUID, mapping: Mapping[str, str | None] | None, revision: int) -> str:
    with tenant_session(viewer.tenant_id) as session:
        _demand_revision(session, journey_id, revision)
        approval.submit(
            session, viewer.tenant_id, journey_id, _publisher(viewer), now=utc_now(), mapping=mapping
        )
        return "Asked. You are told as soon as somebody has decided."


def _withdraw(viewer: Viewer, journey_id: UUID) -> None:
    with tenant_session(viewer.tenant_id) as session:
        approval.withdraw(session, journey_id, _publisher(viewer), now=utc_now())


def _reject(viewer: Viewer, journey_id: UUID, reason: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        approval.reject(session, journey_id, _publisher(viewer), reason=reason, now=utc_now())


def _demand_revision(session: Session, journey_id: UUID, revision: int) -> None:
    if load_journey(session, journey_id).revision != revision:
        raise Conflict(CHANGED)
