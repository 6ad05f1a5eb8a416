"""What publishing would change: for the journey, for the customers under way in it, and in a month (J8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.tenants import get_settings
from engine.journeys.approval import Publisher, estimate_draft, wants_approval
from engine.journeys.difference import Difference, StepWords, compare
from engine.journeys.estimate import Estimate
from engine.journeys.graph import Graph, read_graph
from engine.journeys.journeys import check_draft, load_journey, preview_publish
from engine.journeys.models import Journey, JourneyVersion
from engine.journeys.moving import Standing
from engine.journeys.nodes.base import Problem
from engine.journeys.requests import Asked, newest_request
from engine.journeys.unfinished import read_draft
from engine.journeys.wording import load_words, steps_in_words


@dataclass(frozen=True, slots=True)
class Preview:
    """`standing`: who is under way, by step; `steps`: where the draft could take them on.

    `difference` is between the live version and the draft, None while there is none to compare with.
    """

    standing: Sequence[Standing]
    steps: Sequence[StepWords]
    difference: Difference | None

    @property
    def customers(self) -> int:
        """How many are under way in versions before the draft."""
        return sum(each.customers for each in self.standing)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything that is shown before publishing, for one publisher.

    With `problems` there is no `preview` of customers and no `estimate`. `threshold` is the number of recipients from
    which somebody has to approve; `must_ask` says that this publisher has to ask.
    """

    revision: int
    problems: Sequence[Problem]
    preview: Preview
    live: dict[str, Any] | None
    draft: dict[str, Any]
    estimate: Estimate | None
    must_ask: bool
    threshold: int
    asked: Asked | None


def look_ahead(session: Session, journey_id: UUID) -> Preview:
    """What publishing the draft would change.

    Raises:
        NotFound: there is no such journey.
        InvalidGraph: the draft cannot be published yet; `details` lists every problem.
    """
    standing = preview_publish(session, journey_id)
    journey = load_journey(session, journey_id)
    draft, _ = read_graph(journey.draft)
    return (
        _preview(session, standing, draft, _live(session, journey)) if draft else Preview(standing, (), None)
    )


def look_out(
    session: Session, tenant_id: UUID, journey_id: UUID, publisher: Publisher, *, now: datetime
) -> Outlook:
    """What publishing would change and bring, also for a draft that cannot be published yet.

    Raises:
        NotFound: there is no such journey.
    """
    journey = load_journey(session, journey_id)
    problems = check_draft(session, journey_id)
    standing = () if problems else preview_publish(session, journey_id)
    found = None if problems else estimate_draft(session, tenant_id, journey, now=now)
    settings = get_settings(session)
    live = _live(session, journey)
    must_ask = found is not None and not publisher.may_approve and wants_approval(settings, found.recipients)
    return Outlook(
        revision=journey.revision,
        problems=problems,
        preview=_preview(session, standing, read_draft(journey.draft), live),
        live=live,
        draft=journey.draft,
        estimate=found,
        must_ask=must_ask,
        threshold=settings.campaign_approval_threshold_recipients,
        asked=newest_request(session, journey_id),
    )


def _preview(
    session: Session, standing: Sequence[Standing], draft: Graph, live: dict[str, Any] | None
) -> Preview:
    old = read_draft(live) if live else None
    words = load_words(session, [draft, old] if old else [draft])
    difference = compare(old, draft, words=words) if old else None
    return Preview(standing, steps_in_words(draft, words), difference)


def _live(session: Session, journey: Journey) -> dict[str, Any] | None:
    version = session.get(JourneyVersion, journey.live_version_id) if journey.live_version_id else None
    return version.graph if version else None
