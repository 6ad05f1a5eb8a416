"""What segment rules mean, written once more in plain Python and as simply as possible: the judge of the SQL."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
OPPOSITE = {
    "ne": "eq", "not_in": "in", "not_contains": "contains", "not_begins_with": "begins_with",
    "not_ends_with": "ends_with", "not_between": "between", "is_not_empty": "is_empty",
    "not_within_last_days": "within_last_days", "did_not": "did",
}  # fmt: skip
DAY = timedelta(days=1)


def holds(person: Any, rule: dict[str, Any], at: datetime) -> bool:
    """Whether the rules hold for the person at a moment."""
    if "rules" in rule:
        answers = [holds(person, one, at) for one in rule["rules"]]
        together = all(answers) if rule["combinator"] == "and" else any(answers) or not answers
        return together != rule.get("not", False)
    operator = rule["operator"]
    if operator in OPPOSITE:
        return not holds(person, {**rule, "operator": OPPOSITE[operator]}, at)
    return _condition(person, rule["field"], operator, rule.get("value"), at)


def _condition(person: Any, field: str, operator: str, wanted: Any, at: datetime) -> bool:
    orders = [one for one in person.orders if one["status"] != "cancelled" and one["at"] <= at]
    visits = [one for one in person.visits if one["status"] == "completed" and one["at"] <= at]
    spend = sum(one["total"] for one in orders)
    numbers = {
        "order_count": Decimal(len(orders)),
        "visit_count": Decimal(len(visits)),
        "total_spend": Decimal(spend) / 100,
        "average_order_value": Decimal(spend) / 100 / len(orders) if orders else None,
    }
    moments = {
        "last_order": max((one["at"] for one in orders), default=None),
        "first_order": min((one["at"] for one in orders), default=None),
        "last_visit": max((one["at"] for one in visits), default=None),
        "customer_age": person.fields["created_at"],
        "customer_since": person.fields["created_at"],
    }
    if field in numbers:
        return _number(numbers[field], operator, wanted)
    if field.endswith("_days"):
        return _days(moments[field.removesuffix("_days")], operator, wanted, at)
    if field.endswith("_date") or field == "customer_since":
        return _moment(moments[field.removesuffix("_date")], operator, wanted, at)
    if field in ("tags", "interests"):
        return _tags(person.fields[field], operator, wanted)
    if field == "birthday_month":
        return _month(person.fields["birthday"], operator, wanted, at)
    if field in ("has_phone", "has_email"):
        return bool(person.fields[field.removeprefix("has_")]) is wanted
    if field.startswith("has_active_"):
        return any(_good(one, at) for one in person.held if one["kind"] == field[11:]) is wanted
    if field == "membership_status":
        return _text(_membership(person, at), operator, wanted)
    if field == "loyalty_points":
        lots = [one["balance"] for one in person.held if one["kind"] == "points" and _good(one, at)]
        return _number(Decimal(sum(lots)), operator, wanted)
    if field.startswith("consent."):
        return _consent(person, field.removeprefix("consent."), operator, wanted, at)
    if field.startswith("attribute."):
        return _document(_dig(person.fields["attributes"], field.split(".")[1:]), operator, wanted, at)
    if field in ("event", "message", "bought_category", "visited"):
        return _did(person, field, wanted, orders, visits, at)
    return _text(person.fields[field], operator, wanted)


def _good(held: dict[str, Any], at: datetime) -> bool:
    day = at.astimezone(INDIA).date()
    begun = held["starts_on"] is None or held["starts_on"] <= day
    lasts = held["expires_on"] is None or held["expires_on"] >= day
    return begun and lasts and not (held["status"] in ("cancelled", "used_up") and held["updated_at"] <= at)


def _membership(person: Any, at: datetime) -> str:
    day = at.astimezone(INDIA).date()
    begun = [one for one in person.held if one["kind"] == "membership"]
    begun = [one for one in begun if (one["starts_on"] or date.min) <= day]
    if any(_good(one, at) for one in begun):
        return "active"
    newest = max(begun, key=lambda one: (one["starts_on"] or date.min, one["id"]), default=None)
    if newest is None:
        return "none"
    return "cancelled" if newest["status"] == "cancelled" and newest["updated_at"] <= at else "expired"


def _number(value: Decimal | None, operator: str, wanted: Any) -> bool:
    if operator == "is_empty":
        return value is None
    if value is None:
        return False
    if operator in ("in", "between"):
        numbers = [Decimal(str(one)) for one in wanted]
        return value in numbers if operator == "in" else numbers[0] <= value <= numbers[1]
    wanted = Decimal(str(wanted))
    return {
        "eq": value == wanted,
        "gt": value > wanted,
        "gte": value >= wanted,
        "lt": value < wanted,
        "lte": value <= wanted,
    }[operator]


def _days(value: datetime | None, operator: str, wanted: Any, at: datetime) -> bool:
    if value is None or operator == "is_empty":
        return value is None and operator == "is_empty"
    passed = at - value
    if operator == "between":
        return wanted[0] * DAY <= passed <= wanted[1] * DAY
    days = wanted * DAY
    return {
        "eq": passed // DAY == wanted,
        "gt": passed > days,
        "gte": passed >= days,
        "lt": passed < days,
        "lte": passed <= days,
    }[operator]


def _moment(value: datetime | None, operator: str, wanted: Any, at: datetime) -> bool:
    if value is None or operator == "is_empty":
        return value is None and operator == "is_empty"
    if operator == "within_last_days":
        return at - wanted * DAY <= value <= at
    day = value.astimezone(INDIA).date()
    if operator == "between":
        return date.fromisoformat(wanted[0]) <= day <= date.fromisoformat(wanted[1])
    wanted = date.fromisoformat(wanted)
    return {
        "before": day < wanted, "lt": day < wanted, "lte": day <= wanted,
        "after": day > wanted, "gt": day > wanted, "gte": day >= wanted, "eq": day == wanted,
    }[operator]  # fmt: skip


def _text(value: str | None, operator: str, wanted: Any) -> bool:
    if operator == "is_empty":
        return not value
    if value is None:
        return False
    value = value.lower()
    if operator == "in":
        return value in [one.lower() for one in wanted]
    wanted = wanted.lower()
    return {
        "eq": value == wanted,
        "contains": wanted in value,
        "begins_with": value.startswith(wanted),
        "ends_with": value.endswith(wanted),
    }[operator]


def _tags(value: list[str], operator: str, wanted: Any) -> bool:
    if operator == "is_empty":
        return not value
    several = wanted if isinstance(wanted, list) else [wanted]
    return bool(set(several) & set(value)) if operator == "in" else set(several) <= set(value)


def _month(value: date | None, operator: str, wanted: Any, at: datetime) -> bool:
    if value is None or operator == "is_empty":
        return value is None and operator == "is_empty"
    this = at.astimezone(INDIA).month
    named = {"current": this, "next": this % 12 + 1, "previous": (this - 2) % 12 + 1}
    months = [named.get(one, one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    return value.month in months


def _consent(person: Any, channel: str, operator: str, wanted: Any, at: datetime) -> bool:
    states = [one["state"] for one in person.consents if one["channel"] == channel and one["at"] <= at]
    if operator == "is_empty":
        return not states
    return bool(states) and states[-1] in (wanted if isinstance(wanted, list) else [wanted])


def _dig(document: Any, path: list[str]) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _document(value: Any, operator: str, wanted: Any, at: datetime) -> bool:
    if operator == "is_empty":
        return value in (None, "", [], {})
    if operator == "in":
        return any(_document(value, "eq", one, at) for one in wanted)
    if value is None:
        return False
    if operator == "contains" and isinstance(value, list):
        return wanted in value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list):
        text = "[" + ", ".join(f'"{one}"' for one in value) + "]"
    first = wanted[0] if isinstance(wanted, list) else wanted
    if operator in ("before", "after", "within_last_days") or (
        isinstance(first, str) and first[:2] == "20" and operator in ORDER
    ):
        return _moment(_as_moment(text), operator, wanted, at)
    if isinstance(first, int | float) and not isinstance(first, bool):
        return _number(_as_number(text), operator, wanted)
    return _text(text, operator, str(wanted).lower() if isinstance(wanted, bool) else wanted)


ORDER = ("gt", "gte", "lt", "lte", "between")


def _as_number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _as_moment(text: str) -> datetime | None:
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), INDIA)
        return datetime.fromisoformat(text).astimezone(UTC) if text[:2] == "20" else None
    except ValueError:
        return None


def _did(person: Any, field: str, wish: dict[str, Any], orders: Any, visits: Any, at: datetime) -> bool:
    if field == "bought_category":
        done = [one["at"] for one in orders if set(one["categories"]) & {wish["category"]}]
    elif field == "visited":
        done = [one["at"] for one in visits if one["service"] == wish.get("service", one["service"])]
    else:
        name = wish["name"] if field == "event" else f"message.{wish['what']}"
        done = [
            one["at"]
            for one in person.events
            if one["name"] == name and one["at"] <= at and _where(one, wish, at)
        ]
    if "within_days" in wish:
        done = [moment for moment in done if moment >= at - wish["within_days"] * DAY]
    least = wish.get("at_least", 0 if "at_most" in wish else 1)
    return least <= len(done) <= wish.get("at_most", len(done))


def _where(event: dict[str, Any], wish: dict[str, Any], at: datetime) -> bool:
    filters = [(one["property"], one["operator"], one["value"]) for one in wish.get("where", [])]
    filters += [("channel", "eq", wish["channel"])] if "channel" in wish else []
    return all(
        _document(event["properties"].get(name), OPPOSITE.get(operator, operator), value, at)
        != (operator in OPPOSITE)
        for name, operator, value in filters
    )
