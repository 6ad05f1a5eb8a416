"""Meta's Cloud API on this machine: checks requests by their schema, answers as Meta does, reports by signed webhooks.

The last four digits of the recipient choose what happens (providers 9.4).
"""

import hmac
import json
import random
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR
from threading import Lock, Thread
from typing import Any

from jsonschema import Draft202012Validator

DATA = Path(__file__).parent / "data"
SCHEMA = Draft202012Validator(json.loads((DATA / "whatsapp-send.schema.json").read_text()))
TOKEN = "token-for-tests"
SECRET = "app-secret-for-tests"
NUMBER = "106540352242922"

LATE_FAILURES = {"0001": 131026, "0002": 131050, "0003": 131049}
WITHOUT_DELIVERED, TWICE, NEVER_DELIVERED = "0009", "0008", "0005"


@dataclass
class Cloud:
    """What happened at Meta's side. `failures` are answered instead of accepting, one after another."""

    url: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    failures: list[tuple[int, int]] = field(default_factory=list)
    break_after_taking: bool = False
    statuses: list[dict[str, Any]] = field(default_factory=list)
    lock: Any = field(default_factory=Lock)

    def webhooks(self, *, dice: random.Random | None = None) -> list[tuple[bytes, dict[str, str]]]:
        """What Meta would post now: bodies with their signatures; shuffled, doubled and batched with `dice`."""
        statuses = list(self.statuses)
        self.statuses.clear()
        if dice:
            statuses += dice.sample(statuses, len(statuses) // 3)
            dice.shuffle(statuses)
        batches = [statuses[start : start + 5] for start in range(0, len(statuses), 5)]
        return [signed({"statuses": batch}) for batch in batches]

    def accept(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a message, and plan what will be reported of it."""
        wamid = f"wamid.{len(self.taken):08d}"
        self.taken.append(body)
        digits = body["to"].lstrip("+")
        for status in self._course(digits[-4:]):
            report = {
                "id": wamid,
                "status": status,
                "timestamp": str(int(time.time())),
                "recipient_id": digits,
                "biz_opaque_callback_data": body.get("biz_opaque_callback_data"),
            }
            if status == "failed":
                report["errors"] = [{"code": LATE_FAILURES[digits[-4:]], "title": "Failed"}]
            self.statuses.append(report)
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": body["to"], "wa_id": digits}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        }

    def _course(self, last: str) -> list[str]:
        if last in LATE_FAILURES:
            return ["sent", "failed"]
        if last == NEVER_DELIVERED:
            return ["sent"]
        if last == WITHOUT_DELIVERED:
            return ["sent", "read"]
        return ["sent", "delivered", *(["delivered"] if last == TWICE else []), "read"]


def signed(
    value: dict[str, Any], *, number: str = NUMBER, secret: str = SECRET
) -> tuple[bytes, dict[str, str]]:
    """A webhook's body around this value, and its headers."""
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **value}
    body = json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}],
        }
    ).encode()
    signature = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
    return body, {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}


def error(code: int, message: str = "Refused") -> dict[str, Any]:
    """An error as Meta writes it."""
    return {
        "error": {
            "message": f"(#{code}) {message}",
            "type": "OAuthException",
            "code": code,
            "fbtrace_id": "A",
        }
    }


class Emulator:
    """Serves while it is entered."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        cloud = self.cloud

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                with cloud.lock:
                    status, answer = self._answer(raw)
                if answer is None:
                    self.close_connection = True
                    self.connection.shutdown(SHUT_RDWR)
                    return
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _answer(self, raw: bytes) -> tuple[int, dict[str, Any] | None]:
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    return 401, error(190, "Access token has expired")
                if self.path != f"/v25.0/{NUMBER}/messages":
                    return 400, error(33, "Object does not exist")
                body = json.loads(raw)
                problem = next(SCHEMA.iter_errors(body), None)
                if problem:
                    cloud.invalid.append(problem.message)
                    return 400, error(100, problem.message)
                if cloud.failures:
                    http, code = cloud.failures.pop(0)
                    return http, error(code)
                answer = cloud.accept(body)
                return (200, None) if cloud.break_after_taking else (200, answer)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.cloud.url = f"http://127.0.0.1:{self._server.server_address[1]}/v25.0"

    def __enter__(self) -> Cloud:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self.cloud

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
