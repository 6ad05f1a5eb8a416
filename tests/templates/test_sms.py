"""Counting the parts of a text message (providers 2.5)."""

import pytest

from engine.templates.sms import count_segments, plain_text


@pytest.mark.parametrize(
    ("text", "encoding", "length", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("Hello", "GSM-7", 5, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the escape pair does not straddle
        ("नमस्ते", "UCS-2", 6, 1),
        ("न" * 70, "UCS-2", 70, 1),
        ("न" * 71, "UCS-2", 71, 2),
        ("न" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("न" * 66 + "😀" + "न" * 66, "UCS-2", 134, 3),  # nor does the surrogate pair
    ],
)
def test_parts(text: str, encoding: str, length: int, segments: int) -> None:
    sms = count_segments(text)
    assert (sms.encoding, sms.length, sms.segments) == (encoding, length, segments)


def test_what_makes_a_text_dear_is_named_and_can_be_written_plainly() -> None:
    dear = "Pay ₹499 – it’s “new”…"
    assert count_segments(dear).foreign == ("₹", "–", "’", "“", "”", "…")
    assert plain_text(dear) == 'Pay Rs 499 - it\'s "new"...'
    assert count_segments(plain_text(dear)).encoding == "GSM-7"


def test_room_left() -> None:
    assert count_segments("a" * 100).left == 60
    assert count_segments("a" * 200).left == 153 - 47
