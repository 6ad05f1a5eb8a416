"""The rules that hold a message back for a while: hours, the customer's caps, the journey's own, rank (D2, J6).

Each hold says in words which facts made it (J14).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.core.errors import Code
from engine.delivery.case import Case, Hold, Refusal, Sent, moment_words
from engine.delivery.window import SendWindow, is_open, next_midnight, next_opening

WEEK_DAYS = 7
MOST_LISTED = 10
"""Moments a reason lists; what is beyond is counted."""


def hold_until_open(window: SendWindow, zone: ZoneInfo, now: datetime) -> Hold | None:
    """The hold of a message outside the hours of its customer; None inside them."""
    if is_open(window, zone, now):
        return None
    opening = next_opening(window, zone, now)
    return Hold(
        opening, Code.OUTSIDE_SEND_WINDOW, f"Quiet hours: open again {opening.astimezone(zone):%H:%M}"
    )


def window(case: Case) -> Refusal:
    """Marketing has its hours."""
    return hold_until_open(case.policy.window, case.zone, case.now)


def journey_cap(case: Case) -> Refusal:
    """A journey may limit itself below the customer's caps."""
    limit, journey = case.message.journey_limit, case.message.journey_id
    if limit is None or len(case.usage) < limit:
        return None
    week = _week(case, [each for each in case.usage if each.journey_id == journey])
    if len(week) < limit:
        return None
    words = f"This journey's own limit of {limit} in seven days reached"
    return _throttled(case, words, week, days=_days_until_room(case, week, limit))


def daily_cap(case: Case) -> Refusal:
    """So many a day, by the customer's calendar."""
    limit = case.policy.daily_limit
    if len(case.usage) < limit:
        return None
    today = _since(case, case.usage, _today(case))
    if len(today) < limit:
        return None
    return _throttled(case, f"Daily limit of {limit} reached", today, days=1)


def weekly_cap(case: Case) -> Refusal:
    """So many in seven days, by the customer's calendar."""
    limit = case.policy.weekly_limit
    if len(case.usage) < limit:
        return None
    week = _week(case, case.usage)
    if len(week) < limit:
        return None
    words = f"Weekly limit of {limit} reached"
    return _throttled(case, words, week, days=_days_until_room(case, week, limit))


def _throttled(case: Case, words: str, sent: Sequence[Sent], *, days: int) -> Hold:
    told = _listed([each.at for each in sent], case.zone)
    return Hold(_opening_in(case, days), Code.THROTTLE_LIMIT, f"{words}: {told}" if told else words)


def _opening_in(case: Case, days: int) -> datetime:
    return next_opening(case.policy.window, case.zone, next_midnight(case.zone, case.now, days=days))


def _listed(moments: Sequence[datetime], zone: ZoneInfo) -> str:
    told = [moment_words(moment, zone) for moment in moments[:MOST_LISTED]]
    more = len(moments) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told)


def _today(case: Case) -> date:
    return case.now.astimezone(case.zone).date()


def _week(case: Case, sent: Sequence[Sent]) -> list[Sent]:
    return _since(case, sent, _today(case) - timedelta(days=WEEK_DAYS - 1))


def _since(case: Case, sent: Sequence[Sent], first: date) -> list[Sent]:
    """Those that left on this local day or later, the earliest first."""
    chosen = [each for each in sent if each.at.astimezone(case.zone).date() >= first]
    return sorted(chosen, key=lambda each: each.at)


def _days_until_room(case: Case, week: Sequence[Sent], limit: int) -> int:
    """In how many days enough of these are more than seven days old."""
    today = _today(case)
    makes_room = week[len(week) - limit].at.astimezone(case.zone).date() if limit else today
    return (makes_room - today).days + WEEK_DAYS
