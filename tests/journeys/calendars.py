"""A journey with one calendar trigger, and a clock one can put forward and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Tenant
from engine.customers.models import Appointment, Entitlement, Inquiry
from engine.journeys import drafts, moves, publishing
from engine.journeys.calendar import run_calendar
from engine.journeys.interpreter import advance_due
from engine.journeys.models import CalendarRun, Enrolment
from tests.journeys.conftest import Studio, graph_of, node

KOLKATA = "Asia/Kolkata"
NEW_YORK = "America/New_York"
CHATHAM = "Pacific/Chatham"
MINUTE = timedelta(minutes=1)


def local(zone: str, *parts: int) -> datetime:
    """A moment by the clock of a zone, in UTC."""
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]


@dataclass(frozen=True)
class Calendar:
    """A studio whose journeys let in by the calendar."""

    studio: Studio

    @property
    def tenant(self) -> UUID:
        return self.studio.tenant

    def live_in(self, zone: str) -> None:
        """Move the studio."""
        with tenant_session(self.tenant) as session:
            session.execute(update(Tenant).values(timezone=zone))

    def publish(
        self, kind: str, /, *, at: datetime, node_id: str = "t", name: str = "J", **config: Any
    ) -> UUID:
        """A new journey of this trigger and an exit; customers may come back.

        Args:
            at: when it is published; the trigger's own time of day is `at_`.
        """
        with tenant_session(self.tenant) as session:
            journey = drafts.create_journey(
                session,
                self.tenant,
                name,
                user_id=None,
                now=at,
                graph=self.graph(kind, node_id=node_id, **config),
            )
            publishing.publish(session, self.tenant, journey.id, user_id=None, now=at)
            return journey.id

    def graph(self, kind: str, /, *, node_id: str = "t", **config: Any) -> dict[str, Any]:
        """The trigger and an exit."""
        said = {name.rstrip("_"): value for name, value in config.items()}
        nodes = [node(node_id, kind) | {"config": said}, node("x", "exit")]
        return graph_of(nodes, f"{node_id} > x", settings={"reentry": "always"})

    def publish_again(self, journey_id: UUID, graph: dict[str, Any], *, at: datetime) -> None:
        """A new version of it."""
        with tenant_session(self.tenant) as session:
            journey = drafts.load_journey(session, journey_id)
            drafts.save_draft(session, journey_id, graph, revision=journey.revision, now=at)
            publishing.publish(session, self.tenant, journey_id, user_id=None, now=at)

    def move(self, journey_id: UUID, verb: str, *, at: datetime) -> None:
        """Pause, resume, finish or stop it."""
        with tenant_session(self.tenant) as session:
            moves.move(session, self.tenant, journey_id, verb, user_id=None, now=at)

    def tick(self, *moments: datetime) -> list[list[UUID]]:
        """What the clock does at these moments: for each, who entered, in the order of their ids."""
        return [self._tick(moment) for moment in moments]

    def _tick(self, moment: datetime) -> list[UUID]:
        before = {each.id for each in self.enrolments()}
        while run_calendar(self.tenant, now=moment):
            pass
        came = sorted(each.customer_id for each in self.enrolments() if each.id not in before)
        advance_due(self.tenant, now=moment)
        return came

    def enrolments(self) -> list[Enrolment]:
        """All enrolments, in order."""
        with tenant_session(self.tenant) as session:
            return list(session.scalars(select(Enrolment).order_by(Enrolment.id)))

    def entries(self) -> list[dict[str, Any]]:
        """What those who entered brought, in order."""
        return [each.entry for each in self.enrolments()]

    def runs(self) -> dict[str, datetime]:
        """Up to when each trigger has let customers in."""
        with tenant_session(self.tenant) as session:
            return {row.node_id: row.done_until for row in session.scalars(select(CalendarRun))}

    def add(self, **columns: Any) -> UUID:
        """A customer."""
        return self.studio.add_customers(1, **columns)[0]

    def hold(self, customer: UUID, kind: str, expires_on: date | None, **more: Any) -> UUID:
        """A membership, package or lot of points."""
        held = Entitlement(
            id=new_id(),
            tenant_id=self.tenant,
            customer_id=customer,
            kind=kind,
            external_id=str(new_id()),
            expires_on=expires_on,
            created_at=self.studio.now,
            updated_at=self.studio.now,
            **more,
        )
        return self._save(held)

    def book(
        self, customer: UUID, starts_at: datetime, status: str = "completed", service: str = "Yoga"
    ) -> None:
        """An appointment."""
        self._save(
            Appointment(
                id=new_id(),
                tenant_id=self.tenant,
                customer_id=customer,
                external_id=str(new_id()),
                service=service,
                status=status,
                starts_at=starts_at,
                created_at=starts_at,
                updated_at=starts_at,
            )
        )

    def ask(self, customer: UUID, at: datetime, status: str = "pending", subject: str = "Price?") -> UUID:
        """An inquiry."""
        return self._save(
            Inquiry(
                id=new_id(),
                tenant_id=self.tenant,
                customer_id=customer,
                subject=subject,
                status=status,
                source="form",
                created_at=at,
                updated_at=at,
            )
        )

    def _save(self, row: Any) -> UUID:
        row_id: UUID = row.id
        with tenant_session(self.tenant) as session:
            session.add(row)
        return row_id


def every_minute(start: datetime, end: datetime) -> Iterable[datetime]:
    """The clock's own ticks."""
    while start < end:
        start = min(start + MINUTE, end)
        yield start


def at_noon(day: date, zone: str) -> datetime:
    """Noon of a day in a zone, in UTC."""
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)
