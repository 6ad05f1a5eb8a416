"""The HTTP application: every door that is not the browser UI, and how errors leave it."""

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.routing import Match

from app.http import (
    backtests,
    coupons,
    customers,
    dry_run,
    gift_cards,
    health,
    holdings,
    hooks,
    ingest,
    journeys,
    messages,
    pages,
    pages_api,
    public_links,
    publishing,
    segments,
    session,
    set_aside,
    spend,
    staff,
    templates,
)
from engine.core.errors import Code, InvalidInput, NotFound, SafarError, Unavailable
from engine.core.refusals import what_is_wrong

ROUTERS: list[APIRouter] = [
    pages.router,
    health.router,
    session.router,
    ingest.router,
    public_links.router,
    hooks.router,
    backtests.router,
    dry_run.router,
    publishing.router,  # before the moves of journeys, which take any verb
    journeys.router,
    set_aside.router,
    messages.router,
    spend.router,
    templates.router,
    segments.router,
    coupons.router,
    gift_cards.router,
    pages_api.router,
    holdings.router,
    customers.router,
    staff.router,
]
"""Every module of `app/http` that answers requests, in the order in which routes are matched."""

RESERVED = ("v1", "api", "p", "f", "w", "l", "o", "u", "hooks", "session", "healthz", "metrics")
"""First path segments that never belong to the browser UI: what no router answers there is an error in JSON."""

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

log = structlog.get_logger(__name__)


def create_api() -> FastAPI:
    """The FastAPI application with all routers and the one place where errors become answers."""
    api = FastAPI(
        title="Safar",
        description="Customers, events, journeys and messages of one tenant.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url="/api/v1/docs",
        redoc_url=None,
    )
    for router in ROUTERS:
        api.include_router(router)
    api.add_exception_handler(SafarError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(Exception, _answer_unexpected)
    _close_reserved_paths(api)
    return api


async def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SafarError)
    return JSONResponse(error.as_json(), status_code=error.status)


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [
        {
            "field": ".".join(str(part) for part in problem["loc"][1:]) or "body",
            "message": what_is_wrong(problem),
        }
        for problem in error.errors()
    ]
    first = problems[0]
    invalid = InvalidInput(f"{first['field']}: {first['message']}.", details=problems)
    return await _answer_error(request, invalid)


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected_error", method=request.method, path=request.url.path, exc_info=error)
    answer = Unavailable("Something went wrong on our side. Nothing was lost; try again.")
    return JSONResponse(answer.as_json(), status_code=500)


def _close_reserved_paths(api: FastAPI) -> None:
    """Answer what no router answers under a reserved path, so that it does not fall through to the UI's pages."""
    routes = [route for router in ROUTERS for route in router.routes]

    async def refuse(request: Request) -> JSONResponse:
        allowed = sorted(
            {
                method
                for route in routes
                if route.matches(request.scope)[0] is Match.PARTIAL
                for method in getattr(route, "methods", None) or ()
            }
        )
        if not allowed:
            return await _answer_error(request, NotFound(f"There is nothing at {request.url.path}."))
        answer = SafarError(
            f"{request.method} is not possible here; use {' or '.join(allowed)}.", code=Code.INVALID_INPUT
        )
        return JSONResponse(answer.as_json(), status_code=405, headers={"Allow": ", ".join(allowed)})

    for segment in RESERVED:
        api.add_route(f"/{segment}", refuse, methods=METHODS, include_in_schema=False)
        api.add_route(f"/{segment}/{{rest:path}}", refuse, methods=METHODS, include_in_schema=False)
