"""The dry run's lines in words, as the customer's page tells a journey (J14)."""

from collections.abc import Callable, Mapping
from datetime import datetime

import orjson

from engine.journeys.decide import EffectDue, StepDone
from engine.journeys.difference import Words
from engine.journeys.dry_run.entrance import Entered
from engine.journeys.dry_run.told import Entry, Kind
from engine.journeys.effects import webhook_body
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.outcomes import (
    CallWebhook,
    CreateFollowUp,
    NotifyStaff,
    SendMessage,
    StartJourney,
)
from engine.journeys.plan import Plan
from engine.segments.findings import tell_findings
from engine.segments.kinds.kind import Telling

Facts = tuple[str, ...]

TRIED_ONLY: Facts = ("Changed in this dry run only",)


def _call(due: EffectDue) -> Facts:
    assert isinstance(due.effect, CallWebhook)
    body = orjson.dumps(webhook_body(due, due.effect.name), option=orjson.OPT_INDENT_2).decode()
    return ("Not called in a dry run. It would get:", body)


NOT_DONE: Mapping[type, Callable[[EffectDue], Facts]] = {
    CallWebhook: _call,
    CreateFollowUp: lambda due: ("Nobody is reminded in a dry run",),
    NotifyStaff: lambda due: ("Nobody is told in a dry run",),
    StartJourney: lambda due: ("They do not enter there in a dry run",),
}
"""Effects that reach others, and what is said in their place."""


class Teller:
    """Puts steps into words: `words` names what a node points at, `telling` writes amounts as the tenant does."""

    def __init__(self, plan: Plan, words: Words, telling: Telling) -> None:
        self.plan = plan
        self.words = words
        self.telling = telling

    def sentence(self, node_id: str) -> str:
        """A node in words; empty when there is none."""
        node = self.plan.nodes.get(node_id)
        return self.words(node) if node else ""

    def entrance(self, step: StepDone, at: datetime, entered: Entered) -> Entry:
        """How they came in, and what would have kept them out."""
        text = step.why or "Entered"
        facts = entered.left_out
        if entered.kept_out_by:
            text = "Would not be let in; the dry run goes on as if they were"
            facts = (*entered.kept_out_by, *facts)
        sentence = self.sentence(step.node_id)
        return Entry(at, Kind.ENTERED, text, step.node_id, sentence, facts, step.port or "")

    def step(self, step: StepDone, due: EffectDue | None, at: datetime) -> Entry:
        """A step passed: what was decided, by which values, and which way it went."""
        facts: Facts = ()
        rules = self.plan.rules.get(step.node_id)
        if rules is not None and step.found:
            facts = (tell_findings(rules, step.found, at=at, telling=self.telling),)
        kind = Kind.STEP
        if due is not None and not isinstance(due.effect, SendMessage):
            kind = Kind.EFFECT
            not_done = NOT_DONE.get(type(due.effect))
            facts = not_done(due) if not_done else TRIED_ONLY
        way = self._way(step)
        return Entry(
            at,
            kind,
            step.why or "Passed",
            step.node_id,
            self.sentence(step.node_id),
            facts,
            step.port or "",
            way,
        )

    def wait(self, node_id: str, reason: str, at: datetime, until: datetime) -> Entry:
        """A wait that begins, or one whose end has moved."""
        return Entry(at, Kind.WAIT, reason or "Waits", node_id, self.sentence(node_id), until=until)

    def ending(self, status: EnrolmentStatus, reason: str) -> str:
        """How the walk ended."""
        return f"Stuck: {reason}" if status is EnrolmentStatus.QUARANTINED else reason or "The end"

    def _way(self, step: StepDone) -> str:
        node = self.plan.nodes.get(step.node_id)
        ports = {port.id: port.label for port in node.ports()} if node else {}
        return ports.get(step.port or "", "")
