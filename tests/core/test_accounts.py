"""Signing in, keys and what roles allow."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from engine.core.accounts import (
    LOCK_AFTER,
    LOCK_FOR,
    PERMISSIONS,
    SESSION_LIFE,
    create_key,
    create_user,
    demand,
    list_keys,
    may,
    revoke_key,
    session_viewer,
    sign_in,
    sign_out,
)
from engine.core.db import tenant_session
from engine.core.doors import find_key
from engine.core.errors import Conflict, Forbidden, InvalidInput, Unauthenticated
from engine.core.models import KeyKind, Role

PASSWORD = "correct horse"


@pytest.fixture
def email(tenant: UUID) -> str:
    address = f"{tenant.hex[-8:]}@example.in"
    create_user(tenant, address.upper(), "Asha", Role.BRANCH_MANAGER, PASSWORD)
    return address


def test_the_right_password_opens_a_session_that_ends(email: str, tenant: UUID, now: datetime) -> None:
    token = sign_in(email, PASSWORD, now=now)
    viewer = session_viewer(token, now=now)
    assert viewer is not None and (viewer.tenant_id, viewer.role) == (tenant, Role.BRANCH_MANAGER)
    assert session_viewer(token, now=now + SESSION_LIFE) is None
    sign_out(token)
    assert session_viewer(token, now=now) is None


def test_wrong_address_and_wrong_password_sound_the_same(email: str, now: datetime) -> None:
    with pytest.raises(Unauthenticated) as wrong_password:
        sign_in(email, "wrong", now=now)
    with pytest.raises(Unauthenticated) as wrong_address:
        sign_in("nobody@example.in", "wrong", now=now)
    assert wrong_password.value.message == wrong_address.value.message


def test_guessing_passwords_locks_the_door_for_a_while(email: str, now: datetime) -> None:
    for _ in range(LOCK_AFTER):
        with pytest.raises(Unauthenticated):
            sign_in(email, "wrong", now=now)
    with pytest.raises(Unauthenticated, match="Too many"):
        sign_in(email, PASSWORD, now=now)
    assert sign_in(email, PASSWORD, now=now + LOCK_FOR + timedelta(seconds=1))


def test_an_address_signs_in_to_one_tenant_only(email: str, tenant: UUID) -> None:
    with pytest.raises(Conflict):
        create_user(tenant, email, "Again", Role.RECEPTIONIST, PASSWORD)
    with pytest.raises(InvalidInput, match="at least 8"):
        create_user(tenant, "new@example.in", "Short", Role.RECEPTIONIST, "short")


def test_a_key_opens_until_it_is_revoked(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        key = create_key(session, tenant, KeyKind.WRITE, "Website", actor="system", now=now)
    ref = find_key(key)
    assert ref is not None and (ref.tenant_id, ref.kind) == (tenant, KeyKind.WRITE)
    with tenant_session(tenant) as session:
        (entry,) = list_keys(session)
        assert key not in str(entry.__dict__)
        revoke_key(session, tenant, entry.id, actor="system", now=now)
    assert find_key(key) is None


def test_roles_follow_the_permission_table() -> None:
    assert may(Role.SUPER_OWNER, "budget.config") and not may(Role.REGIONAL_MANAGER, "budget.config")
    assert all(may(Role.SUPER_OWNER, permission) for permission in PERMISSIONS)
    with pytest.raises(Forbidden, match="Receptionist"):
        demand(Role.RECEPTIONIST, "campaign.send")
