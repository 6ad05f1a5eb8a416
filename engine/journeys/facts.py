"""What must be known before deciding, looked up for a whole batch: one query for each thing asked, never one a row."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.models import Tenant
from engine.core.tenants import get_tenant
from engine.customers.contacts import load_contacts
from engine.delivery.models import MessageStatus
from engine.delivery.replies import REPLIED
from engine.delivery.window import zone_of
from engine.events.models import Event
from engine.journeys.nodes.base import Facts, Listening, MessageFate, Run
from engine.journeys.plan import Plan
from engine.journeys.values import ATTRIBUTE_PREFIX, VALUES
from engine.offers.granting import grantable
from engine.segments.compiler import matching_among
from engine.segments.findings import Values, judge_among
from engine.segments.kinds.kind import Scope

ZONES = text("SELECT id, timezone FROM customers WHERE id = ANY(CAST(:customers AS uuid[]))")

FATES = text("""
    SELECT DISTINCT ON (enrolment_id, node_id) enrolment_id, node_id, status, created_at, sent_at, read_at, opened_at,
        clicked_at, replied_at, reason
    FROM messages
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[])) AND created_at >= :since
        AND enrolment_id = ANY(CAST(:runs AS uuid[])) AND node_id = ANY(CAST(:nodes AS text[]))
    ORDER BY enrolment_id, node_id, created_at DESC, id DESC
""")

SENT_BEFORE = text("""
    SELECT step.enrolment_id, array_agg(DISTINCT step.node_id) AS nodes
    FROM steps step JOIN enrolments moved ON moved.id = step.enrolment_id
    WHERE step.enrolment_id = ANY(CAST(:runs AS uuid[])) AND step.visit < moved.moved_visit
    GROUP BY step.enrolment_id
