"""A landing page as HTML: one template, one style sheet inside the page, a policy that allows nothing else.

Everything is escaped where it is printed (python-liquid with autoescape). The two things that differ from one
request to the next, the submit's key and the campaign, are holes that `fill` closes, so that a page is rendered
once and served many times.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from liquid import Environment, Markup

from engine.landing.form import TRAP, FieldKind, FormField
from engine.landing.pages import PublicPage
from engine.landing.words import words

HERE = Path(__file__).parent
CSS = "\n".join(line.strip() for line in (HERE / "page.css").read_text(encoding="utf-8").splitlines())
PAGE = Environment(autoescape=True).from_string((HERE / "page.html").read_text(encoding="utf-8"))

KEY_HOLE, UTM_HOLE = "\ue000key\ue001", "\ue000utm\ue001"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

ENTRY: Mapping[FieldKind, str] = {
    FieldKind.NAME: ' type="text" autocomplete="name" maxlength="500"',
    FieldKind.PHONE: ' type="tel" inputmode="tel" autocomplete="tel" maxlength="40"',
    FieldKind.EMAIL: ' type="email" inputmode="email" autocomplete="email" maxlength="254"',
    FieldKind.TEXT: ' type="text" maxlength="500"',
    FieldKind.DATE: ' type="date"',
}
"""How each kind of field is typed: the keyboard a phone shows, and what a browser may fill in."""

INVALID = ' aria-invalid="true"'


@dataclass(frozen=True, slots=True)
class View:
    """A rendered page with its holes, and the headers it goes out with."""

    html: str
    etag: str
    policy: str

    def fill(self, *, key: str, utm: str) -> bytes:
        """The page for one visitor: the submit's key and the campaign they came by."""
        return self.html.replace(KEY_HOLE, key, 1).replace(UTM_HOLE, escape(utm), 1).encode()


def lead_view(
    page: PublicPage,
    *,
    base_url: str,
    answers: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
) -> View:
    """The page with its form; with `answers` and `problems`, as it comes back to a visitor who must correct it."""
    paragraphs = [each.strip() for each in page.intro.split("\n") if each.strip()]
    return _view(
        page,
        view="lead",
        title=page.title,
        description=" ".join(paragraphs)[:200] or page.title,
        address=_address(page, base_url),
        paragraphs=paragraphs,
        fields=[_field(each, answers or {}, problems or {}) for each in page.form.fields],
        button=page.form.button or words(page.locale)["button"],
        notice=notice,
    )


def thanks_view(page: PublicPage, *, base_url: str) -> View:
    """What a visitor sees after sending the form."""
    said = words(page.locale)
    heading = page.form.thanks_title or said["thanks_title"]
    told = page.form.thanks_text or said["thanks_text"]
    return _view(
        page, view="thanks", title=heading, heading=heading, told=told, address=_address(page, base_url)
    )


def missing_view(locale: str = "en") -> View:
    """What a visitor sees where no page is."""
    said = words(locale)
    page = {"locale": locale, "tenant_name": "", "mailing_address": ""}
    shown = {"heading": said["missing_title"], "told": said["missing_text"], "words": said}
    return finish(
        PAGE.render(page=page, view="missing", title=shown["heading"], css=Markup(CSS), **shown), CSS
    )


def _view(page: PublicPage, **shown: Any) -> View:
    css = CSS + _brand(page.brand)
    privacy = page.privacy_url if page.privacy_url.startswith(("https://", "http://")) else None
    html = PAGE.render(
        page=_plain(page),
        form={"highlights": list(page.form.highlights)},
        words=words(page.locale),
        trap=TRAP,
        key=KEY_HOLE,
        utm=UTM_HOLE,
        css=Markup(css),
        privacy_url=privacy,
        **shown,
    )
    return finish(html, css)


def finish(html: str, css: str) -> View:
    """A page with its headers: only this style sheet, no script, nothing from elsewhere."""
    style = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return View(html, f'W/"{hashlib.sha256(html.encode()).hexdigest()[:24]}"', policy)


def _plain(page: PublicPage) -> dict[str, str]:
    return {
        "locale": page.locale,
        "title": page.title,
        "tenant_name": page.tenant_name,
        "mailing_address": page.mailing_address,
        "form_id": str(page.form_id),
    }


def _field(asked: FormField, answers: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, Any]:
    problem = problems.get(asked.key)
    is_first = asked.key == next(iter(problems), None)
    described = [f"{asked.key}-hint"] if asked.hint else []
    described += [f"{asked.key}-problem"] if problem else []
    state = (' required aria-required="true"' if asked.required else "") + (
        f' aria-describedby="{" ".join(described)}"' if described else ""
    )
    return {
        "key": asked.key,
        "kind": asked.kind.value,
        "label": asked.label,
        "hint": asked.hint,
        "must": asked.required,
        "options": list(asked.options),
        "value": answers.get(asked.key, ""),
        "problem": problem,
        "entry": Markup(ENTRY.get(asked.kind, "")),
        "state": Markup(state + INVALID * bool(problem) + " autofocus" * is_first),
    }


def _brand(brand: Mapping[str, Any]) -> str:
    """The tenant's colour, kept readable: lighter on dark paper, with ink that can be read on it."""
    colour = str(brand.get("color", ""))
    if not COLOUR.fullmatch(colour):
        return ""
    ink = "#fff" if _luminance(colour) < 0.4 else "#14130f"
    light = f":root{{--accent:{colour};--on-accent:{ink}}}"
    dark = f":root{{--accent:color-mix(in srgb,{colour} 55%,#fff);--on-accent:#14130f}}"
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2


def _address(page: PublicPage, base_url: str) -> str:
    return f"{base_url}/p/{page.tenant_slug}/{page.slug}"
