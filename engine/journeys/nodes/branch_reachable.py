"""Two ways on: customers whom marketing can reach by a channel, and all others (J4)."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.channels.interface import Channel
from engine.customers.contacts import Contact
from engine.customers.models import ConsentState
from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Port,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
)

YES, NO = "yes", "no"


class BranchReachableConfig(Config):
    """Which channel."""

    channel: Channel = Field(Channel.WHATSAPP, title="Channel", json_schema_extra=control("channel"))


class BranchReachable(Node):
    """Branch on reachability: address, consent, and nothing that speaks against it.

    Caps and quiet hours are the guard's question when a message is due; they only delay.
    """

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "If reachable"
    icon: ClassVar[str] = "radio-tower"
    description: ClassVar[str] = "Go one way if marketing may and can reach the customer by a channel"
    summary: ClassVar[str] = "If reachable by {channel}"

    type: Literal["branch.reachable"] = "branch.reachable"
    config: BranchReachableConfig = BranchReachableConfig()

    def ports(self) -> tuple[Port, ...]:
        return (Port(YES, "Yes"), Port(NO, "No"))

    def must_connect(self) -> bool:
        return True

    def asks_contact(self) -> bool:
        return True

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        contact = facts.contacts.get(run.customer_id)
        refusal = why_not(contact, self.config.channel) if contact else "The customer was deleted"
        return Go(NO, refusal) if refusal else Go(YES, f"Reachable by {self.config.channel}")

    def sentence(self) -> str:
        return f"If reachable by {self.config.channel.label}"


def why_not(contact: Contact, channel: Channel) -> str | None:
    """Why marketing cannot reach the customer by this channel; None when it can."""
    if contact.is_erased:
        return "The customer's data was erased"
    if contact.address(channel) is None:
        return f"No address for {channel}"
    state = contact.marketing.get(channel)
    if state is not ConsentState.GRANTED:
        return (
            f"{'Opted out of' if state is ConsentState.WITHDRAWN else 'No consent to'} marketing by {channel}"
        )
    if channel in contact.suppressed:
        return f"The address is suppressed ({contact.suppressed[channel]})"
    if channel is Channel.SMS and contact.is_dnd:
        return "The number is in the Do Not Disturb registry"
    return None
