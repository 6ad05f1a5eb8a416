"""Small worlds in which everything goes wrong; CI runs a thousand, `make soak` more. A seed that fails replays exactly:
`SEEDS=4711 pytest tests/simulation`."""

from pathlib import Path

import pytest

from engine.core.settings import settings
from tests.simulation.invariants import violations
from tests.simulation.world import simulated

ACTIONS = 14


@pytest.mark.slow
def test_every_promise_holds_in_a_hostile_world(
    database: str, seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFAR_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        for seed in seeds:
            with simulated(seed, monkeypatch) as world:
                world.run(ACTIONS)
                broken = violations(world)
            assert not broken, "\n".join([f"seed {seed}", *broken, "", *world.log])
    finally:
        monkeypatch.undo()
        settings.cache_clear()
