"""Landing pages as staff keep them, and as visitors ask for them (L1)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.core.errors import Conflict, NotFound
from engine.core.ids import new_id
from engine.core.models import Tenant, TenantSettings
from engine.landing.form import FormSpec, read_form
from engine.landing.models import FormSubmission, LandingPage

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?$")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]


class PageDraft(BaseModel):
    """A page to be made; `form` is a `FormSpec`."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    title: Title
    intro: str = Field("", max_length=5000)
    locale: Locale = "en"
    form: dict[str, Any]


class PageChange(BaseModel):
    """What may be changed; a field left out stays as it is. A published page shows it within seconds."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug | None = None
    title: Title | None = None
    intro: str | None = Field(None, max_length=5000)
    locale: Locale | None = None
    form: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A published page with what it shows of its tenant; free of the store, so that it may be kept in memory."""

    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    country: str
    form_id: UUID
    slug: str
    title: str
    intro: str
    locale: str
    form: FormSpec
    brand: Mapping[str, Any]
    mailing_address: str
    privacy_url: str


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page in the list, with how many visitors sent its form."""

    page: LandingPage
    submissions: int


def create_page(session: Session, tenant_id: UUID, draft: PageDraft, *, now: datetime) -> LandingPage:
    """Make a page, not yet published.

    Raises:
        InvalidInput: the form cannot be used, e.g. asks for neither a phone number nor an e-mail address.
        Conflict: the address is taken.
    """
    form = read_form(draft.form)
    _check_slug(session, draft.slug)
    page = LandingPage(
        id=new_id(),
        tenant_id=tenant_id,
        slug=draft.slug,
        title=draft.title,
        intro=draft.intro,
        locale=draft.locale,
        template="lead",
        form_id=new_id(),
        form=form.model_dump(mode="json"),
        created_at=now,
        updated_at=now,
    )
    session.add(page)
    session.flush()
    return page


def update_page(session: Session, page_id: UUID, change: PageChange, *, now: datetime) -> LandingPage:
    """Change a page; its form keeps its id.

    Raises:
        NotFound: there is no such page.
        InvalidInput, Conflict: as `create_page`.
    """
    page = get_page(session, page_id)
    wanted = change.model_dump(exclude_none=True)
    if wanted.get("slug", page.slug) != page.slug:
        _check_slug(session, wanted["slug"])
    if "form" in wanted:
        wanted["form"] = read_form(wanted["form"]).model_dump(mode="json")
    for name, value in wanted.items():
        setattr(page, name, value)
    page.updated_at = now
    session.flush()
    return page


def publish_page(session: Session, page_id: UUID, *, now: datetime) -> LandingPage:
    """Let visitors see a page; once published, the first moment is kept.

    Raises:
        NotFound: there is no such page.
    """
    page = get_page(session, page_id)
    page.published_at = page.published_at or now
    page.updated_at = now
    session.flush()
    return page


def unpublish_page(session: Session, page_id: UUID, *, now: datetime) -> LandingPage:
    """Take a page down; what was submitted stays.

    Raises:
        NotFound: there is no such page.
    """
    page = get_page(session, page_id)
    page.published_at = None
    page.updated_at = now
    session.flush()
    return page


def delete_page(session: Session, page_id: UUID, *, used_by: Sequence[str] = ()) -> None:
    """Delete a page with the record of its submissions; the customers and their consents stay.

    Args:
        used_by: names of what the rooms above found to use its form, e.g. journeys.

    Raises:
        NotFound: there is no such page.
        Conflict: something uses its form.
    """
    page = get_page(session, page_id)
    if used_by:
        raise Conflict(
            f"“{page.title}” is used by {', '.join(used_by)}. Take it out there first.",
            details={"used_by": list(used_by)},
        )
    session.delete(page)
    session.flush()


def get_page(session: Session, page_id: UUID) -> LandingPage:
    """One page.

    Raises:
        NotFound: there is no such page.
    """
    found = session.get(LandingPage, page_id)
    if found is None:
        raise NotFound("This page does not exist. Open the list of pages to choose one.")
    return found


def list_pages(session: Session, *, search: str = "") -> list[ListedPage]:
    """Pages, the newest first, with the number of their submissions."""
    counted = (
        select(FormSubmission.form_id, func.count().label("submissions"))
        .group_by(FormSubmission.form_id)
        .subquery()
    )
    rows = session.execute(
        select(LandingPage, func.coalesce(counted.c.submissions, 0))
        .outerjoin(counted, counted.c.form_id == LandingPage.form_id)
        .where(LandingPage.title.icontains(search, autoescape=True))
        .order_by(LandingPage.created_at.desc(), LandingPage.id)
    )
    return [ListedPage(page, submissions) for page, submissions in rows]


def find_page(session: Session, slug: str) -> PublicPage | None:
    """The published page at this address."""
    return next(iter(_public(session, LandingPage.slug == slug)), None)


def find_forms(session: Session, form_ids: Collection[UUID]) -> dict[UUID, PublicPage]:
    """The published pages that bear these forms; forms that are not open are left out."""
    return {page.form_id: page for page in _public(session, LandingPage.form_id.in_(form_ids))}


_SHOWN = (
    Tenant.id.label("tenant_id"),
    Tenant.slug.label("tenant_slug"),
    Tenant.name.label("tenant_name"),
    Tenant.country,
    LandingPage.form_id,
    LandingPage.slug,
    LandingPage.title,
    LandingPage.intro,
    LandingPage.locale,
    LandingPage.form,
    TenantSettings.brand,
    TenantSettings.mailing_address,
    TenantSettings.privacy_url,
)


def _public(session: Session, wanted: ColumnElement[bool]) -> list[PublicPage]:
    rows = session.execute(
        select(*_SHOWN)
        .select_from(LandingPage)
        .join(Tenant, Tenant.id == LandingPage.tenant_id)
        .join(TenantSettings, TenantSettings.tenant_id == LandingPage.tenant_id)
        .where(wanted, LandingPage.published_at.is_not(None))
    ).mappings()
    return [PublicPage(**{**row, "form": FormSpec.model_validate(row["form"])}) for row in rows]


def _check_slug(session: Session, slug: str) -> None:
    if session.scalar(select(LandingPage.id).where(LandingPage.slug == slug)):
        raise Conflict(
            f"slug: there is a page at “{slug}” already. Choose another address.", details={"field": "slug"}
        )
