"""Phone numbers as people write them, read into E.164."""

import re
from functools import lru_cache
from typing import Any

import phonenumbers

WHOLE = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)


def read_phone(value: Any, country: str) -> str:
    """A phone number in E.164.

    Args:
        country: ISO code; whose number it is when it has no country code.

    Raises:
        ValueError: it is not a number that can exist; the message says what is expected.
    """
    if isinstance(value, str) and WHOLE.fullmatch(value) and _is_mobile(value):
        return value
    try:
        number = phonenumbers.parse(str(value), country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValueError("is not a phone number; write it with the country code, e.g. +91 98200 12345")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_mobile(value: str) -> bool:
    """Whether this E.164 number is a mobile one of a country that shares its code with no other.

    Then there is nothing more to read out of it. Most numbers are; all others go the long way, ten times as slow.
    """
    for end in (2, 3, 4):
        rule = _mobile_rule(int(value[1:end]))
        if rule is not None:
            return rule.fullmatch(value, end) is not None
    return False


@lru_cache(maxsize=1024)
def _mobile_rule(code: int) -> re.Pattern[str] | None:
    """The mobile numbers behind this country code; None when there is no such code or several countries share it."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions[0], None) if len(regions) == 1 else None
    if metadata is None or metadata.general_desc is None or metadata.mobile is None:
        return None
    general, mobile = metadata.general_desc.national_number_pattern, metadata.mobile.national_number_pattern
    lengths = metadata.mobile.possible_length or metadata.general_desc.possible_length
    if not general or not mobile or not lengths:
        return None
    long_enough = "|".join(f"[1-9][0-9]{{{length - 1}}}" for length in lengths)
    return re.compile(rf"(?=(?:{long_enough})\Z)(?=(?:{general})\Z)(?:{mobile})", re.ASCII)
