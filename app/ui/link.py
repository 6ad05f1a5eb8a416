"""Links inside the app: they change the page without loading the document anew."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


def link(*children: rx.Component | rx.Var[str] | str, href: rx.Var[str] | str, **props: Any) -> rx.Component:
    """A link without any look of its own; `text_link` and `link_button` have one."""
    return ReactRouterLink.create(*children, to=href, **props)


def text_link(label: rx.Var[str] | str, *, href: rx.Var[str] | str) -> rx.Component:
    """A link in running text."""
    return link(label, href=href, class_name="s-link")


def outside_link(label: rx.Var[str] | str, *, href: rx.Var[str] | str) -> rx.Component:
    """A link to a page that is not part of the app (a landing page, a provider's site); opens a new tab."""
    return rx.el.a(label, href=href, target="_blank", rel="noopener", class_name="s-link")
