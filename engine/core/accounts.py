"""Staff and keys: who may come in, and what their role allows (requirement F3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from engine.core import doors
from engine.core.audit import record_audit
from engine.core.crypto import random_token, token_hash
from engine.core.db import tenant_session
from engine.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from engine.core.ids import new_id
from engine.core.models import ApiKey, KeyKind, Role, SignInSession, Tenant, TenantSettings, User

SESSION_LIFE = timedelta(days=14)
LOCK_AFTER = 8
LOCK_FOR = timedelta(minutes=15)

_hasher = PasswordHasher()
_DECOY = _hasher.hash("nobody has this password")

_ALL = frozenset(Role)
_MANAGERS = frozenset({Role.BRANCH_MANAGER, Role.REGIONAL_MANAGER, Role.SUPER_OWNER})
_REGIONAL = frozenset({Role.REGIONAL_MANAGER, Role.SUPER_OWNER})
_OWNER = frozenset({Role.SUPER_OWNER})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "campaign.view": _ALL,
    "campaign.create": _MANAGERS,
    "campaign.approve": _REGIONAL,
    "campaign.send": _MANAGERS,
    "template.manage": _MANAGERS,
    "coupon.manage": _MANAGERS,
    "segment.manage": _MANAGERS,
    "referral.config": _OWNER,
    "budget.config": _OWNER,
    "consent.update": _MANAGERS,
    "customer.view": _ALL,
    "customer.manage": _MANAGERS,
    "settings.manage": _OWNER,
}
"""S4's permission table, with ours for customers and settings after it. Journeys use the `campaign.*` ones."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: a signed-in member of staff."""

    user_id: UUID
    tenant_id: UUID
    role: Role
    name: str
    email: str
    tenant_name: str
    timezone: str
    currency: str
    locale: str
    tenant_slug: str

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"user:{self.user_id}"


def may(role: Role, permission: str) -> bool:
    """Whether the role has the permission."""
    return role in PERMISSIONS[permission]


def demand(role: Role, permission: str) -> None:
    """Raises Forbidden unless the role has the permission."""
    if not may(role, permission):
        raise Forbidden(
            f"Your role ({role.replace('_', ' ')}) does not allow this. Ask an owner of the account."
        )


def create_tenant(
    slug: str,
    name: str,
    *,
    timezone: str = "Asia/Kolkata",
    locale: str = "en",
    currency: str = "INR",
    country: str = "IN",
) -> UUID:
    """Make a tenant with default settings.

    Raises:
        Conflict: the slug is taken.
    """
    if doors.find_tenant(slug):
        raise Conflict(f"There is a tenant '{slug}' already. Choose another slug.")
    tenant_id = new_id()
    with tenant_session(tenant_id) as session:
        session.add(
            Tenant(
                id=tenant_id,
                slug=slug,
                name=name,
                timezone=timezone,
                locale=locale,
                currency=currency,
                country=country,
            )
        )
        session.flush()
        session.add(TenantSettings(tenant_id=tenant_id))
    return tenant_id


def create_user(
    tenant_id: UUID,
    email: str,
    name: str,
    role: Role,
    password: str,
) -> UUID:
    """Add a member of staff.

    Raises:
        Conflict: the address signs in already.
        InvalidInput: the password is shorter than 8 characters.
    """
    address = email.strip().lower()
    if len(password) < 8:
        raise InvalidInput("password: at least 8 characters.", details={"field": "password"})
    if doors.find_login(address):
        raise Conflict(f"{address} signs in already. Use another address.", details={"field": "email"})
    user = User(
        id=new_id(),
        tenant_id=tenant_id,
        email=address,
        name=name,
        role=role,
        password_hash=_hasher.hash(password),
    )
    with tenant_session(tenant_id) as session:
        session.add(user)
    return user.id