""")

WAITING = (
    func.unnest(
        cast(bindparam("runs", type_=Text), ARRAY(Uuid)),
        cast(bindparam("customers", type_=Text), ARRAY(Uuid)),
        cast(bindparam("since", type_=Text), ARRAY(DateTime(timezone=True))),
        cast(bindparam("not_this", type_=Text), ARRAY(Uuid)),
    )
    .table_valued(
        column("run", Uuid),
        column("customer", Uuid),
        column("since", DateTime(timezone=True)),
        column("not_this", Uuid),
        name="waiting",
    )
    .render_derived()
)
"""Enrolments that events may concern: whose, since when, and the event by which they entered, which does not count."""

JUST_AFTER = timedelta(microseconds=1)

Plans = Mapping[UUID, Plan]
Fates = Mapping[tuple[UUID, str], MessageFate]


def load_facts(
    session: Session,
    runs: Sequence[Run],
    plans: Plans,
    *,
    now: datetime,
    as_of: bool = False,
    fates: Fates | None = None,
) -> Facts:
    """Everything that some enrolment of the batch can ask in its next pass; reads only.

    Args:
        plans: by enrolment.
        as_of: answer from what was known at `now`, for simulations of the past.
        fates: what became of messages that are in no log, for simulations; None: read the log.
    """
    tenant = get_tenant(session)
    scope = scope_of(tenant, now, as_of=as_of)
    exits, goals = _load_exits(session, runs, plans, scope)
    exits |= _load_rule_exits(session, runs, plans, scope)
    staying = [run for run in runs if run.id not in exits]
    asking = _asking(staying, plans)
    fates = _load_fates(session, tenant.id, asking, plans) if fates is None else fates
    matching, findings = _load_rules(session, asking, plans, scope)
    return Facts(
        matching=matching,
        findings=findings,
        zones=_load_zones(session, [run for run in staying if plans[run.id].needs_zone], tenant.timezone),
        contacts=_load_contacts(session, tenant.id, asking, plans, scope),
        values=_load_values(session, asking, plans),
        heard=_load_heard(session, staying, asking, plans, fates, scope),
        fates=fates,
        goals=goals,
        exits=exits,
        sent_before=_load_sent_before(session, staying),
        coupons=_load_coupons(session, asking, plans, now),
    )


Asking = Mapping[tuple[UUID, str], Sequence[Run]]
"""By version and node: the enrolments that may come there in this pass."""


def _asking(runs: Sequence[Run], plans: Plans) -> Asking:
    asking: dict[tuple[UUID, str], list[Run]] = defaultdict(list)
    for run in runs:
        plan = plans[run.id]
        for node_id in plan.ahead.get(run.node_id, ()):
            asking[plan.version_id, node_id].append(run)
    return asking


def _load_rules(
    session: Session, asking: Asking, plans: Plans, scope: Scope
) -> tuple[dict[str, frozenset[UUID]], dict[str, Mapping[UUID, Values]]]:
    """Whom the rules of each node fit, and by which values; one query a node."""
    matching: dict[str, frozenset[UUID]] = defaultdict(frozenset)
    findings: dict[str, dict[UUID, Values]] = defaultdict(dict)
    for (_, node_id), some in asking.items():
        rules = plans[some[0].id].rules.get(node_id)
        if rules is None:
            continue
        judged = judge_among(
            session,
            rules,
            [run.customer_id for run in some],
            scope=scope,
            entries={run.customer_id: run.entry for run in some},
        )
        matching[node_id] |= {run.id for run in some if run.customer_id in judged.fits}
        findings[node_id] |= {run.id: judged.values.get(run.customer_id, ()) for run in some}
    return matching, dict(findings)


def _load_zones(session: Session, runs: Sequence[Run], timezone: str) -> dict[UUID, ZoneInfo]:
    """The customers' zones, the tenant's where theirs is unknown; one query, none when nobody asks."""
    if not runs:
        return {}
    customers = array_literal({run.customer_id for run in runs})
    rows = session.execute(ZONES, {"customers": customers})
    return {row.id: zone_of(row.timezone, timezone) for row in rows}


def _load_contacts(
    session: Session, tenant_id: UUID, asking: Asking, plans: Plans, scope: Scope
) -> dict[UUID, Any]:
    customers = {
        run.customer_id
        for (_, node_id), some in asking.items()
        if plans[some[0].id].nodes[node_id].asks_contact()
        for run in some
    }
    as_of = scope.now if scope.as_of else None
    return load_contacts(session, tenant_id, sorted(customers), as_of=as_of) if customers else {}


def _load_coupons(session: Session, asking: Asking, plans: Plans, now: datetime) -> frozenset[UUID]:
    """Which of the asked coupons can be given, in one query."""
    asked = {plans[some[0].id].nodes[node_id].asks_coupon() for (_, node_id), some in asking.items()}
    wanted = sorted(coupon_id for coupon_id in asked if coupon_id)
    return grantable(session, wanted, now=now) if wanted else frozenset()


def _load_values(session: Session, asking: Asking, plans: Plans) -> dict[UUID, Mapping[str, Any]]:
    """The asked columns and attributes, in one query over the customers who are asked about."""
    wanted: set[str] = set()
    customers: set[UUID] = set()
    for (_, node_id), some in asking.items():
        name = plans[some[0].id].nodes[node_id].asks_value()
        if name and (name in VALUES or name.startswith(ATTRIBUTE_PREFIX)):
            wanted.add(name)
            customers |= {run.customer_id for run in some}
    if not customers:
        return {}
    columns = sorted(wanted & VALUES.keys())
    rows = session.execute(
        text(
            f"SELECT {', '.join(['id', 'attributes', *columns])} FROM customers "
            "WHERE id = ANY(CAST(:customers AS uuid[]))"
        ),
        {"customers": array_literal(customers)},
    )
    attributes = sorted(wanted - VALUES.keys())
    return {
        row.id: {name: getattr(row, name) for name in columns}
        | {name: row.attributes.get(name.removeprefix(ATTRIBUTE_PREFIX)) for name in attributes}
        for row in rows
    }


def _load_heard(
    session: Session, runs: Sequence[Run], asking: Asking, plans: Plans, fates: Fates, scope: Scope
) -> dict[tuple[UUID, str], datetime]:
    """When the event first came that a node listens to; one query a listening node."""
    known = {run.id: run for run in runs}
    heard: dict[tuple[UUID, str], datetime] = {}
    for (_, node_id), since in _listening_since(runs, asking, plans, fates).items():
        some = [known[each] for each in since]
        wanted = plans[some[0].id].listening[node_id]
        for row in _first_events(session, some, since, [wanted], scope):
            heard[row.run, node_id] = row.at
    return heard


def _listening_since(
    runs: Sequence[Run], asking: Asking, plans: Plans, fates: Fates
) -> Mapping[tuple[UUID, str], Mapping[UUID, datetime]]:
    """By version and node: since when it listens for an enrolment that stands there, which is right after it arrived:
    the event that brought it there is over. Where it counts since a message was sent, also for one that may come."""
    since: dict[tuple[UUID, str], dict[UUID, datetime]] = defaultdict(dict)
    for run in runs:
        plan = plans[run.id]
        wanted = plan.listening.get(run.node_id)
        if wanted and wanted.after_message is None:
            since[plan.version_id, run.node_id][run.id] = run.arrived_at + JUST_AFTER
    for (version_id, node_id), some in asking.items():
        wanted = plans[some[0].id].listening.get(node_id)
        if wanted is None or wanted.after_message is None:
            continue
        for run in some:
            fate = fates.get((run.id, wanted.after_message))
            uncertain = fate is not None and fate.status is MessageStatus.UNCERTAIN
            if fate and (fate.sent_at or uncertain):
                since[version_id, node_id][run.id] = fate.sent_at or fate.queued_at
    return since


def _load_exits(
    session: Session, runs: Sequence[Run], plans: Plans, scope: Scope
) -> tuple[dict[UUID, str], dict[UUID, datetime]]:
    """Who must leave for something that happened, and who has reached the goal; one query a version."""
    exits: dict[UUID, str] = {}
    goals: dict[UUID, datetime] = {}
    by_version: dict[UUID, list[Run]] = defaultdict(list)
    for run in runs:
        if plans[run.id].exit_events:
            by_version[plans[run.id].version_id].append(run)
    for some in by_version.values():
        plan = plans[some[0].id]
        settings = plan.settings
        since = {run.id: run.entered_at for run in some}
        for row in _first_events(session, some, since, listenings(plan), scope):
            if row.name == settings.goal_event:
                if row.at <= since[row.run] + timedelta(days=settings.goal_days):
                    goals[row.run] = row.at
                if settings.leave_on_goal:
                    exits[row.run] = f"Reached the goal: {row.name}"
            if row.name in settings.exit_events:
                exits.setdefault(row.run, f"Left because of “{row.name}”")
            if row.name == REPLIED and plan.stops_on_reply:
                exits.setdefault(row.run, "Replied: the staff take over")
    return exits, goals


def listenings(plan: Plan) -> list[Listening]:
    """The events by which somebody under way reaches the goal or has to leave, with the goal's own conditions."""
    return [
        Listening(name, plan.settings.goal_where if name == plan.settings.goal_event else ())
        for name in sorted(plan.exit_events)
    ]


