"""Operators of segment rules: ours (S4's and requirement S3's), and the names others use for them."""

from enum import StrEnum


class Operator(StrEnum):
    """What a condition may say about a field."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    BEGINS_WITH = "begins_with"
    NOT_BEGINS_WITH = "not_begins_with"
    ENDS_WITH = "ends_with"
    NOT_ENDS_WITH = "not_ends_with"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST_DAYS = "within_last_days"
    NOT_WITHIN_LAST_DAYS = "not_within_last_days"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    DID = "did"
    DID_NOT = "did_not"


ALIASES: dict[str, Operator] = {
    "=": Operator.EQ,
    "==": Operator.EQ,
    "!=": Operator.NE,
    "<>": Operator.NE,
    ">": Operator.GT,
    ">=": Operator.GTE,
    "<": Operator.LT,
    "<=": Operator.LTE,
    "notBetween": Operator.NOT_BETWEEN,
    "notIn": Operator.NOT_IN,
    "doesNotContain": Operator.NOT_CONTAINS,
    "beginsWith": Operator.BEGINS_WITH,
    "doesNotBeginWith": Operator.NOT_BEGINS_WITH,
    "endsWith": Operator.ENDS_WITH,
    "doesNotEndWith": Operator.NOT_ENDS_WITH,
    "null": Operator.IS_EMPTY,
    "notNull": Operator.IS_NOT_EMPTY,
}
"""react-querybuilder's names; one table, so that a rule built there means what it means here."""

NEGATED: dict[Operator, Operator] = {
    Operator.NE: Operator.EQ,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_BEGINS_WITH: Operator.BEGINS_WITH,
    Operator.NOT_ENDS_WITH: Operator.ENDS_WITH,
    Operator.NOT_WITHIN_LAST_DAYS: Operator.WITHIN_LAST_DAYS,
    Operator.IS_NOT_EMPTY: Operator.IS_EMPTY,
    Operator.DID_NOT: Operator.DID,
}
"""Each of these is exactly "not" of the other, so it also holds for customers who have no value at all."""

LABELS: dict[Operator, str] = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.GT: "is more than",
    Operator.GTE: "is at least",
    Operator.LT: "is less than",
    Operator.LTE: "is at most",
    Operator.BETWEEN: "is between",
    Operator.NOT_BETWEEN: "is not between",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.BEGINS_WITH: "begins with",
    Operator.NOT_BEGINS_WITH: "does not begin with",
    Operator.ENDS_WITH: "ends with",
    Operator.NOT_ENDS_WITH: "does not end with",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
    Operator.WITHIN_LAST_DAYS: "is within the last days",
    Operator.NOT_WITHIN_LAST_DAYS: "is not within the last days",
    Operator.IS_EMPTY: "has no value",
    Operator.IS_NOT_EMPTY: "has a value",
    Operator.DID: "did",
    Operator.DID_NOT: "did not",
}

WITHOUT_VALUE = frozenset({Operator.IS_EMPTY, Operator.IS_NOT_EMPTY})
WITH_LIST = frozenset({Operator.IN, Operator.NOT_IN})
WITH_PAIR = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})


BY_NAME: dict[str, Operator] = {operator.value: operator for operator in Operator} | ALIASES


def find_operator(name: object) -> Operator | None:
    """The operator of this name, ours or an alias; None when there is none."""
    return BY_NAME.get(name) if isinstance(name, str) else None


def values_wanted(operator: Operator) -> str:
    """How many values an operator takes: `none`, `one`, `two` or `many`; for the builder."""
    if operator in WITHOUT_VALUE:
        return "none"
    if operator in WITH_LIST:
        return "many"
    return "two" if operator in WITH_PAIR else "one"
