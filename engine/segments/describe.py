"""Rules in a marketer's words."""

from collections.abc import Mapping

from engine.segments.fields import find_field
from engine.segments.kinds.kind import Telling
from engine.segments.rules import Condition, RuleGroup


def describe(
    rules: RuleGroup,
    *,
    currency: str = "INR",
    locale: str = "en_IN",
    names: Mapping[str, str] | None = None,
) -> str:
    """One sentence, e.g. `total spend > ₹1,00,000 and city is Mumbai`.

    Args:
        names: what to call segments, branches, journeys and templates, by id.
    """
    if not rules.rules:
        return "nobody" if rules.negated else "everybody"
    return _told(rules, Telling(currency, locale, names or {}), inner=False)


def _told(rule: RuleGroup | Condition, telling: Telling, *, inner: bool) -> str:
    if isinstance(rule, Condition):
        asked = find_field(rule.field)
        return asked.tell(rule.operator, rule.value, telling) if asked else rule.field
    words = f" {rule.combinator} ".join(_told(one, telling, inner=True) for one in rule.rules)
    if rule.negated:
        return f"not ({words})"
    return f"({words})" if inner and len(rule.rules) > 1 else words
