"""What a submitted form does: a customer, consents with their proof, an inquiry, an event; once for each key (L2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.identity import look_up
from engine.customers.models import ConsentState, Customer, Inquiry, Purpose
from engine.customers.profiles import Profile, claims_of, read_profile, save_profiles
from engine.events.record import NewEvent, record
from engine.landing.form import Answers, FieldKind, FormField, read_answers
from engine.landing.models import FormSubmission
from engine.landing.pages import PublicPage, find_form

SUBMITTED_EVENT = "form.submitted"
SOURCE = "form"
ADDRESS_OF = {"whatsapp": FieldKind.PHONE, "sms": FieldKind.PHONE, "email": FieldKind.EMAIL}
"""The kind of field that holds the address a consent is about."""

PERSONAL = (FieldKind.NAME, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.CONSENT)
"""Kinds that stay out of the event: what they say stands in the customer's profile and consents."""

ONCE_KNOWN = (
    *("phone", "email", "name", "first_name", "last_name", "birthday", "anniversary"),
    *("language", "city", "timezone", "category", "source"),
)
"""Fields of a customer that a form fills but never overwrites: anyone can type somebody else's phone number."""


class InvalidAnswers(InvalidInput):
    """Answers that cannot be taken; `details` holds `{field: what is wrong}` in the page's language."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a submit came from: the proof of its consents, and its campaign."""

    ip: str | None = None
    user_agent: str | None = None
    page_url: str | None = None
    utm: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """Whose submit this was; a repeat changed nothing."""

    customer_id: UUID
    is_repeat: bool


def submission_key(form_id: UUID, token: str, answers: Mapping[str, str]) -> UUID:
    """The idempotency key of a submit: a double click gives the same one.

    The token stands in the page, which caches may show to several visitors; so the answers are part of the key.
    """
    return key_of(SUBMITTED_EVENT, form_id, token, *(f"{name}={answers[name]}" for name in sorted(answers)))


def submit(
    tenant_id: UUID,
    form_id: UUID,
    answers: Mapping[str, str],
    *,
    key: UUID,
    ip: str | None = None,
    user_agent: str | None = None,
    page_url: str | None = None,
    utm: Mapping[str, str] | None = None,
    now: datetime,
) -> Submitted:
    """Take a visitor's answers, all in one transaction; the same key is taken once.

    A customer who is known is completed, never overwritten. Consents are those ticked, for whose channel an
    address was given, with wording, page, IP address and browser as proof (C3).

    Raises:
        NotFound: the form does not exist, or its page is not published.
        InvalidAnswers: `details` says by field what is wrong.
    """
    visit = Visit(ip, user_agent, page_url, utm)
    with tenant_session(tenant_id) as session:
        page = find_form(session, form_id)
        if page is None:
            raise NotFound("This form is not open any more.")
        known = _earlier(session, form_id, key)
        if known:
            return Submitted(known, is_repeat=True)
        read = read_answers(page.form, answers, country=page.country, locale=page.locale)
        if read.problems:
            field, message = next(iter(read.problems.items()))
            raise InvalidAnswers(f"{field}: {message}", details=dict(read.problems))
        customer_id = _save_customer(session, page, read, now)
        if not _keep(session, page, key, customer_id, read, visit, now):
            return Submitted(_earlier(session, form_id, key) or customer_id, is_repeat=True)
        _consent(session, page, customer_id, read, visit, now)
        _inquire(session, page, customer_id, read, now)
        _record(session, page, customer_id, read, visit, key, now)
    return Submitted(customer_id, is_repeat=False)


def _earlier(session: Session, form_id: UUID, key: UUID) -> UUID | None:
    return session.scalar(
        select(FormSubmission.customer_id).where(FormSubmission.form_id == form_id, FormSubmission.key == key)
    )


def _save_customer(session: Session, page: PublicPage, read: Answers, now: datetime) -> UUID:
    profile = _profile(page, read)
    claims = claims_of(profile)
    owners = look_up(session, page.tenant_id, claims)
    known = next((owners[claim].customer_id for claim in claims if claim in owners), None)
    if known:
        own = {claim.kind for claim in claims if claim in owners and owners[claim].customer_id == known}
        taken = {claim.kind for claim in claims if claim in owners} - own
        profile = _completing(session.get_one(Customer, known), profile, own=own, taken=taken)
    (saved,) = save_profiles(session, page.tenant_id, [profile], source=SOURCE, now=now)
    return saved.customer_id


