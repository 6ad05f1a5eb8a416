"""The lines of a dry run as the page shows them, and the path as the canvas does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.pages.journeys.dry_run.typed import write_properties
from app.pages.journeys.overlay import Figure, Mark, NodeOverlay, Overlay, OverlayKind, WayOverlay
from app.pages.words import channel_words
from app.ui.message import Piece, document_of, pieces_of
from app.ui.theme import Tone
from engine.journeys.dry_run.told import Entry, Fate, Kind, Letter, Offer, Played

FATE_WORDS: Mapping[Fate, tuple[str, Tone]] = {
    Fate.SENT: ("Would be sent", Tone.GOOD),
    Fate.HELD: ("Would be held", Tone.WAITING),
    Fate.SKIPPED: ("Would not be sent", Tone.BAD),
    Fate.FAILED: ("Would fail", Tone.BAD),
}

SAID_ALONE = (Kind.MESSAGE, Kind.HAPPENED, Kind.NOTE, Kind.GOAL, Kind.ENDED)
"""Lines whose text says all; others stand under the step's own words."""

PASSING = (Kind.ENTERED, Kind.STEP, Kind.EFFECT, Kind.WAIT, Kind.ENDED)
"""Lines that say when the customer was at a step."""

UNITS = (("week", timedelta(weeks=1)), ("day", timedelta(days=1)), ("hour", timedelta(hours=1)))
"""The largest first; less than an hour is not worth a line."""


@dataclass
class LetterView:
    """A message as the customer would see it, and the guard's word on it."""

    channel: str
    channel_words: str
    sender: str
    template: str
    verdict: str
    tone: str
    code: str
    language: str
    subject: str
    document: str
    pieces: list[Piece] = field(default_factory=list)


@dataclass
class Line:
    """One line. `day` and `passed` are headings before it, empty where there is none; `at` is ISO 8601."""

    key: str
    at: str
    clock: str
    day: str
    passed: str
    time: str
    kind: str
    node_id: str
    port: str
    title: str
    text: str
    way: str
    until: str
    fate: str
    facts: list[str] = field(default_factory=list)
    letters: list[LetterView] = field(default_factory=list)


@dataclass
class OfferView:
    """Something that may happen now; `properties` as they are typed."""

    what: str
    label: str
    name: str
    properties: str


def lines_of(played: Played) -> list[Line]:
    """Everything that was told, with a heading for each virtual day and for time that passes."""
    zone = ZoneInfo(played.timezone)
    before: datetime | None = None
    lines = []
    for number, entry in enumerate(played.entries):
        lines.append(_line(number, entry, before, zone))
        before = entry.at
    return lines


def offers_of(played: Played) -> list[OfferView]:
    """What may happen now."""
    return [_offer(each) for each in played.offers]


def clock_words(moment: datetime, zone: ZoneInfo) -> str:
    """`Tue 3 Mar 2026, 14:05`, by this zone's clock."""
    there = moment.astimezone(zone)
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def passing_words(passed: timedelta) -> str:
    """`3 days pass`; empty for less than an hour."""
    for name, length in UNITS:
        number = round(passed / length)
        if passed >= length and (name != "week" or passed % length < timedelta(days=1)):
            return f"{number} {name}{'' if number == 1 else 's'} {'passes' if number == 1 else 'pass'}"
    return ""


def path_of(lines: Sequence[Line], here: str) -> Overlay:
    """What was passed, with the moment on each card, and where the customer stands."""
    figures: dict[str, tuple[Figure, ...]] = {}
    for line in lines:
        if line.node_id and line.kind in PASSING:
            figures[line.node_id] = (Figure(line.clock, line.time),)
        elif line.node_id in figures and line.fate:
            figures[line.node_id] = (*figures[line.node_id][:1], Figure(line.fate, line.time, line.fate))
    nodes = {node_id: NodeOverlay(Mark.PASSED, told) for node_id, told in figures.items()}
    if here:
        nodes[here] = NodeOverlay(Mark.HERE, nodes[here].figures if here in nodes else ())
    ways = {f"{line.node_id}:{line.port}": WayOverlay(Mark.PASSED) for line in lines if line.port}
    return Overlay(OverlayKind.DRY_RUN, nodes, ways)


def said_of(lines: Iterable[Line]) -> str:
    """New lines in a sentence each, for those who listen."""
    return ". ".join(
        " ".join(part for part in (line.passed, line.time, line.title, line.text) if part) for line in lines
    )


def _line(number: int, entry: Entry, before: datetime | None, zone: ZoneInfo) -> Line:
    there = entry.at.astimezone(zone)
    is_new_day = before is None or before.astimezone(zone).date() != there.date()
    until = clock_words(entry.until, zone) if entry.until else ""
    title, text = _words(entry)
    return Line(
        key=str(number),
        at=entry.at.isoformat(),
        clock=f"{there:%a} {there.day} {there:%b}",
        day=f"{there:%A} {there.day} {there:%B %Y}" if is_new_day else "",
        passed=passing_words(entry.at - before) if before else "",
        time=f"{there:%H:%M}",
        kind=entry.kind.value,
        node_id=entry.node_id,
        port=entry.port,
        title=title,
        text=text,
        way=entry.way,
        until=until,
        fate=entry.letter.fate.value if entry.letter else "",
        facts=list(entry.facts),
        letters=[_letter(entry.letter)] if entry.letter else [],
    )


def _words(entry: Entry) -> tuple[str, str]:
    """The step and what happened there, each said once."""
    if not entry.step or entry.kind in SAID_ALONE:
        return entry.text, ""
    text = entry.text.removesuffix(f": {entry.step}")
    return entry.step, "" if entry.step.startswith(text) else text


def _letter(letter: Letter) -> LetterView:
    verdict, tone = FATE_WORDS[letter.fate]
    if letter.instead:
        verdict += f"; {channel_words(letter.instead)} takes over"
    return LetterView(
        channel=letter.channel,
        channel_words=channel_words(letter.channel),
        sender=letter.sender,
        template=letter.template,
        verdict=verdict,
        tone=tone.value,
        code=letter.code,
        language=letter.language,
        subject=letter.subject,
        document=document_of(letter.html),
        pieces=pieces_of(letter.body, channel=letter.channel) if letter.body else [],
    )


def _offer(offer: Offer) -> OfferView:
    return OfferView(offer.what, offer.label, offer.name, write_properties(offer.properties))
