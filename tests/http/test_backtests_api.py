"""Backtests over REST: asked for, looked at, listed, cancelled; what cannot be asked is told with the way out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.journeys import drafts
from engine.journeys.backtest.running import run_backtest


def make_journey(tenant: UUID, now: datetime, *, whole: bool = True) -> UUID:
    trigger = {"id": "t", "type": "trigger.event", "config": {"event": "Signed Up"}}
    nodes = [trigger, {"id": "x", "type": "exit"}]
    ways = [{"id": "t-x", "source": "t", "source_port": "next", "target": "x"}]
    graph: dict[str, Any] = {"schema": 1, "nodes": nodes, "edges": ways if whole else [], "settings": {}}
    graph["nodes"] = nodes if whole else nodes[1:]
    with tenant_session(tenant) as session:
        return drafts.create_journey(session, tenant, f"J {new_id()}", user_id=None, now=now, graph=graph).id


def test_a_backtest_is_asked_for_watched_read_and_cancelled(api: TestClient, tenant: UUID) -> None:
    now = utc_now()
    who = new_id()
    with tenant_session(tenant) as session:
        session.add(Customer(id=who, tenant_id=tenant, name="Asha"))
        event = NewEvent(who, "Signed Up", "track", "test", {}, {}, now - timedelta(days=3), new_id())
        record(session, tenant, [event], now=now)
    path = f"/api/v1/journeys/{make_journey(tenant, now)}"
    asked = api.post(f"{path}/backtest", json={"days": 30})
    assert asked.status_code == 202
    told = asked.json()["data"]
    assert (told["status"], told["days"], told["progress"], told["result"]) == ("queued", 30, 0.0, None)
    again = api.post(f"{path}/backtest")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "SAFAR_005")
    one = f"{path}/backtests/{told['id']}"
    run_backtest(tenant, clock=utc_now)
    found = api.get(one).json()["data"]
    assert (found["status"], found["progress"], found["is_stale"]) == ("done", 1.0, False)
    assert (found["result"]["entered"], found["result"]["outcomes"]) == (1, {"Reached the exit": 1})
    listed = api.get(f"{one}/customers", params={"search": "ash"}).json()["data"]
    assert (listed["total"], listed["customers"][0]["name"]) == (1, "Asha")
    second = api.post(f"{path}/backtest").json()["data"]
    assert second["days"] == 90
    cancelled = api.delete(f"{path}/backtests/{second['id']}").json()["data"]
    assert cancelled["status"] == "cancelled"
    assert api.delete(one).json()["data"]["status"] == "done"


def test_what_cannot_be_asked_is_refused(api: TestClient, tenant: UUID, now: datetime) -> None:
    path = f"/api/v1/journeys/{make_journey(tenant, now)}"
    for body in ({"days": 0}, {"days": 366}, {"days": "many"}, {"weeks": 2}):
        answer = api.post(f"{path}/backtest", json=body)
        assert (answer.status_code, answer.json()["success"]) == (422, False)
    unfinished = api.post(f"/api/v1/journeys/{make_journey(tenant, now, whole=False)}/backtest")
    assert (unfinished.status_code, unfinished.json()["error"]["code"]) == (422, "SAFAR_010")
    assert api.post(f"/api/v1/journeys/{new_id()}/backtest").status_code == 404
    assert api.get(f"{path}/backtests/{new_id()}").status_code == 404
    del api.headers["Authorization"]
    assert api.post(f"{path}/backtest").status_code == 401
