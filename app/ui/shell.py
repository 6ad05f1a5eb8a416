"""The frame of every signed-in page: navigation, account menu, and the page itself as the main landmark."""

from dataclasses import dataclass

import reflex as rx

from app.ui.bell import Bell, bell_button
from app.ui.brand import brand
from app.ui.link import link
from app.ui.menu import menu, menu_item
from app.ui.theme import Fonts

FOCUS_MAIN = "document.getElementById('main').focus()"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One destination of the navigation. `key` is what a page passes as `active`."""

    key: str
    label: str
    icon: str
    href: str


NAVIGATION = (
    NavItem("home", "Home", "house", "/"),
    NavItem("customers", "Customers", "users-round", "/customers"),
    NavItem("desk", "Desk", "messages-square", "/desk"),
    NavItem("journeys", "Journeys", "waypoints", "/journeys"),
    NavItem("templates", "Templates", "file-pen-line", "/templates"),
    NavItem("offers", "Offers", "ticket-percent", "/offers"),
    NavItem("inbox", "Inbox", "inbox", "/inbox"),
    NavItem("settings", "Settings", "settings-2", "/settings"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in, as the shell shows it; the fields are state variables."""

    name: rx.Var[str]
    initials: rx.Var[str]
    role: rx.Var[str]
    tenant: rx.Var[str]
    sign_out: rx.event.EventType[()]


def shell(
    *children: rx.Component, active: str, account: Account, bell: Bell, wide: bool = False
) -> rx.Component:
    """A page in its frame.

    Args:
        children: the page, top to bottom.
        active: key of the `NAVIGATION` item this page belongs to.
        account: who is signed in.
        bell: what is new.
        wide: the page fills all space beside the navigation, without margins or scrolling (the canvas).
    """
    main_class = "s-main s-main-wide" if wide else "s-main"
    body = children if wide else (rx.el.div(*children, class_name="s-main-inner"),)
    return rx.fragment(
        Fonts.create(),
        # The router takes the link and would not move the focus.
        rx.el.a("Skip to content", href="#main", on_click=rx.call_script(FOCUS_MAIN), class_name="s-skip"),
        rx.el.div(
            _side(active, account, bell),
            _top(account, bell),
            rx.el.main(*body, id="main", tab_index=-1, class_name=main_class),
            _tabs(active),
            class_name="s-shell",
        ),
    )


def _side(active: str, account: Account, bell: Bell) -> rx.Component:
    return rx.el.aside(
        rx.el.div(link(brand(tenant=account.tenant), href="/"), bell_button(bell), class_name="s-side-head"),
        rx.el.nav(
            *[_nav_item(item, active) for item in NAVIGATION],
            class_name="s-nav",
            custom_attrs={"aria-label": "Main"},
        ),
        rx.spacer(),
        _account_menu(account),
        class_name="s-side",
    )


def _top(account: Account, bell: Bell) -> rx.Component:
    return rx.el.header(
        brand(tenant=account.tenant),
        rx.el.div(bell_button(bell), _account_menu(account), class_name="s-top-end"),
        class_name="s-top",
    )


def _tabs(active: str) -> rx.Component:
    return rx.el.nav(
        *[_nav_item(item, active) for item in NAVIGATION],
        class_name="s-tabs",
        custom_attrs={"aria-label": "Main"},
    )


def _nav_item(item: NavItem, active: str) -> rx.Component:
    current = {"aria-current": "page"} if item.key == active else {}
    return link(
        rx.icon(item.icon, aria_hidden="true"),
        rx.el.span(item.label),
        href=item.href,
        class_name="s-nav-item",
        custom_attrs=current,
    )


def _account_menu(account: Account) -> rx.Component:
    return menu(
        rx.el.button(
            rx.el.span(account.initials, class_name="s-avatar", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(
                rx.el.span(account.name),
                rx.el.span(account.role, class_name="s-muted s-small"),
                class_name="s-account-text",
            ),
            type="button",
            class_name="s-account",
            custom_attrs={"aria-label": "Account menu"},
        ),
        rx.menu.item(
            rx.color_mode_cond(light=rx.icon("moon", size=16), dark=rx.icon("sun", size=16)),
            rx.color_mode_cond(light="Dark colours", dark="Light colours"),
            on_select=rx.toggle_color_mode,
        ),
        rx.menu.separator(),
        menu_item("Sign out", icon="log-out", on_select=account.sign_out),
    )
