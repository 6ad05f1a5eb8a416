"""Reminders for the staff: made once, listed by their day, closed and reopened."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest

from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import key_of, new_id
from engine.core.models import Branch, Role, User
from engine.customers.followups import (
    NewFollowUp,
    change_followup,
    count_due,
    create_followups,
    delete_followup,
    list_followups,
    remind,
)
from engine.customers.inactive import inactive_customers
from engine.customers.models import Customer, FollowUpStatus

TODAY = date(2026, 3, 2)


@pytest.fixture
def priya(tenant: UUID) -> UUID:
    """A customer."""
    return _customer(tenant, name="प्रिया वर्मा", phone="+919820012345")


@pytest.fixture
def asha(tenant: UUID) -> UUID:
    """One of the staff."""
    return create_user(
        tenant, f"asha-{tenant.hex[-8:]}@example.in", "Asha", Role.RECEPTIONIST, "a long secret"
    )


def _customer(tenant: UUID, **columns: object) -> UUID:
    customer_id = new_id()
    with tenant_session(tenant) as session:
        session.add(Customer(id=customer_id, tenant_id=tenant, **columns))
    return customer_id


def _wish(number: int, customer_id: UUID, staff_id: UUID | None = None, days: int = 0) -> NewFollowUp:
    day = TODAY + timedelta(days=days)
    return NewFollowUp(
        key_of("node", number), customer_id, staff_id, day, time(11, 30), f"Call {number}", "journey"
    )


def test_a_journey_makes_its_reminder_once(tenant: UUID, priya: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        assert create_followups(session, tenant, [_wish(1, priya), _wish(2, priya)], now=now) == 2
        assert create_followups(session, tenant, [_wish(2, priya), _wish(3, priya)], now=now) == 1
        rows = list_followups(session)
    assert sorted(row.note for row in rows) == ["Call 1", "Call 2", "Call 3"]
    assert rows[0].customer_name == "प्रिया वर्मा"
    assert rows[0].reminder_time == time(11, 30)


def test_who_was_merged_stands_for_who_took_over_and_the_erased_get_none(
    tenant: UUID, priya: UUID, now: datetime
) -> None:
    double = _customer(tenant, merged_into=priya)
    erased = _customer(tenant, erased_at=now)
    wishes = [_wish(1, double), _wish(2, erased), _wish(3, new_id())]
    with tenant_session(tenant) as session:
        assert create_followups(session, tenant, wishes, now=now) == 1
        assert [row.customer_id for row in list_followups(session)] == [priya]


def test_a_reminder_for_staff_who_left_is_for_whoever_is_there(
    tenant: UUID, priya: UUID, now: datetime
) -> None:
    with tenant_session(tenant) as session:
        create_followups(session, tenant, [_wish(1, priya, staff_id=new_id())], now=now)
        (row,) = list_followups(session)
    assert row.staff_id is None
    assert row.staff_name == ""


def test_the_list_is_by_day_and_holds_what_is_mine_or_nobodys(
    tenant: UUID, priya: UUID, asha: UUID, now: datetime
) -> None:
    rohan = create_user(
        tenant, f"r-{tenant.hex[-8:]}@example.in", "Rohan", Role.BRANCH_MANAGER, "a long secret"
    )
    wishes = [
        _wish(1, priya, asha, days=3),
        _wish(2, priya, None, days=-1),
        _wish(3, priya, rohan),
        _wish(4, priya, asha),
    ]
    with tenant_session(tenant) as session:
        create_followups(session, tenant, wishes, now=now)
        mine = list_followups(session, staff_id=asha)
        due = list_followups(session, staff_id=asha, until=TODAY)
        assert count_due(session, staff_id=asha, until=TODAY) == 2
        everybodys = list_followups(session)
    assert [row.note for row in mine] == ["Call 2", "Call 4", "Call 1"]
    assert [row.note for row in due] == ["Call 2", "Call 4"]
    assert len(everybodys) == 4
    assert mine[1].staff_name == "Asha"


def test_completing_is_once_and_reopening_undoes_it(tenant: UUID, priya: UUID, now: datetime) -> None:
    later = now + timedelta(hours=1)
    with tenant_session(tenant) as session:
        followup = remind(session, tenant, priya, on=TODAY, note="Ask about the bridal package", now=now)
        for moment in (now, later):
            done = change_followup(session, followup, status=FollowUpStatus.COMPLETED, now=moment)
        assert done.completed_at == now
        assert list_followups(session) == []
        assert len(list_followups(session, status="completed")) == 1
        with pytest.raises(Conflict, match="Reopen it first"):
            change_followup(session, followup, status="dismissed", now=later)
        assert change_followup(session, followup, status="pending", now=later).completed_at is None


def test_a_reminder_is_put_off_and_given_to_somebody_else(
    tenant: UUID, priya: UUID, asha: UUID, now: datetime
) -> None:
    with tenant_session(tenant) as session:
        followup = remind(session, tenant, priya, staff_id=asha, on=TODAY, at=time(9), note="Call", now=now)
        change_followup(session, followup, on=TODAY + timedelta(days=2), now=now)
        (row,) = list_followups(session)
        assert (row.reminder_date, row.reminder_time, row.staff_id) == (date(2026, 3, 4), time(9), asha)
        change_followup(session, followup, at=None, staff_id=None, note="Write", now=now)
        (row,) = list_followups(session)
    assert (row.reminder_time, row.staff_id, row.note) == (None, None, "Write")


def test_what_cannot_be_is_named(tenant: UUID, priya: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        with pytest.raises(NotFound, match="customer"):
            remind(session, tenant, new_id(), on=TODAY, now=now)
        with pytest.raises(InvalidInput, match="note"):
            remind(session, tenant, priya, on=TODAY, note="न" * 2001, now=now)
        with pytest.raises(InvalidInput, match="staff_id"):
            remind(session, tenant, priya, staff_id=new_id(), on=TODAY, now=now)
        with pytest.raises(InvalidInput, match="status"):
            list_followups(session, status="late")
        with pytest.raises(NotFound, match="reminder"):
            change_followup(session, new_id(), note="x", now=now)
        with pytest.raises(NotFound, match="reminder"):
            delete_followup(session, new_id())


def test_a_deleted_reminder_is_gone(tenant: UUID, priya: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        delete_followup(session, remind(session, tenant, priya, on=TODAY, now=now))
        assert list_followups(session) == []


def test_quiet_customers_are_those_not_seen_for_long_the_best_first(
    tenant: UUID, asha: UUID, now: datetime
) -> None:
    ago = [now - timedelta(days=days) for days in (10, 70, 200)]
    _customer(tenant, name="Came back", last_visit_at=ago[0], last_order_at=ago[2])
    small = _customer(tenant, name="Small", last_order_at=ago[1], total_spend_minor=100)
    large = _customer(tenant, name="Large", last_visit_at=ago[2], total_spend_minor=90_000)
    _customer(tenant, name="Never here")
    _customer(tenant, name="Double", last_order_at=ago[2], merged_into=large)
    with tenant_session(tenant) as session:
        remind(session, tenant, large, on=TODAY, now=now)
        found = inactive_customers(session, days=60, now=now)
        assert [(each.id, each.days_quiet, each.reminder_date) for each in found] == [
            (large, 200, TODAY),
            (small, 70, None),
        ]
        assert [each.id for each in inactive_customers(session, days=100, now=now)] == [large]
        with pytest.raises(InvalidInput, match="days"):
            inactive_customers(session, days=0, now=now)


def test_staff_of_a_branch_see_its_quiet_customers(tenant: UUID, asha: UUID, now: datetime) -> None:
    here, there = new_id(), new_id()
    with tenant_session(tenant) as session:
        session.add_all(Branch(id=each, tenant_id=tenant, name=str(each)) for each in (here, there))
        session.flush()
        session.get_one(User, asha).branch_ids = [here]
    long_ago = now - timedelta(days=90)
    mine = _customer(tenant, last_order_at=long_ago, branch_id=here)
    _customer(tenant, last_order_at=long_ago, branch_id=there)
    with tenant_session(tenant) as session:
        assert [each.id for each in inactive_customers(session, staff_id=asha, now=now)] == [mine]
        assert len(inactive_customers(session, now=now)) == 2
