"""What the builder offers to choose from: what really exists in the studio, each by one query."""

from typing import Any

from sqlalchemy import event

from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Branch, Role
from engine.core.tenants import get_tenant
from engine.journeys import drafts, publishing
from engine.journeys.catalogue import node_catalogue
from engine.journeys.choices import load_choices
from engine.segments.models import Segment
from engine.templates.models import Template


def choices_of(studio: Any) -> dict[str, Any]:
    with tenant_session(studio.tenant) as session:
        return load_choices(session)


def test_values_are_columns_and_the_attributes_customers_have(studio: Any) -> None:
    studio.add_customers(3, city="Pune", attributes={"shoe_size": 38})
    studio.add_customers(1, city="Mumbai", attributes={"note": ""})
    offered = choices_of(studio)
    values = {each["id"]: each for each in offered["values"]}
    assert values["birthday"] == {"id": "birthday", "name": "Birthday", "about": "Customer", "kind": "date"}
    assert values["attribute.shoe_size"]["name"] == "shoe size"
    assert offered["samples"]["city"] == ["Pune", "Mumbai"]
    assert offered["samples"]["attribute.shoe_size"] == ["38"]
    assert "birthday" not in offered["samples"]


def test_staff_branches_and_lists_are_offered_by_name(studio: Any) -> None:
    user = create_user(
        studio.tenant, f"{studio.tenant.hex[-8:]}@example.in", "Asha", Role.RECEPTIONIST, "a long one"
    )
    branch, by_hand, by_rules = new_id(), new_id(), new_id()
    with tenant_session(studio.tenant) as session:
        session.add(Branch(id=branch, tenant_id=studio.tenant, name="Koregaon Park", city="Pune"))
        session.add(Segment(id=by_hand, tenant_id=studio.tenant, name="Guests", is_dynamic=False))
        session.add(Segment(id=by_rules, tenant_id=studio.tenant, name="Regulars"))
    offered = choices_of(studio)
    assert offered["staff"] == [{"id": str(user), "name": "Asha"}]
    assert offered["branches"] == [{"id": str(branch), "name": "Koregaon Park", "about": "Pune"}]
    assert offered["lists"] == [{"id": str(by_hand), "name": "Guests", "count": 0, "is_list": True}]
    assert {each["id"] for each in offered["segments"]} >= {str(by_hand), str(by_rules)}


def test_journeys_are_offered_with_whether_they_can_be_started_by_hand(studio: Any) -> None:
    with tenant_session(studio.tenant) as session:
        graph = studio.simple_graph()
        live = drafts.create_journey(
            session, studio.tenant, "Thanks", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, live.id, user_id=None, now=studio.now)
        draft = drafts.create_journey(session, studio.tenant, "Later", user_id=None, now=studio.now)
        wanted = [
            {"id": str(draft.id), "name": "Later", "manual": False},
            {"id": str(live.id), "name": "Thanks", "manual": False},
        ]
    assert choices_of(studio)["journeys"] == wanted


def test_more_of_everything_costs_no_more_queries(studio: Any) -> None:
    def queries() -> int:
        with tenant_session(studio.tenant) as session:
            seen: list[str] = []
            event.listen(session.connection(), "before_cursor_execute", lambda *call: seen.append(call[2]))
            load_choices(session)
            return len(seen)

    few = queries()
    studio.add_customers(20, attributes={f"key_{number}": "x" for number in range(20)})
    for number in range(10):
        studio.send_event(f"Event {number}", studio.add_customers(1), total=number)
    with tenant_session(studio.tenant) as session:
        session.add_all(Branch(tenant_id=studio.tenant, name=f"Branch {number}") for number in range(10))
    assert queries() == few


def test_the_ways_out_of_a_kind_are_told_with_what_they_depend_on() -> None:
    kinds = {kind["type"]: kind for kind in node_catalogue()}
    assert kinds["branch.split"]["ports_from"] == "arms"
    assert kinds["branch.split"]["ports"] == []
    assert kinds["branch.rule"]["ports"] == [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]
    assert kinds["wait.duration"]["ports_by"] is None


def test_every_kind_has_a_name_an_icon_and_a_description() -> None:
    for kind in node_catalogue():
        assert kind["label"] and kind["icon"] and kind["description"], kind["type"]


def test_a_kind_is_found_by_what_its_first_choice_says() -> None:
    kinds = {kind["type"]: kind for kind in node_catalogue()}
    activities = {preset["label"]: preset for preset in kinds["trigger.activity"]["presets"]}
    assert activities["Payment failed"] == {
        "label": "Payment failed",
        "description": "When a customer has a payment fail",
        "config": {"activity": "payment_failed"},
    }
    assert "First visit completed" in activities
    quiet = [preset["label"] for preset in kinds["trigger.quiet"]["presets"]]
    assert quiet[0] == "Customer went quiet: visit"
    assert kinds["wait.until"]["presets"] == []


def test_events_are_offered_as_they_were_received(studio: Any) -> None:
    studio.send_event("Class Booked", studio.add_customers(2), style="Kathak", price=900)
    studio.send_event("Class Booked", studio.add_customers(1), style="Odissi", note="")
    studio.send_event("Signed Up", studio.add_customers(1))
    offered = choices_of(studio)
    assert offered["events"] == [
        {"name": "Class Booked", "count": 3, "last_at": studio.now.isoformat()},
        {"name": "Signed Up", "count": 1, "last_at": studio.now.isoformat()},
    ]
    assert offered["property_samples"]["Class Booked"] == {
        "style": ["Kathak", "Odissi"],
        "price": ["900"],
        "note": [],
    }
    assert offered["properties"]["Class Booked"] == ["note", "price", "style"]


def test_templates_are_offered_as_a_customer_would_read_them(studio: Any) -> None:
    with tenant_session(studio.tenant) as session:
        sender = get_tenant(session).name
        session.add(
            Template(
                id=new_id(),
                tenant_id=studio.tenant,
                name="Welcome",
                channel="whatsapp",
                template_type="promotional",
                contents={
                    "hi": {"body": "नमस्ते {{ first_name }}"},
                    "en": {"body": "Hello {{ first_name }}, your {{ tenant.name }}"},
                },
            )
        )
    (welcome,) = (each for each in choices_of(studio)["templates"] if each["name"] == "Welcome")
    assert list(welcome["previews"].items()) == [
        ("en", {"subject": "", "text": f"Hello Asha, your {sender}", "missing": []}),
        ("hi", {"subject": "", "text": "नमस्ते Asha", "missing": []}),
    ]
