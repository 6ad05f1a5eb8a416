"""What is stuck is told with its reason, and goes on from where it stands when somebody says so."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from engine.core.db import tenant_session
from engine.core.errors import Conflict
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.events.models import EventInterest, QueuedEvent
from engine.journeys import drafts, moves, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, EnrolmentStatus
from engine.journeys.quarantine import (
    Retried,
    count_set_aside,
    count_stuck,
    list_set_aside,
    list_stuck,
    retry_set_aside,
    retry_stuck,
)

Build = Callable[..., dict[str, Any]]


def start(studio: Any, customers: list[UUID], **settings: Any) -> UUID:
    """A live journey with a day's wait in which the customers stand."""
    with tenant_session(studio.tenant) as session:
        graph = studio.simple_graph(wait_days=1, **settings)
        journey = drafts.create_journey(
            session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        journey_id = journey.id
    studio.send_event("Order Completed", customers)
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    return journey_id


def get_stuck(studio: Any, customers: list[UUID], reason: str = "This step could not be done: boom") -> None:
    """As the interpreter sets aside whom it cannot advance."""
    with tenant_session(studio.tenant) as session:
        session.execute(
            update(Enrolment)
            .where(Enrolment.customer_id.in_(customers))
            .values(status=EnrolmentStatus.QUARANTINED, due_at=None, finished_at=studio.now, reason=reason)
        )


def retry(studio: Any, journey_id: UUID, ids: list[UUID] | None = None) -> Retried:
    with tenant_session(studio.tenant) as session:
        return retry_stuck(session, studio.tenant, journey_id, ids, now=studio.now + timedelta(days=2))


def states(studio: Any) -> dict[UUID, str]:
    with tenant_session(studio.tenant) as session:
        return {row.customer_id: row.status for row in session.scalars(select(Enrolment))}


def test_the_stuck_are_listed_with_step_reason_and_since_when(studio: Any) -> None:
    asha, ravi = studio.add_customers(2)
    journey_id = start(studio, [asha, ravi])
    with tenant_session(studio.tenant) as session:
        session.execute(update(Customer).where(Customer.id == asha).values(name="Asha"))
    get_stuck(studio, [asha])
    with tenant_session(studio.tenant) as session:
        assert count_stuck(session, journey_id) == 1
        (found,) = list_stuck(session, journey_id)
    assert (found.customer_name, found.node_id, found.step) == ("Asha", "w", "Wait 1 day")
    assert (found.reason, found.since) == ("This step could not be done: boom", studio.now)


def test_counting_the_stuck_reads_only_the_stuck(studio: Any) -> None:
    journey_id = start(studio, studio.add_customers(3))
    with tenant_session(studio.tenant) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text(
                "EXPLAIN SELECT count(*) FROM enrolments WHERE journey_id = :journey AND status = 'quarantined'"
            ),
            {"journey": journey_id},
        )
        assert "ix_enrolments_quarantined" in "\n".join(row[0] for row in plan)


def test_one_of_the_stuck_goes_on_from_the_step_where_they_stood(studio: Any) -> None:
    asha, ravi = studio.add_customers(2)
    journey_id = start(studio, [asha, ravi])
    get_stuck(studio, [asha, ravi])
    with tenant_session(studio.tenant) as session:
        chosen = session.scalars(select(Enrolment.id).where(Enrolment.customer_id == asha)).one()
    assert retry(studio, journey_id, [chosen]) == Retried(1, 0)
    later = studio.now + timedelta(days=2)
    assert advance_due(studio.tenant, now=later).effects == 1
    while advance_due(studio.tenant, now=later).enrolments:
        pass
    assert states(studio) == {asha: EnrolmentStatus.COMPLETED, ravi: EnrolmentStatus.QUARANTINED}
    with tenant_session(studio.tenant) as session:
        done = session.get(Enrolment, chosen)
        assert done and done.reason == "Came to the end"


def test_all_of_the_stuck_go_on_at_once(studio: Any) -> None:
    customers = studio.add_customers(5)
    journey_id = start(studio, customers)
    get_stuck(studio, customers)
    assert retry(studio, journey_id) == Retried(5, 0)
    assert retry(studio, journey_id) == Retried(0, 0)
    assert advance_due(studio.tenant, now=studio.now + timedelta(days=2)).effects == 5


