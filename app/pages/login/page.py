"""The login page."""

import reflex as rx

from app.pages.login.state import LoginState
from app.pages.registry import Page
from app.ui import brand, button, form, notice, text_field
from app.ui.theme import Fonts, Tone


def login() -> rx.Component:
    """The form beside what Safar is about; on a phone only the form."""
    return rx.fragment(
        Fonts.create(),
        rx.el.div(
            _art(),
            rx.el.main(_form(), id="main", class_name="s-login-form"),
            class_name="s-login",
        ),
    )


def _form() -> rx.Component:
    return rx.el.div(
        rx.el.div(brand(), class_name="s-login-small"),
        rx.el.div(
            rx.el.h1("Welcome back", class_name="s-display", style={"font_size": "var(--s-text-2xl)"}),
            rx.el.p("Sign in to your studio.", class_name="s-muted"),
        ),
        rx.cond(LoginState.problem, notice(LoginState.problem, tone=Tone.BAD)),
        form(
            text_field(name="email", label="E-mail", type="email", auto_complete="username", auto_focus=True),
            text_field(name="password", label="Password", type="password", auto_complete="current-password"),
            button("Sign in", type="submit", loading=LoginState.busy, size="3"),
            on_submit=LoginState.submit,
        ),
        class_name="s-login-box",
    )


def _art() -> rx.Component:
    return rx.el.aside(
        _route(),
        brand(),
        rx.el.div(
            rx.el.h2("The right message, at the right moment of someone’s journey."),
            rx.el.p(
                "Draw what should happen after a first class, a forgotten cart, a birthday. "
                "Safar walks every customer through it, once and on time."
            ),
        ),
        class_name="s-login-art",
    )


def _route() -> rx.Component:
    """A path with its stops, as decoration."""
    stops = ((64, 560), (214, 420), (420, 470), (520, 300), (680, 210))
    return rx.el.svg(
        rx.el.path(
            d="M-40 640 C 20 600 30 580 64 560 S 150 430 214 420 S 340 510 420 470 "
            "S 440 320 520 300 S 640 250 680 210 S 760 90 860 60",
            fill="none",
            stroke="#2b6b64",
            stroke_width="2.5",
            stroke_dasharray="2 11",
            stroke_linecap="round",
        ),
        *[
            rx.el.circle(cx=str(x), cy=str(y), r="7", fill="#0b3f3b", stroke="#f0a444", stroke_width="2.5")
            for x, y in stops
        ],
        class_name="s-route",
        view_box="0 0 760 860",
        preserve_aspect_ratio="xMidYMid slice",
        custom_attrs={"aria-hidden": "true"},
    )


LOGIN = Page(
    route="/login",
    component=login,
    title="Sign in",
    description="Sign in to Safar, customer journeys for studios and shops.",
    on_load=(LoginState.load,),
    public=True,
)
