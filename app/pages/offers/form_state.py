"""The dialog that makes a coupon, or changes one."""

import asyncio
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.offers.list_state import OffersState
from app.pages.offers.terms import SENTENCES, Terms, checked, new_terms, read_terms, terms_of
from app.pages.offers.told import MANAGE
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.settings.amounts import symbol_of
from app.ui import done
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.core.tenants import today_of
from engine.journeys.choices import list_branches, list_segments
from engine.offers.coupons import create_coupon, get_coupon, update_coupon
from engine.offers.drafts import CouponChange, CouponDraft


class CouponFormState(rx.State):
    """The dialog. `editing` is empty when it makes a new one; `serial` begins the form anew."""

    is_open: bool = False
    serial: int = 0
    editing: str = ""
    terms: Terms = Terms()
    discount_type: str = ""
    segments: list[tuple[str, str]] = []
    symbol: str = ""
    problems: dict[str, str] = {}
    busy: bool = False

    @rx.event
    async def begin(self, editing: str = ""):
        """Open it, empty or with a coupon's terms."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        self.terms, self.segments = await asyncio.to_thread(_open, viewer, editing)
        self.editing, self.discount_type = editing, self.terms.discount_type
        self.symbol, self.problems, self.busy = symbol_of(viewer.currency), {}, False
        self.serial += 1
        self.is_open = True

    @rx.event
    def show(self, is_open: bool):
        """Close it; nothing is kept of what was typed."""
        self.is_open = is_open

    @rx.event
    def choose_type(self, discount_type: str):
        """Ask for what goes with another kind of discount."""
        self.discount_type = discount_type

    @rx.event
    async def save(self, answers: dict[str, Any]):
        """Keep the coupon, and show it."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        self.problems, self.busy = {}, True
        yield
        try:
            saved = await asyncio.to_thread(_save, viewer, self.editing, answers)
        except SafarError as error:
            self.problems, self.busy = _beside_their_fields(problems_of(error)), False
            return
        self.is_open = self.busy = False
        yield done("Coupon changed." if self.editing else "Coupon made.")
        yield OffersState.load
        yield rx.redirect(f"/offers/{saved}")


def _beside_their_fields(problems: dict[str, str]) -> dict[str, str]:
    """What is wrong with a field one may not see stands above the form."""
    return {field if field in SENTENCES else "form": told for field, told in problems.items()}


def _open(viewer: Viewer, editing: str) -> tuple[Terms, list[tuple[str, str]]]:
    with tenant_session(viewer.tenant_id) as session:
        branches = {each["id"]: each["name"] for each in list_branches(session)}
        segments = [(each["id"], each["name"]) for each in list_segments(session)]
        if editing:
            terms = terms_of(get_coupon(session, UUID(editing)), branches, currency=viewer.currency)
        else:
            terms = new_terms(today_of(session, utc_now()), branches)
    return terms, [("", "All customers"), *segments]


def _save(viewer: Viewer, editing: str, answers: dict[str, Any]) -> UUID:
    raw = read_terms(answers, currency=viewer.currency)
    actor, now = f"user:{viewer.user_id}", utc_now()
    with tenant_session(viewer.tenant_id) as session:
        if editing:
            change = checked(CouponChange, raw)
            return update_coupon(session, viewer.tenant_id, UUID(editing), change, actor=actor, now=now).id
        draft = checked(CouponDraft, raw | {"code": str(answers.get("code", "")).strip() or None})
        return create_coupon(
            session, viewer.tenant_id, draft, actor=actor, now=now, created_by=viewer.user_id
        ).id
