"""The shell with the signed-in member of staff filled in: what every page but the login returns."""

import reflex as rx

from app.pages.session import SessionState
from app.ui.shell import Account, shell


def frame(*children: rx.Component, active: str, wide: bool = False) -> rx.Component:
    """A page in the shell; arguments as in `app.ui.shell.shell`."""
    account = Account(
        name=SessionState.name,
        initials=SessionState.initials,
        role=SessionState.role,
        tenant=SessionState.tenant_name,
        sign_out=SessionState.sign_out,
    )
    return shell(*children, active=active, account=account, wide=wide)
