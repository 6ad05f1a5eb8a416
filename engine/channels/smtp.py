"""E-mail by the tenant's own mail server (providers 3.1–3.4).

A message is accepted with the dot that ends it, so the hand-over is noted just before the dot: whatever breaks
before it is safe to repeat, whatever breaks after it is unknown.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate
from enum import StrEnum
from typing import ClassVar

from engine.channels.interface import Account, Answer, Channel, FormField, HandoverLog, Outcome, Outgoing
from engine.core.errors import InvalidInput

TIMEOUT_SECONDS = 30
RECONNECT_AFTER = 100
LINE_OF_DOT = re.compile(rb"(?m)^\.")
BUSY_WAIT = timedelta(minutes=5)
WIRE = compat32.clone(linesep="\r\n")
UTF8 = Charset("utf-8")
UTF8.body_encoding = QP
UNREACHABLE_STATUS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Enhanced codes that say the address itself is wrong (providers 3.3, RFC 3463)."""


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpProvider:
    """Any mail server that speaks SMTP."""

    name: ClassVar[str] = "smtp"
    label: ClassVar[str] = "Own mail server (SMTP)"
    hook: ClassVar[str] = ""
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.EMAIL})
    fields: ClassVar[Sequence[FormField]] = (
        FormField("host", "Server", "e.g. smtp.example.com"),
        FormField("port", "Port", "587 with STARTTLS, 465 with TLS", default="587"),
        FormField(
            "security",
            "Security",
            default=Security.STARTTLS,
            choices=(
                (Security.STARTTLS, "STARTTLS"),
                (Security.TLS, "TLS"),
                (Security.NONE, "None (only on your own network)"),
            ),
        ),
        FormField("username", "User name", optional=True),
        FormField("password", "Password", secret=True, optional=True),
        FormField("from_email", "Sender address", "What your customers see; its domain needs SPF and DKIM"),
        FormField("from_name", "Sender name", optional=True),
    )

    @contextmanager
    def open(self, account: Account) -> "Iterator[SmtpLine]":
        """A line that connects when the first message needs it."""
        line = SmtpLine(account)
        try:
            yield line
        finally:
            line.hang_up()

    def check(self, account: Account) -> None:
        """Connect, secure, sign in."""
        line = SmtpLine(account)
        try:
            line.connect()
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            raise InvalidInput(
                "username: The mail server refuses this user name and password.",
                details={"field": "username"},
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise InvalidInput(
                f"host: The mail server cannot be used ({error}). Check server, port and security.",
                details={"field": "host"},
            ) from error
        finally:
            line.hang_up()


@dataclass(slots=True)
class SmtpLine:
    """One connection, reopened when it breaks and after every hundred messages."""

    account: Account
    client: smtplib.SMTP | None = None
    sent: int = 0
    sender: str = field(init=False)

    def __post_init__(self) -> None:
        options = self.account.options
        self.sender = formataddr((str(options.get("from_name") or ""), str(options["from_email"])))

    def connect(self) -> smtplib.SMTP:
        """The open connection."""
        if self.client is None or self.sent >= RECONNECT_AFTER:
            self.hang_up()
            self.client = _connect(self.account)
            self.sent = 0
        return self.client

    def hang_up(self) -> None:
        """Close, politely if possible."""
        if self.client is not None:
            try:
                self.client.quit()
            except (OSError, smtplib.SMTPException):
                self.client.close()
            self.client = None

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Hand messages over one after another."""
        for message in messages:
            yield message, self._send(message, log)

    def _send(self, message: Outgoing, log: HandoverLog) -> Answer:
        mail_id, content = write_mail(message, self.sender)
        try:
            client = self.connect()
            refusal = self._announce(client, message.address)
            if refusal:
                return refusal
            client.send(content)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            self._break()
            return Answer(Outcome.CHANNEL_DOWN, reason=f"The mail server refuses to sign us in: {error}")
        except (OSError, smtplib.SMTPException) as error:
            self._break()
            return Answer(Outcome.LINE_DOWN, reason=f"The mail server cannot be reached: {error}")
        log.leaving(message.message_id)
        try:
            client.send(b".\r\n")
            code, words = client.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._break()
            return Answer(Outcome.UNKNOWN, reason=f"The mail server broke off after the message: {error}")
        self.sent += 1
        return Answer(Outcome.ACCEPTED, mail_id) if code == 250 else _refusal(code, words)

    def _announce(self, client: smtplib.SMTP, address: str) -> Answer | None:
        options = ["SMTPUTF8"] if not address.isascii() and client.has_extn("smtputf8") else []
        for code, words in (
            client.mail(str(self.account.options["from_email"]), options),
            client.rcpt(address),
            client.docmd("DATA"),
        ):
            if code not in (250, 251, 354):
                client.rset()
                return _refusal(code, words)
        return None

    def _break(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None


def write_mail(message: Outgoing, sender: str) -> tuple[str, bytes]:
    """The mail's own id and its bytes, ready for DATA without the final dot (RFC 5321 4.5.2).

    Made with the older classes of `email`: the newer ones take 5 ms a mail, twenty times as long.
    """
    domain = sender.rpartition("@")[2].strip("> ")
    mail_id = f"<{message.message_id}@{domain}>"
    headers = {
        "From": sender,
        "To": message.address,
        "Subject": message.subject or "",
        "Date": formatdate(),
        "Message-ID": mail_id,
        **message.headers,
    }
    head = "".join(f"{name}: {_header(value)}\r\n" for name, value in headers.items())
    return mail_id, LINE_OF_DOT.sub(b"..", head.encode() + _content(message))


def _content(message: Outgoing) -> bytes:
    part: MIMEBase = MIMEText(message.body, "plain", UTF8)  # type: ignore[arg-type]
    if message.html:
        html = MIMEText(message.html, "html", UTF8)  # type: ignore[arg-type]
        part = MIMEMultipart("alternative", f"safar-{message.message_id.hex}", [part, html])
    return part.as_bytes(policy=WIRE)


def _header(value: str) -> str:
    words = " ".join(value.split())
    return words if words.isascii() else Header(words, "utf-8", maxlinelen=70).encode()


def _connect(account: Account) -> smtplib.SMTP:
    options = account.options
    host, port = str(options["host"]), int(options["port"])
    security = Security(options.get("security", Security.STARTTLS))
    if security is Security.TLS:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    assert client.sock is not None
    # The last dot is a write of its own; Nagle's algorithm would hold it back until the server's delayed answer.
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.ehlo()
    if security is Security.STARTTLS:
        client.starttls(context=ssl.create_default_context())
        client.ehlo()
    if options.get("username"):
        client.login(str(options["username"]), account.credentials.get("password", ""))
    return client


def _refusal(code: int, words: bytes) -> Answer:
    told = _words(words)
    status = told.split(" ", 1)[0]
    if code == 421 or 400 <= code < 500:
        return Answer(Outcome.LATER, code=str(code), reason=told, wait=BUSY_WAIT)
    outcome = Outcome.UNREACHABLE if status in UNREACHABLE_STATUS else Outcome.REFUSED
    return Answer(outcome, code=status if status.startswith("5.") else str(code), reason=told)


def _words(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
