"""All pages of the UI, in one place: to add one, write its folder and name it here."""

from app.pages.customers.import_page import IMPORT
from app.pages.customers.list_page import CUSTOMERS
from app.pages.customers.profile_page import PROFILE
from app.pages.desk.page import DESK
from app.pages.home.page import HOME
from app.pages.inbox.page import INBOX
from app.pages.journeys.builder_page import BUILDER
from app.pages.journeys.list_page import JOURNEYS
from app.pages.journeys.map_page import MAP
from app.pages.journeys.new_page import NEW
from app.pages.login.page import LOGIN
from app.pages.not_found import NOT_FOUND
from app.pages.offers.coupon_page import COUPON
from app.pages.offers.list_page import OFFERS
from app.pages.registry import Page
from app.pages.settings.page import SETTINGS
from app.pages.templates.editor_page import TEMPLATE
from app.pages.templates.list_page import TEMPLATES

PAGES: list[Page] = [
    LOGIN,
    HOME,
    JOURNEYS,
    MAP,
    NEW,
    BUILDER,
    CUSTOMERS,
    IMPORT,
    PROFILE,
    DESK,
    TEMPLATES,
    TEMPLATE,
    OFFERS,
    COUPON,
    INBOX,
    SETTINGS,
    NOT_FOUND,
]
