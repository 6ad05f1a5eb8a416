"""Secrets: encryption at rest, keyed hashes, signed tokens. All keys derive from `SAFAR_SECRET_KEY`."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from engine.core.errors import BadSignature
from engine.core.settings import settings


@lru_cache
def _derived(purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")


def derived_key(purpose: str) -> bytes:
    """A 32-byte key for one purpose only, so that no key serves two."""
    return _derived(purpose, settings().secret_key)


def encrypt(plain: str) -> bytes:
    """Encrypt a provider's credentials for the store (requirement F5)."""
    return Fernet(base64.urlsafe_b64encode(derived_key("credentials"))).encrypt(plain.encode())


def decrypt(cipher: bytes) -> str:
    """Undo `encrypt`.

    Raises:
        BadSignature: the key of this installation is not the one it was encrypted with.
    """
    try:
        return Fernet(base64.urlsafe_b64encode(derived_key("credentials"))).decrypt(cipher).decode()
    except InvalidToken as error:
        raise BadSignature(
            "These credentials were encrypted with another SAFAR_SECRET_KEY. Set the old key, or enter them again."
        ) from error


def random_token(size: int = 32) -> str:
    """A token nobody can guess, URL-safe."""
    return secrets.token_urlsafe(size)


def token_hash(token: str) -> str:
    """What the store keeps of a token or key: enough to find it, useless to a thief."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_hash(address: str) -> str:
    """Keyed hash of a phone number or e-mail address; survives erasure in the suppression list (C8)."""
    return hmac.new(derived_key("address"), address.strip().lower().encode(), "sha256").hexdigest()


def sign(purpose: str, text: str) -> str:
    """`text.signature`, for tokens that go out in links; `text` must be URL-safe."""
    mac = hmac.digest(derived_key(purpose), text.encode(), "sha256")[:16]
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsign(purpose: str, signed: str) -> str:
    """The text of a token made by `sign`.

    Raises:
        BadSignature: the token was not made here, for this purpose.
    """
    text, _, _ = signed.rpartition(".")
    if not text or not hmac.compare_digest(sign(purpose, text), signed):
        raise BadSignature("This link is not complete or was changed. Open it again from the message.")
    return text
