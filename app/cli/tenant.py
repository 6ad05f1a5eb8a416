"""Which tenant a command is about."""

from typing import Annotated

import typer

from engine.core.doors import TenantRef, find_tenant
from engine.core.errors import NotFound

DEMO = "demo"

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant's slug.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def tenant_named(slug: str) -> TenantRef:
    """The tenant with this slug.

    Raises:
        NotFound: there is none.
    """
    tenant = find_tenant(slug)
    if tenant is None:
        raise NotFound(
            f"There is no tenant '{slug}'. `safar seed` makes the demo studio, whose slug is 'demo'."
        )
    return tenant
