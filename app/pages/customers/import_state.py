"""Bringing customers or orders in from a file: look at it, say what its columns are, import, see what was kept back."""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.customers.list_state import MANAGE
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.words import short_moment
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import NotFound, SafarError
from engine.core.tenants import get_tenant
from engine.customers.csv_file import LARGEST_FILE
from engine.customers.csv_mapping import ATTRIBUTE, FIELDS, SKIP, ImportKind
from engine.customers.imports import (
    ImportResult,
    ImportRow,
    Preview,
    import_csv,
    list_imports,
    preview_csv,
    rejected_csv,
)

SAMPLES = 3
SHOWN_REJECTED = 20
LOOK_SECONDS = 0.4
PACKING = 1
"""How hard the file is compressed between looking at it and importing it: fast."""

KIND_WORDS = {ImportKind.CUSTOMERS: "Customers", ImportKind.ORDERS: "Orders"}


@dataclass
class ColumnView:
    """A column of the file, some of its values, and which field it fills."""

    name: str
    samples: str
    field: str


@dataclass
class ProblemView:
    """Something wrong in the file; `place` says where."""

    place: str
    message: str


@dataclass
class PastImport:
    """An import that was made."""

    id: str
    file_name: str
    kind: str
    counts: str
    rejected: str
    when: str


@dataclass
class Summary:
    """What an import came to."""

    id: str = ""
    created: str = ""
    updated: str = ""
    rejected: str = ""
    rows: list[ProblemView] = field(default_factory=list)


def choices_of(kind: str) -> list[tuple[str, str]]:
    """The fields a column can fill."""
    fields = [(each.name, each.label) for each in FIELDS[ImportKind(kind)]]
    others = [(ATTRIBUTE, "A field of your own")] if kind == ImportKind.CUSTOMERS else []
    return [(SKIP, "Leave out"), *fields, *others]


def columns_of(preview: Preview) -> list[ColumnView]:
    """The columns with values that show what they hold."""
    return [
        ColumnView(
            name=column,
            samples=", ".join([row[column][:40] for row in preview.rows if row.get(column)][:SAMPLES]),
            field=preview.mapping.get(column, SKIP),
        )
        for column in preview.columns
    ]


def past_of(row: ImportRow, *, now: datetime, timezone: str) -> PastImport:
    """A line of the list of imports."""
    return PastImport(
        id=str(row.id),
        file_name=row.file_name,
        kind=KIND_WORDS[ImportKind(row.kind)],
        counts=f"{row.created:,} new, {row.updated:,} known",
        rejected=f"{row.rejected:,} kept back" if row.rejected else "",
        when=short_moment(row.at, now=now, timezone=timezone),
    )


def summary_of(result: ImportResult) -> Summary:
    """What the last page of an import shows."""
    return Summary(
        id=str(result.import_id),
        created=f"{result.created:,}",
        updated=f"{result.updated:,}",
        rejected=f"{len(result.rejected):,}",
        rows=[ProblemView(f"Row {each.row}", each.reason) for each in result.rejected[:SHOWN_REJECTED]],
    )


