"""WhatsApp Business Platform, Cloud API (providers 1)."""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import httpx

from engine.channels.interface import Account, Answer, Channel, FormField, HandoverLog, Outcome, Outgoing
from engine.core.errors import BadSignature, InvalidInput
from engine.core.settings import settings

TIMEOUT = httpx.Timeout(20, connect=5)
SIGNATURE_HEADER = "X-Hub-Signature-256"

ERROR_CLASSES: Mapping[str, Outcome] = {
    "retry": Outcome.LATER,
    "throttle": Outcome.LATER,
    "capped": Outcome.LATER,
    "pause_sender": Outcome.CHANNEL_DOWN,
    "auth": Outcome.CHANNEL_DOWN,
    "account": Outcome.CHANNEL_DOWN,
    "opt_out": Outcome.OPTED_OUT,
    "unreachable": Outcome.UNREACHABLE,
    "skip": Outcome.REFUSED,
    "window_closed": Outcome.REFUSED,
    "template": Outcome.REFUSED,
    "request": Outcome.REFUSED,
}
"""What each class of Meta's error codes means to us; the codes of a class are in `whatsapp_errors.json`."""

WAITS = {"capped": timedelta(hours=24), "throttle": timedelta(seconds=30)}
"""Marketing limits of a person (131049) are punished when repeated within a day (providers 1.9)."""


class WhatsAppProvider:
    """A number of the tenant's own WhatsApp Business Account."""

    name: ClassVar[str] = "whatsapp_cloud"
    label: ClassVar[str] = "WhatsApp Business (Meta Cloud API)"
    hook: ClassVar[str] = "whatsapp"
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.WHATSAPP})
    fields: ClassVar[Sequence[FormField]] = (
        FormField("phone_number_id", "Phone number ID", "Meta Business Suite, WhatsApp Manager, API setup"),
        FormField("waba_id", "WhatsApp Business Account ID", optional=True),
        FormField("access_token", "Access token", "A system user's permanent token", secret=True),
        FormField("app_secret", "App secret", "Checks that receipts really come from Meta", secret=True),
        FormField(
            "verify_token",
            "Webhook verify token",
            "Any word; type the same into Meta's webhook form",
            secret=True,
        ),
    )

    @contextmanager
    def open(self, account: Account) -> "Iterator[WhatsAppLine]":
        """A line over one kept-alive HTTP connection."""
        with _client(account) as client:
            yield WhatsAppLine(account, client)

    def check(self, account: Account) -> None:
        """Ask for the number's own record."""
        number = account.options["phone_number_id"]
        try:
            with _client(account) as client:
                response = client.get(f"{number}", params={"fields": "display_phone_number,quality_rating"})
        except httpx.HTTPError as error:
            raise InvalidInput(f"phone_number_id: Meta cannot be reached ({error}). Try again.") from error
        if response.status_code == 200:
            return
        answer = read_error(response)
        field = "access_token" if answer.outcome is Outcome.CHANNEL_DOWN else "phone_number_id"
        raise InvalidInput(f"{field}: Meta says: {answer.reason}", details={"field": field})


class WhatsAppLine:
    """Sends to one number's `/messages`."""

    def __init__(self, account: Account, client: httpx.Client) -> None:
        self.path = f"{account.options['phone_number_id']}/messages"
        self.client = client

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Hand messages over one after another."""
        for message in messages:
            yield message, self._send(message, log)

    def _send(self, message: Outgoing, log: HandoverLog) -> Answer:
        log.leaving(message.message_id)
        try:
            response = self.client.post(self.path, json=write_body(message))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Answer(Outcome.LINE_DOWN, reason=f"Meta cannot be reached: {error}")
        except httpx.HTTPError as error:
            return Answer(Outcome.UNKNOWN, reason=f"The connection broke after the request: {error}")
        return read_answer(response)


def write_body(message: Outgoing) -> dict[str, Any]:
    """The request of providers 1.2 and 1.3: a template when one is approved for it, else free text."""
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.address,
        "biz_opaque_callback_data": str(message.message_id),
    }
    if message.whatsapp:
        return body | {"type": "template", "template": dict(message.whatsapp)}
    return body | {"type": "text", "text": {"body": message.body, "preview_url": True}}


def read_answer(response: httpx.Response) -> Answer:
    """What Meta's answer to a send means."""
    if response.status_code == 200:
        try:
            return Answer(Outcome.ACCEPTED, str(response.json()["messages"][0]["id"]))
        except (ValueError, KeyError, IndexError, TypeError):
            return Answer(Outcome.UNKNOWN, reason="Meta accepted, but its answer cannot be read.")
    return read_error(response)


def read_error(response: httpx.Response) -> Answer:
    """Meta's error, by its code alone (providers 1.9); without a readable one, by the HTTP status."""
    try:
        error = response.json()["error"]
        code = str(error["code"])
    except (ValueError, KeyError, TypeError):
        told = f"Meta answered with HTTP {response.status_code}."
        return Answer(Outcome.LATER if response.status_code >= 429 else Outcome.REFUSED, reason=told)
    details = (error.get("error_data") or {}).get("details")
    return answer_of_code(code, ". ".join(filter(None, (error.get("message"), details))))


def answer_of_code(code: str, reason: str) -> Answer:
    """An error code of Meta's as an answer; also used for `failed` statuses."""
    kind = _class_of(code)
    return Answer(ERROR_CLASSES.get(kind, Outcome.REFUSED), code=code, reason=reason, wait=WAITS.get(kind))


def demand_signature(raw: bytes, header: str, secret: str) -> None:
    """Check that a webhook comes from Meta (providers 1.5), over the raw bytes.

    Raises:
        BadSignature: it does not, or cannot be told.
    """
    expected = "sha256=" + hmac.digest(secret.encode(), raw, "sha256").hex()
    if not secret or not hmac.compare_digest(expected.encode(), header.encode()):
        raise BadSignature(f"{SIGNATURE_HEADER} does not fit the body. Check the app secret under Settings.")


@lru_cache
def _codes() -> dict[str, str]:
    classes = json.loads(Path(__file__).with_name("whatsapp_errors.json").read_text())
    return {code: kind for kind, codes in classes.items() for code in codes}


def _class_of(code: str) -> str:
    known = _codes()
    if code in known:
        return known[code]
    ranges = ((each, known[each]) for each in known if "-" in each)
    for span, kind in ranges:
        first, last = map(int, span.split("-"))
        if code.isdigit() and first <= int(code) <= last:
            return kind
    return "unknown"


def _client(account: Account) -> httpx.Client:
    return httpx.Client(
        base_url=settings().whatsapp_url,
        headers={"Authorization": f"Bearer {account.credentials.get('access_token', '')}"},
        timeout=TIMEOUT,
    )
