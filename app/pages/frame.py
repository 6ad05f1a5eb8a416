"""The shell with the signed-in member of staff filled in: what every page but the login returns."""

import reflex as rx

from app.pages.notifications import NotificationsState
from app.pages.session import SessionState
from app.ui.bell import Bell
from app.ui.poll import poll
from app.ui.shell import Account, shell

LOOK_SECONDS = 20
"""How often the bell looks for news."""


def frame(*children: rx.Component, active: str, wide: bool = False) -> rx.Component:
    """A page in the shell; arguments as in `app.ui.shell.shell`."""
    account = Account(
        name=SessionState.name,
        initials=SessionState.initials,
        role=SessionState.role,
        tenant=SessionState.tenant_name,
        sign_out=SessionState.sign_out,
    )
    bell = Bell(
        number=NotificationsState.number,
        news=NotificationsState.news,
        on_seen=NotificationsState.seen,
        on_all_seen=NotificationsState.all_seen,
    )
    return rx.fragment(
        shell(*children, active=active, account=account, bell=bell, wide=wide),
        poll(seconds=LOOK_SECONDS, on_tick=NotificationsState.refresh),
    )
