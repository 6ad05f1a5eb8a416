"""The Reflex application: the browser's UI, with the HTTP doors of `app/http` on the same port."""

import reflex as rx

from app.http.api import create_api
from app.pages.errors import answer_error
from app.pages.index import PAGES
from app.pages.registry import add_pages
from app.serving import serve_pages
from app.ui.theme import STYLESHEETS

app = rx.App(
    html_lang="en",
    stylesheets=STYLESHEETS,
    api_transformer=[create_api(), serve_pages([page.route for page in PAGES])],
    backend_exception_handler=answer_error,
)
add_pages(app, PAGES)
