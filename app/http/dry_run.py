"""REST of the dry run: `POST /api/v1/journeys/{id}/dry-run` (J10)."""

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.doors import KeyRef
from engine.journeys.dry_run.playing import begin, play_script
from engine.journeys.dry_run.wish import MOST_HAPPENINGS, Happening, Invented

router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class DryRunning(BaseModel):
    """Who walks, how they come in, and what happens on the way; without `until` it is played to the end."""

    model_config = ConfigDict(extra="forbid")

    customer_id: UUID | None = None
    invented: Invented | None = None
    trigger: str | None = Field(None, max_length=64)
    entry: dict[str, Any] = Field(default_factory=dict)
    start: AwareDatetime | None = None
    happenings: list[Happening] = Field(default_factory=list, max_length=MOST_HAPPENINGS)
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_customer(self) -> Self:
        if (self.customer_id is None) == (self.invented is None):
            raise ValueError("give either customer_id or invented")
        return self


@router.post("/{journey_id}/dry-run")
def dry_run(caller: Caller, journey_id: UUID, body: DryRunning) -> dict[str, Any]:
    """Let one customer walk through the draft in virtual time; nothing is stored, nothing is sent."""
    begun = begin(
        caller.tenant_id,
        journey_id,
        now=utc_now(),
        customer_id=body.customer_id,
        invented=body.invented,
        trigger=body.trigger,
        entry=body.entry,
        start=body.start,
    )
    played = play_script(caller.tenant_id, begun.dry_run, body.happenings, until=body.until)
    return succeeded(played)
