"""Landing pages as visitors and machines meet them."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.http import pages as doors
from app.http.pages import Turnstile
from engine.core.db import app_role, owner_engine, owner_url, tenant_session
from engine.core.ids import new_id
from engine.core.tenants import get_tenant, update_settings
from engine.customers.models import ConsentChange, Customer
from engine.landing.models import FormSubmission

PATH = "/api/v1/pages"
WORDING = "Write to me on WhatsApp & tell me of offers"
FORM: dict[str, Any] = {
    "fields": [
        {"key": "name", "kind": "name", "label": "Your name", "required": True},
        {"key": "phone", "kind": "phone", "label": "Phone", "hint": "With country code", "required": True},
        {"key": "course", "kind": "choice", "label": "Course", "options": ["Wheel", "Glaze & fire"]},
        {"key": "question", "kind": "message", "label": "Question"},
        {"key": "agree", "kind": "consent", "label": WORDING, "channel": "whatsapp"},
    ],
    "highlights": ["Small groups"],
}
ASHA = {
    "name": "Asha",
    "phone": "98200 12345",
    "course": "Glaze & fire",
    "question": "When?\nHow?",
    "agree": "yes",
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Doors that remember nothing from one test to the next, and look at the store each time."""
    monkeypatch.setattr(doors, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(doors, "_turnstile", Turnstile(20))
    yield


@pytest.fixture
def page(api: TestClient) -> dict[str, Any]:
    """A published page."""
    draft = {
        "slug": "workshop",
        "title": "Pottery <workshop>",
        "intro": "Come & see.\nBring friends.",
        "form": FORM,
    }
    made = api.post(PATH, json=draft)
    assert made.status_code == 201, made.text
    answer = api.post(f"{PATH}/{made.json()['data']['id']}/publish")
    return dict(answer.json()["data"])


def opened(visitor: TestClient, page: dict[str, Any], query: str = "") -> Response:
    return visitor.get(re.sub(r"^https?://[^/]+", "", page["url"]) + query)


def key_in(html: str) -> str:
    found = re.search(r'name="_key" value="([^"]+)"', html)
    assert found
    return found[1]


def customers(tenant: UUID) -> list[Customer]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Customer)))