def _profile(page: PublicPage, read: Answers) -> Profile:
    by_kind = {FieldKind.NAME: "name", FieldKind.PHONE: "phone", FieldKind.EMAIL: "email"}
    traits = {
        by_kind.get(each.kind, each.key): read.values[each.key]
        for each in page.form.fields
        if each.key in read.values and each.kind not in (FieldKind.CONSENT, FieldKind.MESSAGE)
    }
    profile, _ = read_profile(traits, country=page.country)
    return replace(profile, language=profile.language or page.locale, tags=(*profile.tags, *page.form.tags))


def _completing(customer: Customer, profile: Profile, *, own: set[str], taken: set[str]) -> Profile:
    """The profile with only what is not known of the customer yet.

    Args:
        own: kinds of address by which the customer was found; they stay, to say who is meant.
        taken: kinds of address that belong to somebody else.
    """
    known = {name for name in ONCE_KNOWN if getattr(customer, name)}
    dropped: dict[str, Any] = dict.fromkeys((known - own) | taken)
    new = {name: value for name, value in profile.attributes.items() if name not in customer.attributes}
    return replace(profile, attributes=new, **dropped)


def _keep(
    session: Session,
    page: PublicPage,
    key: UUID,
    customer_id: UUID,
    read: Answers,
    visit: Visit,
    now: datetime,
) -> bool:
    """Keep the submit whole; False when the same one came in through another door at the same moment."""
    row = {
        "id": new_id(),
        "tenant_id": page.tenant_id,
        "form_id": page.form_id,
        "key": key,
        "customer_id": customer_id,
        "answers": dict(read.values),
        "ip": visit.ip,
        "user_agent": visit.user_agent,
        "at": now,
        "utm": dict(visit.utm or {}),
    }
    statement = insert(FormSubmission).values(row).on_conflict_do_nothing().returning(FormSubmission.id)
    return session.scalar(statement) is not None


def _consent(
    session: Session, page: PublicPage, customer_id: UUID, read: Answers, visit: Visit, now: datetime
) -> None:
    wishes = [
        ConsentWish(
            customer_id,
            each.channel or "",
            Purpose.MARKETING,
            ConsentState.GRANTED,
            f"{SOURCE}:{page.slug}",
            ip=visit.ip,
            user_agent=visit.user_agent,
            page_url=visit.page_url,
            wording=each.label,
            evidence={"form_id": str(page.form_id), "field": each.key, "utm": dict(visit.utm or {})},
        )
        for each in read.ticked
        if _address_given(page, read, each)
    ]
    change_consents(session, page.tenant_id, wishes, actor="customer", now=now)


def _address_given(page: PublicPage, read: Answers, consent: FormField) -> bool:
    kind = ADDRESS_OF[consent.channel or ""]
    return any(each.key in read.values for each in page.form.of(kind))


def _inquire(session: Session, page: PublicPage, customer_id: UUID, read: Answers, now: datetime) -> None:
    message = next(
        (read.values[each.key] for each in page.form.of(FieldKind.MESSAGE) if each.key in read.values), ""
    )
    if not page.form.of(FieldKind.MESSAGE):
        return
    session.add(
        Inquiry(
            id=new_id(),
            tenant_id=page.tenant_id,
            customer_id=customer_id,
            subject=page.title,
            message=message,
            source=f"{SOURCE}:{page.slug}",
            created_at=now,
            updated_at=now,
        )
    )


def _record(
    session: Session,
    page: PublicPage,
    customer_id: UUID,
    read: Answers,
    visit: Visit,
    key: UUID,
    now: datetime,
) -> None:
    told = {
        each.key: read.values[each.key]
        for each in page.form.fields
        if each.key in read.values and each.kind not in PERSONAL
    }
    consents = [each.channel for each in read.ticked if _address_given(page, read, each)]
    about = {"form_id": str(page.form_id), "page": page.title, "slug": page.slug, "consents": consents}
    event = NewEvent(
        customer_id=customer_id,
        name=SUBMITTED_EVENT,
        kind="track",
        source=SOURCE,
        properties={**told, **about, "utm": dict(visit.utm or {})},
        context={
            "ip": visit.ip,
            "userAgent": visit.user_agent,
            "page": {"url": visit.page_url},
            "campaign": dict(visit.utm or {}),
        },
        occurred_at=now,
        key=key,
    )
    record(session, page.tenant_id, [event], now=now)
