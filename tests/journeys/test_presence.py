"""Who has a journey open: seen by the others while there are signs of life, and not by other tenants (issue 4)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.core.accounts import Role, create_tenant, create_user
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.journeys.drafts import create_journey
from engine.journeys.presence import BUSY, GONE, Companion, LookAround, leave, look_around, note_edit

SECOND = timedelta(seconds=1)


class Tab:
    """A browser tab of a person."""

    def __init__(self, tenant: UUID, journey: UUID, user: UUID) -> None:
        self.tenant, self.journey, self.user, self.client = tenant, journey, user, new_id()

    def look(self, now: datetime, node_id: str = "") -> LookAround:
        with tenant_session(self.tenant) as session:
            return look_around(
                session,
                self.journey,
                client_id=self.client,
                user_id=self.user,
                node_id=node_id,
                now=now,
            )

    def edit(self, now: datetime) -> None:
        with tenant_session(self.tenant) as session:
            note_edit(session, self.journey, client_id=self.client, now=now)

    def close(self) -> None:
        with tenant_session(self.tenant) as session:
            leave(session, self.journey, client_id=self.client)


@pytest.fixture
def room(studio: Any) -> dict[str, Any]:
    """A journey, and tabs of Meera and Ravi in it."""
    with tenant_session(studio.tenant) as session:
        journey = create_journey(session, studio.tenant, "Thanks", user_id=None, now=studio.now).id
    users = [
        create_user(
            studio.tenant, f"{name}-{new_id()}@studio.test", name, Role.BRANCH_MANAGER, "a-long-password"
        )
        for name in ("Meera", "Ravi")
    ]
    meera, ravi = (Tab(studio.tenant, journey, user) for user in users)
    return {"meera": meera, "ravi": ravi, "again": Tab(studio.tenant, journey, users[1]), "now": studio.now}


def test_others_are_seen_until_their_signs_of_life_stop(room: dict[str, Any]) -> None:
    meera, ravi, now = room["meera"], room["ravi"], room["now"]
    ravi.look(now, "w")
    assert meera.look(now + SECOND).companions == (Companion(ravi.user, "Ravi", "w", False),)
    assert meera.look(now + GONE - SECOND).companions
    assert meera.look(now + GONE).companions == ()


def test_who_closes_the_page_is_gone_at_once(room: dict[str, Any]) -> None:
    meera, ravi, now = room["meera"], room["ravi"], room["now"]
    ravi.look(now)
    ravi.close()
    assert meera.look(now).companions == ()


def test_somebody_with_two_tabs_is_one_person_and_edits_where_they_edited(room: dict[str, Any]) -> None:
    meera, ravi, again, now = (room[each] for each in ("meera", "ravi", "again", "now"))
    ravi.look(now, "first")
    ravi.edit(now)
    again.look(now + SECOND, "second")
    assert meera.look(now + SECOND).companions == (Companion(ravi.user, "Ravi", "first", True),)
    for moment in (now + SECOND * 10, now + BUSY):
        ravi.look(moment, "first")
    assert meera.look(now + BUSY).companions == (Companion(ravi.user, "Ravi", "first", False),)


def test_the_look_brings_the_revision(room: dict[str, Any]) -> None:
    assert room["meera"].look(room["now"]).revision == 1


def test_another_tenant_sees_nobody_and_leaves_no_trace(room: dict[str, Any], studio: Any) -> None:
    other = create_tenant(f"other-{new_id()}", "Other")
    stranger = create_user(other, f"eve-{new_id()}@studio.test", "Eve", Role.SUPER_OWNER, "a-long-password")
    room["ravi"].look(room["now"])
    spy = Tab(other, room["ravi"].journey, stranger)
    assert spy.look(room["now"]) == LookAround((), 0)
    assert room["meera"].look(room["now"]).companions == (Companion(room["ravi"].user, "Ravi", "", False),)
