"""What submitted forms do: customers, consents with their proof, inquiries, events; once for each key (L2).

Submits are taken as a set: however many visitors press the button at once, the statements are the same few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.bulk import as_json, insert_many
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound, SafarError
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.identity import Claim, Owner, look_up
from engine.customers.models import ConsentState, Customer, Purpose
from engine.customers.profiles import Profile, claims_of, read_profile, save_profiles
from engine.events.record import NewEvent, record
from engine.landing.form import Answers, FieldKind, FormField, read_answers
from engine.landing.models import FormSubmission
from engine.landing.pages import PublicPage, find_forms

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
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a visitor sent; the same `key` is taken once."""

    form_id: UUID
    answers: Mapping[str, str]
    key: UUID
    visit: Visit


@dataclass(frozen=True, slots=True)
class Submitted:
    """Whose submit this was; a repeat changed nothing."""

    customer_id: UUID
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """A submission whose answers can be taken."""

    key: UUID
    visit: Visit
    page: PublicPage
    answers: Answers

    @property
    def subject(self) -> tuple[UUID, UUID]:
        """What makes a submit the same: form and key."""
        return self.page.form_id, self.key


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
    """Take one visitor's answers.

    Raises:
        NotFound: the form does not exist, or its page is not published.
        InvalidAnswers: `details` says by field what is wrong.
    """
    visit = Visit(ip, user_agent, page_url, utm or {})
    (result,) = submit_many(tenant_id, [Submission(form_id, answers, key, visit)], now=now)
    if isinstance(result, SafarError):
        raise result
    return result


def submit_many(
    tenant_id: UUID, submissions: Sequence[Submission], *, now: datetime
) -> list[Submitted | SafarError]:
    """Take what visitors sent, in one transaction; the same key is taken once.

    A customer who is known is completed, never overwritten. Consents are those ticked, for whose channel an
    address was given, with wording, page, IP address and browser as proof (C3).

    Returns:
        For each submission, in order, whose it was, or the error that `submit` would raise.
    """
    with tenant_session(tenant_id) as session:
        pages = find_forms(session, {each.form_id for each in submissions})
        read = [_read(each, pages.get(each.form_id)) for each in submissions]
        takeable = [each for each in read if isinstance(each, _Read)]
        owners = _earlier(session, takeable)
        new = list({each.subject: each for each in takeable if each.subject not in owners}.values())
        customers = _save_customers(session, tenant_id, new, now)
        kept = _keep(session, tenant_id, customers, now)
        if len(kept) < len(new):
            owners |= _earlier(session, [each for each in new if each.subject not in kept])
        fresh = [(each, customer_id) for each, customer_id in customers if each.subject in kept]
        _consent(session, tenant_id, fresh, now)
        _inquire(session, tenant_id, fresh, now)
        _record(session, tenant_id, fresh, now)
    results: list[Submitted | SafarError] = []
    firsts = {each.subject: customer_id for each, customer_id in fresh}
    for each in read:
        if isinstance(each, SafarError):
            results.append(each)
            continue
        first = firsts.pop(each.subject, None)
        owners |= {each.subject: first} if first else {}
        results.append(Submitted(owners[each.subject], is_repeat=first is None))
    return results


def _read(submission: Submission, page: PublicPage | None) -> _Read | SafarError:
    if page is None:
        return NotFound("This form is not open any more.")
    answers = read_answers(page.form, submission.answers, country=page.country, locale=page.locale)
    if answers.problems:
        name, message = next(iter(answers.problems.items()))
        return InvalidAnswers(f"{name}: {message}", details=dict(answers.problems))
    return _Read(submission.key, submission.visit, page, answers)


def _earlier(session: Session, read: Sequence[_Read]) -> dict[tuple[UUID, UUID], UUID]:
    """The customers of submits that were taken before."""
    if not read:
        return {}
    rows = session.execute(
        select(FormSubmission.form_id, FormSubmission.key, FormSubmission.customer_id).where(
            FormSubmission.form_id.in_({each.page.form_id for each in read}),
            FormSubmission.key.in_({each.key for each in read}),
        )
    )
    return {(row.form_id, row.key): row.customer_id for row in rows}


