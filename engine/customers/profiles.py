"""Profiles: what a caller says of a person, read with care, and saved to the customer who is meant (C1)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import orjson
from babel import Locale
from email_validator import EmailNotValidError, validate_email
from psycopg import errors as pg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput, Unavailable
from engine.core.rowset import as_rows, rowset
from engine.customers import identity
from engine.customers.identity import MERGES, Assignment, Claim, Owner
from engine.customers.models import IdentityKind
from engine.customers.phones import read_phone as read_phone

LONGEST_ID = 255
LONGEST_TEXT = 500
LONGEST_TAG = 64
TRIES = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """What is said of a person. None leaves a field as it is; tags and interests are added, attributes merged.

    `user_id` is the tenant's own id, also `customers.external_id`; `phone` is E.164; `email` is in lower case.
    """

    user_id: str | None = None
    anonymous_id: str | None = None
    phone: str | None = None
    email: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birthday: date | None = None
    anniversary: date | None = None
    language: str | None = None
    city: str | None = None
    timezone: str | None = None
    category: str | None = None
    source: str | None = None
    tags: Sequence[str] = ()
    interests: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A value that was left out, and why."""

    field: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Saved:
    """The customer a profile was saved to."""

    customer_id: UUID
    is_new: bool


# -- reading


def read_profile(
    traits: Mapping[str, Any], *, country: str, user_id: str | None = None, anonymous_id: str | None = None
) -> tuple[Profile, list[FieldProblem]]:
    """Read traits as people and Segment name them (`firstName`, `first_name`, `First name`).

    A value that cannot be used is left out and reported, the rest is taken. Unknown traits become attributes.

    Args:
        country: ISO code; how phone numbers without a country code and dates like 05/03/1990 are read.
    """
    found: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for trait, value in traits.items():
        if value is None or value == "":
            continue
        name = FIELD_OF.get(trait) or FIELD_OF.get(_plain(trait))
        try:
            if name is None:
                attributes[trait.replace("\0", "")] = _read_anything(value)
            else:
                found.setdefault(name, READERS[name](value, country))
        except ValueError as error:
            problems.append(FieldProblem(trait, str(value)[:100], str(error)))
    address = traits.get("address")
    if isinstance(address, Mapping) and isinstance(address.get("city"), str) and "city" not in found:
        found["city"] = _read_text(address["city"], country)
    _complete_names(found)
    return Profile(
        user_id=user_id, anonymous_id=anonymous_id, attributes=attributes, **_without_empty(found)
    ), problems


def read_email(value: Any, country: str = "") -> str:
    """An e-mail address in lower case; the domain is not asked for.

    Raises:
        ValueError: it is not an address.
    """
    if not isinstance(value, str):
        raise ValueError("is not an e-mail address, e.g. asha@example.in")
    address = value.strip()
    plain = PLAIN_EMAIL.fullmatch(address)
    if plain and ".." not in address and _is_domain(plain["domain"]):
        return address.lower()
    try:
        return validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None


PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-](?:[A-Za-z0-9._+-]{0,61}[A-Za-z0-9_+-])?@(?P<domain>[A-Za-z0-9.-]{3,180})"
)
"""Addresses whose local part needs no further look, so that only the domain is validated, once for many."""


