"""Finding a ready-made journey by what it is good for, in the words people use for it, English or Hindi."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from engine.journeys.gallery import GalleryJourney, list_gallery
from engine.journeys.models import Stage

WORD = re.compile(r"[\w\u0900-\u097f]+")
SHORTEST_BEGINNING = 3
"""Letters of a word from which on it is taken for the beginning of one of the same meaning."""

SAME = (
    "win back, winback, comeback, come back, reactivate, reactivation, re-engage, reengage, lapsed, lost, inactive, "
    "dormant, churn, quiet, miss you, वापस, वापसी, wapas, लौट",
    "birthday, bday, born, जन्मदिन, janamdin, janmdin",
    "anniversary, सालगिरह, salgirah, वर्षगांठ",
    "review, rating, stars, google, testimonial, social proof, समीक्षा, रिव्यू, feedback, survey, nps, opinion, "
    "फीडबैक, राय",
    "abandoned cart, cart, basket, checkout, कार्ट",
    "welcome, onboarding, signup, sign up, newcomer, new customer, new lead, स्वागत, swagat",
    "thank, gratitude, धन्यवाद, dhanyavad, शुक्रिया, shukriya",
    "loyalty, points, rewards, पॉइंट, अंक, लॉयल्टी",
    "membership, subscription, renewal, renew, सदस्यता, मेंबरशिप, नवीनीकरण",
    "package, sessions, पैकेज",
    "dunning, payment failed, failed payment, unpaid, declined, भुगतान, पेमेंट",
    "reorder, repeat order, repurchase, replenish, refill, buy again, दोबारा",
    "rebooking, rebook, book again, appointment, बुकिंग, अपॉइंटमेंट",
    "festival, diwali, holi, eid, christmas, navratri, त्योहार, त्यौहार, दिवाली, दीवाली, होली, ईद",
    "vip, early access, best customers, launch, product drop, exclusive, वीआईपी",
    "voucher, coupon, discount, gift, छूट, कूपन, ऑफर, उपहार",
    "class, workshop, lesson, course, कक्षा, क्लास",
    "order updates, shipped, shipping, dispatch, delivery, delivered, tracking, ऑर्डर, डिलीवरी",
    "inquiry, enquiry, lead, quote, portfolio, पूछताछ",
    "expiry, expire, expiring, running out, ending, समाप्त",
)
"""Words of the same meaning; who looks for one finds what speaks of any."""

EMPTY = frozenset(
    WORD.findall(
        "a an and the for to of my me our with journey journeys message messages customer customers automation "
        "flow campaign के का की को लिए और ग्राहक ग्राहकों संदेश"
    )
)
"""Words that say nothing about what a journey is good for."""


def find_ready_made(wish: str, *, channel: str = "", stage: Stage | None = None) -> list[GalleryJourney]:
    """Those whose name, description, stage or goal speaks of every word of the wish; all for no words.

    Args:
        wish: a word may be unfinished, or one that means the same (`SAME`).
        channel: only those that write by it.
        stage: only those of this stage.
    """
    meant = list(_meant(wish))
    return [
        each
        for each in list_gallery()
        if (not channel or channel in channels_of(each))
        and stage in (None, each.stage)
        and all(any(f" {word}" in _said(each) for word in words) for words in meant)
    ]


def channels_of(journey: GalleryJourney) -> frozenset[str]:
    """The channels by which it writes, first choices and fallbacks."""
    configs = [step["config"] for step in journey.graph["nodes"] if step["type"] == "action.message"]
    ways = [*configs, *(config["fallback"] for config in configs if "fallback" in config)]
    return frozenset(way["channel"] for way in ways)


def _meant(wish: str) -> Iterator[Collection[str]]:
    """For each word or phrase of the wish: all words by which it is found."""
    rest = f" {_plain(wish)} "
    for words in _groups():
        for phrase in words:
            if " " in phrase and f" {phrase} " in rest:
                rest = rest.replace(f" {phrase} ", " ")
                yield words
                break
    for word in rest.split():
        if word not in EMPTY:
            yield {word}.union(*(words for words in _groups() if _means(word, words)))


def _means(word: str, words: Collection[str]) -> bool:
    long_enough = len(word) >= SHORTEST_BEGINNING
    return any(word == each or (long_enough and each.startswith(word)) for each in words)


@lru_cache
def _groups() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(_plain(word) for word in words.split(",")) for words in SAME)


def _said(journey: GalleryJourney) -> str:
    """All that can be searched, in small letters, with a space before each word."""
    return f" {_plain(f'{journey.name} {journey.description} {journey.stage} {journey.goal}')}"


def _plain(text: str) -> str:
    return " ".join(WORD.findall(text.lower()))
