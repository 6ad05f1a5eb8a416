"""`safar seed`: the demo studio, a pottery studio in Jaipur with customers, orders, journeys and a landing page."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from app.cli.demo_studio import furnish
from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson
from engine.core.accounts import create_tenant, create_user
from engine.core.clock import utc_now
from engine.core.crypto import random_token
from engine.core.db import tenant_session
from engine.core.doors import find_tenant
from engine.core.models import Role
from engine.core.settings import settings
from engine.core.tenants import update_settings
from engine.customers.imports import import_csv
from engine.journeys.gallery import install
from engine.journeys.publishing import publish
from engine.landing.pages import PageDraft, create_page, publish_page
from engine.segments.system import install_system_segments
from engine.templates.system import install_system_templates

ACTOR = "system"
EMAIL = "asha@kala.example"
FILES = Path(__file__).parent / "demo"
LIVE_JOURNEYS = ("welcome", "thank_you")
DRAFTS = ("win_back", "birthday_voucher")

TRIAL_PAGE = PageDraft(
    slug="trial-class",
    title="Your first pottery class is on us",
    intro="Two hours at the wheel, clay and apron included. Come with a friend, leave with a bowl of your own.\n"
    "Tell us how to reach you and we will find a day together.",
    form={
        "fields": [
            {"key": "name", "kind": "name", "label": "Your name", "required": True},
            {"key": "phone", "kind": "phone", "label": "Mobile number", "required": True},
            {"key": "email", "kind": "email", "label": "E-mail"},
            {
                "key": "day",
                "kind": "choice",
                "label": "Which day suits you?",
                "options": ["A weekday evening", "Saturday", "Sunday"],
            },
            {
                "key": "whatsapp_news",
                "kind": "consent",
                "channel": "whatsapp",
                "label": "Kala Studio may send me news and offers by WhatsApp. I can stop this at any time.",
            },
            {
                "key": "email_news",
                "kind": "consent",
                "channel": "email",
                "label": "Kala Studio may send me news and offers by e-mail. I can stop this at any time.",
            },
        ],
        "button": "Book my class",
        "highlights": ["Small groups of six", "All materials included", "In the heart of Jaipur"],
    },
)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """How one signs in to the demo studio."""

    email: str
    password: str


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    cli.command()(seed)


def seed(as_json: AsJson = False) -> None:
    """Make the demo studio, if it is not there yet, and print how to sign in."""
    with standing_servers():
        seed_demo()
        login = demo_login()
    if login is None:
        typer.echo("The demo studio was made elsewhere; its login is kept there.", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(asdict(login)) if as_json else f"Sign in with {login.email} / {login.password}")


def seed_demo() -> bool:
    """Make the demo studio; False when it is there already."""
    if find_tenant(DEMO):
        return False
    now = utc_now()
    tenant_id = create_tenant(DEMO, "Kala Studio")
    owner_id = _keep(DemoLogin(EMAIL, random_token(9)), tenant_id)
    with tenant_session(tenant_id) as session:
        address = {"mailing_address": "Kala Studio, 14 Amber Road, Jaipur 302001, India"}
        update_settings(session, tenant_id, address, actor=ACTOR, now=now)
        install_system_templates(session, tenant_id, now)
    for kind in ("customers", "orders"):
        _import(tenant_id, kind, now)
    with tenant_session(tenant_id) as session:
        furnish(session, tenant_id, now=now)
        install_system_segments(session, tenant_id, now=now)
        page = create_page(session, tenant_id, TRIAL_PAGE, now=now)
        publish_page(session, page.id, now=now)
        _install_journeys(session, tenant_id, owner_id, now)
    return True


def demo_login() -> DemoLogin | None:
    """The demo studio's login, from this installation's data folder; None when it was not made here."""
    try:
        return DemoLogin(**json.loads(_login_file().read_text()))
    except FileNotFoundError:
        return None


def _import(tenant_id: UUID, kind: str, now: datetime) -> None:
    name = f"{kind}.csv"
    import_csv(tenant_id, kind, (FILES / name).read_bytes(), None, file_name=name, actor=ACTOR, now=now)


def _install_journeys(session: Session, tenant_id: UUID, owner_id: UUID, now: datetime) -> None:
    for key in (*DRAFTS, *LIVE_JOURNEYS):
        journey = install(session, tenant_id, key, user_id=owner_id, now=now)
        if key in LIVE_JOURNEYS:
            publish(session, tenant_id, journey.id, user_id=owner_id, now=now)


def _keep(login: DemoLogin, tenant_id: UUID) -> UUID:
    """Make the demo's owner, write down how they sign in, and return their id."""
    owner_id = create_user(tenant_id, login.email, "Asha Sharma", Role.SUPER_OWNER, login.password)
    file = _login_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(login)))
    return owner_id


def _login_file() -> Path:
    return settings().data_dir / "demo-login.json"
