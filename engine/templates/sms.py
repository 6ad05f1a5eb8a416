"""How many parts a text message takes, and what makes it dear (providers 2.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Encoding(StrEnum):
    """How a text travels: `GSM-7` counts septets, `UCS-2` counts 16-bit units."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Sms:
    """What a text costs.

    `length` is in septets (GSM-7) or 16-bit units (UCS-2); `left` is what still fits the last part.
    `foreign` are the characters that force UCS-2, each once, in the order of the text.
    """

    encoding: Encoding
    length: int
    segments: int
    left: int
    foreign: tuple[str, ...]


BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f[\\]^{|}~€")
"""Characters that cost an escape and a septet."""

SINGLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
PART = {Encoding.GSM7: 153, Encoding.UCS2: 67}
"""Room of a message that is alone, and of each part of a longer one."""

PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "…": "...",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "•": "-", "·": "-", "₹": "Rs ", "`": "'", "´": "'",
        "\t": " ", "×": "x",
    }
)  # fmt: skip
"""Characters that word processors put in, and what a phone of any age shows instead."""


def count_segments(text: str) -> Sms:
    """Count the parts a text is sent in; the provider's own number is what is paid and is stored beside it."""
    foreign = tuple(dict.fromkeys(char for char in text if char not in BASIC and char not in EXTENSION))
    encoding = Encoding.UCS2 if foreign else Encoding.GSM7
    costs = list(_costs(text, encoding))
    length = sum(costs)
    if length <= SINGLE[encoding]:
        return Sms(encoding, length, 1, SINGLE[encoding] - length, foreign)
    segments, left = _fill(costs, PART[encoding])
    return Sms(encoding, length, segments, left, foreign)


def plain_text(text: str) -> str:
    """The text with typographic quotes, dashes and the rupee sign written in GSM-7, to offer beside a dear one."""
    return text.translate(PLAIN)


def _costs(text: str, encoding: Encoding) -> Iterator[int]:
    if encoding is Encoding.GSM7:
        return (2 if char in EXTENSION else 1 for char in text)
    return (2 if ord(char) > 0xFFFF else 1 for char in text)


def _fill(costs: list[int], room: int) -> tuple[int, int]:
    """Fill parts one after the other: an escape or surrogate pair never straddles two."""
    segments, left = 1, room
    for cost in costs:
        if cost > left:
            segments, left = segments + 1, room
        left -= cost
    return segments, left
