"""The language of templates: Liquid in a sandbox. No files, no includes, bounded loops and output (T2).

A variable that is not there is empty, so that a customer never reads `{{ … }}`; `noting_missing` tells the
author which ones were.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import UnknownLocaleError
from babel.numbers import UnknownCurrencyError, format_currency, get_currency_precision
from liquid import BoundTemplate, Environment, Undefined
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import RangeLiteral, StringLiteral
from liquid.context import RenderContext
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.filter import with_context

from engine.core.errors import Code, InvalidTemplate

LARGEST_OUTPUT = 400_000
LARGEST_LOOP = 1_000

REMOVED_TAGS = ("include", "render", "tablerow", "increment", "decrement")
REMOVED_FILTERS = ("safe", "escapejs", "url_decode", "base64_decode", "base64_url_safe_decode")
"""Those that would read other templates, or put markup into HTML past the escaping."""

LINK_SCHEMES = ("https://", "http://", "mailto:", "tel:", "#")

PATH = re.compile(r"""[\w-]+(\.[\w-]+|\[[^\]]*\])*""")

_missing: ContextVar[dict[str, None] | None] = ContextVar("missing", default=None)


class TemplateProblem(InvalidTemplate):
    """A template that cannot be read, or a message that cannot be made of it for this customer."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message, code=code)


class Missing(Undefined):
    """A variable that is not there: empty, but noted when somebody asks."""

    __slots__ = ()

    def __str__(self) -> str:
        noted = _missing.get()
        if noted is not None:
            noted[self._path()] = None
        return ""

    def _path(self) -> str:
        """The whole path as the author wrote it, e.g. `event.items[0].name`."""
        written = PATH.match(self.token.source, self.token.start_index) if self.token else None
        return written[0] if written else self.name


@contextmanager
def noting_missing() -> Iterator[dict[str, None]]:
    """Collect, in order, the variables that were to be printed and were not there."""
    noted: dict[str, None] = {}
    token = _missing.set(noted)
    try:
        yield noted
    finally:
        _missing.reset(token)


class Sandbox(Environment):
    """Liquid with limits, without files, with our filters."""

    loop_iteration_limit = LARGEST_LOOP
    local_namespace_limit = LARGEST_OUTPUT
    output_stream_limit = LARGEST_OUTPUT
    ternary_expressions = True
    logical_not_operator = True

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Take away what reaches outside, add what the field needs."""
        super().setup_tags_and_filters(extra=extra)
        for name in REMOVED_TAGS:
            self.tags.pop(name)
        for name in REMOVED_FILTERS:
            self.filters.pop(name)
        self.filters |= {"money": money, "local": local, "link": link}


def money(minor: object, currency: str = "INR", language: str = "en_IN") -> str:
    """An amount in minor units as people write it: `{{ event.total_minor | money }}` is `₹1,499.00`."""
    try:
        amount = float(str(minor)) / 10 ** get_currency_precision(str(currency))
        return format_currency(amount, str(currency), locale=str(language).replace("-", "_"))
    except (ValueError, UnknownCurrencyError, UnknownLocaleError):
        return str(minor)


@with_context
def local(moment: object, form: str = "%d %b, %I:%M %p", *, context: RenderContext) -> str:
    """A UTC moment in the tenant's time zone: `{{ event.starts_at | local: "%d %B, %I:%M %p" }}`."""
    text = str(moment)
    try:
        parsed = moment if isinstance(moment, datetime) else datetime.fromisoformat(text)
        zone = context.get(["tenant", "timezone"], token=None, default="")
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(str(zone or "UTC"))).strftime(str(form))
    except (ValueError, ZoneInfoNotFoundError):
        return text


def link(target: object) -> str:
    """The target if it is a web, mail or phone link, else `#`; added by `html.py` to variables in `href`."""
    text = str(target).strip()
    return text if text.lower().startswith(LINK_SCHEMES) else "#"


TEXT = Sandbox(undefined=Missing)
HTML = Sandbox(undefined=Missing, autoescape=True)


def compile_text(source: str) -> BoundTemplate:
    """Read Liquid that makes plain text.

    Raises:
        TemplateProblem: it cannot be read; the message names the line.
    """
    return _compile(TEXT, source)


def compile_html(source: str) -> BoundTemplate:
    """Read Liquid that makes HTML: every variable is escaped.

    Raises:
        TemplateProblem: as `compile_text`; also when a text inside `{{ }}` holds markup.
    """
    template = _compile(HTML, source)
    for expression in _expressions(template):
        if isinstance(expression, StringLiteral) and "<" in expression.value:
            raise TemplateProblem(
                Code.INVALID_TEMPLATE, "Write HTML outside of {{ }}: inside, text is not taken as HTML."
            )
    return template


def run(template: BoundTemplate, variables: Mapping[str, Any]) -> str:
    """Make the text.

    Raises:
        TemplateProblem: too long, too many rounds, or an operation that does not work with these values.
    """
    try:
        return template.render(variables)
    except LiquidError as error:
        raise TemplateProblem(Code.INVALID_TEMPLATE, f"The template failed: {_said(error)}.") from error
    except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # filters of the library pass these on when a value is of a kind they did not expect
        raise TemplateProblem(
            Code.INVALID_TEMPLATE, f"The template failed on these values: {error}."
        ) from error


def _compile(environment: Environment, source: str) -> BoundTemplate:
    try:
        template = environment.from_string(source)
    except LiquidError as error:
        raise TemplateProblem(
            Code.INVALID_TEMPLATE, f"The template cannot be read: {_said(error)}."
        ) from error
    for expression in _expressions(template):
        if isinstance(expression, RangeLiteral):
            _check_range(expression)
        if isinstance(expression, FilteredExpression):
            _check_filters(expression)
    return template


def _check_range(expression: RangeLiteral) -> None:
    first, last = (getattr(end, "value", None) for end in (expression.start, expression.stop))
    if not (isinstance(first, int) and isinstance(last, int) and last - first < LARGEST_LOOP):
        raise TemplateProblem(
            Code.INVALID_TEMPLATE,
            f"{expression}: write a range with two numbers, of at most {LARGEST_LOOP} steps.",
        )


def _check_filters(expression: FilteredExpression) -> None:
    for each in expression.filters or ():
        if each.name not in TEXT.filters:
            raise TemplateProblem(Code.INVALID_TEMPLATE, f"There is no filter “{each.name}”.")


def _expressions(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression of a template, however deep."""
    context = RenderContext(template)
    nodes: list[Node] = list(template.nodes)
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children(context, include_partials=False))
        yield from _with_children(node.expressions())


def _with_children(expressions: Iterable[Expression]) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        yield from _with_children(expression.children())


def _said(error: LiquidError) -> str:
    token = error.token
    if token is None or token.start_index < 0:
        return str(error.message)
    return f"{error.message} in line {token.source.count(chr(10), 0, token.start_index) + 1}"
