"""Reading what people say of a person, and saving it to the customer who is meant."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.customers.models import Customer, CustomerIdentity
from engine.customers.phones import read_phone
from engine.customers.profiles import Profile, Saved, read_profile, save_profiles

SAID = {
    "firstName": "Asha",
    "last_name": "Rao",
    "Mobile number": "98200 12345",
    "email": "Asha.Rao@Example.in",
    "dob": "05/03/1990",
    "address": {"city": "Pune", "state": "MH"},
    "language": "Hindi",
    "timezone": "Asia/Kolkata",
    "tags": "vip, yoga,,vip",
    "plan": "gold",
}


def test_reads_the_names_people_give_to_traits() -> None:
    profile, problems = read_profile(SAID, country="IN", user_id="u1")
    assert problems == []
    assert profile == Profile(
        user_id="u1",
        phone="+919820012345",
        email="asha.rao@example.in",
        name="Asha Rao",
        first_name="Asha",
        last_name="Rao",
        birthday=date(1990, 3, 5),
        language="hi",
        city="Pune",
        timezone="Asia/Kolkata",
        tags=("vip", "yoga"),
        attributes={"address": {"city": "Pune", "state": "MH"}, "plan": "gold"},
    )


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("phone", "12"),
        ("phone", {"number": 1}),
        ("email", "asha@"),
        ("email", "asha..rao@example.in"),
        ("email", 7),
        ("birthday", "1990-13-40"),
        ("birthday", "01/01/0001"),
        ("timezone", "Mars/Olympus"),
        ("timezone", ["x"]),
        ("language", "!!"),
        ("name", "x" * 501),
        ("tags", ["x" * 65]),
        ("tags", {"a": 1}),
        ("city", ["Pune"]),
    ],
)
def test_a_bad_value_is_left_out_and_reported(trait: str, value: Any) -> None:
    profile, problems = read_profile({trait: value, "plan": "gold"}, country="IN")
    assert profile == Profile(attributes={"plan": "gold"})
    assert [problem.field for problem in problems] == [trait]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
trait_names = (
    st.sampled_from([*SAID, "name", "city", "interests", "anniversary", "phone", "source"]) | st.text()
)


@given(traits=st.lists(st.dictionaries(trait_names, json_values), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_whatever_is_said_can_be_read_and_saved(
    tenant: UUID, now: datetime, traits: list[dict[str, Any]]
) -> None:
    profiles = [read_profile(each, country="IN")[0] for each in traits]
    assert len(save(tenant, profiles, now)) == len(traits)


def test_saves_later_over_earlier_and_adds(tenant: UUID, now: datetime) -> None:
    first = Profile(user_id="u1", name="Asha", city="Pune", tags=("a",), attributes={"plan": "gold", "x": 1})
    later = Profile(user_id="u1", city="Mumbai", tags=('b "c" \\', "a"), attributes={"x": 2})
    assert [saved.is_new for saved in save(tenant, [first], now)] == [True]
    assert [saved.is_new for saved in save(tenant, [later], now)] == [False]
    [customer] = customers(tenant)
    assert (customer.name, customer.city, customer.source) == ("Asha", "Mumbai", "test")
    assert customer.tags == ["a", 'b "c" \\']
    assert customer.attributes == {"plan": "gold", "x": 2}


def test_one_call_is_like_many(tenant: UUID, now: datetime) -> None:
    profiles = [
        Profile(anonymous_id="a1"),
        Profile(user_id="u1", anonymous_id="a1", phone="+919820012345", name="Asha"),
        Profile(phone="+919820012345", email="asha@example.in", city="Pune"),
        Profile(email="asha@example.in", interests=("yoga",)),
        Profile(user_id="u2", email="ravi@example.in"),
    ]
    together = save(tenant, profiles, now)
    assert len({saved.customer_id for saved in together[:4]}) == 1
    again = [save(tenant, [profile], now)[0].customer_id for profile in profiles]
    assert again == [saved.customer_id for saved in together]
    asha = next(customer for customer in customers(tenant) if customer.external_id == "u1")
    assert (asha.phone, asha.email, asha.city) == ("+919820012345", "asha@example.in", "Pune")
    assert asha.interests == ["yoga"]


def test_a_shared_phone_does_not_make_two_users_one(tenant: UUID, now: datetime) -> None:
    phone = "+919820012345"
    one, two, by_phone = save(
        tenant,
        [Profile(user_id="u1", phone=phone), Profile(user_id="u2", phone=phone), Profile(phone=phone)],
        now,
    )
    assert one.customer_id != two.customer_id
    assert by_phone.customer_id == one.customer_id


def test_a_visitor_who_signs_in_becomes_the_known_customer(tenant: UUID, now: datetime) -> None:
    [known] = save(tenant, [Profile(user_id="u1", email="asha@example.in")], now)
    [visitor] = save(tenant, [Profile(anonymous_id="a1")], now)
    [signed_in] = save(tenant, [Profile(user_id="u1", anonymous_id="a1")], now)
    [later] = save(tenant, [Profile(anonymous_id="a1")], now)
    assert visitor.customer_id != known.customer_id == signed_in.customer_id == later.customer_id
    merged = {customer.id: customer.merged_into for customer in customers(tenant)}
    assert merged == {known.customer_id: None, visitor.customer_id: known.customer_id}


def test_what_a_visitor_said_fills_gaps_only(tenant: UUID, now: datetime) -> None:
    said = Profile(anonymous_id="a1", name="A.", city="Pune", tags=("yoga",), attributes={"x": 1, "y": 1})
    save(tenant, [said], now)
    save(tenant, [Profile(user_id="u1", name="Asha", tags=("vip",), attributes={"y": 2})], now)
    save(tenant, [Profile(user_id="u1", anonymous_id="a1")], now)
    asha = next(customer for customer in customers(tenant) if customer.external_id)
    assert (asha.name, asha.city, asha.tags, asha.attributes) == (
        "Asha",
        "Pune",
        ["vip", "yoga"],
        {"x": 1, "y": 2},
    )


def test_a_customer_made_elsewhere_is_found_by_external_id(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        session.add(Customer(tenant_id=tenant, external_id="u1"))
    [saved] = save(tenant, [Profile(user_id="u1", city="Pune")], now)
    assert not saved.is_new
    assert [customer.city for customer in customers(tenant)] == ["Pune"]


def test_what_says_nothing_new_writes_nothing(tenant: UUID, now: datetime) -> None:
    profile = Profile(user_id="u1", name="Asha", tags=("a",), attributes={"x": 1})
    save(tenant, [profile], now)
    with tenant_session(tenant) as session:
        before = session.scalar(select(func.min(Customer.updated_at)))
    save(tenant, [profile], now.replace(year=2027))
    with tenant_session(tenant) as session:
        assert session.scalar(select(func.min(Customer.updated_at))) == before


@pytest.mark.parametrize("user_id", ["x" * 256, "a\0b"])
def test_an_id_that_cannot_be_kept_is_refused(tenant: UUID, now: datetime, user_id: str) -> None:
    with pytest.raises(InvalidInput, match="user_id"):
        save(tenant, [Profile(user_id=user_id)], now)


@given(
    st.tuples(
        st.sampled_from(
            ["91", "1", "7", "44", "39", "49", "36", "52", "54", "55", "86", "971", "977", "880"]
        ),
        st.text("0123456789", min_size=6, max_size=12),
    )
)
def test_the_short_way_of_reading_phones_agrees_with_the_long_one(parts: tuple[str, str]) -> None:
    value = "+" + "".join(parts)

    def read(written: str) -> str | None:
        try:
            return read_phone(written, "IN")
        except ValueError:
            return None

    assert read(value) == read(f" {value}")


def test_every_countrys_example_is_read_either_way() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                assert read_phone(written, "IN") == read_phone(f" {written}", "IN") == written


def test_tenants_do_not_share_people(tenant: UUID, other_tenant: UUID, now: datetime) -> None:
    profile = Profile(user_id="u1", phone="+919820012345")
    [here], [there] = save(tenant, [profile], now), save(other_tenant, [profile], now)
    assert here.is_new and there.is_new
    assert here.customer_id != there.customer_id
    with tenant_session(tenant) as session:
        assert session.scalar(select(func.count()).select_from(CustomerIdentity)) == 2


def save(tenant: UUID, profiles: list[Profile], now: datetime) -> list[Saved]:
    with tenant_session(tenant) as session:
        return save_profiles(session, tenant, profiles, source="test", now=now)


def customers(tenant: UUID) -> list[Customer]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Customer)))


@pytest.fixture
def other_tenant(database: str) -> UUID:
    return create_tenant("elsewhere", "Elsewhere")
