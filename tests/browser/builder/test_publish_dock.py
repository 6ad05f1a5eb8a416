"""A new version while customers are under way: the dock says who stands where, and moves them by mouse (J8)."""

import time
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.journeys import drafts, publishing
from engine.journeys.by_hand import enrol_by_hand
from engine.journeys.models import Enrolment
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ARRIVAL_SECONDS = 30


def days(node_id: str, number: int) -> dict[str, Any]:
    return node(node_id, "wait.duration", duration={"amount": number, "unit": "days"})


def node(node_id: str, kind: str, **config: Any) -> dict[str, Any]:
    place = {"x": 0, "y": 0}
    return {"id": node_id, "type": kind, "position": place, "config": config}


def chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A graph in which one node follows the other."""
    nodes = tuple({**each, "position": {"x": 0, "y": 150 * place}} for place, each in enumerate(nodes))
    edges = [
        {"id": f"e-{one['id']}", "source": one["id"], "source_port": "next", "target": other["id"]}
        for one, other in pairwise(nodes)
    ]
    return {"schema": 1, "nodes": list(nodes), "edges": edges, "settings": {}}


BEGIN, TAG = node("t", "trigger.manual"), node("tag", "action.tag", add=["asked"])
OLD = chain(BEGIN, days("two", 2), days("three", 3), TAG)
NEW = chain(BEGIN, days("five", 5), TAG)


@pytest.fixture
def under_way(studio: Studio) -> UUID:
    """A journey with one customer who waits in it, and a draft without the step where they wait."""
    customer = new_id()
    with studio.app.inside():
        with tenant_session(studio.tenant_id) as session:
            session.add(Customer(id=customer, tenant_id=studio.tenant_id, name="Asha Rao"))
            journey_id = drafts.create_journey(
                session, studio.tenant_id, "Come back", user_id=None, now=utc_now(), graph=OLD
            ).id
            publishing.publish(session, studio.tenant_id, journey_id, user_id=None, now=utc_now())
        with tenant_session(studio.tenant_id) as session:
            enrol_by_hand(
                session, studio.tenant_id, journey_id, [customer], data={}, key="once", now=utc_now()
            )
        end = time.monotonic() + ARRIVAL_SECONDS
        while standing(studio, journey_id)[0] != "two" and time.monotonic() < end:
            time.sleep(0.2)
        with tenant_session(studio.tenant_id) as session:
            revision = drafts.load_journey(session, journey_id).revision
            drafts.save_draft(session, journey_id, NEW, revision=revision, now=utc_now())
    return journey_id


def standing(studio: Studio, journey_id: UUID) -> tuple[str, bool]:
    """Where the customer stands, and whether by the version that is live."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        live = drafts.load_journey(session, journey_id).live_version_id
        found = session.scalars(select(Enrolment).where(Enrolment.journey_id == journey_id)).one()
        return found.node_id, found.version_id == live


def open_dock(page: Page, studio: Studio, journey_id: UUID) -> Any:
    page.goto(f"{studio.app.url}/journeys/{journey_id}")
    page.get_by_role("button", name="Publish changes").click()
    dock = page.get_by_role("complementary", name="Publish")
    expect(dock).to_contain_text("1 customer is under way")
    return dock


def test_a_customer_is_moved_to_the_step_chosen_for_them(page: Page, studio: Studio, under_way: UUID) -> None:
    dock = open_dock(page, studio, under_way)
    changes = dock.get_by_role("region", name="What changes").get_by_role("listitem")
    expect(changes).to_contain_text(
        ["AddedWait 5 days", "RemovedWait 2 days", "RemovedWait 3 days", "Leads elsewhereWhen added by hand"]
    )

    dock.get_by_text("Move them to the new version").click()
    where = dock.get_by_label("Where those at “Wait 2 days” go on")
    expect(where).to_have_value("tag")
    where.select_option(label="Wait 5 days")
    dock.get_by_role("button", name="Publish and move them").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    expect(dock).to_have_count(0)
    assert standing(studio, under_way) == ("five", True)


def test_they_stay_on_their_version_unless_one_says_otherwise(
    page: Page, studio: Studio, under_way: UUID
) -> None:
    dock = open_dock(page, studio, under_way)
    expect(dock.get_by_role("radio", name="They stay on their version")).to_be_checked()
    expect(dock.get_by_role("table")).to_have_count(0)
    dock.get_by_role("button", name="Cancel").click()
    expect(dock).to_have_count(0)
    assert standing(studio, under_way) == ("two", True)

    page.get_by_role("button", name="Publish changes").click()
    dock.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    assert standing(studio, under_way) == ("two", False)


def test_who_went_on_meanwhile_is_asked_about_at_their_own_row(
    page: Page, studio: Studio, under_way: UUID
) -> None:
    dock = open_dock(page, studio, under_way)
    dock.get_by_text("Move them to the new version").click()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.execute(update(Enrolment).where(Enrolment.journey_id == under_way).values(node_id="three"))
    dock.get_by_role("button", name="Publish and move them").click()
    row = dock.get_by_role("row").filter(has_text="Wait 3 days")
    expect(row.get_by_role("alert")).to_contain_text("Say where those at “three” shall go on")
    row.get_by_role("combobox").select_option("Leave the journey")
    expect(row.get_by_role("alert")).to_have_count(0)
    dock.get_by_role("button", name="Publish and move them").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert session.scalars(select(Enrolment.status)).all() == ["exited"]
