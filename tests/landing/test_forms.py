"""What a submitted form does in the store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.customers.consent import consents_of, opt_out
from engine.customers.models import ConsentChange, Customer, Inquiry
from engine.customers.profiles import Profile, save_profiles
from engine.landing.forms import (
    InvalidAnswers,
    Submission,
    Submitted,
    Visit,
    submission_key,
    submit,
    submit_many,
)
from engine.landing.models import FormSubmission
from engine.landing.pages import (
    PageChange,
    PageDraft,
    create_page,
    delete_page,
    list_pages,
    publish_page,
    unpublish_page,
    update_page,
)

WORDING = "Yes, write to me on WhatsApp about classes and offers."
FORM: dict[str, Any] = {
    "fields": [
        {"key": "name", "kind": "name", "label": "Name", "required": True},
        {"key": "phone", "kind": "phone", "label": "Phone", "required": True},
        {"key": "email", "kind": "email", "label": "E-mail"},
        {"key": "city", "kind": "text", "label": "City"},
        {"key": "course", "kind": "choice", "label": "Course", "options": ["Wheel", "Glaze"]},
        {"key": "question", "kind": "message", "label": "Question"},
        {"key": "agree", "kind": "consent", "label": WORDING, "channel": "whatsapp"},
        {"key": "agree_mail", "kind": "consent", "label": "And by e-mail.", "channel": "email"},
    ],
    "tags": ["workshop lead"],
}
ASHA = {
    "name": "Asha Rao",
    "phone": "98200 12345",
    "city": "Pune",
    "course": "Wheel",
    "question": "When?",
    "agree": "on",
}


@pytest.fixture
def form_id(tenant: UUID, now: datetime) -> UUID:
    with tenant_session(tenant) as session:
        draft = PageDraft(slug="workshop", title="Pottery workshop", form=FORM)
        page = create_page(session, tenant, draft, now=now)
        return publish_page(session, page.id, now=now).form_id


def sent(
    tenant: UUID, form_id: UUID, now: datetime, answers: dict[str, str], key: UUID | None = None
) -> Submitted:
    return submit(
        tenant,
        form_id,
        answers,
        key=key or new_id(),
        ip="203.0.113.7",
        user_agent="Firefox",
        page_url="https://studio.example/p/s/workshop",
        utm={"utm_source": "instagram"},
        now=now,
    )


def events(tenant: UUID) -> list[Any]:
    with tenant_session(tenant) as session:
        return list(session.execute(text("SELECT name, properties, context, customer_id FROM events")))


def test_a_submit_makes_customer_consent_inquiry_and_event(
    tenant: UUID, form_id: UUID, now: datetime
) -> None:
    done = sent(tenant, form_id, now, ASHA)
    assert not done.is_repeat
    with tenant_session(tenant) as session:
        customer = session.get_one(Customer, done.customer_id)
        assert (customer.name, customer.first_name, customer.phone) == ("Asha Rao", "Asha", "+919820012345")
        assert (customer.city, customer.source, customer.language) == ("Pune", "form", "en")
        assert (customer.tags, customer.attributes) == (["workshop lead"], {"course": "Wheel"})
        inquiry = session.scalars(select(Inquiry)).one()
        assert (inquiry.message, inquiry.subject, inquiry.status) == ("When?", "Pottery workshop", "pending")
        kept = session.scalars(select(FormSubmission)).one()
        assert (kept.answers["city"], kept.utm) == ("Pune", {"utm_source": "instagram"})
    (event,) = events(tenant)
    assert event.name == "form.submitted"
    assert event.properties["form_id"] == str(form_id)
    assert event.properties["course"] == "Wheel"
    assert event.properties["consents"] == ["whatsapp"]
    assert "phone" not in event.properties
    assert event.context["campaign"] == {"utm_source": "instagram"}


def test_consent_bears_its_proof(tenant: UUID, form_id: UUID, now: datetime) -> None:
    done = sent(tenant, form_id, now, ASHA)
    with tenant_session(tenant) as session:
        proof = session.scalars(
            select(ConsentChange).where(ConsentChange.customer_id == done.customer_id)
        ).one()
    assert (proof.channel, proof.state, proof.wording) == ("whatsapp", "granted", WORDING)
    assert (str(proof.ip), proof.user_agent) == ("203.0.113.7", "Firefox")
    assert proof.page_url == "https://studio.example/p/s/workshop"
    assert proof.source == "form:workshop"


def test_what_is_not_ticked_or_has_no_address_is_no_consent(
    tenant: UUID, form_id: UUID, now: datetime
) -> None:
    done = sent(tenant, form_id, now, {"name": "A", "phone": "98200 12345", "agree_mail": "on"})
    with tenant_session(tenant) as session:
        assert consents_of(session, done.customer_id) == []


def test_a_double_click_counts_once(tenant: UUID, form_id: UUID, now: datetime) -> None:
    key = new_id()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: sent(tenant, form_id, now, ASHA, key), range(4)))
    assert sorted(each.is_repeat for each in done) == [False, True, True, True]
    assert len({each.customer_id for each in done}) == 1
    assert len(events(tenant)) == 1
    with tenant_session(tenant) as session:
        assert session.scalar(select(func.count()).select_from(Inquiry)) == 1
        assert session.scalar(select(func.count()).select_from(FormSubmission)) == 1


def test_many_at_once_are_the_same_as_one_after_the_other(tenant: UUID, form_id: UUID, now: datetime) -> None:
    twice = new_id()
    answers = [ASHA, ASHA | {"phone": "98200 54321"}, {"phone": "1"}, ASHA, ASHA | {"name": "Asha R"}]
    keys = [twice, new_id(), new_id(), twice, new_id()]
    visit = Visit(ip="203.0.113.7")
    sent_at_once = [Submission(form_id, each, key, visit) for each, key in zip(answers, keys, strict=True)]
    unknown = Submission(new_id(), ASHA, new_id(), visit)
    first, second, wrong, again, same, closed = submit_many(tenant, [*sent_at_once, unknown], now=now)
    assert isinstance(wrong, InvalidAnswers)
    assert isinstance(closed, NotFound)
    assert isinstance(first, Submitted) and isinstance(second, Submitted) and isinstance(same, Submitted)
    assert again == Submitted(first.customer_id, is_repeat=True)
    assert same == Submitted(first.customer_id, is_repeat=False)
    assert second.customer_id != first.customer_id
    assert len(events(tenant)) == 3
    repeated = submit_many(tenant, sent_at_once[:2], now=now)
    assert repeated == [Submitted(each.customer_id, is_repeat=True) for each in (first, second)]


def test_the_key_depends_on_page_and_answers(form_id: UUID) -> None:
    key = submission_key(form_id, "t", ASHA)
    assert key == submission_key(form_id, "t", dict(reversed(ASHA.items())))
    assert key != submission_key(form_id, "t", ASHA | {"name": "B"})
    assert key != submission_key(form_id, "u", ASHA)


def test_a_known_customer_is_completed_and_not_overwritten(
    tenant: UUID, form_id: UUID, now: datetime
) -> None:
    known = Profile(phone="+919820012345", name="Asha R", first_name="Asha", email="asha@example.in")
    with tenant_session(tenant) as session:
        (saved,) = save_profiles(session, tenant, [known], source="test", now=now)
    done = sent(tenant, form_id, now, ASHA | {"name": "Mallory", "email": "mallory@example.com"})
    assert done.customer_id == saved.customer_id
    with tenant_session(tenant) as session:
        customer = session.get_one(Customer, done.customer_id)
        assert (customer.name, customer.email, customer.city) == ("Asha R", "asha@example.in", "Pune")
        other = Profile(email="mallory@example.com")
        (mallory,) = save_profiles(session, tenant, [other], source="test", now=now)
        assert mallory.customer_id != done.customer_id


def test_addresses_of_two_customers_stay_with_their_owners(
    tenant: UUID, form_id: UUID, now: datetime
) -> None:
    asha = Profile(phone="+919820012345", email="asha@example.in")
    ravi = Profile(phone="+919820099999", email="ravi@example.in")
    with tenant_session(tenant) as session:
        first, _ = save_profiles(session, tenant, [asha, ravi], source="test", now=now)
    done = sent(tenant, form_id, now, ASHA | {"email": "ravi@example.in"})
    assert done.customer_id == first.customer_id
    with tenant_session(tenant) as session:
        assert session.get_one(Customer, done.customer_id).email == "asha@example.in"
        assert session.scalar(select(func.count()).select_from(Customer)) == 2


def test_a_second_number_of_a_customer_finds_them(tenant: UUID, form_id: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        for phone in ("+919820012345", "+919820099999"):
            (saved,) = save_profiles(
                session, tenant, [Profile(user_id="c1", phone=phone)], source="test", now=now
            )
    assert sent(tenant, form_id, now, ASHA).customer_id == saved.customer_id


def test_ticking_again_lifts_an_earlier_opt_out(tenant: UUID, form_id: UUID, now: datetime) -> None:
    done = sent(tenant, form_id, now, ASHA)
    with tenant_session(tenant) as session:
        opt_out(
            session, tenant, done.customer_id, channel="whatsapp", source="reply", actor="customer", now=now
        )
    sent(tenant, form_id, now, ASHA)
    with tenant_session(tenant) as session:
        assert [each.state for each in consents_of(session, done.customer_id)] == ["granted"]


def test_wrong_answers_store_nothing(tenant: UUID, form_id: UUID, now: datetime) -> None:
    with pytest.raises(InvalidAnswers) as caught:
        sent(tenant, form_id, now, {"phone": "12"})
    assert caught.value.details.keys() == {"name", "phone"}
    assert events(tenant) == []


def test_a_form_that_is_not_open_is_not_found(tenant: UUID, form_id: UUID, now: datetime) -> None:
    with pytest.raises(NotFound):
        sent(tenant, new_id(), now, ASHA)
    with tenant_session(tenant) as session:
        unpublish_page(session, list_pages(session)[0].page.id, now=now)
    with pytest.raises(NotFound):
        sent(tenant, form_id, now, ASHA)


def test_pages_as_staff_keep_them(tenant: UUID, form_id: UUID, now: datetime) -> None:
    sent(tenant, form_id, now, ASHA)
    with tenant_session(tenant) as session:
        (listed,) = list_pages(session, search="pottery")
        assert listed.submissions == 1
        page = listed.page
        with pytest.raises(Conflict, match="slug"):
            create_page(session, tenant, PageDraft(slug="workshop", title="X", form=FORM), now=now)
        with pytest.raises(InvalidInput, match="form"):
            update_page(session, page.id, PageChange(form={"fields": []}), now=now)
        changed = update_page(session, page.id, PageChange(title="New", slug="workshop-2"), now=now)
        assert (changed.title, changed.form_id) == ("New", form_id)
        with pytest.raises(Conflict, match="journey"):
            delete_page(session, page.id, used_by=["journey “A”"])
        delete_page(session, page.id)
        assert list_pages(session) == []