def event_fits(wanted: Listening, scope: Scope) -> ColumnElement[bool]:
    """The condition over `Event` that a listening is."""
    return and_(Event.name == wanted.event, *(rule.compile(scope) for rule in wanted.where))


def scope_of(tenant: Tenant, now: datetime, *, as_of: bool = False) -> Scope:
    """What conditions of this tenant are compiled against."""
    return Scope(now=now, timezone=ZoneInfo(tenant.timezone), currency=tenant.currency, as_of=as_of)


def _first_events(
    session: Session,
    runs: Sequence[Run],
    since: Mapping[UUID, datetime],
    wanted: Sequence[Listening],
    scope: Scope,
) -> Sequence[Any]:
    """`(run, name, at)`: the first of each wanted event since the enrolment's moment."""
    fits = or_(*(event_fits(each, scope) for each in wanted))
    query = (
        select(WAITING.c.run, Event.name, func.min(Event.occurred_at).label("at"))
        .join(Event, and_(Event.customer_id == WAITING.c.customer, Event.occurred_at >= WAITING.c.since))
        .where(
            fits,
            Event.occurred_at >= min(since.values()),
            Event.occurred_at <= scope.now,
            Event.id.is_distinct_from(WAITING.c.not_this),
        )
        .group_by(WAITING.c.run, Event.name)
    )
    parameters = {
        "runs": array_literal(run.id for run in runs),
        "customers": array_literal(run.customer_id for run in runs),
        "since": array_literal(since[run.id] for run in runs),
        "not_this": array_literal(run.entry_key for run in runs),
    }
    return session.execute(query, parameters).all()


def _load_rule_exits(session: Session, runs: Sequence[Run], plans: Plans, scope: Scope) -> dict[UUID, str]:
    by_version: dict[UUID, list[Run]] = defaultdict(list)
    for run in runs:
        if plans[run.id].exit_rules is not None:
            by_version[plans[run.id].version_id].append(run)
    exits: dict[UUID, str] = {}
    for some in by_version.values():
        rules = plans[some[0].id].exit_rules
        assert rules is not None
        who = matching_among(
            session,
            rules,
            [run.customer_id for run in some],
            now=scope.now,
            timezone=scope.timezone.key,
            as_of=scope.as_of,
        )
        exits |= {
            run.id: "Left because the journey's exit rules fit" for run in some if run.customer_id in who
        }
    return exits


def _load_fates(session: Session, tenant_id: UUID, asking: Asking, plans: Plans) -> Fates:
    """What became of the newest message of each asked node in each enrolment, in one query."""
    nodes: set[str] = set()
    asked: dict[UUID, Run] = {}
    for (_, node_id), some in asking.items():
        messages = plans[some[0].id].nodes[node_id].asks_messages()
        if messages:
            nodes.update(messages)
            asked |= {run.id: run for run in some}
    if not asked:
        return {}
    rows = session.execute(
        FATES,
        {
            "tenant": tenant_id,
            "customers": array_literal({run.customer_id for run in asked.values()}),
            "since": min(run.entered_at for run in asked.values()),
            "runs": array_literal(asked),
            "nodes": array_literal(nodes),
        },
    )
    return {
        (row.enrolment_id, row.node_id): MessageFate(
            status=MessageStatus(row.status),
            queued_at=row.created_at,
            sent_at=row.sent_at,
            read_at=row.read_at,
            opened_at=row.opened_at,
            clicked_at=row.clicked_at,
            replied_at=row.replied_at,
            reason=row.reason,
        )
        for row in rows
    }


def _load_sent_before(session: Session, runs: Sequence[Run]) -> dict[UUID, frozenset[str]]:
    moved = [run.id for run in runs if run.moved_visit is not None]
    if not moved:
        return {}
    rows = session.execute(SENT_BEFORE, {"runs": array_literal(moved)})
    return {row.enrolment_id: frozenset(row.nodes) for row in rows}
