"""What the home page shows: figures of the tenant and the steps that make it work."""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.session import signed_in
from engine.core.clock import utc_now
from engine.journeys.overview import HomeOverview, home_overview


@dataclass
class Step:
    """One step of setting up; `look` is `done`, `next` (the first that is not done) or `open`."""

    number: int
    title: str
    text: str
    action: str
    href: str
    look: str = "open"


@dataclass
class Figures:
    """The figures as the page writes them."""

    customers: str = ""
    live_journeys: str = ""
    in_progress: str = ""
    sent_week: str = ""
    waiting: str = ""


def steps_of(overview: HomeOverview) -> list[Step]:
    """The steps in their order, each with what is known of it."""
    known = (
        (
            overview.customers > 0,
            "Bring your customers",
            "Import a CSV from your booking system or shop, or send them in through the API.",
            "Import customers",
            "/customers/import",
        ),
        (
            overview.live_journeys > 0,
            "Draw your first journey",
            "A trigger, a wait, a message. Try it on one customer, then publish it.",
            "Open journeys",
            "/journeys",
        ),
        (
            overview.inbox_messages > 0,
            "Read what goes out",
            "Until a channel is connected, every message lands in the local inbox, as the customer would see it.",
            "Open the inbox",
            "/inbox",
        ),
        (
            overview.channels_connected > 0,
            "Connect a channel",
            "WhatsApp or your mail server; from then on messages reach real customers.",
            "Connect",
            "/settings",
        ),
    )
    first_open = next((index for index, entry in enumerate(known) if not entry[0]), len(known))
    return [
        Step(
            number=index + 1,
            title=title,
            text=text,
            action=action,
            href=href,
            look="done" if done else "next" if index == first_open else "open",
        )
        for index, (done, title, text, action, href) in enumerate(known)
    ]


def greeting(*, hour: int, name: str) -> str:
    """A greeting that fits the hour at the studio."""
    part = "morning" if 4 <= hour < 12 else "afternoon" if hour < 17 and hour >= 12 else "evening"
    return f"Good {part}, {name.split()[0]}" if name.strip() else f"Good {part}"


class HomeState(rx.State):
    """The home page."""

    loading: bool = True
    greeting: str = "Home"
    steps: list[Step] = []
    all_done: bool = False
    figures: Figures = Figures()
    uncertain: int = 0

    @rx.event
    async def load(self):
        """Look at the tenant anew."""
        viewer = await signed_in(self)
        now = utc_now()
        overview = await asyncio.to_thread(home_overview, viewer.tenant_id, now=now)
        self.greeting = greeting(hour=now.astimezone(ZoneInfo(viewer.timezone)).hour, name=viewer.name)
        self.steps = steps_of(overview)
        self.all_done = all(step.look == "done" for step in self.steps)
        self.figures = Figures(
            customers=f"{overview.customers:,}",
            live_journeys=f"{overview.live_journeys:,}",
            in_progress=f"{overview.in_progress:,}",
            sent_week=f"{overview.sent_week:,}",
            waiting=f"{overview.waiting_messages:,}",
        )
        self.uncertain = overview.uncertain
        self.loading = False
