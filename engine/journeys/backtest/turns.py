"""Rate-limited waits in a backtest: each customer takes the next free moment, as `release.take_slots` has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from engine.journeys.nodes.base import Run
from engine.journeys.plan import Plan


@dataclass(slots=True)
class Turns:
    """The next free moment of each such wait."""

    plan: Plan
    free_at: dict[str, datetime] = field(default_factory=dict)

    def take(self, runs: Sequence[Run], now: datetime) -> dict[tuple[UUID, int], datetime]:
        """The moments of those who have none yet, by enrolment and visit."""
        turns: dict[tuple[UUID, int], datetime] = {}
        for run in sorted(runs, key=lambda each: each.arrived_at):
            node = self.plan.nodes.get(run.node_id)
            interval = node.release_interval() if node and run.promised_at is None else None
            if interval is not None:
                turn = max(self.free_at.get(run.node_id, now), now)
                turns[run.id, run.visit] = turn
                self.free_at[run.node_id] = turn + interval
        return turns