@lru_cache(maxsize=4096)
def _is_domain(domain: str) -> bool:
    try:
        validate_email(f"a@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _read_anything(value: Any) -> Any:
    """Any JSON value that PostgreSQL can keep: no NUL characters, no abyss of nesting, no endless integers."""
    try:
        document = orjson.dumps(value, default=str)
    except TypeError:
        raise ValueError("cannot be written as JSON") from None
    return without_nul(value) if b"\\u0000" in document else value


def without_nul(value: Any) -> Any:
    """The JSON value without NUL characters, which PostgreSQL keeps nowhere."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(each) for each in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(each) for name, each in value.items()}
    return value


def _read_text(value: Any, country: str) -> str:
    if isinstance(value, (dict, list, bool)):
        raise ValueError("must be text")
    words = str(value).replace("\0", "").strip()
    if len(words) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return words


DATE_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%B %d, %Y", "%b %d, %Y")


def _read_date(value: Any, country: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    words = str(value).strip()
    day = _parsed_date(words, MONTH_FIRST + DATE_FORMATS if country == "US" else DATE_FORMATS + MONTH_FIRST)
    if day is None or not 1900 <= day.year <= 2100:
        raise ValueError("is not a date; write it as year-month-day, e.g. 1990-03-05")
    return day


def _parsed_date(words: str, formats: Iterable[str]) -> date | None:
    try:
        return date.fromisoformat(words[:10])
    except ValueError:
        pass
    for form in formats:
        try:
            return datetime.strptime(words, form).date()  # noqa: DTZ007 - a calendar day has no time zone
        except ValueError:
            continue
    return None


LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")


@lru_cache
def _languages() -> dict[str, str]:
    names: Mapping[str, str] = Locale("en").languages
    return {name.lower(): code for code, name in names.items()}


def _read_language(value: Any, country: str) -> str:
    words = _read_text(value, country)
    by_name = _languages().get(words.lower())
    if by_name:
        return by_name
    if not LANGUAGE_TAG.fullmatch(words) or len(words) > 16:
        raise ValueError("is not a language; write its code or English name, e.g. hi or Hindi")
    language, *region = re.split("[-_]", words)
    return "-".join([language.lower(), *(part.upper() if len(part) == 2 else part for part in region)])


_TIMEZONES = frozenset(available_timezones())


def _read_timezone(value: Any, country: str) -> str:
    if not isinstance(value, str) or value not in _TIMEZONES:
        raise ValueError("is not a time zone; write it like Asia/Kolkata")
    return str(value)


def _read_words(value: Any, country: str) -> tuple[str, ...]:
    words = re.split("[,;|]", value) if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, (str, int)) for word in words):
        raise ValueError("must be a list of words, or words with commas between them")
    cleaned = dict.fromkeys(str(word).replace("\0", "").strip() for word in words)
    cleaned.pop("", None)
    if any(len(word) > LONGEST_TAG for word in cleaned):
        raise ValueError(f"has a word longer than {LONGEST_TAG} characters")
    return tuple(cleaned)


READERS: dict[str, Callable[[Any, str], Any]] = {
    "phone": read_phone,
    "email": read_email,
    "name": _read_text,
    "first_name": _read_text,
    "last_name": _read_text,
    "birthday": _read_date,
    "anniversary": _read_date,
    "language": _read_language,
    "city": _read_text,
    "timezone": _read_timezone,
    "category": _read_text,
    "source": _read_text,
    "tags": _read_words,
    "interests": _read_words,
}
"""How each field of a profile is read from `(value, country)`; a ValueError says what is wrong with it."""

OTHER_NAMES = {
    "phone": "mobile mobilenumber mobileno phonenumber phoneno contactnumber whatsapp whatsappnumber telephone",
    "email": "emailaddress mail emailid",
    "name": "fullname customername",
    "first_name": "givenname",
    "last_name": "surname familyname",
    "birthday": "birthdate dateofbirth dob",
    "anniversary": "anniversarydate weddinganniversary",
    "language": "locale preferredlanguage",
    "city": "town",
    "timezone": "tz",
    "tags": "tag labels",
    "interests": "interest",
    "source": "leadsource",
}


def _plain(trait: str) -> str:
    return re.sub(r"[^a-z0-9]", "", trait.lower())


FIELD_OF = {name: name for name in READERS} | {
    other: name for name in READERS for other in (_plain(name), *OTHER_NAMES.get(name, "").split())
}
"""The field of a profile that a trait means, by its name without case and punctuation."""


def _complete_names(found: dict[str, Any]) -> None:
    if "name" in found and not found.keys() & {"first_name", "last_name"}:
        found["first_name"], _, found["last_name"] = found["name"].partition(" ")
    elif "name" not in found and found.keys() >= {"first_name", "last_name"}:
        found["name"] = f"{found['first_name']} {found['last_name']}"
    elif "name" not in found and "first_name" in found:
        found["name"] = found["first_name"]


def _without_empty(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in ("", ())}


# -- saving


def claims_of(profile: Profile) -> tuple[Claim, ...]:
    """The values by which this person can be found, strongest first."""
    values = profile.user_id, profile.anonymous_id, profile.phone, profile.email
    return tuple(Claim(kind, value) for kind, value in zip(CLAIM_KINDS, values, strict=True) if value)


CLAIM_KINDS = tuple(
    kind.value
    for kind in (IdentityKind.USER_ID, IdentityKind.ANONYMOUS_ID, IdentityKind.PHONE, IdentityKind.EMAIL)
)


def save_profiles(
    session: Session, tenant_id: UUID, profiles: Sequence[Profile], *, source: str, now: datetime
) -> list[Saved]:
    """Save what is said of people to the customers who are meant; creates the unknown (C1).

    Later profiles in the list win over earlier ones. The statements are the same few whatever their number.
    When somebody else meets one of these people at the same moment, everything is decided anew from what they
    committed.

    Args:
        source: where new customers come from, unless the profile says so itself.

    Returns:
        One answer for each profile, in order.

    Raises:
        InvalidInput: an id is longer than 255 characters or has a NUL character.
        Unavailable: others kept claiming the same values; repeating later is safe.
    """
    if not profiles:
        return []
    people = [claims_of(profile) for profile in profiles]
    _check_lengths(people)
    asked = {claim for claims in people for claim in claims}
    for tried in range(TRIES):
        known = identity.look_up(session, tenant_id, asked, by_external_id=tried > 0)
        plan = _plan(profiles, people, known)
        if not plan.writes or _written(session, tenant_id, plan, source, now):
            return [Saved(owner.customer_id, owner.is_new) for owner in plan.assigned.owners]
    raise Unavailable("These customers are being changed by somebody else. Try again in a moment.")


def _check_lengths(people: Iterable[Sequence[Claim]]) -> None:
    for claims in people:
        for kind, value in claims:
            if len(value) > LONGEST_ID or "\0" in value:
                raise InvalidInput(
                    f"{kind}: must be at most {LONGEST_ID} characters, none of them NUL.",
                    details={"field": kind},
                )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Who everybody is, and what must be written because of it."""

    assigned: Assignment
    new: Mapping[Owner, Profile]
    changed: Mapping[Owner, Profile]

    @property
    def writes(self) -> bool:
        return bool(self.new or self.changed or self.assigned.claims or self.assigned.merges)


def _plan(
    profiles: Sequence[Profile], people: Sequence[Sequence[Claim]], known: Mapping[Claim, Owner]
) -> _Plan:
    assigned = identity.assign(people, known)
    folded = _fold(profiles, assigned.owners)
    promoted = {owner for claim, owner in assigned.claims if claim.kind == IdentityKind.USER_ID}
    new: dict[Owner, Profile] = {}
    changed: dict[Owner, Profile] = {}
    for owner, profile in folded.items():
        if owner.is_new:
            new[owner] = profile
        elif owner in promoted or _says(profile):
            changed[owner] = profile
    return _Plan(assigned, new, changed)


def _written(session: Session, tenant_id: UUID, plan: _Plan, source: str, now: datetime) -> bool:
    """Carry out a plan; False, with nothing written, when somebody else was faster with one of the values."""
    attempt = session.begin_nested()
    try:
        won = _create(session, tenant_id, plan.new, source, now) and identity.claim_values(
            session, tenant_id, plan.assigned.claims
        )
        if won:
            _change(session, plan.changed, now)
            _merge(session, tenant_id, plan.assigned.merges, now)
    except DBAPIError as error:
        attempt.rollback()
        if not isinstance(error.orig, (pg.UniqueViolation, pg.DeadlockDetected)):
            raise
        return False
    if won:
        attempt.commit()
    else:
        attempt.rollback()
    return won


def _fold(profiles: Sequence[Profile], owners: Sequence[Owner]) -> dict[Owner, Profile]:
    """What is said of each customer by all profiles together."""
    folded: dict[Owner, Profile] = {}
    for profile, owner in zip(profiles, owners, strict=True):
        earlier = folded.get(owner)
        folded[owner] = profile if earlier is None else _over(earlier, profile)
    return folded


SCALARS = tuple(
    each.name for each in fields(Profile) if each.name not in ("tags", "interests", "attributes", "user_id")
)
SAYING = attrgetter(*(name for name in SCALARS if name != "anonymous_id"), "tags", "interests", "attributes")


def _over(earlier: Profile, later: Profile) -> Profile:
    said = {name: value for name in SCALARS if (value := getattr(later, name)) is not None}
    return replace(
        earlier,
        **said,
        user_id=earlier.user_id or later.user_id,
        tags=tuple(dict.fromkeys([*earlier.tags, *later.tags])),
        interests=tuple(dict.fromkeys([*earlier.interests, *later.interests])),
        attributes={**earlier.attributes, **later.attributes},
    )


_COLUMNS = {
    "id": "uuid",
    "external_id": "text",
    "name": "text",
    "first_name": "text",
    "last_name": "text",
    "phone": "text",
    "email": "text",
    "birthday": "date",
    "anniversary": "date",
    "language": "text",
    "city": "text",
    "timezone": "text",
    "category": "text",
    "source": "text",
    "tags": "text[]",
    "interests": "text[]",
    "attributes": "jsonb",
}
"""What is written of a profile."""

CREATE = text(f"""
    INSERT INTO customers (tenant_id, created_at, updated_at, {", ".join(_COLUMNS)})
    SELECT :tenant, :now, :now, id, external_id, coalesce(name, ''), coalesce(first_name, ''),
        coalesce(last_name, ''), phone, email, birthday, anniversary, language, city, timezone, category, source,
        tags, interests, attributes
    FROM {rowset(_COLUMNS)}
    ON CONFLICT DO NOTHING
""")

LOCK = text("SELECT id FROM customers WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")

_SET = {
    "external_id": "coalesce(customer.external_id, rows.external_id)",
    **{
        name: f"coalesce(rows.{name}, customer.{name})"
        for name in _COLUMNS
        if name not in ("id", "external_id", "tags", "interests", "attributes")
    },
    "tags": "customer.tags || ARRAY(SELECT unnest(rows.tags) EXCEPT SELECT unnest(customer.tags))",
    "interests": (
        "customer.interests || ARRAY(SELECT unnest(rows.interests) EXCEPT SELECT unnest(customer.interests))"
    ),
    "attributes": "customer.attributes || rows.attributes",
}

CHANGE = text(f"""
    UPDATE customers customer SET updated_at = :now, {", ".join(f"{name} = {value}" for name, value in _SET.items())}
    FROM {rowset(_COLUMNS)}
    WHERE customer.id = rows.id AND ({", ".join(f"customer.{name}" for name in _SET)})
        IS DISTINCT FROM ({", ".join(_SET.values())})
""")
"""A profile that says nothing new writes nothing: browsers identify on every page."""


_TEXTS = ("name", "first_name", "last_name")

_FILL = {
    **{name: f"coalesce(nullif(customer.{name}, ''), source.{name})" for name in _TEXTS},
    **{
        name: f"coalesce(customer.{name}, source.{name})"
        for name in ("birthday", "anniversary", "language", "city", "timezone", "category")
    },
    **{
        name: f"customer.{name} || ARRAY(SELECT unnest(source.{name}) EXCEPT SELECT unnest(customer.{name}))"
        for name in ("tags", "interests")
    },
    "attributes": "source.attributes || customer.attributes",
}

FILL = text(f"""
    UPDATE customers customer SET updated_at = :now, {", ".join(f"{name} = {value}" for name, value in _FILL.items())}
    FROM {rowset(MERGES)}, customers source
    WHERE source.id = rows.source AND customer.id = rows.target
""")
"""What an anonymous visitor said fills the gaps of the customer it turned out to be."""


def _create(
    session: Session, tenant_id: UUID, new: Mapping[Owner, Profile], source: str, now: datetime
) -> bool:
    if not new:
        return True
    rows = [
        _row(owner, profile, source)
        for owner, profile in sorted(new.items(), key=lambda each: each[1].user_id or "")
    ]
    result = session.execute(CREATE, {"tenant": tenant_id, "now": now, "rows": as_rows(_COLUMNS, rows)})
    return result.rowcount == len(rows)  # type: ignore[attr-defined, no-any-return]


def _change(session: Session, changes: Mapping[Owner, Profile], now: datetime) -> None:
    """Customers are locked in order of their ids, so that two calls about the same people do not cross."""
    if not changes:
        return
    ids = sorted(owner.customer_id for owner in changes)
    if len(ids) > 1:
        session.execute(LOCK, {"ids": ids})
    rows = [_row(owner, profile, None) for owner, profile in changes.items()]
    session.execute(CHANGE, {"now": now, "rows": as_rows(_COLUMNS, rows)})


def _merge(session: Session, tenant_id: UUID, merges: Mapping[UUID, UUID], now: datetime) -> None:
    if merges:
        identity.merge(session, tenant_id, merges, now=now)
        session.execute(FILL, {"now": now, "rows": as_rows(MERGES, sorted(merges.items()))})


def _says(profile: Profile) -> bool:
    """Whether there is anything beside the ids."""
    return any(SAYING(profile))


def _row(owner: Owner, profile: Profile, source: str | None) -> tuple[Any, ...]:
    return (
        owner.customer_id,
        profile.user_id,
        profile.name,
        profile.first_name,
        profile.last_name,
        profile.phone,
        profile.email,
        profile.birthday,
        profile.anniversary,
        profile.language,
        profile.city,
        profile.timezone,
        profile.category,
        profile.source or source,
        profile.tags,
        profile.interests,
        profile.attributes,
    )
