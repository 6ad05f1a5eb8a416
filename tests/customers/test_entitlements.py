"""Memberships, packages and points: what is held, used, granted, and runs out."""

import random
import threading
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.customers.entitlements import (
    NewEntitlement,
    expire_entitlements,
    grant_points,
    list_entitlements,
    save_entitlements,
)
from engine.customers.models import Customer, Entitlement, EntitlementKind, EntitlementStatus
from engine.customers.profiles import Profile, save_profiles
from engine.customers.spending import Redeemed, Used, spend
from engine.events.models import Event, QueuedEvent

MEMBERSHIP, PACKAGE, POINTS = EntitlementKind
CANCELLED = EntitlementStatus.CANCELLED
DAY = timedelta(days=1)


@pytest.fixture
def asha(tenant: UUID, now: datetime) -> UUID:
    """A customer."""
    return _customer(tenant, "K1", now)


@pytest.fixture
def today(now: datetime) -> date:
    """The tenant's day."""
    return now.date()


def _customer(tenant: UUID, user_id: str, now: datetime) -> UUID:
    with tenant_session(tenant) as session:
        profile = Profile(user_id=user_id)
        return save_profiles(session, tenant, [profile], source="test", now=now)[0].customer_id


def _save(tenant: UUID, now: datetime, *said: NewEntitlement) -> int:
    with tenant_session(tenant) as session:
        return save_entitlements(session, tenant, said, now=now)


def _held(tenant: UUID, who: UUID) -> dict[str, tuple[str, int | None]]:
    with tenant_session(tenant) as session:
        return {each.external_id: (each.status, each.balance) for each in list_entitlements(session, who)}


def _membership(tenant: UUID, who: UUID) -> str | None:
    with tenant_session(tenant) as session:
        return session.get_one(Customer, who).membership_status


def _events(tenant: UUID) -> list[tuple[str, dict[str, Any]]]:
    with tenant_session(tenant) as session:
        found = session.scalars(select(Event).order_by(Event.occurred_at, Event.id))
        return [(each.name, each.properties) for each in found]


def _expire(tenant: UUID, today: date) -> int:
    with tenant_session(tenant) as session:
        return expire_entitlements(session, tenant, today=today)


def _redeem(tenant: UUID, now: datetime, *deeds: Redeemed) -> None:
    with tenant_session(tenant) as session:
        spend(session, tenant, redemptions=deeds, now=now)


# -- memberships


