"""Charts in the house's colours: a thin layer over Recharts, so that all look alike and speak to screen readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.ui.theme import CHART_COLOURS, Token


@dataclass(frozen=True, slots=True)
class Series:
    """One line or group of bars: the key in each data row, and its name in the legend."""

    key: str
    label: str


def line_chart(
    *, label: str, data: rx.Var[list[dict[str, Any]]], x: str, series: Sequence[Series], height: int = 240
) -> rx.Component:
    """Amounts over time.

    Args:
        label: what the chart shows, in one sentence, for those who do not see it.
        data: rows such as `{"day": "12 Nov", "sent": 40}`.
        x: key of the horizontal axis.
        series: lines, in the order of the palette.
        height: in pixels.
    """
    lines = [
        rx.recharts.line(
            data_key=item.key,
            name=item.label,
            stroke=colour,
            stroke_width=2,
            dot=False,
            type_="monotone",
            is_animation_active=False,
        )
        for item, colour in zip(series, CHART_COLOURS, strict=False)
    ]
    return _figure(
        label, rx.recharts.line_chart(*lines, *_furniture(x, series), data=data, height=height, width="100%")
    )


def bar_chart(
    *, label: str, data: rx.Var[list[dict[str, Any]]], x: str, series: Sequence[Series], height: int = 240
) -> rx.Component:
    """Amounts side by side; arguments as in `line_chart`."""
    bars = [
        rx.recharts.bar(
            data_key=item.key, name=item.label, fill=colour, radius=[4, 4, 0, 0], is_animation_active=False
        )
        for item, colour in zip(series, CHART_COLOURS, strict=False)
    ]
    return _figure(
        label, rx.recharts.bar_chart(*bars, *_furniture(x, series), data=data, height=height, width="100%")
    )


def _furniture(x: str, series: Sequence[Series]) -> list[rx.Component]:
    axis = {"axis_line": False, "tick_line": False, "stroke": Token.MUTED.value}
    parts = [
        rx.recharts.cartesian_grid(vertical=False, stroke=Token.LINE.value),
        rx.recharts.x_axis(data_key=x, **axis),
        rx.recharts.y_axis(width=44, allow_decimals=False, **axis),
        rx.recharts.graphing_tooltip(cursor={"fill": Token.HOVER.value}),
    ]
    return [*parts, rx.recharts.legend()] if len(series) > 1 else parts


def _figure(label: str, chart: rx.Component) -> rx.Component:
    return rx.el.figure(chart, role="img", style={"margin": "0"}, custom_attrs={"aria-label": label})
