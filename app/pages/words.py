"""How moments, amounts and channels read on every page."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, get_currency_precision

from app.ui.theme import Tone

CHANNEL_WORDS: Mapping[str, str] = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "E-mail", "push": "Push"}
CHANNEL_TONES: Mapping[str, Tone] = {"whatsapp": Tone.GOOD, "sms": Tone.INFO, "email": Tone.WAITING}
LANGUAGE_WORDS: Mapping[str, str] = {
    "en": "English",
    "hi": "हिन्दी",
    "bn": "বাংলা",
    "gu": "ગુજરાતી",
    "kn": "ಕನ್ನಡ",
    "ml": "മലയാളം",
    "mr": "मराठी",
    "pa": "ਪੰਜਾਬੀ",
    "ta": "தமிழ்",
    "te": "తెలుగు",
}


def channel_words(channel: str) -> str:
    """A channel as a person reads it."""
    return CHANNEL_WORDS.get(channel, channel.capitalize())


def channel_tone(channel: str) -> str:
    """A channel's colour."""
    return CHANNEL_TONES.get(channel, Tone.NEUTRAL).value


def language_words(locale: str) -> str:
    """A language in its own name, or its code."""
    return LANGUAGE_WORDS.get(locale, locale)


def short_moment(moment: datetime | None, *, now: datetime, timezone: str) -> str:
    """`14:05` for today, `3 Mar` for this year, `3 Mar 2025` for earlier ones, nothing for never."""
    if moment is None:
        return ""
    there, today = moment.astimezone(ZoneInfo(timezone)), now.astimezone(ZoneInfo(timezone))
    if there.date() == today.date():
        return f"{there:%H:%M}"
    return f"{there.day} {there:%b}" if there.year == today.year else f"{there.day} {there:%b %Y}"


def full_moment(moment: datetime | None, *, timezone: str) -> str:
    """`Tue 3 Mar 2026, 14:05` in the studio's time, nothing for never."""
    if moment is None:
        return ""
    there = moment.astimezone(ZoneInfo(timezone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def money(minor: int, *, currency: str, locale: str = "en_IN") -> str:
    """An amount in minor units as it is written: `₹1,23,456`; the minor part only where there is one."""
    digits = get_currency_precision(currency)
    amount = minor / 10**digits
    pattern = "¤#,##,##0" if locale == "en_IN" else "¤#,##0"
    if minor % 10**digits:
        pattern += "." + "0" * digits
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False)
