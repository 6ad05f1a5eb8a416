"""A backtest's figures in the words and rows that its dock shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.pages.words import channel_words, money
from engine.core.accounts import Viewer
from engine.core.errors import Code
from engine.delivery.prices import micro_words
from engine.journeys.backtest.asking import PassageRow

Json = Mapping[str, Any]

HOLD_WORDS: Mapping[str, str] = {
    Code.OUTSIDE_SEND_WINDOW: "Quiet hours",
    Code.THROTTLE_LIMIT: "Limit of messages for one customer",
    Code.OUTRANKED: "More important messages first",
    Code.BUDGET_EXCEEDED: "Budget of the month used up",
}
MOST_POINTS = 31
OUTCOME_TONES = (("Reached the goal", "good"), ("Still on the way", "info"))


@dataclass
class Tile:
    """One figure; `tone` colours it."""

    label: str
    value: str
    hint: str = ""
    tone: str = ""


@dataclass
class MessageRow:
    """What became of the messages of one step. The shares are percentages, for the bar."""

    name: str
    sent: str
    skipped: str
    waiting: str
    held: str
    cost: str
    sent_share: float = 0
    waiting_share: float = 0
    skipped_share: float = 0


@dataclass
class Reason:
    """A rule and how many messages it concerned; `share` of the most frequent, as a percentage."""

    words: str
    number: str
    share: float
    hint: str = ""


@dataclass
class StoryLine:
    """Something that happened to a customer."""

    at: str
    what: str
    title: str
    words: str


@dataclass
class PersonRow:
    """A listed customer and what would have happened to them."""

    key: str
    href: str
    name: str
    entered: str
    outcome: str
    tone: str
    facts: str
    story: list[StoryLine] = field(default_factory=list)


def count_words(number: int, one: str, many: str = "") -> str:
    """`1 customer`, `2,469 customers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def headline(result: Json, days: int) -> str:
    """What it comes to, in a few sentences."""
    if not result["entered"]:
        return f"Over the last {days} days nobody would have entered this journey."
    told = [f"Over the last {days} days {count_words(result['customers'], 'customer')} would have entered"]
    if result["entered"] > result["customers"]:
        told[0] += f" ({result['entered']:,} times)"
    told[0] += "."
    if result["queued"]:
        told.append(_messages(result))
    if result["converted"]:
        worth = result["revenue_minor"]
        brought = f", worth {money(worth, currency=result['currency'])}" if worth else ""
        told.append(
            f"{count_words(result['converted'], 'time')} a customer did what the journey is for{brought}."
        )
    return " ".join(told)


def _messages(result: Json) -> str:
    cost = micro_words(result["cost_micro"], result["currency"])
    told = f"{count_words(result['sent'], 'message')} would have left for {cost}"
    if result["held"]:
        told += f", {result['held']:,} of them later because of quiet hours, limits or budget"
    if result["skipped"]:
        told += f"; {result['skipped']:,} would never have been sent"
    return f"{told}."


def tiles(result: Json) -> list[Tile]:
    """The six figures."""
    entered, converted = result["entered"], result["converted"]
    rate = f"{converted * 100 / entered:.1f} % of entries" if entered else ""
    if result["still_open"]:
        rate += f", {result['still_open']:,} still may"
    revenue = result["revenue_minor"]
    return [
        Tile("Entered", f"{entered:,}", f"{result['on_the_way']:,} still on the way"),
        Tile("Sent", f"{result['sent']:,}", micro_words(result["cost_micro"], result["currency"]), "good"),
        Tile("Held for a while", f"{result['held']:,}", f"{result['capped']:,} by a limit", "waiting"),
        Tile("Never sent", f"{result['skipped']:,}", f"{result['waiting']:,} still waiting", "bad"),
        Tile("Reached the goal", f"{converted:,}", rate, "accent"),
        Tile(
            "Worth", money(revenue, currency=result["currency"]) if revenue is not None else "–", "of those"
        ),
    ]


def chart_rows(days: Sequence[Json]) -> list[dict[str, Any]]:
    """Points of a day each, or of as many days as make at most 31 points."""
    size = -(-len(days) // MOST_POINTS)
    rows = []
    for first in range(0, len(days), size):
        some = days[first : first + size]
        begins = date.fromisoformat(some[0]["day"])
        sums = {name: sum(each[name] for each in some) for name in ("entered", "sent", "converted")}
        rows.append({"day": f"{begins.day} {begins:%b}", **sums})
    return rows


def message_rows(result: Json, names: Mapping[str, str]) -> list[MessageRow]:
    """Every step that queued messages, the busiest first."""
    steps = sorted((each for each in result["steps"] if each["queued"]), key=lambda each: -each["queued"])
    return [_message_row(each, names, result["currency"]) for each in steps]


def _message_row(step: Json, names: Mapping[str, str], currency: str) -> MessageRow:
    skipped = sum(step["skipped"].values())
    held = sum(each["messages"] for each in step["held"].values())
    whole = step["sent"] + step["waiting"] + skipped or 1
    return MessageRow(
        name=names.get(step["node_id"], step["node_id"]),
        sent=f"{step['sent']:,}",
        skipped=f"{skipped:,}",
        waiting=f"{step['waiting']:,}",
        held=f"{held:,}",
        cost=micro_words(step["cost_micro"], currency),
        sent_share=step["sent"] * 100 / whole,
        waiting_share=step["waiting"] * 100 / whole,
        skipped_share=skipped * 100 / whole,
    )


def refusal_rows(result: Json) -> list[Reason]:
    """Why messages never left, the most frequent reason first."""
    refusals = result["refusals"]
    most = max((each["messages"] for each in refusals), default=1)
    return [
        Reason(each["reason"] or each["code"], f"{each['messages']:,}", each["messages"] * 100 / most)
        for each in refusals
    ]


def hold_rows(result: Json) -> list[Reason]:
    """What made messages wait, and how long."""
    holds = sorted(result["holds"].items(), key=lambda item: -item[1]["messages"])
    most = max((each["messages"] for _, each in holds), default=1)
    return [
        Reason(
            HOLD_WORDS.get(code, code),
            f"{each['messages']:,}",
            each["messages"] * 100 / most,
            f"{_length(each['seconds'] / each['messages'])} on average, {_length(each['longest_seconds'])} at most",
        )
        for code, each in holds
        if each["messages"]
    ]


def _length(seconds: float) -> str:
    hours = seconds / 3600
    if hours < 1:
        return f"{round(seconds / 60)} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def cost_rows(result: Json) -> list[Reason]:
    """What each channel would have cost in each month."""
    costs = result["costs"]
    most = max((each["cost_micro"] for each in costs), default=0) or 1
    return [
        Reason(
            f"{date.fromisoformat(each['month']):%B %Y}, {channel_words(each['channel'])}",
            micro_words(each["cost_micro"], result["currency"]),
            each["cost_micro"] * 100 / most,
            count_words(each["messages"], "message"),
        )
        for each in costs
    ]


def period_words(result: Json, viewer: Viewer) -> str:
    """`2 Dec 2025 – 2 Mar 2026, every 30 minutes`."""
    start, until = (day_words(datetime.fromisoformat(result[name]), viewer) for name in ("start", "until"))
    minutes = result["resolution_minutes"]
    often = "hour" if minutes == 60 else f"{minutes} minutes"
    return f"{start} – {until}, every {often}"


def day_words(moment: datetime, viewer: Viewer) -> str:
    """`2 Mar 2026`, in the studio's time."""
    there = moment.astimezone(ZoneInfo(viewer.timezone))
    return f"{there.day} {there:%b %Y}"


def person_row(
    row: PassageRow, number: int, names: Mapping[str, str], viewer: Viewer, currency: str
) -> PersonRow:
    """A customer of the list."""
    passage = row.passage
    outcome = passage["outcome"]
    if passage["converted_at"]:
        tone = "good"
    else:
        tone = next((tone for begins, tone in OUTCOME_TONES if outcome.startswith(begins)), "neutral")
    return PersonRow(
        key=str(number),
        href=f"/customers/{row.customer_id}",
        name=row.name or "Without a name",
        entered=_moment(passage["entered_at"], viewer),
        outcome="Reached the goal" if passage["converted_at"] else outcome,
        tone=tone,
        facts=_facts(passage, currency),
        story=[
            StoryLine(
                _moment(line["at"], viewer),
                line["what"],
                _title(line, names),
                "" if line["what"] in ("sent", "converted") else line["words"],
            )
            for line in passage["story"]
        ],
    )


def _facts(passage: Json, currency: str) -> str:
    told = [count_words(passage["sent"], "message")]
    if passage["skipped"]:
        told.append(f"{passage['skipped']:,} not sent")
    if passage["revenue_minor"]:
        told.append(money(passage["revenue_minor"], currency=currency))
    return ", ".join(told)


def _title(line: Json, names: Mapping[str, str]) -> str:
    name = names.get(line["node_id"], line["node_id"])
    match line["what"]:
        case "sent":
            return f"Sent by {channel_words(line['words'])}"
        case "held":
            return "Held back"
        case "skipped":
            return "Not sent"
        case "converted":
            return "Did what the journey is for"
    return name


def _moment(iso: str, viewer: Viewer) -> str:
    there = datetime.fromisoformat(iso).astimezone(ZoneInfo(viewer.timezone))
    return f"{there.day} {there:%b %Y, %H:%M}"