def sign_in(email: str, password: str, *, now: datetime) -> str:
    """A session token for the right password; valid for 14 days.

    Raises:
        Unauthenticated: address or password is wrong (not said which), or too many wrong tries.
    """
    login = doors.find_login(email.strip().lower())
    if login is None:
        _matches(_DECOY, password)
        raise Unauthenticated("E-mail or password is wrong. Check both and try again.")
    user_id, tenant_id = login
    token = random_token()
    with tenant_session(tenant_id) as session:
        user = session.execute(select(User).where(User.id == user_id).with_for_update()).scalar_one()
        if user.locked_until and user.locked_until > now:
            raise Unauthenticated("Too many wrong passwords. Wait 15 minutes and try again.")
        right = _matches(user.password_hash, password)
        user.failed_sign_ins = 0 if right else user.failed_sign_ins + 1
        user.locked_until = now + LOCK_FOR if user.failed_sign_ins >= LOCK_AFTER else None
        if right:
            session.add(
                SignInSession(
                    tenant_id=tenant_id,
                    token_hash=token_hash(token),
                    user_id=user_id,
                    expires_at=now + SESSION_LIFE,
                )
            )
    if not right:
        raise Unauthenticated("E-mail or password is wrong. Check both and try again.")
    return token


def session_viewer(token: str, *, now: datetime) -> Viewer | None:
    """Who this session token belongs to; None when it is unknown, ended or its user was switched off."""
    hashed = token_hash(token)
    tenant_id = doors.find_session_tenant(hashed)
    if tenant_id is None:
        return None
    with tenant_session(tenant_id) as session:
        row = session.execute(
            select(User, Tenant)
            .join(SignInSession, SignInSession.user_id == User.id)
            .join(Tenant, Tenant.id == User.tenant_id)
            .where(SignInSession.token_hash == hashed, SignInSession.expires_at > now, User.is_active)
        ).one_or_none()
    if row is None:
        return None
    user, tenant = row
    return Viewer(
        user_id=user.id,
        tenant_id=tenant_id,
        role=Role(user.role),
        name=user.name,
        email=user.email,
        tenant_name=tenant.name,
        timezone=tenant.timezone,
        currency=tenant.currency,
        locale=tenant.locale,
        tenant_slug=tenant.slug,
    )


def sign_out(token: str) -> None:
    """End a session; unknown tokens are fine."""
    hashed = token_hash(token)
    tenant_id = doors.find_session_tenant(hashed)
    if tenant_id:
        with tenant_session(tenant_id) as session:
            session.execute(delete(SignInSession).where(SignInSession.token_hash == hashed))


def create_key(
    session: Session,
    tenant_id: UUID,
    kind: KeyKind,
    name: str,
    *,
    actor: str,
    now: datetime,
    scopes: Sequence[str] = (),
) -> str:
    """Make a key and return it; this is the only time it can be read.

    Args:
        scopes: rights beyond what every key may, e.g. `campaign.approve`.
    """
    key = f"safar_{kind}_{random_token(24)}"
    entry = ApiKey(
        id=new_id(),
        tenant_id=tenant_id,
        name=name,
        kind=kind,
        key_hash=token_hash(key),
        hint=f"…{key[-4:]}",
        scopes=list(scopes),
    )
    session.add(entry)
    record_audit(
        session,
        tenant_id,
        actor,
        "key.created",
        str(entry.id),
        {"kind": kind, "name": name, "scopes": list(scopes)},
        now=now,
    )
    return key


def list_keys(session: Session) -> list[ApiKey]:
    """Keys that are in force, newest first."""
    return list(session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.id.desc())))


def revoke_key(session: Session, tenant_id: UUID, key_id: UUID, *, actor: str, now: datetime) -> None:
    """End a key at once.

    Raises:
        NotFound: there is no such key in force.
    """
    revoked = session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, now))
        .returning(ApiKey.id)
    ).scalar_one_or_none()
    if revoked is None:
        raise NotFound("This key is not in force any more.")
    record_audit(session, tenant_id, actor, "key.revoked", str(key_id), {}, now=now)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerifyMismatchError:
        return False
