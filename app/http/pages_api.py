"""REST of landing pages: `/api/v1/pages`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.settings import settings
from engine.core.tenants import get_tenant
from engine.journeys.usage import journeys_naming
from engine.landing import pages
from engine.landing.form import FormSpec
from engine.landing.models import LandingPage

router = APIRouter(prefix="/api/v1/pages", tags=["pages"])
Caller = Annotated[KeyRef, Depends(api_caller)]

MOVES = {"publish": pages.publish_page, "unpublish": pages.unpublish_page}


@router.get("/form-schema")
def form_schema(caller: Caller) -> dict[str, Any]:
    """JSON Schema of a form."""
    return succeeded(FormSpec.model_json_schema())


@router.get("")
def index(caller: Caller, search: str = "") -> dict[str, Any]:
    """All pages, the newest first, with how many visitors sent their forms."""
    with tenant_session(caller.tenant_id) as session:
        slug = get_tenant(session).slug
        return succeeded(
            [
                _shown(each.page, slug) | {"submissions": each.submissions}
                for each in pages.list_pages(session, search=search)
            ]
        )


@router.post("", status_code=201)
def create(caller: Caller, body: pages.PageDraft) -> dict[str, Any]:
    """Make a page, not yet published."""
    with tenant_session(caller.tenant_id) as session:
        return _one(session, pages.create_page(session, caller.tenant_id, body, now=utc_now()))


@router.get("/{page_id}")
def show(caller: Caller, page_id: UUID) -> dict[str, Any]:
    """One page."""
    with tenant_session(caller.tenant_id) as session:
        return _one(session, pages.get_page(session, page_id))


@router.patch("/{page_id}")
def change(caller: Caller, page_id: UUID, body: pages.PageChange) -> dict[str, Any]:
    """Change a page; visitors see it within seconds."""
    with tenant_session(caller.tenant_id) as session:
        return _one(session, pages.update_page(session, page_id, body, now=utc_now()))


@router.post("/{page_id}/{verb}")
def move(caller: Caller, page_id: UUID, verb: Literal["publish", "unpublish"]) -> dict[str, Any]:
    """Let visitors see a page, or take it down."""
    with tenant_session(caller.tenant_id) as session:
        return _one(session, MOVES[verb](session, page_id, now=utc_now()))


@router.delete("/{page_id}")
def delete(caller: Caller, page_id: UUID) -> dict[str, Any]:
    """Delete a page whose form no journey uses."""
    with tenant_session(caller.tenant_id) as session:
        page = pages.get_page(session, page_id)
        pages.delete_page(session, page_id, used_by=journeys_naming(session, page.form_id))
    return succeeded({"id": page_id})


def _one(session: Session, page: LandingPage) -> dict[str, Any]:
    return succeeded(_shown(page, get_tenant(session).slug))


def _shown(page: LandingPage, tenant_slug: str) -> dict[str, Any]:
    return {
        "id": page.id,
        "slug": page.slug,
        "title": page.title,
        "intro": page.intro,
        "locale": page.locale,
        "form_id": page.form_id,
        "form": page.form,
        "published_at": page.published_at,
        "url": f"{settings().public_url}/p/{tenant_slug}/{page.slug}",
        "updated_at": page.updated_at,
    }
