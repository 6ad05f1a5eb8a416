"""REST of customers: `/api/v1/customers`."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Json, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.errors import InvalidInput, TooLarge
from engine.core.refusals import refused
from engine.core.tenants import get_tenant
from engine.customers import directory, imports
from engine.customers.csv_file import LARGEST_FILE
from engine.customers.csv_mapping import ImportKind
from engine.customers.models import Customer

router = APIRouter(prefix="/api/v1/customers", tags=["customers"])
Caller = Annotated[KeyRef, Depends(api_caller)]
PageSize = Annotated[int, Query(ge=1, le=directory.LARGEST_PAGE)]

FORM_AROUND_FILE = 100_000
"""Bytes that the other fields of an import may have."""

HIDDEN = frozenset(("tenant_id", "merged_into"))


class Tags(BaseModel):
    """Tags to put on and to take off."""

    model_config = ConfigDict(extra="forbid")

    add: list[str] = Field(default_factory=list, max_length=100)
    remove: list[str] = Field(default_factory=list, max_length=100)


class ImportForm(BaseModel):
    """The fields beside the file: its kind, column to field (guessed by default), whether 05/03 is in March."""

    model_config = ConfigDict(extra="forbid")

    kind: ImportKind = ImportKind.CUSTOMERS
    mapping: Json[dict[str, str]] | None = None
    day_first: bool | None = None


UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The CSV file."},
                        "kind": {"enum": [each.value for each in ImportKind], "default": "customers"},
                        "mapping": {"type": "string", "description": 'JSON, e.g. {"Mobile": "phone"}.'},
                        "day_first": {"type": "boolean", "description": "Whether 05/03 is in March."},
                    },
                }
            }
        },
    }
}


@router.get("")
def index(
    caller: Caller,
    search: str = "",
    tag: str = "",
    sort: str = "newest",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: PageSize = 50,
) -> dict[str, Any]:
    """One page of the customers; `search` looks in name, phone, e-mail address and own id."""
    with tenant_session(caller.tenant_id) as session:
        page = directory.list_customers(
            session, search=search, tagged=tag, offset=offset, limit=limit, sort=sort
        )
        return succeeded({"customers": [asdict(row) for row in page.rows], "total": page.total})


@router.post("/import/preview", openapi_extra=UPLOAD)
async def preview(caller: Caller, request: Request) -> dict[str, Any]:
    """What an import of this file would find: columns, what they seem to be, and problems by row. Writes nothing."""
    form, name, data = await _upload(request)
    return await run_in_threadpool(_preview, caller.tenant_id, form, name, data)


@router.post("/import", status_code=201, openapi_extra=UPLOAD)
async def take_in(caller: Caller, request: Request) -> dict[str, Any]:
    """Import a CSV file of customers or orders. Rows that cannot be taken are named, and kept for download."""
    form, name, data = await _upload(request)
    return await run_in_threadpool(_import, caller, form, name, data)


@router.get("/imports")
def list_imports(caller: Caller) -> dict[str, Any]:
    """The last imports, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded([asdict(each) for each in imports.list_imports(session)])


@router.get("/imports/{import_id}/rejected.csv")
def rejected(caller: Caller, import_id: UUID) -> Response:
    """The rows an import did not take, each with the reason, as a CSV file to put right and import again."""
    with tenant_session(caller.tenant_id) as session:
        _, data = imports.rejected_csv(session, import_id)
    disposition = {"Content-Disposition": 'attachment; filename="not-imported.csv"'}
    return Response(data, media_type="text/csv; charset=utf-8", headers=disposition)


@router.get("/{customer_id}")
def show(caller: Caller, customer_id: UUID) -> dict[str, Any]:
    """One customer: fields, running totals, ids they are known by, consents in force."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_shown(directory.load_profile(session, customer_id)))


@router.get("/{customer_id}/timeline")
def timeline(
    caller: Caller, customer_id: UUID, before: AwareDatetime | None = None, limit: PageSize = 50
) -> dict[str, Any]:
    """Events, orders, appointments and changes of consent, the newest first; `before` gives the next page."""
    with tenant_session(caller.tenant_id) as session:
        entries = directory.timeline(session, customer_id, before=before, limit=limit)
        return succeeded([asdict(entry) for entry in entries])


@router.put("/{customer_id}/tags")
def change_tags(caller: Caller, customer_id: UUID, body: Tags) -> dict[str, Any]:
    """Put tags on a customer and take others off; answers with the tags they have then."""
    with tenant_session(caller.tenant_id) as session:
        customer = directory.load_profile(session, customer_id).customer
        directory.tag(
            session, caller.tenant_id, [customer.id], add=body.add, remove=body.remove, now=utc_now()
        )
        session.refresh(customer)
        return succeeded({"id": customer.id, "tags": customer.tags})


async def _upload(request: Request) -> tuple[ImportForm, str, bytes]:
    """The fields, the file's name and its bytes.

    Raises:
        TooLarge: the file has more than 50 MB; said before it is read.
        InvalidInput: there is no file, or a field cannot be used.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise InvalidInput("Content-Length: must say how large the file is.")
    if int(length) > LARGEST_FILE + FORM_AROUND_FILE:
        raise TooLarge(f"file: is larger than {LARGEST_FILE // 1_000_000} MB. Split it into several files.")
    async with request.form(max_files=1, max_fields=10) as sent:
        fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        file = sent.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput(
                "file: send the CSV file as multipart/form-data in a field named `file`.",
                details={"field": "file"},
            )
        try:
            form = ImportForm.model_validate(fields)
        except ValidationError as error:
            raise refused(error) from error
        return form, file.filename or "file.csv", await file.read()


def _preview(tenant_id: UUID, form: ImportForm, name: str, data: bytes) -> dict[str, Any]:
    with tenant_session(tenant_id) as session:
        tenant = get_tenant(session)
    found = imports.preview_csv(
        form.kind,
        data,
        file_name=name,
        now=utc_now(),
        mapping=form.mapping,
        country=tenant.country,
        currency=tenant.currency,
        timezone=tenant.timezone,
        day_first=form.day_first,
    )
    return succeeded(asdict(found))


def _import(caller: KeyRef, form: ImportForm, name: str, data: bytes) -> dict[str, Any]:
    result = imports.import_csv(
        caller.tenant_id,
        form.kind,
        data,
        form.mapping,
        file_name=name,
        actor="api",
        now=utc_now(),
        day_first=form.day_first,
    )
    return succeeded(asdict(result))


def _shown(picture: directory.CustomerPicture) -> dict[str, Any]:
    columns = (column.key for column in Customer.__table__.columns)
    return {
        **{name: getattr(picture.customer, name) for name in columns if name not in HIDDEN},
        "identities": [{"kind": kind, "value": value} for kind, value in picture.identities],
        "consents": [
            {
                name: getattr(each, name)
                for name in ("channel", "purpose", "state", "version", "source", "changed_at")
            }
            for each in picture.consents
        ],
    }
