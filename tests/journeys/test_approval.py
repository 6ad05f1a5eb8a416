"""Publishing that somebody else has to approve: who must ask, what is approved, and what a change does to it (B2)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.accounts import Role, create_user
from engine.core.db import tenant_session
from engine.core.errors import Code, Conflict, Forbidden, InvalidInput
from engine.core.ids import new_id
from engine.core.models import AuditEntry
from engine.core.notifications import unseen
from engine.core.tenants import update_settings
from engine.journeys import approval, drafts
from engine.journeys.approval import NeedsApproval, Publisher
from engine.journeys.directory import JourneyQuery, list_journeys
from engine.journeys.models import Journey, JourneyStatus, RequestStatus
from engine.journeys.publishing import Published
from engine.journeys.requests import Asked, newest_request, waiting_for_approval
from engine.journeys.stages import journey_map

PASSWORD = "a-long-password"


@dataclass(frozen=True)
class Desk:
    """A studio whose threshold is three customers, a journey that reaches four, who asks and who approves."""

    studio: Any
    journey: UUID
    asker: Publisher
    approver: Publisher

    def publish(self, publisher: Publisher) -> Published:
        with tenant_session(self.studio.tenant) as session:
            return approval.publish_or_refuse(
                session, self.studio.tenant, self.journey, publisher, now=self.studio.now
            )

    def submit(self, **more: Any) -> Asked:
        with tenant_session(self.studio.tenant) as session:
            return approval.submit(
                session, self.studio.tenant, self.journey, self.asker, now=self.studio.now, **more
            )

    def approve(self, publisher: Publisher, **more: Any) -> Published:
        with tenant_session(self.studio.tenant) as session:
            return approval.approve(
                session, self.studio.tenant, self.journey, publisher, now=self.studio.now, **more
            )

    def reject(self, publisher: Publisher, reason: str) -> Asked:
        with tenant_session(self.studio.tenant) as session:
            return approval.reject(session, self.journey, publisher, reason=reason, now=self.studio.now)

    def redraw(self, graph: Any) -> None:
        with tenant_session(self.studio.tenant) as session:
            revision = drafts.load_journey(session, self.journey).revision
            drafts.save_draft(session, self.journey, graph, revision=revision, now=self.studio.now)

    def look(self) -> tuple[Journey, Asked | None]:
        with tenant_session(self.studio.tenant) as session:
            return drafts.load_journey(session, self.journey), newest_request(session, self.journey)

    def told(self, who: Publisher) -> list[str]:
        assert who.user_id
        with tenant_session(self.studio.tenant) as session:
            return [each.text for each in unseen(session, who.user_id)]


@pytest.fixture
def desk(studio: Any) -> Desk:
    people = [
        create_user(studio.tenant, f"{name}-{new_id()}@studio.test", name, role, PASSWORD)
        for name, role in (("Ravi", Role.BRANCH_MANAGER), ("Meera", Role.REGIONAL_MANAGER))
    ]
    studio.send_event("Order Completed", studio.add_reachable(4, "whatsapp"))
    with tenant_session(studio.tenant) as session:
        threshold = {"campaign_approval_threshold_recipients": 3}
        update_settings(session, studio.tenant, threshold, actor="test", now=studio.now)
        journey = drafts.create_journey(
            session, studio.tenant, "Thanks", user_id=None, now=studio.now, graph=studio.simple_graph()
        ).id
    return Desk(studio, journey, Publisher(people[0], False), Publisher(people[1], True))


def test_who_may_not_approve_must_ask_from_the_threshold_on(desk: Desk) -> None:
    with pytest.raises(NeedsApproval) as refused:
        desk.publish(desk.asker)
    assert refused.value.code is Code.INVALID_CAMPAIGN_STATUS
    assert refused.value.details == {"recipients": 4, "threshold": 3}
    assert desk.publish(desk.approver).number == 1


@pytest.mark.parametrize(
    "rule", [{"campaign_approval_required": False}, {"campaign_approval_threshold_recipients": 5}]
)
def test_below_the_threshold_and_without_the_rule_nobody_asks(desk: Desk, rule: dict[str, Any]) -> None:
    with tenant_session(desk.studio.tenant) as session:
        update_settings(session, desk.studio.tenant, rule, actor="test", now=desk.studio.now)
    assert desk.publish(desk.asker).number == 1


def test_an_approver_is_told_and_approves_what_was_asked_for(desk: Desk) -> None:
    asked = desk.submit()
    assert (asked.asker, asked.recipients, asked.status) == ("Ravi", 4, RequestStatus.PENDING)
    assert desk.told(desk.approver) == [
        "Ravi asks to publish “Thanks”, which reaches about 4 customers a month."
    ]
    assert desk.told(desk.asker) == []
    with tenant_session(desk.studio.tenant) as session:
        assert waiting_for_approval(session) == {desk.journey}
        drafts.create_journey(session, desk.studio.tenant, "Another", user_id=None, now=desk.studio.now)
        page = list_journeys(session, JourneyQuery(awaits_approval=True), since=desk.studio.now)
        assert [(row.id, row.awaits_approval) for row in page.rows] == [
            (desk.journey, True)
        ] and page.total == 1
        waiting = journey_map(session, now=desk.studio.now, awaits_approval=True)
        whole = journey_map(session, now=desk.studio.now)
        cards = [
            [(c.id, c.awaits_approval) for s in found.stages for c in s.cards] for found in (waiting, whole)
        ]
        assert cards[0] == [(desk.journey, True)] and sorted(awaits for _, awaits in cards[1]) == [
            False,
            True,
        ]
    assert desk.approve(desk.approver, revision=asked.revision).number == 1
    journey, decided = desk.look()
    assert decided is not None
    assert (journey.status, decided.status, decided.decider) == (
        JourneyStatus.LIVE,
        RequestStatus.APPROVED,
        "Meera",
    )
    assert desk.told(desk.asker) == ["Meera approved “Thanks”. It is live."]


def test_a_rejection_says_why(desk: Desk) -> None:
    desk.submit()
    with pytest.raises(InvalidInput):
        desk.reject(desk.approver, "  ")
    assert desk.reject(desk.approver, " Too many messages ").reason == "Too many messages"
    assert desk.told(desk.asker) == ["Meera did not approve “Thanks”: Too many messages"]
    assert desk.look()[0].status == JourneyStatus.DRAFT
    with pytest.raises(Conflict):
        desk.approve(desk.approver)


def test_a_later_change_of_the_draft_withdraws_the_request(desk: Desk) -> None:
    desk.submit()
    desk.redraw(desk.studio.simple_graph(wait_days=9))
    _, asked = desk.look()
    assert asked is not None and asked.status is RequestStatus.WITHDRAWN
    with pytest.raises(Conflict):
        desk.approve(desk.approver)
    assert desk.told(desk.asker) == [
        "“Thanks” was changed, so your request to publish it does not count any more."
    ]


def test_a_revision_the_approver_has_not_seen_is_not_published(desk: Desk) -> None:
    asked = desk.submit()
    with pytest.raises(Conflict):
        desk.approve(desk.approver, revision=asked.revision - 1)
    assert desk.look()[0].status == JourneyStatus.DRAFT


def test_nobody_approves_without_the_right(desk: Desk) -> None:
    desk.submit()
    with pytest.raises(Forbidden):
        desk.approve(desk.asker)
    with pytest.raises(Forbidden):
        desk.reject(desk.asker, "No")


def test_asking_again_replaces_the_request(desk: Desk) -> None:
    first, second = desk.submit(), desk.submit()
    assert first.id != second.id
    assert desk.approve(desk.approver).number == 1


def test_every_move_is_in_the_audit_log(desk: Desk) -> None:
    desk.submit()
    desk.reject(desk.approver, "No")
    desk.submit()
    desk.approve(desk.approver)
    with tenant_session(desk.studio.tenant) as session:
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.actor)
            .where(AuditEntry.subject == str(desk.journey), AuditEntry.action.startswith("journey.request"))
            .order_by(AuditEntry.id)
        ).all()
    ravi, meera = f"user:{desk.asker.user_id}", f"user:{desk.approver.user_id}"
    assert [tuple(each) for each in entries] == [
        ("journey.request_submitted", ravi),
        ("journey.request_rejected", meera),
        ("journey.request_submitted", ravi),
        ("journey.request_approved", meera),
    ]
