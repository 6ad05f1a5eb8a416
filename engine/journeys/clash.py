"""Two people changed the same draft: what each of them did, who it was, and whether both can stay (issue 4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.models import User
from engine.journeys.difference import Difference, compare
from engine.journeys.drafts import load_journey
from engine.journeys.graph import JourneySettings, check_shape
from engine.journeys.merge import merge
from engine.journeys.unfinished import read_draft
from engine.journeys.wording import load_words

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Clash:
    """My draft and the saved one, both made from `base`.

    `who` changed the journey last (None: by the API), `at`; `merged` has both changes, None where they met: in these
    `steps` and `settings`, in words.
    """

    revision: int
    who: UUID | None
    name: str
    at: datetime
    base: Json
    mine: Json
    theirs: Json
    my_changes: Difference
    their_changes: Difference
    merged: Json | None
    steps: tuple[str, ...]
    settings: tuple[str, ...]


def find_clash(session: Session, journey_id: UUID, *, base: object, mine: object) -> Clash:
    """Compare what a browser could not save with what is saved.

    Args:
        base: the draft mine was made from; without it (None) what is saved stands for it, and nothing is merged.

    Raises:
        InvalidGraph: one of them is no graph.
    """
    journey = load_journey(session, journey_id)
    own, theirs = check_shape(mine), journey.draft
    origin = check_shape(base) if base is not None else theirs
    before, ours, saved = (read_draft(each) for each in (origin, own, theirs))
    words = load_words(session, [before, ours, saved])
    both = merge(origin, own, theirs)
    sentences = {node.id: words(node) for graph in (before, saved, ours) for node in graph.nodes}
    titles = {name: field.title or name for name, field in JourneySettings.model_fields.items()}
    user = session.get(User, journey.changed_by_id) if journey.changed_by_id else None
    return Clash(
        revision=journey.revision,
        who=journey.changed_by_id,
        name=user.name if user else "",
        at=journey.updated_at,
        base=origin,
        mine=own,
        theirs=theirs,
        my_changes=compare(before, ours, words=words),
        their_changes=compare(before, saved, words=words),
        merged=both.graph if base is not None else None,
        steps=tuple(sentences.get(each, each) for each in sorted(both.steps)),
        settings=tuple(titles.get(each, each) for each in sorted(both.settings)),
    )
