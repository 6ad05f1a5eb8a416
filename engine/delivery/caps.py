"""The rules that hold a message back for a while: hours, the customer's caps, the journey's own, rank (D2, J6).

Each hold says in words which facts made it (J14).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.core.errors import Code
from engine.customers.models import ConsentState
from engine.delivery.case import Budget, Case, Hold, Refusal, Sent, moment_words
from engine.delivery.prices import micro_words
from engine.delivery.window import SendWindow, is_open, next_midnight, next_month, next_opening

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


def budget(case: Case) -> Refusal:
    """Marketing waits for the next month when the money of this one is spent (D6)."""
    cost = case.message.cost_micro
    for each in case.budgets:
        if each.spent_micro + cost > each.limit_micro:
            studio = ZoneInfo(case.policy.timezone)
            month = next_month(studio, case.now)
            until = next_opening(case.policy.window, case.zone, month)
            return Hold(until, Code.BUDGET_EXCEEDED, _budget_words(each, cost, case.now.astimezone(studio)))
    return None


def _budget_words(each: Budget, cost: int, local: datetime) -> str:
    limit, spent, price = (
        micro_words(micro, each.currency) for micro in (each.limit_micro, each.spent_micro, cost)
    )
    whose = f"{each.name}'s monthly" if each.name else "Monthly"
    return f"{whose} budget of {limit} used up: {spent} spent in {local:%B}, this message costs {price}"


def window(case: Case) -> Refusal:
    """Marketing has its hours."""
    return hold_until_open(case.policy.window, case.zone, case.now)


def counted(case: Case) -> tuple[int, int]:
    """How many marketing messages left today, and in the seven days that end today, by the customer's calendar."""
    return len(_since(case, case.usage, _today(case))), len(_week(case, case.usage))


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


def outranked(case: Case) -> Refusal:
    """Where room is short, the more important message has it: one that waits, or one that took it today (J6)."""
    priority = case.message.priority
    waiting = _rivals_of_today(case)
    today = _since(case, case.usage, _today(case))
    above = [each.at for each in today if each.priority > priority]
    if not waiting and not above:
        return None
    limits = case.policy.daily_limit, case.policy.weekly_limit
    used = len(today), len(_week(case, case.usage)) if waiting else 0
    would_fit = used[0] - len(above) < limits[0] and used[1] < limits[1]
    is_short = any(taken + len(waiting) >= limit for taken, limit in zip(used, limits, strict=True))
    if not (would_fit and is_short):
        return None
    told = _listed(sorted([*above, *waiting]), case.zone)
    words = f"More important messages go first (limits: {limits[0]} a day, {limits[1]} a week): {told}"
    return Hold(_opening_in(case, 1), Code.OUTRANKED, words)


def _rivals_of_today(case: Case) -> list[datetime]:
    """When the more important ones that wait will go, of those that will today."""
    higher = [rival for rival in case.rivals if rival.priority > case.message.priority]
    if not higher:
        return []
    ends = next_midnight(case.zone, case.now)
    granted = [r for r in higher if case.contact.marketing.get(r.channel) is ConsentState.GRANTED]
    times = [
        next_opening(case.policy.window, case.zone, max(rival.due_at, case.now))
        for rival in granted
        if case.contact.address(rival.channel)
    ]
    return [at for at in times if at < ends]


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
