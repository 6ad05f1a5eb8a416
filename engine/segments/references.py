"""Segments that name other segments: put in place of the name what it stands for, without going round in circles."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import InvalidRules
from engine.segments.models import Segment
from engine.segments.operators import NEGATED, Operator
from engine.segments.rules import Combinator, Condition, RuleGroup, parse_rules

FIELD = "segment"
DEEPEST = 5


def named_segments(rules: RuleGroup) -> set[UUID]:
    """Ids of the segments these rules name directly."""
    values = [one.value for one in rules.conditions() if one.field == FIELD]
    return {id for value in values for id in (value if isinstance(value, tuple) else (value,))}


def segment_rules(segment: Segment) -> RuleGroup:
    """What being in a segment means: its rules or its list, within its branches."""
    parts: list[Condition | RuleGroup] = [
        parse_rules(segment.rules)
        if segment.is_dynamic
        else Condition(field=FIELD, operator=Operator.IN, value=(segment.id,))
    ]
    if segment.branch_ids:
        parts.append(Condition(field="branch", operator=Operator.IN, value=tuple(segment.branch_ids)))
    return RuleGroup(rules=tuple(parts))


def expand(session: Session, rules: RuleGroup) -> RuleGroup:
    """The same rules with dynamic segments replaced by their own rules, so that they are as fresh as the data.

    Raises:
        InvalidRules: a segment is gone, or segments name each other in a circle.
    """
    known = reachable_segments(session, rules)
    return _replace(rules, known, ()) if known else rules


def reachable_segments(session: Session, rules: RuleGroup) -> dict[UUID, Segment]:
    """The segments these rules name, directly or through others. Raises as `expand` does."""
    known: dict[UUID, Segment] = {}
    wanted = named_segments(rules)
    for _ in range(DEEPEST):
        missing = wanted - known.keys()
        if not missing:
            return known
        found = {row.id: row for row in session.scalars(select(Segment).where(Segment.id.in_(missing)))}
        if gone := missing - found.keys():
            raise InvalidRules(f"Segment {min(gone)} does not exist any more. Choose another one.")
        known |= found
        wanted |= {
            id for row in found.values() if row.is_dynamic for id in named_segments(parse_rules(row.rules))
        }
    raise InvalidRules(f"Segments name each other deeper than {DEEPEST} levels. Write the conditions out.")


def _replace(rules: RuleGroup, known: Mapping[UUID, Segment], inside: tuple[UUID, ...]) -> RuleGroup:
    return rules.model_copy(update={"rules": tuple(_replaced(rule, known, inside) for rule in rules.rules)})


def _replaced(
    rule: Condition | RuleGroup, known: Mapping[UUID, Segment], inside: tuple[UUID, ...]
) -> Condition | RuleGroup:
    if isinstance(rule, RuleGroup):
        return _replace(rule, known, inside)
    if rule.field != FIELD:
        return rule
    ids = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    parts = tuple(_meaning(known[id], known, inside) for id in ids)
    return RuleGroup(combinator=Combinator.OR, negated=rule.operator in NEGATED, rules=parts)


def _meaning(segment: Segment, known: Mapping[UUID, Segment], inside: tuple[UUID, ...]) -> RuleGroup:
    if segment.id in inside:
        raise InvalidRules(
            f"Segment “{segment.name}” names itself in a circle. Remove one of the conditions."
        )
    own = segment_rules(segment)
    return own if not segment.is_dynamic else _replace(own, known, (*inside, segment.id))
