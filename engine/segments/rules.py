"""The rule tree of a segment or branch, read from either of the formats in use.

react-querybuilder: `{"combinator": "and", "not": false, "rules": [{"field", "operator", "value"}, …]}`;
S4: `{"operator": "AND", "conditions": [{"field", "op", "value"}, …]}`. Groups nest in both.
"""

import difflib
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.core.errors import InvalidRules
from engine.segments.fields import BY_NAME, find_field
from engine.segments.operators import Operator, find_operator

DEEPEST = 8
MOST_CONDITIONS = 200
FORMATS = "Send {“combinator”: “and”, “rules”: […]} or {“operator”: “AND”, “conditions”: […]}."


class Combinator(StrEnum):
    """How the rules of a group go together."""

    AND = "and"
    OR = "or"


COMBINATORS = {one.value: one for one in Combinator}


class Condition(BaseModel):
    """One question about a customer; `value` is read and checked by the field's kind."""

    model_config = ConfigDict(frozen=True)

    field: str
    operator: Operator
    value: Any = None


class RuleGroup(BaseModel):
    """Rules that all (`and`) or some (`or`) must hold, or must not (`negated`). No rules: everybody."""

    model_config = ConfigDict(frozen=True)

    combinator: Combinator = Combinator.AND
    negated: bool = False
    rules: tuple["Condition | RuleGroup", ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """All conditions, however deep."""
        for rule in self.rules:
            if isinstance(rule, RuleGroup):
                yield from rule.conditions()
            else:
                yield rule


class _Refused(Exception):
    """A group or condition that cannot be read."""

    def __init__(self, message: str, *, field: Any = None, operator: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.operator = operator


def parse_rules(raw: Any) -> RuleGroup:
    """Read rules from JSON.

    Raises:
        InvalidRules: the message names the first problem; `details` lists all as `{path, field, operator, message}`.
    """
    problems: list[dict[str, Any]] = []
    group = _read(raw, "rules", 1, problems)
    if problems or not isinstance(group, RuleGroup):
        raise InvalidRules(problems[0]["message"], details=problems)
    if sum(1 for _ in group.conditions()) > MOST_CONDITIONS:
        raise InvalidRules(
            f"More than {MOST_CONDITIONS} conditions. Split them into segments and join those."
        )
    return group


def _read(raw: Any, path: str, depth: int, problems: list[dict[str, Any]]) -> RuleGroup | Condition | None:
    try:
        if depth == 1 or _members(raw) is not None:
            return _group(raw, path, depth, problems)
        return _condition(raw)
    except _Refused as refused:
        named = f", field “{refused.field}”" if refused.field else ""
        problems.append(
            {
                "path": path,
                "field": refused.field,
                "operator": refused.operator,
                "message": f"{path}{named}: {refused.message}",
            }
        )
        return None


def _group(raw: Any, path: str, depth: int, problems: list[dict[str, Any]]) -> RuleGroup:
    members = _members(raw)
    if members is None:
        raise _Refused(f"this is not a group of rules. {FORMATS}")
    if depth > DEEPEST:
        raise _Refused(f"groups are nested deeper than {DEEPEST}. Flatten them.")
    name = raw.get("combinator", raw.get("operator", Combinator.AND))
    if not isinstance(name, str) or name.lower() not in COMBINATORS:
        raise _Refused(f"groups combine by “and” or “or”, not by {name!r}.")
    if not members and depth > 1:
        raise _Refused("this group is empty. Add a condition, or remove it.")
    rules = [
        _read(one, f"{path}[{place}]", depth + 1, problems)
        for place, one in enumerate(members)
        if not (isinstance(one, dict) and one.get("muted") is True)
    ]
    return RuleGroup(
        combinator=COMBINATORS[name.lower()],
        negated=raw.get("not") is True,
        rules=tuple(rule for rule in rules if rule is not None),
    )


def _members(raw: Any) -> list[Any] | None:
    rules = (raw.get("rules", raw.get("conditions"))) if isinstance(raw, dict) else None
    return rules if isinstance(rules, list) else None


def _condition(raw: Any) -> Condition:
    if not isinstance(raw, dict) or not isinstance(raw.get("field"), str):
        raise _Refused("a condition needs “field”, “operator” and “value”.")
    field, said = raw["field"], raw.get("operator", raw.get("op"))
    asked, operator = find_field(field), find_operator(said)
    if asked is None:
        raise _Refused(f"there is no such field{_guess(field)}.", field=field, operator=said)
    if raw.get("valueSource") == "field":
        raise _Refused(
            "comparing with another field is not possible; give a value.", field=field, operator=said
        )
    if operator is None or operator not in asked.operators:
        raise _Refused(
            f"operator {said!r} does not fit; use one of {', '.join(asked.operators)}.",
            field=field,
            operator=said,
        )
    try:
        return Condition(field=field, operator=operator, value=asked.read(operator, raw.get("value")))
    except ValueError as error:
        raise _Refused(f"{operator.value}: {error}.", field=field, operator=said) from None


def _guess(field: str) -> str:
    near = difflib.get_close_matches(field, BY_NAME, n=1)
    return f"; did you mean “{near[0]}”?" if near else "; custom attributes are written attribute.<name>"
