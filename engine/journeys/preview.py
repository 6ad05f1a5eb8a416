"""What publishing would change: for the journey, and for the customers under way in it (J8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from engine.journeys.difference import Difference, StepWords, compare
from engine.journeys.graph import Graph, read_graph
from engine.journeys.journeys import load_journey, preview_publish
from engine.journeys.models import JourneyVersion
from engine.journeys.moving import Standing
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


def look_ahead(session: Session, journey_id: UUID) -> Preview:
    """What publishing the draft would change.

    Raises:
        NotFound: there is no such journey.
        InvalidGraph: the draft cannot be published yet; `details` lists every problem.
    """
    standing = preview_publish(session, journey_id)
    journey = load_journey(session, journey_id)
    draft, _ = read_graph(journey.draft)
    live = _live(session, journey.live_version_id)
    if draft is None:
        return Preview(standing, (), None)
    words = load_words(session, [draft, live] if live else [draft])
    difference = compare(live, draft, words=words) if live else None
    return Preview(standing, steps_in_words(draft, words), difference)


def _live(session: Session, version_id: UUID | None) -> Graph | None:
    version = session.get(JourneyVersion, version_id) if version_id else None
    return read_graph(version.graph)[0] if version else None
