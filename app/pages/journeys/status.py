"""How a journey's state reads and looks, the same in the list and in the builder."""

from app.ui import Tone
from engine.journeys.models import JourneyStatus

AWAITS = "Waits for approval"
"""How a journey reads whose publishing somebody has to decide on."""

TONES: dict[str, Tone] = {
    JourneyStatus.DRAFT: Tone.NEUTRAL,
    JourneyStatus.LIVE: Tone.GOOD,
    JourneyStatus.PAUSED: Tone.WAITING,
    JourneyStatus.FINISHING: Tone.INFO,
    JourneyStatus.STOPPED: Tone.BAD,
    JourneyStatus.ARCHIVED: Tone.NEUTRAL,
}


def tone_of(status: str) -> str:
    """The colour of a state."""
    return TONES.get(status, Tone.NEUTRAL).value


def words_of(status: str) -> str:
    """A state as a person reads it."""
    return status.capitalize()