def test_a_membership_is_begun_runs_out_and_is_renewed(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    assert _membership(tenant, asha) is None
    begun = NewEntitlement(asha, MEMBERSHIP, "M1", now - 30 * DAY, name="Gold", expires_on=today)
    assert (_save(tenant, now, begun), _save(tenant, now, begun)) == (1, 0)
    assert _membership(tenant, asha) == "active"

    assert _expire(tenant, today) == 0  # its last day
    assert (_expire(tenant, today + DAY), _expire(tenant, today + DAY)) == (1, 0)
    assert _membership(tenant, asha) == "expired"
    assert _held(tenant, asha) == {"M1": ("expired", None)}
    _save(tenant, now + DAY, begun)  # said once more, it is expired all the same
    assert _membership(tenant, asha) == "expired"

    renewed = NewEntitlement(asha, MEMBERSHIP, "M1", now + DAY, expires_on=today + 30 * DAY)
    _save(tenant, now + DAY, renewed)
    assert _membership(tenant, asha) == "active"
    _save(tenant, now + 2 * DAY, NewEntitlement(asha, MEMBERSHIP, "M1", now + 2 * DAY, CANCELLED))
    assert _membership(tenant, asha) == "cancelled"
    assert [name for name, _ in _events(tenant)] == [
        "Membership Started",
        "Membership Expired",
        "Membership Renewed",
        "Membership Cancelled",
    ]
    assert _events(tenant)[1][1] == {
        "membership_id": "M1",
        "name": "Gold",
        "starts_on": (today - 30 * DAY).isoformat(),
        "expires_on": today.isoformat(),
    }


def test_a_renewal_that_was_on_its_way_at_midnight_still_counts(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    _save(tenant, now, NewEntitlement(asha, MEMBERSHIP, "M1", now - 30 * DAY, expires_on=today))
    _expire(tenant, today + DAY)
    late = NewEntitlement(asha, MEMBERSHIP, "M1", now, expires_on=today + 30 * DAY)
    _save(tenant, now + DAY, late)
    assert _membership(tenant, asha) == "active"


def test_one_active_membership_among_ended_ones_is_enough(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    _save(
        tenant,
        now,
        NewEntitlement(asha, MEMBERSHIP, "old", now - 90 * DAY, expires_on=today - DAY),
        NewEntitlement(asha, MEMBERSHIP, "gone", now, CANCELLED),
        NewEntitlement(asha, MEMBERSHIP, "good", now - 9 * DAY),
        NewEntitlement(asha, MEMBERSHIP, "next", now, starts_on=today + DAY),
    )
    assert _membership(tenant, asha) == "active"
    _save(tenant, now, NewEntitlement(asha, MEMBERSHIP, "good", now, CANCELLED))
    assert _membership(tenant, asha) == "cancelled"


def test_who_gave_the_membership_away_has_none(tenant: UUID, asha: UUID, now: datetime) -> None:
    rohan = _customer(tenant, "K2", now)
    _save(tenant, now, NewEntitlement(asha, MEMBERSHIP, "M1", now - DAY))
    _save(tenant, now, NewEntitlement(rohan, MEMBERSHIP, "M1", now))
    assert (_membership(tenant, asha), _membership(tenant, rohan)) == ("none", "active")


def test_news_of_a_membership_in_any_order_end_the_same(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    story = [
        (now - 9 * DAY, EntitlementStatus.ACTIVE, today + 9 * DAY),
        (now - 5 * DAY, CANCELLED, None),
        (now - 2 * DAY, EntitlementStatus.ACTIVE, today + 90 * DAY),
    ]
    for order in range(6):
        for at, status, until in random.Random(order).sample(story, 3):
            said = NewEntitlement(asha, MEMBERSHIP, f"M{order}", at, status, expires_on=until)
            _save(tenant, now, said)
    with tenant_session(tenant) as session:
        found = list_entitlements(session, asha)
    assert {(each.status, each.expires_on) for each in found} == {("active", today + 90 * DAY)}


# -- packages


def test_sessions_are_used_once_each_and_never_below_zero(tenant: UUID, asha: UUID, now: datetime) -> None:
    _save(tenant, now, NewEntitlement(asha, PACKAGE, "P1", now - DAY, name="Ten classes", balance=10))
    first = Used(asha, "P1", 1, now, key_of(1))
    for uses in (
        [first, first],
        [first],
        [Used(asha, "P1", 2, now, key_of(2)), Used(asha, "P1", 1, now, key_of(3))],
    ):
        with tenant_session(tenant) as session:
            spend(session, tenant, uses=uses, now=now)
    assert _held(tenant, asha) == {"P1": ("active", 6)}
    with tenant_session(tenant) as session:
        spend(session, tenant, uses=[Used(asha, "P1", 7, now, key_of(4))], now=now)
    assert _held(tenant, asha) == {"P1": ("used_up", 0)}
    _save(tenant, now, NewEntitlement(asha, PACKAGE, "P1", now - DAY, balance=10))  # the old news once more
    assert _held(tenant, asha) == {"P1": ("used_up", 0)}
    _save(tenant, now, NewEntitlement(asha, PACKAGE, "P1", now + DAY, balance=5))
    assert _held(tenant, asha) == {"P1": ("active", 5)}


def test_a_package_without_a_number_of_sessions_has_no_balance(
    tenant: UUID, asha: UUID, now: datetime
) -> None:
    _save(tenant, now, NewEntitlement(asha, PACKAGE, "P1", now))
    with tenant_session(tenant) as session:
        spend(session, tenant, uses=[Used(asha, "P1", 1, now, key_of(1))], now=now)
    assert _held(tenant, asha) == {"P1": ("active", None)}


def test_a_changed_balance_is_told_as_what_happened(tenant: UUID, asha: UUID, now: datetime) -> None:
    for hours, balance in enumerate((10, 7, 7, 12, 0)):
        at = now + timedelta(hours=hours)
        _save(tenant, at, NewEntitlement(asha, PACKAGE, "P1", at, balance=balance))
    assert [(name, said["sessions"]) for name, said in _events(tenant)] == [
        ("Package Purchased", 10),
        ("Package Used", 3),
        ("Package Purchased", 5),
        ("Package Used", 12),
    ]


# -- points


def test_points_are_granted_once(tenant: UUID, asha: UUID, now: datetime, today: date) -> None:
    grants = [
        (asha, 50, today + 30 * DAY, "enrolment 1"),
        (asha, 20, None, "enrolment 2"),
        (new_id(), 5, None, "x"),
    ]
    with tenant_session(tenant) as session:
        assert grant_points(session, tenant, grants, now) == 2
        assert grant_points(session, tenant, grants, now) == 0
    assert _held(tenant, asha) == {"enrolment 1": ("active", 50), "enrolment 2": ("active", 20)}
    assert sorted(said["points"] for name, said in _events(tenant) if name == "Loyalty Points Earned") == [
        20,
        50,
    ]


def test_points_that_run_out_first_are_redeemed_first(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    grants = [
        (asha, 30, None, "for ever"),
        (asha, 30, today + 9 * DAY, "later"),
        (asha, 30, today, "today"),
        (asha, 30, today - DAY, "yesterday"),
    ]
    with tenant_session(tenant) as session:
        grant_points(session, tenant, grants, now)
    deed = Redeemed(asha, 40, now, key_of(1))
    _redeem(tenant, now, deed, deed)
    _redeem(tenant, now, deed)
    left = {
        "for ever": ("active", 30),
        "later": ("active", 20),
        "today": ("used_up", 0),
        "yesterday": ("active", 30),
    }
    assert _held(tenant, asha) == left
    _redeem(tenant, now, Redeemed(asha, 15, now, key_of(2)), Redeemed(asha, 500, now, key_of(3)))
    assert _held(tenant, asha) == left | {"for ever": ("used_up", 0), "later": ("used_up", 0)}


def test_redeeming_agrees_with_a_plain_purse(tenant: UUID, now: datetime, today: date) -> None:
    dice = random.Random(7)
    purses: dict[UUID, list[list[Any]]] = {_customer(tenant, f"R{n}", now): [] for n in range(8)}
    grants = []
    for number in range(60):
        who, until = dice.choice(list(purses)), dice.choice((None, today + dice.randint(0, 9) * DAY))
        points = dice.randint(1, 40)
        grants.append((who, points, until, f"{number:03}"))
        purses[who].append([until or date.max, f"{number:03}", points])
    with tenant_session(tenant) as session:
        grant_points(session, tenant, grants, now)
    for number in range(20):
        deeds = [
            Redeemed(who, dice.randint(1, 60), now, key_of(number, who))
            for who in dice.sample(list(purses), 4)
        ]
        _redeem(tenant, now, *deeds)
        for deed in deeds:
            wanted = deed.points
            for lot in sorted(purses[deed.customer_id]):
                taken = min(lot[2], wanted)
                lot[2], wanted = lot[2] - taken, wanted - taken
    for who, lots in purses.items():
        held = {number: balance for number, (_, balance) in _held(tenant, who).items()}
        assert held == {lot[1]: lot[2] for lot in lots}


def test_two_tills_cannot_spend_the_same_points(tenant: UUID, asha: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        grant_points(session, tenant, [(asha, 100, None, f"L{n}") for n in range(10)], now)
    tills = [
        threading.Thread(target=_redeem, args=(tenant, now, Redeemed(asha, 30, now, key_of(n))))
        for n in range(20)
    ]
    for till in tills:
        till.start()
    for till in tills:
        till.join()
    assert sum(balance or 0 for _, balance in _held(tenant, asha).values()) == 1000 - 20 * 30


# -- running out


def test_what_ran_out_is_told_once_and_old_news_start_no_journey(
    tenant: UUID, asha: UUID, now: datetime, today: date
) -> None:
    with tenant_session(tenant) as session:
        for name in ("Package Expired", "Loyalty Points Expired"):
            session.execute(
                text("INSERT INTO event_interests (tenant_id, name, listener) VALUES (:t, :n, :l)"),
                {"t": tenant, "n": name, "l": new_id()},
            )
        grant_points(session, tenant, [(asha, 30, today, "new"), (asha, 9, None, "for ever")], now)
    _save(
        tenant,
        now,
        NewEntitlement(asha, PACKAGE, "old", now - 99 * DAY, expires_on=today - 50 * DAY, balance=3),
        NewEntitlement(asha, PACKAGE, "gone", now, CANCELLED, expires_on=today),
        NewEntitlement(asha, PACKAGE, "empty", now, expires_on=today, balance=0),
    )
    assert (_expire(tenant, today + DAY), _expire(tenant, today + 2 * DAY)) == (2, 0)
    told = [(name, said) for name, said in _events(tenant) if "Expired" in name]
    assert [(name, said.get("points") or said.get("sessions")) for name, said in told] == [
        ("Package Expired", 3),
        ("Loyalty Points Expired", 30),
    ]
    with tenant_session(tenant) as session:
        assert [each.name for each in session.scalars(select(QueuedEvent))] == ["Loyalty Points Expired"]
        assert (
            session.scalars(select(Entitlement.status).where(Entitlement.external_id == "for ever")).one()
            == "active"
        )


def test_a_thousand_run_out_in_a_few_statements(tenant: UUID, now: datetime, today: date) -> None:
    with tenant_session(tenant) as session:
        profiles = [Profile(user_id=f"N{n}") for n in range(1000)]
        saved = save_profiles(session, tenant, profiles, source="test", now=now)
        said = [
            NewEntitlement(each.customer_id, MEMBERSHIP, f"{n}", now, expires_on=today)
            for n, each in enumerate(saved)
        ]
        assert save_entitlements(session, tenant, said, now=now) == 1000
    assert _expire(tenant, today + DAY) == 1000
    assert len([1 for name, _ in _events(tenant) if name == "Membership Expired"]) == 1000
