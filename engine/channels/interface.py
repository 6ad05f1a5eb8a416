"""What a channel is, and what every provider offers: one file a provider, all of one shape (H1)."""

from enum import StrEnum


class Channel(StrEnum):
    """Ways to reach a customer, in the order in which India prefers them."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
