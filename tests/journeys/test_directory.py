"""The list of journeys and the map of stages say what plain counting says."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from engine.core.accounts import create_tenant, create_user
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.ids import new_id
from engine.core.models import AuditEntry, Role
from engine.customers.models import Customer, Order
from engine.journeys.counts import fold_counts
from engine.journeys.directory import SORTS, JourneyQuery, JourneyRow, list_journeys
from engine.journeys.drafts import About, create_journey, describe_journey, save_draft
from engine.journeys.models import Enrolment, Journey, JourneyCount, JourneyStatus, JourneyVersion, Stage
from engine.journeys.moves import move
from engine.journeys.stages import RECENT, journey_map

STATUSES = ("active", "paused", "completed", "exited", "quarantined")
STAGES = list(Stage)


@pytest.fixture
def town(tenant: UUID, now: datetime) -> UUID:
    """A tenant with 12 journeys and 600 enrolments, some converted, and orders before and after; a neighbour too."""
    furnish(create_tenant(f"neighbour-{tenant}", "Neighbour"), now, seed=2)
    furnish(tenant, now, seed=1)
    return tenant


def furnish(tenant: UUID, now: datetime, *, seed: int) -> None:
    random = Random(seed)
    with tenant_session(tenant) as session:
        people = [Customer(id=new_id(), tenant_id=tenant, name=f"C{number}") for number in range(60)]
        session.add_all(people)
        session.flush()
        for number in range(12):
            settings = {"goal_event": "Order Completed", "goal_days": 5 + number} if number % 3 else {}
            journey = Journey(
                id=new_id(),
                tenant_id=tenant,
                name=f"यात्रा {number} {'win back' if number % 2 else 'birthday'}",
                stage=STAGES[number % 4],
                status=list(JourneyStatus)[number % 5],
                draft={"schema": 1, "nodes": [], "edges": [], "settings": settings},
                updated_at=now - timedelta(hours=number),
            )
            version = JourneyVersion(
                id=new_id(),
                tenant_id=tenant,
                journey_id=journey.id,
                number=1,
                graph=journey.draft,
                published_at=now,
            )
            session.add(journey)
            session.flush()
            session.add(version)
            if number % 4:
                journey.live_version_id = version.id
            entered = [
                (who, now - timedelta(days=random.uniform(0, 90)))
                for who in people
                for _ in range(random.randint(0, 2))
            ]
            running: set[UUID] = set()
            for who, at in entered:
                status = random.choice(STATUSES)
                if who.id in running and status in STATUSES[:2]:
                    status = "completed"
                running |= {who.id} if status in STATUSES[:2] else set()
                session.add(
                    Enrolment(
                        tenant_id=tenant,
                        journey_id=journey.id,
                        version_id=version.id,
                        customer_id=who.id,
                        status=status,
                        node_id="n",
                        arrived_at=at,
                        entered_at=at,
                        entry_key=new_id(),
                        converted_at=at + timedelta(days=1) if settings and random.random() < 0.4 else None,
                    )
                )
        for number in range(240):
            session.add(
                Order(
                    tenant_id=tenant,
                    customer_id=random.choice(people).id,
                    external_id=f"A-{number}",
                    status=random.choice(("placed", "placed", "completed", "cancelled", "refunded")),
                    total_minor=random.randint(1, 900_000),
                    currency="INR" if number % 10 else "USD",
                    ordered_at=now - timedelta(days=random.uniform(0, 90)),
                )
            )


def rows_of(tenant: UUID, now: datetime, **wanted: Any) -> list[JourneyRow]:
    with tenant_session(tenant) as session:
        return list(list_journeys(session, JourneyQuery(**wanted), since=now - timedelta(days=5)).rows)


def test_figures_of_the_list_equal_plain_counts(town: UUID, now: datetime) -> None:
    assert_equal_plain_counts(town, now)


def test_figures_follow_whatever_is_written_and_stay_the_same_when_they_are_folded(
    town: UUID, now: datetime
) -> None:
    with tenant_session(town) as session:
        some = select(Enrolment.id).order_by(Enrolment.id)
        going = Enrolment.id.in_(some.limit(90)) & Enrolment.status.in_(("active", "paused"))
        session.execute(update(Enrolment).where(going).values(status="completed", converted_at=now))
        session.execute(update(Enrolment).values(visit=Enrolment.visit + 1))
        session.execute(delete(Enrolment).where(Enrolment.id.in_(some.offset(60).limit(60))))
    assert_equal_plain_counts(town, now)
    with tenant_session(town) as session:
        assert session.scalar(select(func.count()).select_from(JourneyCount)) > 12
        fold_counts(session, town)
        assert session.scalar(select(func.count()).select_from(JourneyCount)) == 12
    assert_equal_plain_counts(town, now)


def assert_equal_plain_counts(town: UUID, now: datetime) -> None:
    with tenant_session(town) as session:
        runs = list(session.scalars(select(Enrolment)))
    entered = Counter(run.journey_id for run in runs)
    completed = Counter(run.journey_id for run in runs if run.status == "completed")
    today = Counter(run.journey_id for run in runs if run.entered_at >= now - timedelta(days=5))
    under_way = Counter(run.journey_id for run in runs if run.status in ("active", "paused"))
    converted = Counter(run.journey_id for run in runs if run.converted_at)
    rows = rows_of(town, now)
    assert len(rows) == 12 and sum(entered.values()) > 340
    for row in rows:
        assert (row.entered, row.entered_today) == (entered[row.id], today[row.id])
        assert (row.in_progress, row.converted) == (under_way[row.id], converted[row.id])
        assert row.completed == completed[row.id]
        assert row.conversion == (converted[row.id] / entered[row.id] if row.goal else None)


@pytest.mark.parametrize("sort", SORTS)
def test_every_column_sorts_both_ways_and_pages_neither_repeat_nor_skip(
    sort: str, town: UUID, now: datetime
) -> None:
    whole = rows_of(town, now, sort=sort, descending=True)
    pages = [rows_of(town, now, sort=sort, descending=True, offset=place, limit=5) for place in (0, 5, 10)]
    assert [row.id for page in pages for row in page] == [row.id for row in whole]
    if sort in ("entered_today", "in_progress", "conversion"):
        values = [getattr(row, sort) for row in whole]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values[len(known) :] == [None] * (len(values) - len(known))
        upwards = [getattr(row, sort) for row in rows_of(town, now, sort=sort, descending=False)]
        assert upwards == sorted(known) + [None] * (len(values) - len(known))


def test_an_unknown_sort_is_refused_with_the_known_ones_named(tenant: UUID, now: datetime) -> None:
    with pytest.raises(InvalidInput, match="conversion"):
        rows_of(tenant, now, sort="size")


def test_filters_narrow_the_list_and_archived_ones_show_when_asked_for(town: UUID, now: datetime) -> None:
    owner = create_user(town, f"{town}@studio.test", "Meera", Role.BRANCH_MANAGER, "a-long-password")
    drafts = rows_of(town, now, statuses=[JourneyStatus.DRAFT])
    assert drafts and {row.status for row in drafts} == {"draft"}
    assert {row.stage for row in rows_of(town, now, stages=[Stage.PURCHASE])} == {"purchase"}
    assert len(rows_of(town, now, search="back यात्रा")) == 6
    with tenant_session(town) as session:
        describe_journey(session, drafts[0].id, About(owner=owner), user_id=owner, now=now)
        move(session, town, drafts[1].id, "archive", user_id=owner, now=now)
    (owned,) = rows_of(town, now, owner=owner)
    assert (owned.id, owned.owner, owned.changed_by, owned.updated_at) == (
        drafts[0].id,
        "Meera",
        "Meera",
        now,
    )
    assert drafts[1].id not in {row.id for row in rows_of(town, now)}
    assert [row.id for row in rows_of(town, now, statuses=[JourneyStatus.ARCHIVED])] == [drafts[1].id]


def test_what_is_restored_is_a_draft_again_or_stopped_if_it_ever_ran(town: UUID, now: datetime) -> None:
    with tenant_session(town) as session:
        ran, never = (
            session.scalars(
                select(Journey).where(condition, Journey.status.in_(("draft", "stopped")))
            ).first()
            for condition in (Journey.live_version_id.is_not(None), Journey.live_version_id.is_(None))
        )
        assert ran and never
        for journey in (ran, never):
            move(session, town, journey.id, "archive", user_id=None, now=now)
            move(session, town, journey.id, "restore", user_id=None, now=now)
        assert (ran.status, never.status) == (JourneyStatus.STOPPED, JourneyStatus.DRAFT)


def test_who_changed_a_journey_last_is_told(tenant: UUID, now: datetime) -> None:
    meera, asha = (
        create_user(tenant, f"{name}-{tenant}@studio.test", name, Role.BRANCH_MANAGER, "a-long-password")
        for name in ("Meera", "Asha")
    )
    with tenant_session(tenant) as session:
        journey = create_journey(session, tenant, "Welcome", user_id=meera, now=now)
    (row,) = rows_of(tenant, now)
    assert (row.owner, row.changed_by) == ("Meera", "Meera")
    with tenant_session(tenant) as session:
        save_draft(session, journey.id, journey.draft, revision=1, now=now, user_id=asha)
    assert rows_of(tenant, now)[0].changed_by == "Asha"
    with tenant_session(tenant) as session:
        describe_journey(session, journey.id, About(stage=Stage.ADVOCACY), user_id=None, now=now)
        told = session.scalars(
            select(AuditEntry.details).where(AuditEntry.action == "journey.described")
        ).one()
    assert (rows_of(tenant, now)[0].changed_by, told) == (None, {"stage": "advocacy"})
    with tenant_session(tenant) as session, pytest.raises(InvalidInput, match="owner_id"):
        describe_journey(session, journey.id, About(owner=new_id()), user_id=None, now=now)


def test_entries_and_revenue_of_the_map_equal_plain_counts(town: UUID, now: datetime) -> None:
    with tenant_session(town) as session:
        runs = list(session.scalars(select(Enrolment)))
        orders = list(session.scalars(select(Order)))
        versions = {
            each.id: each.graph["settings"].get("goal_days", 30)
            for each in session.scalars(select(JourneyVersion))
        }
        told = journey_map(session, now=now)
        live = journey_map(session, now=now, statuses=[JourneyStatus.LIVE])
    recent = now - RECENT
    cards = [card for stage in told.stages for card in stage.cards]
    assert [stage.stage for stage in told.stages] == STAGES and len(cards) == 12
    for card in cards:
        own = [run for run in runs if run.journey_id == card.id]
        bought = {
            order.id: order
            for run in own
            for order in orders
            if run.converted_at
            and order.customer_id == run.customer_id
            and order.currency == "INR"
            and order.status in ("placed", "completed")
            and run.entered_at < order.ordered_at <= run.entered_at + timedelta(days=versions[run.version_id])
        }.values()
        assert card.entries == len(own)
        assert card.recent_entries == sum(run.entered_at >= recent for run in own)
        assert card.in_progress == sum(run.status in ("active", "paused") for run in own)
        assert card.revenue_minor == sum(order.total_minor for order in bought)
        assert card.recent_revenue_minor == sum(o.total_minor for o in bought if o.ordered_at >= recent)
    assert sum(card.revenue_minor for card in cards) > 0
    for stage in told.stages:
        assert stage.entries == sum(card.entries for card in stage.cards)
        assert stage.revenue_minor == sum(card.revenue_minor for card in stage.cards)
        assert (stage.total, stage.live) == (
            len(stage.cards),
            sum(card.status == "live" for card in stage.cards),
        )
    assert told.stages[-1].total == 0
    assert {card.status for stage in live.stages for card in stage.cards} == {"live"}
