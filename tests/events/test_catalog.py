"""Names of events and of what they say."""

from datetime import datetime
from uuid import UUID

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.events.catalog import event_names, property_names
from engine.events.record import NewEvent, record


def test_the_most_frequent_first(tenant: UUID, now: datetime) -> None:
    said = [("Bought", {"total": 1, "coupon": "x"}), ("Bought", {"total": 2}), ("Viewed", {"url": "/"})]
    events = [
        NewEvent(new_id(), name, "track", "test", properties, {}, now, new_id()) for name, properties in said
    ]
    with tenant_session(tenant) as session:
        record(session, tenant, events, now=now)
        assert event_names(session) == ["Bought", "Viewed"]
        assert property_names(session, "Bought") == ["total", "coupon"]
        assert property_names(session, "Nothing") == []


def test_other_tenants_and_no_events(tenant: UUID) -> None:
    with tenant_session(create_tenant("quiet", "Quiet")) as session:
        assert event_names(session) == []
