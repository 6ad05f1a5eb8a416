"""`/v1` over a real server: the stock Segment client, duplicates, clocks, and bad input at each door."""

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from segment.analytics.client import Client
from sqlalchemy import func, select

from app.http.api import create_api
from app.http.ingest import LARGEST_CALL
from engine.core.accounts import create_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.models import KeyKind
from engine.customers.models import Consent, Customer, Order, OrderLine
from engine.events.models import Event

ASGI = Callable[[Any, Any, Any], Awaitable[None]]


class Flaky:
    """Answers the first call with a 500, after the application has done its work: the worst time to fail."""

    def __init__(self, app: ASGI) -> None:
        self.app = app
        self.failures_left = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def swallow(message: Any) -> None:
            pass

        if scope["type"] != "http" or not self.failures_left:
            await self.app(scope, receive, send)
            return
        self.failures_left -= 1
        await self.app(scope, receive, swallow)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@contextmanager
def serving(app: ASGI) -> Iterator[str]:
    """A real server in a thread; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    loop, servers = asyncio.new_event_loop(), []

    async def serve() -> None:
        servers.append(Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False))
        await servers[0].serve()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(f"{address}/healthz")
            break
        except httpx.TransportError:
            time.sleep(0.05)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(servers[0].stop)
        thread.join(timeout=20)


@pytest.fixture(scope="module")
def flaky(database: str) -> Flaky:
    return Flaky(create_api())


@pytest.fixture(scope="module")
def address(flaky: Flaky) -> Iterator[str]:
    with serving(flaky) as address:
        yield address


@pytest.fixture
def write_key(tenant: UUID) -> str:
    with tenant_session(tenant) as session:
        return create_key(session, tenant, KeyKind.WRITE, "shop", actor="test", now=utc_now())


@pytest.fixture
def post(address: str, write_key: str) -> Callable[..., httpx.Response]:
    def send(path: str, body: Any, **options: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(f"{address}/v1/{path}", content=content, **{"auth": (write_key, ""), **options})

    return send


def events(tenant: UUID) -> list[Event]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Event).order_by(Event.occurred_at, Event.id)))


def customers(tenant: UUID) -> list[Customer]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Customer).order_by(Customer.created_at)))


# -- the stock client


@pytest.mark.parametrize("packed", [False, True])
def test_the_stock_client(address: str, flaky: Flaky, tenant: UUID, write_key: str, packed: bool) -> None:
    """Two hundred events of twenty customers, with every call, through a server that fails once."""
    errors: list[Exception] = []
    flaky.failures_left = 1
    client = Client(
        write_key, host=address, gzip=packed, upload_size=50, on_error=lambda error, _: errors.append(error)
    )
    for number in range(20):
        traits = {"name": f"Customer {number}", "phone": f"+9198200{number:05}", "whatsapp_opt_in": True}
        client.identify(f"u{number}", traits)
    for number in range(200):
        client.track(
            f"u{number % 20}", "Order Placed", {"total": number, "when": datetime(2026, 1, 1, tzinfo=UTC)}
        )
    client.page("u1", "Shop", "Home", {"url": "https://shop.example.in"})
    client.screen("u1", "Shop", "Start")
    client.group("u1", "g1", {"plan": "gold"})
    client.alias("u1", "u1-new")
    client.track("u1-new", "Signed In")
    client.flush()
    client.shutdown()

    assert errors == []
    found = events(tenant)
    names = [event.name for event in found]
    assert {name: names.count(name) for name in set(names)} == {
        "Order Placed": 200,
        "Page Viewed": 1,
        "Screen Viewed": 1,
        "Signed In": 1,
    }
    people = {customer.external_id: customer for customer in customers(tenant)}
    assert set(people) == {f"u{number}" for number in range(20)}
    assert people["u7"].phone == "+919820000007"
    assert people["u1"].attributes["group"] == {"plan": "gold"}
    signed_in = next(event for event in found if event.name == "Signed In")
    assert signed_in.customer_id == people["u1"].id
    viewed = next(event for event in found if event.name == "Page Viewed")
    assert viewed.properties == {"name": "Home", "category": "Shop", "url": "https://shop.example.in"}
    assert viewed.context["library"]["name"] == "analytics-python"
    with tenant_session(tenant) as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == 0


# -- once, and when


def test_a_message_id_counts_once(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    message = {"type": "track", "userId": "u1", "event": "Bought", "messageId": "m1"}
    for _ in range(2):
        assert post("batch", {"batch": [message, message]}).json() == {"success": True}
    assert post("track", message).status_code == 200
    assert len(events(tenant)) == 1


def test_the_senders_wrong_clock_is_corrected(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    """A clock that is a year late: the event happened ten minutes before it was sent."""
    wrong = utc_now() - timedelta(days=365)
    body = {
        "sentAt": wrong.isoformat(),
        "batch": [
            track(timestamp=(wrong - timedelta(minutes=10)).isoformat()),
            track(timestamp=(wrong + timedelta(minutes=10)).isoformat()),
        ],
    }
    assert post("batch", body).status_code == 200
    past, future = (utc_now() - event.occurred_at for event in events(tenant))
    assert timedelta(minutes=10) <= past < timedelta(minutes=11)
    assert timedelta(0) <= future < timedelta(minutes=1)


def test_without_sent_at_the_past_is_kept_and_the_future_is_now(
    post: Callable[..., httpx.Response], tenant: UUID
) -> None:
    batch = [track(timestamp="2024-05-01T10:00:00+05:30"), track(timestamp="2200-01-01T00:00:00Z")]
    assert post("batch", {"batch": batch}).status_code == 200
    past, future = (event.occurred_at for event in events(tenant))
    assert past == datetime(2024, 5, 1, 4, 30, tzinfo=UTC)
    assert utc_now() - future < timedelta(minutes=1)


# -- what cannot be taken


def track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": "Bought", "messageId": str(uuid4()), **fields}


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


BAD_MESSAGES = [
    ("track", track(event=None), "event"),
    ("track", track(event=["x"]), "event"),
    ("track", track(event="x" * 256), "event"),
    ("track", track(userId=None), "userId"),
    ("track", track(userId={"id": 1}), "userId"),
    ("track", track(userId="x" * 256), "userId"),
    ("track", track(anonymousId=True), "anonymousId"),
    ("track", track(messageId=["x"]), "messageId"),
    ("track", track(properties=[1]), "properties"),
    ("track", track(context="x"), "context"),
    ("track", track(timestamp="yesterday"), "timestamp"),
    ("track", track(timestamp=1700000000), "timestamp"),
    ("track", track(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
    ("track", track(sentAt="x"), "sentAt"),
    ("track", track(properties={"x": "y" * 33_000}), "message"),
    ("track", track(properties=nested(300)), "message"),
    ("identify", {"userId": "u1", "traits": "x"}, "traits"),
    ("identify", {"traits": {}}, "userId"),
    ("page", {"name": "Home"}, "userId"),
    ("page", {"userId": "u1", "name": {}}, "name"),
    ("group", {"userId": "u1"}, "groupId"),
    ("alias", {"userId": "u1"}, "previousId"),
    ("alias", {"previousId": "u1", "anonymousId": "a"}, "userId"),
]


@pytest.mark.parametrize(("path", "message", "field"), BAD_MESSAGES)
def test_a_bad_message_is_refused_by_name_and_spares_its_neighbours(
    post: Callable[..., httpx.Response], tenant: UUID, path: str, message: dict[str, Any], field: str
) -> None:
    for each in (path, path[0]):
        alone = post(each, message)
        assert alone.status_code == 400
        assert alone.json()["error"]["message"].startswith(f"{field}: ")
    among = post("batch", {"batch": [track(), {**message, "type": path}, track()]})
    assert among.status_code == 200
    assert [(each["index"], each["field"]) for each in among.json()["rejected"]] == [(1, field)]
    assert len(events(tenant)) == 2


@pytest.mark.parametrize(
    "item", [None, 1, "x", [], {"type": "jump", "userId": "u1"}, {"type": ["track"]}, {}]
)
def test_what_is_no_message_is_rejected(post: Callable[..., httpx.Response], item: Any) -> None:
    answer = post("batch", {"batch": [item]})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["index"] == 0


BOMB = gzip.compress(b" " * 50_000_000, compresslevel=9)

BAD_BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"\xff\xfe", 400),
    (b'{"batch": {}}', 400),
    (b'{"batch": [1e999]}', 400),
    (b'{"batch": ["\\ud800"]}', 400),
    (b"[" * 100_000, 400),
    (gzip.compress(b'{"batch": []}')[:-9], 400),
    (b"\x1f\x8b" + b"x" * 50, 400),
    (BOMB, 413),
    (b" " * (LARGEST_CALL + 1), 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_refused(post: Callable[..., httpx.Response], body: bytes, status: int) -> None:
    answer = post("batch", body)
    assert answer.status_code == status, answer.text
    assert answer.json()["success"] is False
    assert answer.headers["access-control-allow-origin"] == "*"


def test_ten_megabytes_are_refused_before_they_are_read(address: str, write_key: str) -> None:
    """The answer comes although only the first part of the announced body was sent."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /v1/batch HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10000000\r\n\r\n"
        connection.sendall(head.encode() + b"{" * 1000)
        assert b" 413 " in connection.recv(1000)


