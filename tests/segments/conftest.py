"""Fixtures of the segments' tests."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer


@pytest.fixture
def customers(tenant: UUID) -> Callable[..., list[UUID]]:
    """Makes customers with the given fields, e.g. `customers({"city": "Pune"}, {"tags": ["VIP"]})`."""

    def make(*fields: dict[str, Any]) -> list[UUID]:
        people = [{"id": new_id(), "tenant_id": tenant, **one} for one in fields]
        with tenant_session(tenant) as session:
            for one in people:
                session.execute(insert(Customer), [one])
        return [one["id"] for one in people]

    return make
