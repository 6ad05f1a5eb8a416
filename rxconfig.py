"""Reflex's configuration: one app, one port, no telemetry; read by Reflex itself by this file's name."""

import reflex as rx

from app.same_origin import SameOriginPlugin
from app.ui.theme import radix_theme
from engine.core.settings import settings

config = rx.Config(
    app_name="app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    redis_url=settings().redis_url or None,
    # Who may call a door is decided by keys and signatures there; the session cookie is SameSite and is
    # checked against the page's own origin (app/pages/session.py), so any origin may connect.
    cors_allowed_origins=["*"],
    plugins=[
        rx.plugins.RadixThemesPlugin(theme=radix_theme()),
        SameOriginPlugin(),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
