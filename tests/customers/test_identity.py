"""Who is meant: the rules alone, and two doors that meet the same person at the same moment."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from engine.core.db import tenant_session
from engine.customers.identity import Claim, add_user_ids, assign
from engine.customers.models import Customer, CustomerIdentity
from engine.customers.profiles import Profile, save_profiles

few = st.none() | st.sampled_from(["1", "2", "3"])
people = st.lists(
    st.builds(Profile, user_id=few, anonymous_id=few, phone=few, email=few, city=few), min_size=1, max_size=8
)


def claims(*values: str | None) -> list[Claim]:
    kinds = ("user_id", "anonymous_id", "phone", "email")
    return [Claim(kind, value) for kind, value in zip(kinds, values, strict=False) if value]


@pytest.mark.parametrize(
    ("persons", "expected"),
    [
        ([claims("u1"), claims("u1")], "aa"),
        ([claims("u1"), claims("u2")], "ab"),
        ([claims(None, "a1"), claims("u1", "a1"), claims(None, "a1")], "aaa"),
        ([claims("u1", "a1"), claims("u2", "a1"), claims(None, "a1")], "aba"),
        ([claims("u1"), claims(None, "a1"), claims("u1", "a1"), claims(None, "a1")], "aaaa"),
        ([claims(None, None, "p"), claims(None, "a1"), claims(None, "a1", "p")], "aaa"),
        ([claims(None, None, "p"), claims("u1", None, "p"), claims("u2", None, "p")], "aab"),
        ([claims(), claims()], "ab"),
    ],
)
def test_rules(persons: Sequence[Sequence[Claim]], expected: str) -> None:
    owners = assign(persons, {}).owners
    letters: dict[UUID, str] = {}
    assert (
        "".join(letters.setdefault(owner.customer_id, "abcd"[len(letters)]) for owner in owners) == expected
    )


@given(profiles=people)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_user_id_is_one_customer_and_a_value_has_one_owner(
    tenant: UUID, now: datetime, profiles: list[Profile]
) -> None:
    by_user: dict[str, set[UUID]] = {}
    with tenant_session(tenant) as session:
        for profile, saved in zip(
            profiles, save_profiles(session, tenant, profiles, source="test", now=now), strict=True
        ):
            if profile.user_id:
                by_user.setdefault(profile.user_id, set()).add(saved.customer_id)
        dangling = session.scalars(
            select(CustomerIdentity.value)
            .join(Customer, Customer.id == CustomerIdentity.customer_id)
            .where(Customer.merged_into.is_not(None))
        ).all()
        session.rollback()
    assert all(len(found) == 1 for found in by_user.values())
    assert len({next(iter(found)) for found in by_user.values()}) == len(by_user)
    assert not dangling


@given(profiles=people)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_one_by_one_is_like_together(tenant: UUID, now: datetime, profiles: list[Profile]) -> None:
    """The same customers come out, whether people arrive in one call or in many."""

    def outcome(parts: list[list[Profile]]) -> list[tuple[object, ...]]:
        with tenant_session(tenant) as session:
            for part in parts:
                save_profiles(session, tenant, part, source="test", now=now)
            kept = session.execute(
                select(
                    Customer.external_id, Customer.phone, Customer.email, Customer.city.is_not(None)
                ).where(Customer.merged_into.is_(None))
            ).all()
            session.rollback()
        return sorted((tuple(row) for row in kept), key=str)

    assert outcome([profiles]) == outcome([[profile] for profile in profiles])


def test_two_doors_meet_the_same_people_at_once(tenant: UUID, now: datetime) -> None:
    """Eight threads save the same sixty people in different orders: sixty customers, each found by all."""
    threads, number = 8, 60
    start = Barrier(threads)

    def meet(thread: int) -> list[tuple[str, UUID]]:
        order = [(n * 7 + thread * 13) % number for n in range(number)]
        found = []
        for part in (order[:20], order[20:40], order[40:]):
            profiles = [Profile(user_id=f"u{n}", anonymous_id=f"a{n}", phone=f"+9198200{n:05}") for n in part]
            start.wait()
            with tenant_session(tenant) as session:
                saved = save_profiles(session, tenant, profiles, source="test", now=now)
            found += [
                (profile.user_id or "", each.customer_id)
                for profile, each in zip(profiles, saved, strict=True)
            ]
        return found

    with ThreadPoolExecutor(threads) as pool:
        pairs = {pair for found in pool.map(meet, range(threads)) for pair in found}
    assert len(pairs) == number
    with tenant_session(tenant) as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == number
        assert session.scalar(select(func.count()).select_from(CustomerIdentity)) == number * 3


def test_doors_that_know_different_values_of_one_person(tenant: UUID, now: datetime) -> None:
    """One knows user id and phone, another phone and e-mail: whoever comes first, one customer remains."""
    halves = (
        Profile(user_id="u1", phone="+919820012345"),
        Profile(phone="+919820012345", email="asha@example.in"),
        Profile(user_id="u1", anonymous_id="a1"),
        Profile(anonymous_id="a1", phone="+919820012345"),
    )
    start = Barrier(len(halves))

    def meet(profile: Profile) -> None:
        start.wait()
        with tenant_session(tenant) as session:
            save_profiles(session, tenant, [profile], source="test", now=now)

    for _ in range(5):
        with ThreadPoolExecutor(len(halves)) as pool:
            list(pool.map(meet, halves))
        with tenant_session(tenant) as session:
            [saved] = save_profiles(session, tenant, [halves[0]], source="test", now=now)
            owners = set(session.scalars(select(CustomerIdentity.customer_id)))
            assert saved.customer_id in owners
            users = session.scalars(select(Customer.id).where(Customer.external_id == "u1")).all()
            assert users == [saved.customer_id]
            session.execute(Customer.__table__.delete())  # type: ignore[attr-defined]


def test_an_alias_gives_a_customer_a_second_user_id(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        [known] = save_profiles(session, tenant, [Profile(user_id="old")], source="test", now=now)
        add_user_ids(session, tenant, [("old", "new"), ("nobody", "somebody")])
        [again] = save_profiles(
            session, tenant, [Profile(user_id="new", city="Pune")], source="test", now=now
        )
        assert again.customer_id == known.customer_id
        assert session.scalars(select(Customer.external_id)).all() == ["old"]
