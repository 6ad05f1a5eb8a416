"""Who of a backtest does what the journey is for, while its time runs: under way or not."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from engine.journeys.backtest.history import Happened
from engine.journeys.backtest.tally import Journeyer, Tally


@dataclass(slots=True)
class Goals:
    """The entries that may still reach the goal, by customer. `within` is the journey's time for it."""

    within: timedelta
    tally: Tally
    entries: dict[UUID, list[Journeyer]] = field(default_factory=lambda: defaultdict(list))

    def enter(self, one: Journeyer) -> None:
        """A customer enters."""
        self.entries[one.customer_id].append(one)

    def knows(self, customer_id: UUID) -> bool:
        """Whether this customer has ever entered."""
        return customer_id in self.entries

    def reach(self, happened: Happened) -> None:
        """The goal's event came: it counts for every entry before it whose time has not run out."""
        at = happened.occurred_at
        waiting = [
            one
            for one in self.entries[happened.customer_id]
            if one.converted_at is None and at <= one.entered_at + self.within
        ]
        self.entries[happened.customer_id] = waiting
        for one in waiting:
            if one.entered_at <= at:
                self.tally.convert(one, "", at, happened.worth_minor)

    def undecided(self) -> list[Journeyer]:
        """Entries of which some may still reach the goal."""
        return [one for some in self.entries.values() for one in some]