def test_a_page_is_whole_without_scripts_and_strangers(visitor: TestClient, page: dict[str, Any]) -> None:
    answer = opened(visitor, page)
    assert answer.status_code == 200
    assert "Pottery &lt;workshop&gt;" in answer.text
    assert WORDING in unescape(answer.text)
    assert 'role="alert"' not in answer.text
    assert "<script" not in answer.text
    assert not re.search(r'(src|href)="(?!/|#|data:,|http://localhost)', answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    for field in FORM["fields"]:
        assert f'<label for="{field["key"]}">' in answer.text


def test_a_page_is_cached_and_each_visitor_gets_a_key(visitor: TestClient, page: dict[str, Any]) -> None:
    first, second = opened(visitor, page), opened(visitor, page)
    assert first.headers["etag"] == second.headers["etag"]
    assert "max-age" in first.headers["cache-control"]
    assert key_in(first.text) != key_in(second.text)
    path = re.sub(r"^https?://[^/]+", "", page["url"])
    again = visitor.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.head(path).status_code == 200


def test_a_sent_form_leads_to_thanks(visitor: TestClient, tenant: UUID, page: dict[str, Any]) -> None:
    html = opened(visitor, page, "?utm_source=instagram&utm_campaign=diwali%22%3E&x=1").text
    utm = re.search(r'name="_utm" value="([^"]*)"', html)
    assert utm
    sent = ASHA | {"_key": key_in(html), "_utm": unescape(utm[1])}
    answer = visitor.post(f"/f/{page['form_id']}", data=sent, headers={"User-Agent": "Firefox"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/workshop?thanks")
    thanks = visitor.get(answer.headers["location"])
    assert "Thank you!" in thanks.text
    (customer,) = customers(tenant)
    assert (customer.name, customer.phone) == ("Asha", "+919820012345")
    with tenant_session(tenant) as session:
        kept = session.scalars(select(FormSubmission)).one()
        proof = session.scalars(select(ConsentChange)).one()
    assert kept.utm == {"utm_source": "instagram", "utm_campaign": 'diwali">'}
    assert kept.answers["question"] == "When?\nHow?"
    assert (proof.wording, proof.user_agent) == (WORDING, "Firefox")
    assert "/workshop?utm_source=instagram" in (proof.page_url or "")


def test_the_visitors_address_is_part_of_the_proof(
    api: TestClient, tenant: UUID, page: dict[str, Any]
) -> None:
    with TestClient(api.app, client=("203.0.113.9", 5000), follow_redirects=False) as visitor:
        assert visitor.post(f"/f/{page['form_id']}", data=ASHA).status_code == 303
    with tenant_session(tenant) as session:
        assert str(session.scalars(select(ConsentChange.ip)).one()) == "203.0.113.9"


def test_a_double_click_counts_once(visitor: TestClient, tenant: UUID, page: dict[str, Any]) -> None:
    sent = ASHA | {"_key": key_in(opened(visitor, page).text)}
    for _ in range(2):
        assert visitor.post(f"/f/{page['form_id']}", data=sent).status_code == 303
    assert visitor.post(f"/f/{page['form_id']}", data=sent | {"question": "Another"}).status_code == 303
    with tenant_session(tenant) as session:
        assert session.scalar(text("SELECT count(*) FROM events WHERE name = 'form.submitted'")) == 2


def test_problems_stand_beside_their_fields_and_nothing_typed_is_lost(
    visitor: TestClient, tenant: UUID, page: dict[str, Any]
) -> None:
    html = opened(visitor, page).text
    sent = {**ASHA, "name": "", "phone": '12"><script>', "_key": key_in(html)}
    answer = visitor.post(f"/f/{page['form_id']}", data=sent)
    assert answer.status_code == 422
    assert answer.headers["cache-control"] == "no-store"
    assert 'id="name-problem">Please fill this in.' in answer.text
    assert 'id="phone-problem">This is not a phone number' in answer.text
    assert 'aria-describedby="phone-hint phone-problem" aria-invalid="true"' in answer.text
    assert "12&#34;&gt;&lt;script&gt;" in answer.text or "12&quot;&gt;&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "When?\nHow?</textarea>" in answer.text
    assert "selected>Glaze &amp; fire" in answer.text
    assert " checked" in answer.text
    assert key_in(answer.text) == key_in(html)
    assert customers(tenant) == []


def test_a_script_in_a_field_is_kept_as_text(visitor: TestClient, tenant: UUID, page: dict[str, Any]) -> None:
    script = "<script>alert(1)</script>"
    assert visitor.post(f"/f/{page['form_id']}", data=ASHA | {"name": script}).status_code == 303
    assert customers(tenant)[0].name == script


def test_machines_may_send_json(visitor: TestClient, tenant: UUID, page: dict[str, Any]) -> None:
    body = {"answers": ASHA | {"agree": True}, "utm": {"utm_source": "app"}, "key": "k1"}
    for _ in range(2):
        answer = visitor.post(f"/f/{page['form_id']}", json=body)
        assert (answer.status_code, answer.json()) == (200, {"success": True, "data": {"received": True}})
    with tenant_session(tenant) as session:
        assert session.scalars(select(FormSubmission)).one().utm == {"utm_source": "app"}
    wrong = visitor.post(f"/f/{page['form_id']}", json={"answers": {"name": "A"}})
    assert (wrong.status_code, list(wrong.json()["error"]["details"])) == (422, ["phone"])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"answers": 5}', "application/json"),
        (b"--x--", "multipart/form-data; boundary=x"),
        (b"&".join(b"a%d=1" % number for number in range(200)), "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused(
    visitor: TestClient, page: dict[str, Any], content: bytes, kind: str
) -> None:
    answer = visitor.post(f"/f/{page['form_id']}", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 422


def test_bytes_that_are_no_text_do_no_harm(visitor: TestClient, tenant: UUID, page: dict[str, Any]) -> None:
    content = b"name=%FF%00%ED%A0%80x&phone=9820012345&agree=%00yes"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert visitor.post(f"/f/{page['form_id']}", content=content, headers=kind).status_code == 303
    assert "\0" not in customers(tenant)[0].name


def test_ten_megabytes_are_refused(visitor: TestClient, page: dict[str, Any]) -> None:
    def streamed() -> Iterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    place = f"/f/{page['form_id']}"
    assert visitor.post(place, content=b"name=" + b"x" * 10_000_000, headers=kind).status_code == 413
    assert visitor.post(place, content=streamed(), headers=kind).status_code == 413


def test_a_machine_that_fills_the_trap_hears_thanks_and_leaves_nothing(
    visitor: TestClient, tenant: UUID, page: dict[str, Any]
) -> None:
    assert visitor.post(f"/f/{page['form_id']}", data=ASHA | {"website_url": "https://x"}).status_code == 303
    assert customers(tenant) == []


def test_too_many_submits_from_one_address_must_wait(visitor: TestClient, page: dict[str, Any]) -> None:
    statuses = [
        visitor.post(f"/f/{page['form_id']}", data=ASHA | {"question": str(number)}).status_code
        for number in range(22)
    ]
    assert statuses[0] == 303
    assert statuses[-1] == 429


def test_when_the_store_fails_nothing_typed_is_lost(
    visitor: TestClient, tenant: UUID, page: dict[str, Any]
) -> None:
    html = opened(visitor, page).text
    role = app_role(owner_url())
    place, sent = f"/f/{page['form_id']}", ASHA | {"_key": key_in(html)}
    with owner_engine().begin() as connection:
        connection.execute(text(f'REVOKE INSERT ON form_submissions FROM "{role}"'))
    failed = visitor.post(place, data=sent)
    with owner_engine().begin() as connection:
        connection.execute(text(f'GRANT INSERT ON form_submissions TO "{role}"'))
    assert failed.status_code == 503
    assert "send it again" in failed.text
    assert "When?\nHow?</textarea>" in failed.text
    assert customers(tenant) == []
    assert visitor.post(place, data=sent).status_code == 303
    assert len(customers(tenant)) == 1


def test_visitors_who_send_at_the_same_moment_are_each_heard(
    visitor: TestClient, tenant: UUID, page: dict[str, Any]
) -> None:
    forms = [ASHA | {"phone": f"98200 1234{number}"} for number in range(9)] + [{"name": "", "phone": "1"}]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda form: visitor.post(f"/f/{page['form_id']}", data=form), forms))
    assert [each.status_code for each in answers] == [303] * 9 + [422]
    assert len(customers(tenant)) == 9


@pytest.mark.parametrize("path", ["/p/nobody/x", "/p/%00/x", "/p/a/..%2f", "/p/A/B"])
def test_unknown_pages_are_not_found_kindly(visitor: TestClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404


def test_unknown_forms_and_pages_taken_down(api: TestClient, page: dict[str, Any]) -> None:
    assert api.post(f"/f/{new_id()}", data=ASHA).status_code == 404
    assert api.post(f"/f/{new_id()}", json={"answers": ASHA}).json()["error"]["code"] == "SAFAR_002"
    assert api.post("/f/nonsense", data=ASHA).status_code == 404
    assert api.post(f"{PATH}/{page['id']}/unpublish").status_code == 200
    assert opened(api, page).status_code == 404
    assert api.post(f"/f/{page['form_id']}", data=ASHA).status_code == 404


def test_the_studios_colour_address_and_language(api: TestClient, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        brand = {
            "brand": {"color": "#ffd400"},
            "mailing_address": "4 MG Road, Pune",
            "privacy_url": "javascript:x",
        }
        update_settings(session, tenant, brand, actor="system", now=now)
        name = get_tenant(session).name
    draft = {"slug": "hindi", "title": "कार्यशाला", "locale": "hi", "form": FORM}
    made = api.post(PATH, json=draft).json()["data"]
    html = opened(api, api.post(f"{PATH}/{made['id']}/publish").json()["data"]).text
    assert '<html lang="hi">' in html
    assert "--accent:#ffd400;--on-accent:#14130f" in html
    assert "4 MG Road, Pune" in html
    assert "javascript:" not in html
    assert name in html
    assert "भेजें</button>" in html


def test_rest_of_pages(api: TestClient, page: dict[str, Any]) -> None:
    assert [each["submissions"] for each in api.get(PATH).json()["data"]] == [0]
    changed = api.patch(f"{PATH}/{page['id']}", json={"title": "New", "slug": None})
    assert changed.json()["data"]["title"] == "New"
    assert "<h1>New</h1>" in opened(api, page).text
    assert api.post(PATH, json={"slug": "Bad Slug", "title": "x", "form": FORM}).status_code == 422
    wrong = api.post(PATH, json={"slug": "x", "title": "x", "form": {"fields": []}})
    assert (wrong.status_code, wrong.json()["error"]["details"]) == (422, {"field": "form.fields"})
    assert api.post(f"{PATH}/{page['id']}/explode").status_code == 422
    assert api.get(f"{PATH}/form-schema").json()["data"]["title"] == "FormSpec"
    assert api.delete(f"{PATH}/{page['id']}").status_code == 200
    assert api.get(f"{PATH}/{page['id']}").status_code == 404