class ImportState(rx.State):
    """The import page. `step` is `choose`, `check`, `running` or `result`."""

    loading: bool = True
    step: str = "choose"
    kind: str = ImportKind.CUSTOMERS.value
    may_edit: bool = False
    busy: bool = False
    problem: str = ""
    file_name: str = ""
    facts: str = ""
    columns: list[ColumnView] = []
    choices: list[tuple[str, str]] = []
    problems: list[ProblemView] = []
    kept_back: int = 0
    total: int = 0
    done: int = 0
    of: int = 0
    summary: Summary = Summary()
    past: list[PastImport] = []
    _packed: bytes = b""

    @rx.var
    def action(self) -> str:
        """What the button says."""
        return f"Import {self.total - self.kept_back:,} rows"

    @rx.var
    def can_import(self) -> bool:
        """Whether any row would be taken."""
        return self.total > self.kept_back

    @rx.var
    def progress(self) -> int:
        """How far the import is, in percent."""
        return round(100 * self.done / self.of) if self.of else 0

    @rx.event
    async def load(self):
        """Begin anew, unless an import is under way."""
        viewer = await signed_in(self)
        self.may_edit = may(viewer.role, MANAGE)
        if self.step != "running":
            self._begin()
        await self._list(viewer)
        self.loading = False

    @rx.event
    async def again(self):
        """Choose another file."""
        viewer = await signed_in(self)
        self._begin()
        await self._list(viewer)

    @rx.event
    def choose_kind(self, kind: str):
        """Customers, or their orders."""
        self.kind = ImportKind(kind).value

    @rx.event
    async def take(self, files: list[rx.UploadFile]):
        """Look at the file that was chosen."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        if not files:
            return None
        data = await files[0].read(LARGEST_FILE + 1)
        self._packed = await asyncio.to_thread(zlib.compress, data, PACKING)
        self.file_name = files[0].name or "customers.csv"
        self.columns, self.problem, self.busy = [], "", True
        return ImportState.look

    @rx.event
    async def map_column(self, column: str, field_name: str):
        """Say what a column is, and look again. One field is filled by one column: who had it gives it up."""
        await signed_in(self)
        for each in self.columns:
            if each.name == column:
                each.field = field_name
            elif each.field == field_name and field_name not in (SKIP, ATTRIBUTE):
                each.field = SKIP
        self.busy = True
        return ImportState.look

    @rx.event(background=True)
    async def look(self):
        """Read the file as the columns say, or as their headers suggest when it is new. Large ones take seconds."""
        async with self:
            viewer = await signed_in(self)
            packed, kind, file_name = self._packed, self.kind, self.file_name
            mapping = {each.name: each.field for each in self.columns} or None
        try:
            preview = await asyncio.to_thread(
                _look, viewer, kind, zlib.decompress(packed), file_name, mapping
            )
        except SafarError as error:
            async with self:
                self.problem, self.busy = error.message, False
            return
        async with self:
            self.choices = choices_of(kind)
            self._show(preview)
            self.step, self.busy = "check", False

    @rx.event(background=True)
    async def start(self):
        """Import, and tell how far it is."""
        async with self:
            viewer = await signed_in(self)
            demand(viewer.role, MANAGE)
            if self.step != "check":
                return
            self.step, self.problem, self.done, self.of = "running", "", 0, self.total - self.kept_back
            data, mapping = zlib.decompress(self._packed), {each.name: each.field for each in self.columns}
            kind, file_name = self.kind, self.file_name
        far = [0, self.of]
        work = asyncio.create_task(asyncio.to_thread(_import, viewer, kind, data, mapping, file_name, far))
        while not (await asyncio.wait({work}, timeout=LOOK_SECONDS))[0]:
            async with self:
                self.done, self.of = far
        async with self:
            try:
                self.summary, self.step = summary_of(work.result()), "result"
                self._packed = b""
            except SafarError as error:
                self.problem, self.step = next(iter(problems_of(error).values())), "check"
            except Exception:
                self.step = "check"
                raise

    @rx.event
    async def download(self, import_id: str):
        """The rows that were kept back, as a file to put right and import again."""
        viewer = await signed_in(self)
        name, data = await asyncio.to_thread(_rejected, viewer, import_id)
        return rx.download(data=data, filename=name)

    def _begin(self) -> None:
        self.step, self.problem, self.busy = "choose", "", False
        self.columns, self.problems, self._packed = [], [], b""

    def _show(self, preview: Preview) -> None:
        self.columns = columns_of(preview)
        self.problems = [
            ProblemView(f"Row {each.row}" if each.row > 1 else "File", str(each)) for each in preview.problems
        ]
        self.total, self.kept_back = preview.total_rows, preview.rejected_rows
        self.facts = (
            f"{preview.total_rows:,} rows, {len(preview.columns)} columns, {preview.encoding.upper()}"
        )

    async def _list(self, viewer: Viewer) -> None:
        now = utc_now()
        self.past = [
            past_of(each, now=now, timezone=viewer.timezone)
            for each in await asyncio.to_thread(_past, viewer)
        ]


def _look(
    viewer: Viewer, kind: str, data: bytes, file_name: str, mapping: Mapping[str, str] | None
) -> Preview:
    with tenant_session(viewer.tenant_id) as session:
        country = get_tenant(session).country
    return preview_csv(
        kind,
        data,
        file_name=file_name,
        now=utc_now(),
        mapping=mapping,
        country=country,
        currency=viewer.currency,
        timezone=viewer.timezone,
    )


def _import(
    viewer: Viewer, kind: str, data: bytes, mapping: Mapping[str, str], file_name: str, far: list[int]
) -> ImportResult:
    def note(done: int, of: int) -> None:
        far[:] = [done, of]

    return import_csv(
        viewer.tenant_id,
        kind,
        data,
        mapping,
        file_name=file_name,
        actor=viewer.actor,
        now=utc_now(),
        progress=note,
    )


def _past(viewer: Viewer) -> list[ImportRow]:
    with tenant_session(viewer.tenant_id) as session:
        return list_imports(session, limit=8)


def _rejected(viewer: Viewer, import_id: str) -> tuple[str, bytes]:
    try:
        wanted = UUID(import_id)
    except ValueError:
        raise NotFound("There is no such import.") from None
    with tenant_session(viewer.tenant_id) as session:
        return rejected_csv(session, wanted)
