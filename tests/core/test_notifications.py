"""Notifications: told once, to one or to all, and seen by each for themselves."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from engine.core.accounts import create_tenant, create_user
from engine.core.db import tenant_session
from engine.core.ids import key_of
from engine.core.models import Role
from engine.core.notifications import NewNotification, count_unseen, mark_seen, notify, unseen


@pytest.fixture
def asha(tenant: UUID) -> UUID:
    """One of the staff."""
    return create_user(
        tenant, f"asha-{tenant.hex[-8:]}@example.in", "Asha", Role.RECEPTIONIST, "a long secret"
    )


@pytest.fixture
def rohan(tenant: UUID) -> UUID:
    """Another one."""
    return create_user(
        tenant, f"rohan-{tenant.hex[-8:]}@example.in", "Rohan", Role.SUPER_OWNER, "a long secret"
    )


def _about(number: int, user_id: UUID | None = None) -> NewNotification:
    return NewNotification(key_of("about", number), user_id, "test", f"Number {number}", "/desk")


def _texts(tenant: UUID, user_id: UUID) -> list[str]:
    with tenant_session(tenant) as session:
        return [each.text for each in unseen(session, user_id)]


def test_the_same_thing_is_told_once(tenant: UUID, asha: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        assert notify(session, tenant, [_about(1), _about(2)], now=now) == 2
        assert notify(session, tenant, [_about(2), _about(3)], now=now + timedelta(minutes=1)) == 1
    assert _texts(tenant, asha) == ["Number 3", "Number 2", "Number 1"]


def test_what_is_for_one_is_not_told_to_the_others(
    tenant: UUID, asha: UUID, rohan: UUID, now: datetime
) -> None:
    with tenant_session(tenant) as session:
        notify(session, tenant, [_about(1, asha), _about(2)], now=now)
        assert count_unseen(session, asha) == 2
    assert _texts(tenant, rohan) == ["Number 2"]


def test_each_sees_for_themselves(tenant: UUID, asha: UUID, rohan: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        notify(session, tenant, [_about(1), _about(2)], now=now)
        first = unseen(session, asha)[-1]
        assert mark_seen(session, asha, [first.id]) == 1
        assert mark_seen(session, asha, [first.id]) == 0
    assert len(_texts(tenant, asha)) == 1
    assert len(_texts(tenant, rohan)) == 2
    with tenant_session(tenant) as session:
        assert mark_seen(session, rohan) == 2
    assert _texts(tenant, rohan) == []


def test_nothing_is_told_to_strangers(tenant: UUID, now: datetime) -> None:
    other = create_tenant(f"other-{tenant.hex[-8:]}", "Other")
    stranger = create_user(other, f"s-{tenant.hex[-8:]}@example.in", "S", Role.SUPER_OWNER, "a long secret")
    with tenant_session(tenant) as session:
        assert notify(session, tenant, [_about(1, stranger), _about(2)], now=now) == 1
    assert _texts(other, stranger) == []


def test_a_long_text_is_cut(tenant: UUID, asha: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        notify(session, tenant, [NewNotification(key_of(1), None, "test", "न" * 900)], now=now)
    assert len(_texts(tenant, asha)[0]) == 500
