"""The directory: tags, the list and its search, one customer's page, what happened to them."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.directory import list_customers, load_profile, tag, timeline
from engine.customers.ingest import take
from engine.customers.models import Appointment, ConsentState, Customer, Order, OrderLine, Purpose
from engine.customers.profiles import Profile, save_profiles
from engine.events.record import NewEvent, record

PEOPLE = [
    Profile(user_id="K001", name="Asha Rao", phone="+919820012345", email="asha@example.in", tags=("vip",)),
    Profile(user_id="K002", name="Rohan Mehta", phone="+919820054321", email="rohan@example.in"),
    Profile(user_id="K_03", name="प्रिया वर्मा", city="Pune"),
]


@pytest.fixture
def people(tenant: UUID, now: datetime) -> list[UUID]:
    """Asha, Rohan and Priya."""
    with tenant_session(tenant) as session:
        return [saved.customer_id for saved in save_profiles(session, tenant, PEOPLE, source="test", now=now)]


def _tags(tenant: UUID) -> dict[str | None, list[str]]:
    with tenant_session(tenant) as session:
        rows = session.execute(select(Customer.external_id, Customer.tags)).all()
        return dict(map(tuple, rows))


def test_tags_are_put_on_once_and_taken_off(tenant: UUID, people: list[UUID], now: datetime) -> None:
    with tenant_session(tenant) as session:
        assert tag(session, tenant, people, add=["new", "vip", " new "], now=now) == 3
        assert tag(session, tenant, people, add=["vip"], now=now) == 0
        assert tag(session, tenant, people[:1], add=["gold"], remove=["vip"], now=now) == 1
    assert _tags(tenant) == {"K001": ["new", "gold"], "K002": ["new", "vip"], "K_03": ["new", "vip"]}


@pytest.mark.parametrize("bad", ["", "   ", "x" * 65])
def test_a_tag_must_have_a_name(tenant: UUID, people: list[UUID], now: datetime, bad: str) -> None:
    with tenant_session(tenant) as session, pytest.raises(InvalidInput, match="tags"):
        tag(session, tenant, people, add=[bad], now=now)


def test_tags_stay_within_the_tenant(people: list[UUID], now: datetime) -> None:
    other = create_tenant("other-studio", "Other")
    with tenant_session(other) as session:
        assert tag(session, other, people, add=["stolen"], now=now) == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", {"K001", "K002", "K_03"}),
        ("asha", {"K001"}),
        ("rao asha", {"K001"}),
        ("ROHAN@example", {"K002"}),
        ("98200 12345", {"K001"}),
        ("098200-54321", {"K002"}),
        ("+91 98200", {"K001", "K002"}),
        ("k00", {"K001", "K002"}),
        ("k_", {"K_03"}),
        ("वर्मा", {"K_03"}),
        ("%", set()),
    ],
)
def test_search(tenant: UUID, people: list[UUID], search: str, found: set[str]) -> None:
    with tenant_session(tenant) as session:
        page = list_customers(session, search=search)
        names = {person.user_id: person.name for person in PEOPLE}
        assert {row.name for row in page.rows} == {names[each] for each in found}
        assert page.total == len(found)


def test_pages_neither_repeat_nor_skip(tenant: UUID, people: list[UUID]) -> None:
    with tenant_session(tenant) as session:
        pages = [list_customers(session, offset=at, limit=1, sort="spend") for at in range(3)]
    assert {page.rows[0].id for page in pages} == set(people)
    assert {page.total for page in pages} == {3}


def test_list_by_tag_and_without_erased(tenant: UUID, people: list[UUID], now: datetime) -> None:
    with tenant_session(tenant) as session:
        assert [row.id for row in list_customers(session, tagged="vip").rows] == people[:1]
        session.execute(update(Customer).where(Customer.id == people[0]).values(erased_at=now))
        assert list_customers(session).total == 2


def test_an_unknown_sort_is_refused(tenant: UUID) -> None:
    with tenant_session(tenant) as session, pytest.raises(InvalidInput, match="sort"):
        list_customers(session, sort="mood")


def test_profile_of_one_customer(tenant: UUID, people: list[UUID], now: datetime) -> None:
    wish = ConsentWish(people[0], "email", Purpose.MARKETING, ConsentState.GRANTED, "form")
    with tenant_session(tenant) as session:
        change_consents(session, tenant, [wish], actor="test", now=now)
        picture = load_profile(session, people[0])
    assert picture.customer.name == "Asha Rao"
    assert ("phone", "+919820012345") in picture.identities
    assert [(each.channel, each.state) for each in picture.consents] == [("email", "granted")]


def test_nobody_s_profile_and_timeline(tenant: UUID) -> None:
    with tenant_session(tenant) as session:
        with pytest.raises(NotFound):
            load_profile(session, new_id())
        with pytest.raises(NotFound):
            timeline(session, new_id())


def test_a_merged_customer_s_page_is_the_other_s(tenant: UUID, people: list[UUID]) -> None:
    with tenant_session(tenant) as session:
        session.execute(update(Customer).where(Customer.id == people[0]).values(merged_into=people[1]))
        assert load_profile(session, people[0]).customer.id == people[1]


def _live(tenant: UUID, customer: UUID, now: datetime) -> None:
    """A life: an event, an order with its event, a visit, a consent; a day between each."""
    day = timedelta(days=1)
    order = new_id()
    with tenant_session(tenant) as session:
        events = [
            NewEvent(
                customer, "Page Viewed", "page", "segment", {"path": "/"}, {}, now - 4 * day, key_of("1")
            ),
            NewEvent(
                customer,
                "Order Completed",
                "track",
                "import",
                {"order_id": "O1"},
                {},
                now - 3 * day,
                key_of("2"),
            ),
        ]
        record(session, tenant, events, now=now)
        session.add(
            Order(
                id=order,
                tenant_id=tenant,
                customer_id=customer,
                external_id="O1",
                total_minor=180000,
                currency="INR",
                ordered_at=now - 3 * day,
            )
        )
        session.flush()
        session.add(
            OrderLine(
                tenant_id=tenant, order_id=order, line=1, product_id="p", name="Vase", amount_minor=180000
            )
        )
        session.add(
            Appointment(
                tenant_id=tenant,
                customer_id=customer,
                external_id="A1",
                service="Pottery class",
                status="completed",
                starts_at=now - 2 * day,
            )
        )
        wish = ConsentWish(customer, "email", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, tenant, [wish], actor="test", now=now - day)


def test_timeline_tells_everything_once_newest_first(tenant: UUID, people: list[UUID], now: datetime) -> None:
    _live(tenant, people[0], now)
    with tenant_session(tenant) as session:
        entries = timeline(session, people[0])
        assert timeline(session, people[1]) == []
    assert [(each.kind, each.title) for each in entries] == [
        ("consent", "email marketing granted"),
        ("appointment", "Pottery class"),
        ("order", "O1"),
        ("event", "Page Viewed"),
    ]
    assert entries[2].detail["total_minor"] == 180000
    assert entries[2].detail["first_line"] == "Vase"


def test_timeline_in_pages(tenant: UUID, people: list[UUID], now: datetime) -> None:
    _live(tenant, people[0], now)
    with tenant_session(tenant) as session:
        first = timeline(session, people[0], limit=3)
        second = timeline(session, people[0], before=first[-1].at, limit=3)
        assert [*first, *second] == timeline(session, people[0])


def test_a_moment_is_not_split_between_pages(tenant: UUID, people: list[UUID], now: datetime) -> None:
    with tenant_session(tenant) as session:
        events = [
            NewEvent(people[0], f"E{n}", "track", "test", {}, {}, now, key_of("tie", n)) for n in range(5)
        ]
        record(session, tenant, events, now=now)
        assert len(timeline(session, people[0], limit=2)) == 5


def test_a_visit_stands_for_its_event_in_the_timeline(tenant: UUID, now: datetime) -> None:
    attended = {
        "type": "track",
        "userId": "V1",
        "event": "Class Attended",
        "properties": {"service": "Wheel"},
    }
    take(tenant, [attended | {"timestamp": (now - timedelta(days=1)).isoformat()}], now=now)
    booked = {"appointment_id": "A1", "starts_at": (now + timedelta(days=1)).isoformat()}
    take(
        tenant,
        [{"type": "track", "userId": "V1", "event": "Appointment Booked", "properties": booked}],
        now=now,
    )
    with tenant_session(tenant) as session:
        [who] = session.scalars(select(Customer.id))
        entries = timeline(session, who)
    assert [(each.kind, each.title) for each in entries] == [
        ("appointment", "Appointment"),
        ("event", "Appointment Booked"),
        ("appointment", "Wheel"),
    ]
