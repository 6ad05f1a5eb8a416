"""The public doors: landing pages at `/p/{tenant}/{slug}` and their forms at `/f/{form}` (L1, L2).

A page is rendered when it is first asked for and served from memory; each process looks at the store again
after `FRESH_SECONDS`, so that a change shows within that time. Nothing here needs a script in the browser.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.http.gathering import Gathering
from app.http.incoming import client_address, read_body
from app.http.public.view import View, lead_view, missing_view, thanks_view
from engine.core.clock import utc_now
from engine.core.crypto import random_token
from engine.core.db import tenant_session
from engine.core.doors import find_form_tenant, find_tenant
from engine.core.errors import Code, InvalidInput, NotFound, SafarError, Unavailable
from engine.core.settings import settings
from engine.landing.form import is_trapped
from engine.landing.forms import InvalidAnswers, Submission, Submitted, Visit, submission_key, submit_many
from engine.landing.pages import PublicPage, find_forms, find_page
from engine.landing.words import words

router = APIRouter(include_in_schema=False)
log = structlog.get_logger(__name__)

FRESH_SECONDS = 5.0
REMEMBERED = 2_000
LARGEST_BODY = 100_000
TOO_MUCH = f"This is more than the {LARGEST_BODY:,} bytes a form takes. Write less and send it again."
MOST_FIELDS = 100
CAMPAIGN = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"),
    *("gclid", "fbclid", "ref"),
)
"""Parameters of the address that are kept with a submit (providers 7)."""

SUBMITS_A_MINUTE = 30
"""From one address, before it must wait: a whole office or mobile network may share one."""

SLUG = re.compile(r"[a-z0-9-]{1,80}")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """What was looked up within the last seconds, also that there was nothing."""

    def __init__(self, look_up: Callable[..., Value]) -> None:
        self._look_up = look_up
        self._known: OrderedDict[tuple[Any, ...], tuple[float, Value]] = OrderedDict()

    async def get(self, *key: Any) -> Value:
        """The value, from memory or by asking in a thread."""
        known = self._known.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        try:
            value = await asyncio.to_thread(self._look_up, *key)
        except OperationalError:
            if known is None:
                raise
            value = known[1]  # the store is away: what stood here last is better than nothing
        self._known[key] = (time.monotonic() + FRESH_SECONDS, value)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Shown:
    """A published page and its two faces."""

    lead: View
    thanks: View


def _look_up_page(tenant_slug: str, slug: str) -> Shown | None:
    tenant = find_tenant(tenant_slug)
    if tenant is None:
        return None
    with tenant_session(tenant.id) as session:
        page = find_page(session, slug)
    base_url = settings().public_url
    return Shown(lead_view(page, base_url=base_url), thanks_view(page, base_url=base_url)) if page else None


def _look_up_form(form_id: UUID) -> PublicPage | None:
    tenant_id = find_form_tenant(form_id)
    if tenant_id is None:
        return None
    with tenant_session(tenant_id) as session:
        return find_forms(session, [form_id]).get(form_id)


_pages = Memory(_look_up_page)
_forms = Memory(_look_up_form)


class Turnstile:
    """Lets each address through so many times in a minute from its first pass, in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: dict[str | None, tuple[float, int]] = {}

    def lets_in(self, address: str | None) -> bool:
        """Whether this address may pass now; counts the pass."""
        moment = time.monotonic()
        first, passes = self._seen.get(address, (moment, 0))
        if moment - first > 60:
            first, passes = moment, 0
        if len(self._seen) > 50_000:
            self._seen.clear()
        self._seen[address] = (first, passes + 1)
        return passes < self._limit


_turnstile = Turnstile(SUBMITS_A_MINUTE)


async def show(request: Request) -> Response:
    """A landing page; with `?thanks`, what stands there after its form was sent."""
    tenant, slug = request.path_params["tenant"], request.path_params["slug"]
    shown = await _pages.get(tenant, slug) if SLUG.fullmatch(tenant) and SLUG.fullmatch(slug) else None
    if shown is None:
        return _html(missing_view(), status=404, cache="no-store")
    if "thanks" in request.query_params:
        return _html(shown.thanks, cache="no-store")
    if shown.lead.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=_headers(shown.lead, PUBLIC))
    return _html(shown.lead, cache=PUBLIC, utm=urlencode(_campaign(request.query_params)))


PUBLIC = "public, max-age=30, stale-while-revalidate=300"


async def receive(request: Request) -> Response:
    """A form's answers, as a browser or as JSON sends them.

    A browser gets a redirect to the thank-you, or the page again with what is wrong beside each field and all
    it had typed. JSON gets JSON.
    """
    form_id = request.path_params["form_id"]
    page = await _forms.get(form_id)
    wants_json = "json" in request.headers.get("content-type", "")
    if page is None:
        if wants_json:
            raise NotFound("This form does not exist or is not open any more.")
        return _html(missing_view(), status=404, cache="no-store")
    body = await read_body(request, LARGEST_BODY, TOO_MUCH)
    sent = _read_json(body) if wants_json else _read_urlencoded(request, body)
    if is_trapped(sent):
        return _accepted(page, wants_json=wants_json)
    try:
        if not _turnstile.lets_in(client_address(request)):
            raise SafarError(words(page.locale)["often"], code=Code.TOO_MANY_REQUESTS)
        await _submits.do(page.tenant_id, _submission(request, page, sent))
    except SafarError as error:
        return _refused(page, sent, error, wants_json=wants_json)
    except SQLAlchemyError as error:
        log.error("form_not_saved", form_id=str(form_id), exc_info=error)
        return _refused(page, sent, Unavailable(words(page.locale)["later"]), wants_json=wants_json)
    return _accepted(page, wants_json=wants_json)