def test_who_has_entered_again_meanwhile_stays_and_the_answer_says_so(studio: Any) -> None:
    asha, ravi = studio.add_customers(2)
    journey_id = start(studio, [asha, ravi], reentry="always")
    get_stuck(studio, [asha, ravi])
    studio.send_event("Order Completed", [asha], at=studio.now + timedelta(hours=1))
    route_events(studio.tenant, now=studio.now + timedelta(hours=1))
    assert retry(studio, journey_id) == Retried(1, 1)
    with tenant_session(studio.tenant) as session:
        assert [each.customer_id for each in list_stuck(session, journey_id)] == [asha]


def test_of_two_stuck_runs_of_one_customer_the_newer_goes_on(studio: Any) -> None:
    (asha,) = studio.add_customers(1)
    journey_id = start(studio, [asha], reentry="always")
    get_stuck(studio, [asha])
    later = studio.now + timedelta(hours=1)
    studio.send_event("Order Completed", [asha], at=later)
    route_events(studio.tenant, now=later)
    get_stuck(studio, [asha])
    assert retry(studio, journey_id) == Retried(1, 1)
    with tenant_session(studio.tenant) as session:
        running = select(Enrolment.entered_at).where(Enrolment.status == EnrolmentStatus.ACTIVE)
        assert session.scalars(running).all() == [later]


def test_in_a_paused_journey_the_stuck_wait_with_the_others(studio: Any) -> None:
    (asha,) = studio.add_customers(1)
    journey_id = start(studio, [asha])
    get_stuck(studio, [asha])
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey_id, "pause", user_id=None, now=studio.now)
    assert retry(studio, journey_id) == Retried(1, 0)
    assert states(studio) == {asha: EnrolmentStatus.PAUSED}
    later = studio.now + timedelta(days=2)
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey_id, "resume", user_id=None, now=later)
    assert advance_due(studio.tenant, now=later).effects == 1


def test_in_a_stopped_journey_nobody_goes_on(studio: Any) -> None:
    (asha,) = studio.add_customers(1)
    journey_id = start(studio, [asha])
    get_stuck(studio, [asha])
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey_id, "stop", user_id=None, now=studio.now)
    with pytest.raises(Conflict, match="stopped"):
        retry(studio, journey_id)


def test_who_goes_on_again_is_heard_by_the_events_of_their_own_version(studio: Any) -> None:
    (asha,) = studio.add_customers(1)
    journey_id = start(studio, [asha], exit_events=["Refunded"])
    get_stuck(studio, [asha])
    with tenant_session(studio.tenant) as session:
        revision = drafts.load_journey(session, journey_id).revision
        graph = studio.simple_graph(wait_days=1)
        drafts.save_draft(session, journey_id, graph, revision=revision, now=studio.now)
        publishing.publish(session, studio.tenant, journey_id, user_id=None, now=studio.now)
        heard = select(EventInterest.name).where(EventInterest.listener == journey_id)
        assert "Refunded" not in session.scalars(heard).all()
    retry(studio, journey_id)
    with tenant_session(studio.tenant) as session:
        assert "Refunded" in session.scalars(heard).all()


def set_aside(studio: Any, name: str, customer: UUID, reason: str) -> None:
    with tenant_session(studio.tenant) as session:
        session.add(
            QueuedEvent(
                tenant_id=studio.tenant,
                event_id=new_id(),
                customer_id=customer,
                name=name,
                occurred_at=studio.now,
                properties={},
                failed_reason=reason,
            )
        )


def test_events_set_aside_are_listed_and_shown_again(studio: Any) -> None:
    (asha,) = studio.add_customers(1)
    journey_id = start(studio, [])
    set_aside(studio, "Order Completed", asha, "the amount is no number")
    set_aside(studio, "Something Else", asha, "too long")
    with tenant_session(studio.tenant) as session:
        assert [each.reason for each in list_set_aside(session)] == ["too long", "the amount is no number"]
        (heard,) = list_set_aside(session, journey_id=journey_id)
        assert heard.name == "Order Completed"
        assert count_set_aside(session, journey_id) == 1
        assert retry_set_aside(session, [heard.seq]) == 1
    assert route_events(studio.tenant, now=studio.now).enrolled == 1
    with tenant_session(studio.tenant) as session:
        assert retry_set_aside(session, None) == 1
        assert list_set_aside(session) == []