def test_an_endless_body_is_cut_off(
    post: Callable[..., httpx.Response], address: str, write_key: str
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2000):
            yield b" " * 100_000

    try:
        answer = httpx.post(f"{address}/v1/batch", content=endless(), auth=(write_key, ""))
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # the server hung up while we were still sending
    assert post("track", track()).status_code == 200


# -- who may write, and from where


def test_keys(address: str, tenant: UUID, post: Callable[..., httpx.Response], write_key: str) -> None:
    with tenant_session(tenant) as session:
        api_key = create_key(session, tenant, KeyKind.API, "rest", actor="test", now=utc_now())
    for auth in (("nobody", ""), (api_key, ""), None):
        assert post("track", track(), auth=auth).status_code == 401
    assert post("track", track(writeKey="nobody"), auth=None).status_code == 401
    assert post("track", track(writeKey=write_key), auth=None).status_code == 200
    assert len(events(tenant)) == 1


def test_a_browser_of_another_origin(
    address: str, post: Callable[..., httpx.Response], tenant: UUID, write_key: str
) -> None:
    asked = httpx.options(
        f"{address}/v1/t",
        headers={"Origin": "https://shop.example.in", "Access-Control-Request-Method": "POST"},
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    beacon = post(
        "t",
        track(writeKey=write_key, userId=None, anonymousId="a1"),
        auth=None,
        headers={"Content-Type": "text/plain"},
    )
    assert beacon.status_code == 200
    assert beacon.headers["access-control-allow-origin"] == "*"
    loaded = httpx.get(f"{address}/v1/projects/{write_key}/settings").json()
    assert loaded["integrations"]["Segment.io"]["apiHost"] == f"{address.removeprefix('http://')}/v1"


# -- what is said


def test_a_bad_trait_is_left_out_and_named(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    answer = post("identify", {"userId": "u1", "traits": {"phone": "12", "city": "Pune"}})
    assert answer.status_code == 200
    assert [each["field"] for each in answer.json()["left_out"]] == ["traits.phone"]
    assert [(customer.city, customer.phone) for customer in customers(tenant)] == [("Pune", None)]


def test_nul_characters_are_dropped(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    message = track(userId="u\0001", event="Bo\0ught", properties={"a\0": ["b\0", "\\u0000"]})
    assert post("track", message).status_code == 200
    [event] = events(tenant)
    assert event.name == "Bought"
    assert event.properties == {"a": ["b", "\\u0000"]}


def test_a_visitors_events_and_the_sign_in(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    visit = track(userId=None, anonymousId="a1")
    post("track", visit)
    post("identify", {"userId": "u1", "anonymousId": "a1", "traits": {"name": "Asha"}})
    post("track", {**visit, "messageId": "later"})
    [customer] = customers(tenant)
    assert {event.customer_id for event in events(tenant)} == {customer.id}
    assert (customer.external_id, customer.first_name) == ("u1", "Asha")


# -- orders


def order(**said: Any) -> dict[str, Any]:
    products = [{"product_id": "p1", "name": "Saree", "category": "Sarees", "price": 750.25, "quantity": 2}]
    return track(
        event="Order Completed", properties={"order_id": "o1", "total": 1500.5, "products": products, **said}
    )


def orders(tenant: UUID) -> list[tuple[str, int, str]]:
    with tenant_session(tenant) as session:
        found = session.execute(select(Order.external_id, Order.total_minor, Order.currency))
        return [(row.external_id, row.total_minor, row.currency) for row in found]


def test_a_completed_order_is_an_order(post: Callable[..., httpx.Response], tenant: UUID) -> None:
    assert post("track", order(coupon="NEW")).json() == {"success": True}
    assert (
        post("batch", {"batch": [order(), order(order_id=2, total=None, currency="jpy")]}).status_code == 200
    )
    assert sorted(orders(tenant)) == [("2", 1500, "JPY"), ("o1", 150050, "INR")]
    [customer] = customers(tenant)
    assert customer.order_count == 2
    first, second = sorted(events(tenant), key=lambda event: str(event.properties["order_id"]), reverse=True)
    assert (first.properties["coupon"], second.properties["order_id"]) == ("NEW", 2)
    with tenant_session(tenant) as session:
        lines = session.execute(select(OrderLine.name, OrderLine.quantity, OrderLine.amount_minor)).all()
    assert ("Saree", 2, 150050) in [tuple(line) for line in lines]


@pytest.mark.parametrize(
    "said",
    [
        {"total": "much"},
        {"total": -1},
        {"total": 1e300},
        {"total": None, "products": None},
        {"total": None, "products": [1, {"name": "x"}, {"product_id": True, "price": "x"}][:2]},
    ],
)
def test_an_order_without_a_total_is_an_event_only(
    post: Callable[..., httpx.Response], tenant: UUID, said: dict[str, Any]
) -> None:
    answer = post("track", order(**said))
    assert answer.status_code == 200
    assert [each["field"] for each in answer.json()["left_out"]] == ["properties"]
    assert orders(tenant) == []
    assert len(events(tenant)) == 1


@pytest.mark.parametrize("number", [None, "", {}, True, "x" * 256])
def test_an_order_without_a_number_is_an_event_only(
    post: Callable[..., httpx.Response], tenant: UUID, number: Any
) -> None:
    assert post("track", order(order_id=number)).json() == {"success": True}
    assert orders(tenant) == []
    assert len(events(tenant)) == 1
