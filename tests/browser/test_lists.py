"""The rooms around the canvas: the list, the page for new journeys, files, the map; by mouse and by keyboard."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Position, expect

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer, Order
from engine.journeys import drafts, publishing
from engine.journeys.gallery import install
from engine.journeys.graph import EMPTY_GRAPH
from engine.journeys.models import Enrolment, Journey, Stage
from tests.browser.accessibility import violations
from tests.browser.canvas import Canvas
from tests.browser.conftest import Studio

pytestmark = pytest.mark.browser

CORNER: Position = {"x": 60, "y": 60}
"""Where a card is taken and dropped: columns are longer than the window, their middle is out of sight."""

HINDI = "उन ग्राहकों को वापस बुलाना जो तीस दिन से स्टूडियो में नहीं आए और जिनकी सदस्यता समाप्त होने वाली है"


def furnish(studio: Studio) -> None:
    """60 journeys, a live one among them with five customers of whom two reached the goal."""
    now = utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        tenant = studio.tenant_id
        session.add_all(
            Journey(
                id=new_id(),
                tenant_id=tenant,
                name=f"Idea {number:02}",
                stage=list(Stage)[number % 4],
                draft=EMPTY_GRAPH,
                updated_at=now - timedelta(days=number),
            )
            for number in range(1, 59)
        )
        drafts.create_journey(session, tenant, HINDI, user_id=None, now=now - timedelta(days=90))
        live = install(session, tenant, "win_back", user_id=None, now=now)
        version = publishing.publish(session, tenant, live.id, user_id=None, now=now).version_id
        people = [Customer(id=new_id(), tenant_id=tenant, name=f"Customer {place}") for place in range(5)]
        session.add_all(people)
        session.flush()
        for place, person in enumerate(people):
            entered = now - timedelta(days=2)
            session.add(
                Enrolment(
                    tenant_id=tenant,
                    journey_id=live.id,
                    version_id=version,
                    customer_id=person.id,
                    status="completed",
                    node_id="mark",
                    arrived_at=entered,
                    entered_at=entered,
                    finished_at=now,
                    entry_key=new_id(),
                    converted_at=now if place < 2 else None,
                )
            )
            session.add(
                Order(
                    tenant_id=tenant,
                    customer_id=person.id,
                    external_id=f"A-{place}",
                    total_minor=150_000,
                    currency="INR",
                    ordered_at=now - timedelta(days=1),
                )
            )


def test_the_list_is_narrowed_sorted_and_turned_by_its_address_and_acts_in_place(
    page: Page, studio: Studio
) -> None:
    furnish(studio)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{studio.app.url}/journeys")
    rows = page.locator("tbody tr")
    expect(page.get_by_text("1–50 of 60")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("51–60 of 60")).to_be_visible()
    expect(rows.last).to_contain_text(HINDI)
    page.go_back()
    expect(page.get_by_text("1–50 of 60")).to_be_visible()

    page.get_by_role("button", name="Name").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    expect(rows.first).to_contain_text("Idea 01")
    page.keyboard.press("Enter")
    expect(rows.first).to_contain_text(HINDI)
    page.get_by_label("State").select_option("draft")
    page.get_by_label("Stage").select_option("purchase")
    page.get_by_role("searchbox", name="Search journeys").fill("idea 1")
    expect(rows).to_have_count(3)
    page.reload()
    expect(rows).to_have_count(3)
    expect(page.get_by_role("searchbox", name="Search journeys")).to_have_value("idea 1")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("searchbox", name="Search journeys").fill("nothing like it")
    expect(page.get_by_role("heading", name="No journey fits")).to_be_visible()
    page.get_by_role("button", name="Show all journeys").click()

    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Conversion").click()
    expect(rows.first).to_contain_text("Win back quiet customers")
    expect(rows.first).to_contain_text("40.0%")
    rows.first.get_by_role("button", name="Pause").click()
    expect(rows.first).to_contain_text("Paused")
    rows.first.get_by_role("button", name="Resume").click()
    expect(rows.first).to_contain_text("Live")

    page.get_by_label("State").select_option("draft")
    page.get_by_role("searchbox", name="Search journeys").fill("idea 07")
    expect(rows).to_have_count(1)
    _choose(page, "Idea 07", "Rename…")
    assert violations(page) == []
    page.get_by_label("Name", exact=True).fill("Idea 08")
    page.keyboard.press("Enter")
    expect(page.get_by_text("there is a journey “Idea 08” already")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Idea 07, better")
    page.keyboard.press("Enter")
    expect(rows.first).to_contain_text("Idea 07, better")
    _choose(page, "Idea 07, better", "Change owner…")
    page.get_by_role("combobox", name="Owner").last.select_option(label="Meera Joshi")
    page.get_by_role("button", name="Change owner").click()
    expect(rows.first.locator(".jl-owner")).to_have_text("Meera Joshi")
    expect(rows.first.locator(".jl-by")).to_have_text("Meera Joshi")
    _choose(page, "Idea 07, better", "Archive")
    expect(page.get_by_role("heading", name="No journey fits")).to_be_visible()
    page.get_by_label("State").select_option("archived")
    _choose(page, "Idea 07, better", "Restore")
    page.get_by_label("State").select_option("")
    expect(rows.first).to_contain_text("Draft")
    with page.expect_download() as download:
        _choose(page, "Idea 07, better", "Download as JSON")
    assert json.loads(Path(download.value.path()).read_text())["schema"] == 1


def test_a_journey_begins_ready_made_or_from_a_file(page: Page, studio: Studio, tmp_path: Path) -> None:
    page.goto(f"{studio.app.url}/journeys/new?stage=advocacy")
    tiles = page.locator(".jl-ready")
    expect(tiles).to_have_count(5)
    assert violations(page) == []
    page.get_by_role("searchbox", name="Search ready-made journeys").fill("जन्मदिन")
    expect(tiles).to_have_count(2)
    page.reload()
    expect(tiles).to_have_count(2)
    page.get_by_role("combobox", name="Stage").select_option("")
    page.get_by_role("searchbox", name="Search ready-made journeys").fill("winback")
    page.get_by_role("button", name="Win back quiet customers").focus()
    page.keyboard.press("Enter")
    look = page.get_by_role("dialog", name="Win back quiet customers")
    expect(look).to_contain_text("When a customer has entered the segment: No order for 30 days")
    expect(look.locator(".jl-message").first).to_contain_text("Hello Asha")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(look).to_have_count(0)

    broken, whole = tmp_path / "broken.json", tmp_path / "bring-them-back.json"
    broken.write_text('{"schema": 1, "nodes": 3}')
    whole.write_text(json.dumps(_from_elsewhere()))
    chooser = page.locator("#journey-file input[type=file]")
    chooser.set_input_files(broken)
    expect(page.get_by_text("nodes: must be a list of objects.")).to_be_visible()
    chooser.set_input_files(whole)
    expect(page.get_by_label("Name")).to_have_value("Bring them back")
    assert violations(page) == []
    page.get_by_label("Template (WhatsApp)").select_option(label="Welcome (WhatsApp)")
    page.get_by_role("button", name="Create journey").click()
    canvas = Canvas(page)
    expect(canvas.nodes).to_have_count(2)
    expect(page.get_by_label("Name of the journey")).to_have_value("Bring them back")
    expect(canvas.nodes.filter(has_text="Welcome (WhatsApp)")).to_have_count(1)
    expect(page.locator(".jb-problems")).to_contain_text("1")


def test_the_map_shows_what_works_where_and_journeys_change_their_stage(page: Page, studio: Studio) -> None:
    furnish(studio)
    page.goto(f"{studio.app.url}/journeys/map")
    retention, advocacy = (
        page.locator(f'.jm-column[data-column="{name}"]') for name in ("retention", "advocacy")
    )
    expect(retention.locator("header")).to_contain_text("16 journeys, 1 live")
    card = retention.locator(".jm-card").first
    expect(card).to_contain_text("Win back quiet customers")
    expect(card).to_contain_text("5")
    expect(card).to_contain_text("₹3,000")
    assert violations(page) == []
    expect(advocacy.get_by_role("link", name="Begin with a ready-made one")).to_have_attribute(
        "href", "/journeys/new?stage=advocacy"
    )
    card.drag_to(advocacy, source_position=CORNER, target_position=CORNER)
    expect(advocacy.locator(".jm-card")).to_contain_text("Win back quiet customers")
    expect(retention.locator("header")).to_contain_text("15 journeys, 0 live")
    page.reload()
    move = advocacy.get_by_role("button", name="Move Win back quiet customers to another stage")
    move.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Move to discovery")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(advocacy.locator(".jm-card")).to_have_count(0)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.get_by_label("State").select_option("live")
    expect(page.locator(".jm-card")).to_have_count(1)
    page.reload()
    expect(page.locator(".jm-card")).to_have_count(1)


def test_nothing_serious_keeps_anybody_out_of_an_empty_builder(page: Page, studio: Studio) -> None:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        blank = drafts.create_journey(session, studio.tenant_id, "Blank", user_id=None, now=utc_now())
    page.goto(f"{studio.app.url}/journeys/{blank.id}")
    expect(page.get_by_text("Where does the journey begin?")).to_be_visible()
    assert violations(page) == []


def _choose(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"More about {name}", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name=item).click()


def _from_elsewhere() -> dict[str, Any]:
    """A journey of another account: its template and its segment are unknown here."""
    trigger = {"segment_id": str(new_id()), "change": "entered"}
    message = {"channel": "whatsapp", "template_id": str(new_id()), "purpose": "marketing"}
    return {
        "schema": 1,
        "nodes": [
            {"id": "t", "type": "trigger.segment", "position": {"x": 0, "y": 0}, "config": trigger},
            {"id": "m", "type": "action.message", "position": {"x": 0, "y": 160}, "config": message},
        ],
        "edges": [{"id": "t-m", "source": "t", "source_port": "next", "target": "m"}],
        "settings": {},
    }
