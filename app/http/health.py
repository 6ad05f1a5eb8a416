"""`/healthz`: whether this process can do its work. `/metrics`: how the work goes, for Prometheus (I4)."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from engine.core.clock import utc_now
from engine.core.metrics import write_metrics

router = APIRouter()


@router.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/metrics", include_in_schema=False)
def metrics() -> Response:
    """Names and meanings: `docs/operations.md`."""
    return Response(write_metrics(now=utc_now()), media_type=CONTENT_TYPE_LATEST)