def _take(tenant_id: UUID, submissions: list[Submission]) -> list[Submitted | SafarError]:
    return submit_many(tenant_id, submissions, now=utc_now())


_submits: Gathering[Submission, Submitted] = Gathering(_take)


def _submission(request: Request, page: PublicPage, sent: Mapping[str, str]) -> Submission:
    answers = {name: text for name, text in sent.items() if not name.startswith("_")}
    token = request.headers.get("idempotency-key") or sent.get("_key") or random_token(16)
    utm = _campaign(dict(parse_qsl(sent.get("_utm", ""))))
    address = f"{settings().public_url}/p/{page.tenant_slug}/{page.slug}"
    visit = Visit(
        ip=client_address(request),
        user_agent=request.headers.get("user-agent", "")[:500] or None,
        page_url=f"{address}?{urlencode(utm)}" if utm else address,
        utm=utm,
    )
    return Submission(page.form_id, answers, submission_key(page.form_id, token[:200], answers), visit)


def _accepted(page: PublicPage, *, wants_json: bool) -> Response:
    if wants_json:
        return Response(
            orjson.dumps({"success": True, "data": {"received": True}}), media_type="application/json"
        )
    return Response(status_code=303, headers={"Location": f"/p/{page.tenant_slug}/{page.slug}?thanks"})


def _refused(page: PublicPage, sent: Mapping[str, str], error: SafarError, *, wants_json: bool) -> Response:
    status = 429 if error.code is Code.TOO_MANY_REQUESTS else error.status
    if wants_json:
        return Response(orjson.dumps(error.as_json()), status, media_type="application/json")
    problems = error.details if isinstance(error, InvalidAnswers) else {}
    view = lead_view(
        page,
        base_url=settings().public_url,
        answers={name: text[:LARGEST_BODY] for name, text in sent.items()},
        problems=problems,
        notice=words(page.locale)["check"] if problems else error.message,
    )
    return _html(view, status=status, cache="no-store", key=sent.get("_key", ""), utm=sent.get("_utm", ""))


def _html(view: View, *, cache: str, status: int = 200, key: str = "", utm: str = "") -> Response:
    body = view.fill(key=_safe_key(key) or random_token(16), utm=utm)
    return Response(body, status, _headers(view, cache), "text/html; charset=utf-8")


def _headers(view: View, cache: str) -> dict[str, str]:
    return {**HEADERS, "Content-Security-Policy": view.policy, "Cache-Control": cache, "ETag": view.etag}


def _safe_key(key: str) -> str:
    """The key a browser sent back, if it is one of ours; it goes into the page again."""
    return key if len(key) <= 64 and key.replace("-", "").replace("_", "").isalnum() and key.isascii() else ""


def _campaign(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: parameters[name][:200].replace("\0", "") for name in CAMPAIGN if parameters.get(name)}


def _read_urlencoded(request: Request, body: bytes) -> dict[str, str]:
    """A browser's form; of a name that comes twice, the last counts."""
    if "urlencoded" not in request.headers.get("content-type", "urlencoded"):
        raise InvalidInput("content-type: send application/x-www-form-urlencoded or application/json.")
    try:
        return dict(
            parse_qsl(
                body.decode("utf-8", "replace"),
                keep_blank_values=True,
                max_num_fields=MOST_FIELDS,
                errors="replace",
            )
        )
    except ValueError as error:
        raise InvalidInput(f"body: at most {MOST_FIELDS} fields.") from error


def _read_json(body: bytes) -> dict[str, str]:
    """`{"answers": {field: text}, "utm": {…}, "key": "…"}`, in the names a browser's form has."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"body: is not JSON ({error}).") from error
    answers = sent.get("answers") if isinstance(sent, dict) else None
    if not isinstance(answers, dict) or len(answers) > MOST_FIELDS:
        raise InvalidInput(
            'body: send {"answers": {"phone": "…"}}, and "utm" and "key" if you have them.',
            details={"field": "answers"},
        )
    utm = sent.get("utm") if isinstance(sent.get("utm"), dict) else {}
    texts = {name: _text(value) for name, value in answers.items() if not name.startswith("_")}
    named = {"_utm": urlencode({str(name): str(value) for name, value in utm.items()})}
    return texts | named | ({"_key": str(sent["key"])} if sent.get("key") else {})


def _text(value: object) -> str:
    if value is True:
        return "yes"
    return "" if value in (None, False) else str(value)


# plain Starlette routes: FastAPI's dependencies cost more than serving a page does
router.add_route("/p/{tenant}/{slug}", show, methods=["GET", "HEAD"])
router.add_route("/f/{form_id:uuid}", receive, methods=["POST"])
