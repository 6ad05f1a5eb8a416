"""Ground of the tests of the doors: the whole HTTP application, and a key that opens it."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.http.api import create_api
from engine.core.accounts import create_key
from engine.core.db import tenant_session
from engine.core.models import KeyKind


@pytest.fixture
def visitor(database: str) -> Iterator[TestClient]:
    """A browser without a key."""
    with TestClient(create_api(), follow_redirects=False) as client:
        yield client


@pytest.fixture
def api(tenant: UUID, visitor: TestClient, now: datetime) -> TestClient:
    """A client of `/api/v1` that bears the tenant's API key."""
    with tenant_session(tenant) as session:
        key = create_key(session, tenant, KeyKind.API, "tests", actor="system", now=now)
    visitor.headers["Authorization"] = f"Bearer {key}"
    return visitor
