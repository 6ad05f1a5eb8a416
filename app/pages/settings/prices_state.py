"""What the section of prices shows and changes: the tenant's own prices in place of the usual ones."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import reflex as rx
from babel import Locale

from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.settings.amounts import micro_from, micro_text, symbol_of
from app.pages.settings.state import SettingsState
from app.pages.words import channel_words
from app.ui import done
from engine.channels.interface import Channel
from engine.channels.rates import ANYWHERE, Category, Rate, categories_of, default_rates
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.tenants import get_tenant
from engine.delivery.prices import Place, Prices, load_prices, set_rates

BUDGET = "budget.config"
SHOWN = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)
"""Channels that can be connected."""

BY_COUNTRY = (Channel.WHATSAPP, Channel.SMS)
"""Channels whose price depends on the number's country."""

TERRITORIES = Locale("en").territories
COUNTRIES = sorted(
    ((code, TERRITORIES.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS),
    key=lambda country: country[1],
)
"""Countries that have telephone numbers, by name: `(ISO 3166 code, name)`."""


@dataclass
class PriceRow:
    """A price's field; `usual` stands in it while there is no own one."""

    field: str
    channel: str
    category: str
    country: str
    own: str
    usual: str


class PricesState(SettingsState):
    """The prices' form, and the dialog that adds one for a country."""

    price_symbol: str = ""
    rows: list[PriceRow] = []
    problems: dict[str, str] = {}
    saving: bool = False
    adding: bool = False
    add_channel: str = Channel.WHATSAPP.value
    add_problems: dict[str, str] = {}

    @rx.var
    def stored_values(self) -> str:
        """What the form starts from."""
        return " ".join(each.field + each.own for each in self.rows)

    @rx.var
    def add_categories(self) -> list[tuple[str, str]]:
        """The kinds of the channel a price is added for."""
        return [(each.value, each.capitalize()) for each in categories_of(Channel(self.add_channel))]

    @rx.event
    async def save(self, answers: dict[str, str]):
        """Keep the own prices; a field left empty costs the usual again."""
        viewer = await signed_in(self)
        demand(viewer.role, BUDGET)
        self.saving, self.problems = True, {}
        yield
        try:
            wanted = {each.field: answers.get(each.field, "") for each in self.rows}
            await asyncio.to_thread(_save, viewer, wanted)
        except InvalidInput as error:
            self.problems = problems_of(error)
            return
        finally:
            self.saving = False
        await self._show(viewer)
        yield done("Prices saved. They count from the next message on.")

    @rx.event
    def ask_price(self, is_open: bool):
        """Open or close the dialog for another country's price."""
        self.adding, self.add_problems = is_open, {}

    @rx.event
    def choose_channel(self, channel: str):
        """Whose price it is."""
        self.add_channel = Channel(channel).value

    @rx.event
    async def add(self, answers: dict[str, str]):
        """Keep one more price."""
        viewer = await signed_in(self)
        demand(viewer.role, BUDGET)
        place = field_of(
            (
                answers.get("price-channel", ""),
                answers.get("price-category", ""),
                answers.get("price-country", ""),
            )
        )
        try:
            await asyncio.to_thread(_add, viewer, place, answers.get("price", ""))
        except InvalidInput as error:
            self.add_problems = {"price": next(iter(problems_of(error).values()))}
            return None
        self.adding = False
        await self._show(viewer)
        return done("Price added.")

    async def _show(self, viewer: Viewer) -> None:
        now = utc_now()
        prices, today = await asyncio.to_thread(_load, viewer, now)
        self.problems, self.saving = {}, False
        self.price_symbol = symbol_of(viewer.currency)
        self.rows = rows_of(prices, today)


def rows_of(prices: Prices, today: date) -> list[PriceRow]:
    """Every price that is known, and the kinds nobody has a price for: by channel, kind and country."""
    known = {place for place in default_rates(today) if place[0] in SHOWN} | set(prices.own)
    known |= {(channel.value, kind.value, ANYWHERE) for channel in SHOWN for kind in categories_of(channel)}
    order = {channel.value: number for number, channel in enumerate(Channel)}
    places = sorted(known, key=lambda place: (order[place[0]], place[1], place[2] == ANYWHERE, place[2]))
    return [
        PriceRow(
            field=field_of(place),
            channel=channel_words(place[0]),
            category=place[1].capitalize(),
            country=_country(place),
            own=micro_text(prices.own.get(place)),
            usual=micro_text(prices.usual.get(place)) or "Not known: 0",
        )
        for place in places
    ]


def field_of(place: Place) -> str:
    """The name of a price's field."""
    return ".".join(("price", *place))


def _country(place: Place) -> str:
    if place[0] not in BY_COUNTRY:
        return "Everywhere"
    return "All other countries" if place[2] == ANYWHERE else str(TERRITORIES.get(place[2], place[2]))


def _load(viewer: Viewer, now: datetime) -> tuple[Prices, date]:
    with tenant_session(viewer.tenant_id) as session:
        tenant = get_tenant(session)
        today = now.astimezone(ZoneInfo(tenant.timezone)).date()
        return load_prices(session, currency=tenant.currency, on=today), today


def _save(viewer: Viewer, answers: Mapping[str, str]) -> None:
    rates = [rate for field, text in answers.items() if (rate := _rate(field, text)) is not None]
    with tenant_session(viewer.tenant_id) as session:
        set_rates(session, viewer.tenant_id, rates, actor=viewer.actor, now=utc_now())


def _add(viewer: Viewer, field: str, text: str) -> None:
    rate = _rate(field, text)
    if rate is None:
        raise InvalidInput(f"{field}: write a price, like 0.85.", details={"field": field})
    with tenant_session(viewer.tenant_id) as session:
        tenant = get_tenant(session)
        own = load_prices(session, currency=tenant.currency, on=utc_now().date()).own
        kept = [
            Rate(Channel(channel), Category(kind), country, price)
            for (channel, kind, country), price in own.items()
            if field_of((channel, kind, country)) != field
        ]
        set_rates(session, viewer.tenant_id, [*kept, rate], actor=viewer.actor, now=utc_now())


def _rate(field: str, text: str) -> Rate | None:
    price = micro_from(text, field=field)
    _, channel, category, country = field.split(".")
    return None if price is None else Rate(Channel(channel), Category(category), country, price)