def _save_customers(
    session: Session, tenant_id: UUID, read: Sequence[_Read], now: datetime
) -> list[tuple[_Read, UUID]]:
    profiles = [_profile(each.page, each.answers) for each in read]
    owners = (
        look_up(session, tenant_id, {claim for each in profiles for claim in claims_of(each)}) if read else {}
    )
    ids = {owner.customer_id for owner in owners.values()}
    known: dict[UUID, Customer] = {}
    if ids:
        known = {each.id: each for each in session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    completed = [_completing(each, owners, known) for each in profiles]
    saved = save_profiles(session, tenant_id, completed, source=SOURCE, now=now)
    return [(each, one.customer_id) for each, one in zip(read, saved, strict=True)]


def _profile(page: PublicPage, read: Answers) -> Profile:
    by_kind = {FieldKind.NAME: "name", FieldKind.PHONE: "phone", FieldKind.EMAIL: "email"}
    traits = {
        by_kind.get(each.kind, each.key): read.values[each.key]
        for each in page.form.fields
        if each.key in read.values and each.kind not in (FieldKind.CONSENT, FieldKind.MESSAGE)
    }
    profile, _ = read_profile(traits, country=page.country)
    return replace(profile, language=profile.language or page.locale, tags=(*profile.tags, *page.form.tags))


def _completing(profile: Profile, owners: Mapping[Claim, Owner], known: Mapping[UUID, Customer]) -> Profile:
    """The profile with only what is not known of the customer yet.

    Addresses by which the customer was found stay, to say who is meant; those of somebody else are dropped.
    """
    found = {claim.kind: owners[claim].customer_id for claim in claims_of(profile) if claim in owners}
    customer = known.get(next(iter(found.values()))) if found else None
    if customer is None:
        return profile
    own = {kind for kind, customer_id in found.items() if customer_id == customer.id}
    filled = {name for name in ONCE_KNOWN if getattr(customer, name)}
    dropped: dict[str, Any] = dict.fromkeys((filled - own) | (found.keys() - own))
    new = {name: value for name, value in profile.attributes.items() if name not in customer.attributes}
    return replace(profile, attributes=new, **dropped)


_SUBMISSION = {
    "id": "uuid",
    "tenant_id": "uuid",
    "form_id": "uuid",
    "key": "uuid",
    "customer_id": "uuid",
    "answers": "jsonb",
    "ip": "inet",
    "user_agent": "text",
    "at": "timestamptz",
    "utm": "jsonb",
}


def _keep(
    session: Session, tenant_id: UUID, customers: Sequence[tuple[_Read, UUID]], now: datetime
) -> set[tuple[UUID, UUID]]:
    """Keep the submits whole; those that came in through another door at the same moment are left out.

    Written in order of their keys, so that two doors which share some wait for each other in turn.
    """
    rows = [
        (
            new_id(),
            tenant_id,
            *each.subject,
            customer_id,
            as_json(each.answers.values),
            each.visit.ip,
            each.visit.user_agent,
            now,
            as_json(each.visit.utm),
        )
        for each, customer_id in sorted(customers, key=lambda pair: pair[0].subject)
    ]
    then = "ON CONFLICT (form_id, key) DO NOTHING RETURNING form_id, key"
    written = insert_many(session, "form_submissions", _SUBMISSION, rows, then=then)
    return {(row.form_id, row.key) for row in written} if written else set()


def _consent(session: Session, tenant_id: UUID, fresh: Sequence[tuple[_Read, UUID]], now: datetime) -> None:
    wishes = [
        ConsentWish(
            customer_id,
            asked.channel or "",
            Purpose.MARKETING,
            ConsentState.GRANTED,
            f"{SOURCE}:{each.page.slug}",
            ip=each.visit.ip,
            user_agent=each.visit.user_agent,
            page_url=each.visit.page_url,
            wording=asked.label,
            evidence={
                "form_id": str(each.page.form_id),
                "field": asked.key,
                "key": str(each.key),
                "utm": dict(each.visit.utm),
            },
        )
        for each, customer_id in fresh
        for asked in _consented(each)
    ]
    change_consents(session, tenant_id, wishes, actor="customer", now=now)


def _consented(read: _Read) -> list[FormField]:
    """The consents ticked, as far as an address for their channel was given."""
    return [
        asked
        for asked in read.answers.ticked
        if any(each.key in read.answers.values for each in read.page.form.of(ADDRESS_OF[asked.channel or ""]))
    ]


_INQUIRY = {
    "id": "uuid",
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "subject": "text",
    "message": "text",
    "source": "text",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}


def _inquire(session: Session, tenant_id: UUID, fresh: Sequence[tuple[_Read, UUID]], now: datetime) -> None:
    """An inquiry for each submit of a form that has a field for a message, also when it was left empty."""
    rows = [
        (
            new_id(),
            tenant_id,
            customer_id,
            each.page.title,
            each.answers.values.get(asked.key, ""),
            f"{SOURCE}:{each.page.slug}",
            now,
            now,
        )
        for each, customer_id in fresh
        for asked in each.page.form.of(FieldKind.MESSAGE)
    ]
    insert_many(session, "inquiries", _INQUIRY, rows)


def _record(session: Session, tenant_id: UUID, fresh: Sequence[tuple[_Read, UUID]], now: datetime) -> None:
    events = [
        NewEvent(
            customer_id=customer_id,
            name=SUBMITTED_EVENT,
            kind="track",
            source=SOURCE,
            properties=_told(each),
            context={
                "ip": each.visit.ip,
                "userAgent": each.visit.user_agent,
                "page": {"url": each.visit.page_url},
                "campaign": dict(each.visit.utm),
            },
            occurred_at=now,
            key=each.key,
        )
        for each, customer_id in fresh
    ]
    record(session, tenant_id, events, now=now)


def _told(read: _Read) -> dict[str, Any]:
    """The event's properties: the answers that are not personal, by their keys, and the form they belong to."""
    told = {
        each.key: read.answers.values[each.key]
        for each in read.page.form.fields
        if each.key in read.answers.values and each.kind not in PERSONAL
    }
    return {
        **told,
        "form_id": str(read.page.form_id),
        "page": read.page.title,
        "slug": read.page.slug,
        "consents": [each.channel for each in _consented(read)],
        "utm": dict(read.visit.utm),
    }
