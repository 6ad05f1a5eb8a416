"""Whom a calendar trigger means in a window of time: one set-based question a kind of trigger, one file each."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.journeys.calendar_days import Window
from engine.journeys.nodes.base import CalendarTrigger
from engine.journeys.nodes.trigger_birthday import TriggerBirthday
from engine.journeys.nodes.trigger_cart import TriggerCart
from engine.journeys.nodes.trigger_date import TriggerDate
from engine.journeys.nodes.trigger_expiry import TriggerExpiry
from engine.journeys.nodes.trigger_inquiry import TriggerInquiry
from engine.journeys.nodes.trigger_quiet import TriggerQuiet
from engine.journeys.nodes.trigger_schedule import TriggerSchedule
from engine.journeys.occasions.birthday import ask_birthday
from engine.journeys.occasions.cart import ask_cart
from engine.journeys.occasions.date import ask_date
from engine.journeys.occasions.expiry import ask_expiry
from engine.journeys.occasions.inquiry import ask_inquiry
from engine.journeys.occasions.question import Question
from engine.journeys.occasions.quiet import ask_quiet
from engine.journeys.occasions.schedule import ask_schedule

ASK: Mapping[type[CalendarTrigger], Callable[[Any, Window], Question | None]] = {
    TriggerBirthday: ask_birthday,
    TriggerCart: ask_cart,
    TriggerDate: ask_date,
    TriggerExpiry: ask_expiry,
    TriggerInquiry: ask_inquiry,
    TriggerQuiet: ask_quiet,
    TriggerSchedule: ask_schedule,
}
"""One entry a type of calendar trigger."""


def question_of(trigger: CalendarTrigger, window: Window) -> Question | None:
    """What to ask to learn whom this trigger means in this window; None when nothing can have come due."""
    return ASK[type(trigger)](trigger, window)
