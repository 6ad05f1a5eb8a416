"""Ready-made journeys: each can be installed and published as it is."""

from datetime import datetime
from uuid import UUID

import pytest

from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.journeys.gallery import install, list_gallery
from engine.journeys.journeys import check_draft, publish
from engine.journeys.models import JourneyStatus


@pytest.mark.parametrize("key", [each.key for each in list_gallery()])
def test_a_ready_made_journey_can_be_published_as_it_is(key: str, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        journey = install(session, tenant, key, user_id=None, now=now)
        assert check_draft(session, journey.id) == []
        publish(session, tenant, journey.id, user_id=None, now=now)
        assert journey.status == JourneyStatus.LIVE


def test_one_may_be_installed_twice(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        first = install(session, tenant, "welcome", user_id=None, now=now)
        second = install(session, tenant, "welcome", user_id=None, now=now)
        assert first.name != second.name


def test_an_unknown_one_is_refused_with_the_known_ones_named(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session, pytest.raises(NotFound, match="win_back"):
        install(session, tenant, "nothing", user_id=None, now=now)
