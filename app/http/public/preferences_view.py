"""The preference centre as HTML; the look is the landing pages'."""

from pathlib import Path

from liquid import Environment
from markupsafe import Markup

from app.http.public.view import CSS, View, finish
from engine.delivery.preferences import Preferences

PAGE = Environment(autoescape=True).from_string(
    Path(__file__).with_name("preferences.html").read_text(encoding="utf-8")
)
OWN_CSS = """
.narrow { max-inline-size: 34rem; margin-inline: auto; display: grid; gap: 1.15rem; }
.saved { background: var(--wash); color: var(--accent); padding: 0.8rem 1rem; border-radius: 10px; font-weight: 550; }
button.quiet { background: none; color: var(--accent); border: 1px solid var(--line); }
"""
STYLE = CSS + "".join(line.strip() for line in OWN_CSS.splitlines())


def preferences_view(shown: Preferences, token: str, *, is_saved: bool = False) -> View:
    """The page; `is_saved` after a choice was stored."""
    html = PAGE.render(
        tenant_name=shown.tenant_name,
        choices=[
            {"channel": each.channel, "label": each.label, "is_on": each.is_on} for each in shown.choices
        ],
        token=token,
        is_saved=is_saved,
        css=Markup(STYLE),
    )
    return finish(html, STYLE)
