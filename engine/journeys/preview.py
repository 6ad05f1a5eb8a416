"""What publishing would change: for the journey, for the customers under way in it, and in a month (J8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.tenants import get_settings
from engine.journeys.approval import Publisher, estimate_draft, wants_approval
from engine.journeys.difference import Difference, StepWords, Words, compare
from engine.journeys.drafts import load_journey
from engine.journeys.estimate import Estimate
from engine.journeys.graph import Graph, read_graph
from engine.journeys.models import Journey, JourneyVersion
from engine.journeys.moving import Standing
from engine.journeys.nodes.base import Problem, Trigger
from engine.journeys.publishing import check_draft, preview_publish
from engine.journeys.requests import Asked, open_request
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

    With `problems` there is no `preview` of customers and no `estimate`. `triggers` says how they read. `threshold` is
    the number of recipients from which somebody has to approve; `must_ask`: this publisher has to ask.
    """

    revision: int
    problems: Sequence[Problem]
    preview: Preview
    triggers: Mapping[str, str]
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
    if draft is None:
        return Preview(standing, (), None)
    live = _live(session, journey)
    return _preview(standing, draft, live, _words(session, draft, live))


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
    draft, live = read_draft(journey.draft), _live(session, journey)
    words = _words(session, draft, live)
    must_ask = found is not None and not publisher.may_approve and wants_approval(settings, found.recipients)
    return Outlook(
        revision=journey.revision,
        problems=problems,
        preview=_preview(standing, draft, live, words),
        triggers={node.id: words(node) for node in draft.nodes if isinstance(node, Trigger)},
        live=live.raw if live else None,
        draft=journey.draft,
        estimate=found,
        must_ask=must_ask,
        threshold=settings.campaign_approval_threshold_recipients,
        asked=open_request(session, journey_id),
    )


def _preview(standing: Sequence[Standing], draft: Graph, live: "_Live | None", words: Words) -> Preview:
    difference = compare(live.graph, draft, words=words) if live else None
    return Preview(standing, steps_in_words(draft, words), difference)


@dataclass(frozen=True, slots=True)
class _Live:
    raw: dict[str, Any]
    graph: Graph


def _live(session: Session, journey: Journey) -> _Live | None:
    version = session.get(JourneyVersion, journey.live_version_id) if journey.live_version_id else None
    return _Live(version.graph, read_draft(version.graph)) if version else None


def _words(session: Session, draft: Graph, live: _Live | None) -> Words:
    return load_words(session, [draft, live.graph] if live else [draft])
