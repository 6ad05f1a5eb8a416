"""Importing CSV files: encodings, columns, values, rejected rows, and the same file twice."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from engine.core.db import tenant_session
from engine.core.errors import InvalidFile, InvalidInput, NotFound, TooLarge
from engine.core.ids import new_id
from engine.customers import csv_file
from engine.customers.consent import ConsentWish, change_consents, opt_out
from engine.customers.csv_file import read_csv
from engine.customers.csv_mapping import ImportKind, guess_mapping
from engine.customers.csv_values import read_amount, read_day, read_moment, read_pieces, read_yes_or_no
from engine.customers.imports import ImportResult, import_csv, list_imports, preview_csv, rejected_csv
from engine.customers.models import Consent, ConsentState, Customer, CustomerImport, Order, OrderLine, Purpose
from engine.events.models import Event, QueuedEvent

DEMO = Path(__file__).parents[2] / "app" / "cli" / "demo"

CUSTOMERS = """Customer ID,Customer Name,Mobile No.,E-mail ID,DOB,City,Tags,WhatsApp Consent,Email Opt-in,Shoe size
K1,Asha Rao,98200 12345,Asha@Example.in,05/03/1990,Pune,vip;kids,yes,no,7
K2,प्रिया वर्मा,+91 98200 54321,,,Ahmedabad,,Yes,,
K3,Rohan Mehta,,rohan@example.in,25-Dec-85,,,no,yes,9.5
"""

ORDERS = """Bill No,Customer ID,Bill Date,Grand Total,Item,Qty,Line Amount
B1,K1,2026-02-28 19:03,"₹1,23,456.50",Dinner set,1,"1,20,000"
B1,K1,2026-02-28 19:03,"₹1,23,456.50",Vase,2,"3,456.50"
B2,K2,15/02/2026 7:03 PM,Rs. 900/-,Class,1,
"""


def _import(
    tenant: UUID, kind: str, content: str | bytes, now: datetime, mapping: dict[str, str] | None = None
) -> ImportResult:
    data = content.encode() if isinstance(content, str) else content
    return import_csv(tenant, kind, data, mapping, file_name="shop.csv", actor="test", now=now)


def _customers(tenant: UUID) -> dict[str | None, Customer]:
    with tenant_session(tenant) as session:
        return {each.external_id: each for each in session.scalars(select(Customer))}


def _count(tenant: UUID, what: type) -> int:
    with tenant_session(tenant) as session:
        return session.scalar(select(func.count()).select_from(what).where(what.tenant_id == tenant)) or 0


# -- reading a file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    content = f"नाम{delimiter}phone\r\nआशा{delimiter}98200\r\n"
    file = read_csv(content.encode(encoding))
    assert [dict(row.values) for row in file.rows] == [{"नाम": "आशा", "phone": "98200"}]
    assert (file.columns, file.delimiter) == (["नाम", "phone"], delimiter)


def test_windows_1252_is_told(now: datetime) -> None:
    data = "name,phone\nJosé,9820012345\n".encode("cp1252")
    preview = preview_csv("customers", data, file_name="x.csv", now=now)
    assert preview.rows == [{"name": "José", "phone": "9820012345"}]
    assert preview.encoding == "cp1252"
    assert "Windows-1252" in preview.problems[0].message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.4", "a PDF document"),
        ("name\nआशा प्रिया\n".encode() + b"\xff\n", "line 3 is neither"),
        (b"name\n\x81\x8d\n", "line 2 is neither"),
        (b"a,b\n1,2\n\x00,3\n", "NUL"),
        (b'a,b\n1,"2\n3,4\n', "line 2 and never closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_way_out(data: bytes, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_csv(data)


def test_a_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "LARGEST_FILE", 10)
    with pytest.raises(TooLarge, match="Split"):
        read_csv(b"a,b\n1,2\n3,4\n")


def test_columns_without_and_with_the_same_name() -> None:
    file = read_csv(b"a,,a,\n1,2,3,\n")
    assert file.columns == ["a", "Column 2", "a (2)"]
    assert file.renamed == ["Column 2", "a (2)"]


def test_lines_are_those_of_the_file() -> None:
    file = read_csv(b'sep=;\na;b\n"two\nlines";1\n\nx;y\n')
    assert [row.line for row in file.rows] == [3, 6]


def test_headers_are_recognized() -> None:
    assert guess_mapping(ImportKind.CUSTOMERS, CUSTOMERS.split("\n")[0].split(",")) == {
        "Customer ID": "external_id",
        "Customer Name": "name",
        "Mobile No.": "phone",
        "E-mail ID": "email",
        "DOB": "birthday",
        "City": "city",
        "Tags": "tags",
        "WhatsApp Consent": "whatsapp_consent",
        "Email Opt-in": "email_consent",
        "Shoe size": "attribute",
    }
    found = guess_mapping(ImportKind.ORDERS, ["Invoice No.", "Contact Number", "Date", "Amount (Rs)", "Note"])
    assert list(found.values()) == ["order_id", "phone", "ordered_at", "amount", ""]


def test_the_first_of_two_alike_is_taken_and_the_exact_name_before_all() -> None:
    assert guess_mapping(ImportKind.CUSTOMERS, ["Mobile", "Contact number"]) == {
        "Mobile": "phone",
        "Contact number": "attribute",
    }
    assert guess_mapping(ImportKind.CUSTOMERS, ["Mobile", "Phone"]) == {
        "Mobile": "attribute",
        "Phone": "phone",
    }


# -- values


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        ("₹1,23,456.50", 12345650),
        ("Rs. 1,200/-", 120000),
        ("INR 500", 50000),
        ("1.234,56", 123456),
        ("12,5", 1250),
        ("1,234", 123400),
        ("0", 0),
        (".5", 50),
        ("99.9949", 9999),
    ],
)
def test_amounts(value: str, minor: int) -> None:
    assert read_amount(value, currency="INR") == minor


@pytest.mark.parametrize("value", ["", "abc", "-5", "1.234", "1e5", "9" * 20, "1.2.3", "12 apples"])
def test_no_amounts(value: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|can be) "):
        read_amount(value, currency="INR")


@pytest.mark.parametrize(
    ("value", "day_first", "day"),
    [
        ("1990-03-05", True, date(1990, 3, 5)),
        ("05/03/1990", True, date(1990, 3, 5)),
        ("05/03/1990", False, date(1990, 5, 3)),
        ("25/12/1990", False, date(1990, 12, 25)),
        ("5-Mar-90", True, date(1990, 3, 5)),
        ("31.12.45", True, date(1945, 12, 31)),
        ("March 5, 1990", True, date(1990, 3, 5)),
        ("5th Sept 1990", True, date(1990, 9, 5)),
    ],
)
def test_days(value: str, day_first: bool, day: date, now: datetime) -> None:
    assert read_day(value, day_first=day_first, now=now) == day


@pytest.mark.parametrize(
    "value",
    ["2026-02-15T19:03:00+05:30", "2026-02-15 19:03", "15/02/2026 7:03 PM", "15-Feb-2026, 7:03 p.m."],
)
def test_moments(value: str) -> None:
    moment = read_moment(value, day_first=True, timezone=ZoneInfo("Asia/Kolkata"))
    assert moment == datetime(2026, 2, 15, 13, 33, tzinfo=UTC)


def test_pieces_and_answers() -> None:
    assert [read_pieces(each) for each in ("1", "2.0", "0.75 kg", "1,000")] == [1, 2, 1, 1000]
    assert [read_yes_or_no(each) for each in ("Yes", "हाँ", "Opted out", "0")] == [True, True, False, False]
    with pytest.raises(ValueError, match="yes or no"):
        read_yes_or_no("maybe")


# -- customers


def test_customers_with_consents_and_attributes(tenant: UUID, now: datetime) -> None:
    result = _import(tenant, "customers", CUSTOMERS, now)
    assert (result.created, result.updated, result.rejected) == (3, 0, [])
    found = _customers(tenant)
    asha = found["K1"]
    assert (asha.name, asha.phone, asha.email) == ("Asha Rao", "+919820012345", "asha@example.in")
    assert (asha.birthday, asha.city, asha.tags, asha.source) == (
        date(1990, 3, 5),
        "Pune",
        ["vip", "kids"],
        "import",
    )
    assert asha.attributes == {"Shoe size": 7}
    assert found["K3"].attributes == {"Shoe size": 9.5}
    assert found["K3"].birthday == date(1985, 12, 25)
    with tenant_session(tenant) as session:
        consents = session.execute(
            select(Customer.external_id, Consent.channel, Consent.state, Consent.source).join(
                Consent, Consent.customer_id == Customer.id
            )
        )
        assert {tuple(row) for row in consents} == {
            ("K1", "whatsapp", "granted", "import"),
            ("K1", "email", "denied", "import"),
            ("K2", "whatsapp", "granted", "import"),
            ("K3", "whatsapp", "denied", "import"),
            ("K3", "email", "granted", "import"),
        }


def test_the_same_file_again_changes_nothing(tenant: UUID, now: datetime) -> None:
    _import(tenant, "customers", CUSTOMERS, now)
    _import(tenant, "orders", ORDERS, now)
    before = _everything(tenant)
    later = now + timedelta(days=1)
    again = _import(tenant, "customers", CUSTOMERS, later)
    assert (again.created, again.updated) == (0, 3)
    again = _import(tenant, "orders", ORDERS, later)
    assert (again.created, again.updated) == (0, 2)
    assert _everything(tenant) == before


def _everything(tenant: UUID) -> list[object]:
    tables = (
        "customers",
        "customer_identities",
        "consents",
        "consent_history",
        "orders",
        "order_lines",
        "events",
    )
    with tenant_session(tenant) as session:
        return [
            session.execute(text(f"SELECT to_jsonb(each) AS row FROM {table} each ORDER BY row")).all()
            for table in tables
        ]


def test_a_withdrawal_outlives_an_import(tenant: UUID, now: datetime) -> None:
    _import(tenant, "customers", CUSTOMERS, now)
    asha = _customers(tenant)["K1"].id
    with tenant_session(tenant) as session:
        opt_out(session, tenant, asha, channel="whatsapp", source="link", actor="customer", now=now)
    _import(tenant, "customers", CUSTOMERS, now)
    with tenant_session(tenant) as session:
        consent = session.get(Consent, (tenant, asha, "whatsapp", "marketing"))
        assert consent is not None
        assert consent.state == "withdrawn"


def test_one_bad_row_among_good_is_kept_and_can_be_put_right(tenant: UUID, now: datetime) -> None:
    content = (
        "id,name,phone,dob\nK1,Asha,12,05/03/1990\nK2,Rohan,9820012345,\nK3,Mira,,yesterday\n,Nobody,,\n"
    )
    result = _import(tenant, "customers", content, now)
    assert (result.created, len(result.rejected)) == (1, 3)
    assert [row.row for row in result.rejected] == [2, 4, 5]
    assert "phone: '12' is not a phone number" in result.rejected[0].reason
    assert "dob: 'yesterday' is not a date" in result.rejected[1].reason
    assert "no phone, e-mail or id" in result.rejected[2].reason
    with tenant_session(tenant) as session:
        name, data = rejected_csv(session, result.import_id)
        (made,) = list_imports(session)
    assert (made.created, made.updated, made.rejected, made.file_name) == (1, 0, 3, "shop.csv")
    assert name == "shop-not-imported.csv"
    again = read_csv(data)
    assert again.columns == ["id", "name", "phone", "dob", "import_problem"]
    assert dict(again.rows[0].values) | {"import_problem": ""} == {
        "id": "K1",
        "name": "Asha",
        "phone": "12",
        "dob": "05/03/1990",
        "import_problem": "",
    }
    right = data.decode("utf-8-sig").replace(",12,", ",9820054321,").replace("yesterday", "2000-01-01")
    result = _import(tenant, "customers", right, now)
    assert (result.created, len(result.rejected)) == (2, 1)
    assert _customers(tenant)["K1"].attributes == {}


def test_ragged_rows(tenant: UUID, now: datetime) -> None:
    content = "id,name,city\nK1,Asha\nK2,Rao, Asha,Pune\nK3,Mira,Delhi,,\n"
    result = _import(tenant, "customers", content, now)
    assert result.created == 2
    (bad,) = result.rejected
    assert bad.values == {"id": "K2", "name": "Rao", "city": "Asha", "Column 4": "Pune"}
    assert "1 value(s) more" in bad.reason


def test_rows_of_one_person_are_one_customer(tenant: UUID, now: datetime) -> None:
    content = "name,phone,city\nAsha,9820012345,\nAsha Rao,+919820012345,Pune\n"
    result = _import(tenant, "customers", content, now)
    assert (result.created, result.updated) == (1, 1)
    assert [(each.name, each.city) for each in _customers(tenant).values()] == [("Asha Rao", "Pune")]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"name": "name"}, "No column is the Customer's own id or Phone or E-mail"),
        ({"phone": "phone", "nonsense": "name"}, "no column 'nonsense'"),
        ({"phone": "fax"}, "no field 'fax'"),
        ({"phone": "phone", "name": "phone"}, "both fill 'phone'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    tenant: UUID, now: datetime, mapping: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        _import(tenant, "customers", "name,phone\nAsha,9820012345\n", now, mapping)
    assert _count(tenant, CustomerImport) == 0


def test_a_file_without_header_is_refused(tenant: UUID, now: datetime) -> None:
    with pytest.raises(InvalidInput, match="No column is"):
        _import(tenant, "customers", "Asha,9820012345\nRohan,9820054321\n", now)


def test_preview_names_row_and_column(now: datetime) -> None:
    data = b"id,phone\nK1,12\nK2,9820012345\n"
    preview = preview_csv("customers", data, file_name="x.csv", now=now)
    assert (preview.total_rows, preview.rejected_rows) == (2, 1)
    (problem,) = preview.problems
    assert (problem.row, problem.column) == (2, "phone")
    assert preview.mapping == {"id": "external_id", "phone": "phone"}


def test_many_customers_in_chunks_with_progress(tenant: UUID, now: datetime) -> None:
    rows = "".join(f"K{n},Name {n},{9820000000 + n},yes\n" for n in range(12_000))
    told: list[tuple[int, int]] = []
    result = import_csv(
        tenant,
        "customers",
        f"id,name,phone,whatsapp_consent\n{rows}".encode(),
        None,
        file_name="big.csv",
        actor="test",
        now=now,
        progress=lambda done, total: told.append((done, total)),
    )
    assert result.created == 12_000
    assert told == [(5_000, 12_000), (10_000, 12_000), (12_000, 12_000)]
    assert _count(tenant, Consent) == 12_000


def test_no_import_s_rejected_rows(tenant: UUID) -> None:
    with tenant_session(tenant) as session, pytest.raises(NotFound):
        rejected_csv(session, new_id())


# -- orders


def test_orders_with_lines_totals_and_events(tenant: UUID, now: datetime) -> None:
    _import(tenant, "customers", CUSTOMERS, now)
    result = _import(tenant, "orders", ORDERS, now)
    assert (result.created, result.updated, result.rejected) == (2, 0, [])
    found = _customers(tenant)
    assert (found["K1"].order_count, found["K1"].total_spend_minor) == (1, 12345650)
    assert found["K2"].last_order_at == datetime(2026, 2, 15, 13, 33, tzinfo=UTC)
    with tenant_session(tenant) as session:
        lines = session.execute(
            select(Order.external_id, OrderLine.name, OrderLine.quantity, OrderLine.amount_minor)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .order_by(Order.external_id, OrderLine.line)
        ).all()
        event = session.scalars(select(Event).where(Event.customer_id == found["K1"].id)).one()
    assert [tuple(line) for line in lines] == [
        ("B1", "Dinner set", 1, 12000000),
        ("B1", "Vase", 2, 345650),
        ("B2", "Class", 1, 90000),
    ]
    assert (event.name, event.source) == ("Order Completed", "import")
    assert (event.properties["order_id"], event.properties["total"]) == ("B1", 123456.5)


def test_old_orders_start_no_journey(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        session.execute(
            text(
                "INSERT INTO event_interests (tenant_id, name, listener) VALUES (:t, 'Order Completed', :l)"
            ),
            {"t": tenant, "l": new_id()},
        )
    fresh, stale = now - timedelta(hours=2), now - timedelta(hours=25)
    content = (
        f"order_id,phone,date,total\nA,9820012345,{fresh.isoformat()},5\nB,9820012345,{stale.isoformat()},5\n"
    )
    _import(tenant, "orders", content, now)
    with tenant_session(tenant) as session:
        queued = session.scalars(select(QueuedEvent)).all()
    assert [each.properties["order_id"] for each in queued] == ["A"]
    assert _count(tenant, Event) == 2


def test_totals_follow_changes_of_orders(tenant: UUID, now: datetime) -> None:
    header = "order_id,phone,date,total,status\n"
    _import(tenant, "orders", f"{header}A,9820012345,2026-01-01,100,\nB,9820012345,2026-02-01,50,paid\n", now)
    (asha,) = _customers(tenant).values()
    assert (asha.order_count, asha.total_spend_minor) == (2, 15000)
    _import(tenant, "orders", f"{header}B,9820012345,2026-02-01,50,Refund\n", now)
    (asha,) = _customers(tenant).values()
    assert (asha.order_count, asha.total_spend_minor) == (1, 10000)
    assert asha.last_order_at == asha.first_order_at
    _import(tenant, "orders", f"{header}A,9820054321,2026-01-01,100,\n", now)
    with tenant_session(tenant) as session:
        totals = {each.phone: each.order_count for each in session.scalars(select(Customer))}
    assert totals == {"+919820012345": 0, "+919820054321": 1}


def test_an_order_finds_or_makes_its_customer(tenant: UUID, now: datetime) -> None:
    _import(tenant, "customers", CUSTOMERS, now)
    content = (
        "order_id,customer id,mobile,customer name,date,total\n"
        "A,K1,,Someone,2026-01-01,1\n"
        "B,,9820012345,Someone,2026-01-02,1\n"
        "C,,9999912345,New Person,2026-01-03,1\n"
        "D,K99,,Nobody,2026-01-04,1\n"
    )
    result = _import(tenant, "orders", content, now)
    assert result.created == 3
    assert [(row.row, row.values["order_id"]) for row in result.rejected] == [(5, "D")]
    assert "No customer has the id 'K99'" in result.rejected[0].reason
    found = _customers(tenant)
    assert (found["K1"].order_count, found["K1"].name) == (2, "Asha Rao")
    assert found[None].name == "New Person"
    with tenant_session(tenant) as session:
        assert sorted(made.rejected for made in list_imports(session)) == [0, 1]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("A,9820012345,2026-01-01,1,x\nA,9820012345,2026-01-01,2,y", "different totals"),
        ("A,9820012345,2026-01-01,1,x\nA,9820054321,2026-01-01,1,y", "different customers"),
        ("A,,2026-01-01,1,x", "names no customer"),
        ("A,9820012345,,1,x", "date is missing"),
        ("A,9820012345,2026-01-01,,x", "total is missing"),
        ("A,9820012345,2026-01-01,free,x", "total: 'free' is not an amount"),
        ("A,9820012345,2026-01-01,-5,x", "is negative"),
        ("A,9820012345,01/12/2026,5,x", "is in the future"),
        (",9820012345,2026-01-01,5,x", "number is missing"),
        ("A,9820012345,2026-01-01,5,x\nA,9820012345,2026-01-01,oops,y", "Another row of order A"),
    ],
)
def test_an_order_that_cannot_be_taken_is_kept_whole(
    tenant: UUID, now: datetime, rows: str, reason: str
) -> None:
    content = f"order_id,phone,date,total,item\n{rows}\nZ,9820012345,2026-01-01,7,z\n"
    result = _import(tenant, "orders", content, now)
    assert result.created == 1
    assert len(result.rejected) == rows.count("\n") + 1
    assert reason in result.rejected[0].reason


def test_amounts_of_rows_make_the_total(tenant: UUID, now: datetime) -> None:
    content = (
        "order_id,phone,date,amount,item\nA,9820012345,2026-01-01,10,x\nA,9820012345,2026-01-01,5.50,y\n"
    )
    _import(tenant, "orders", content, now)
    (asha,) = _customers(tenant).values()
    assert asha.total_spend_minor == 1550


def test_orders_need_their_columns(tenant: UUID, now: datetime) -> None:
    with pytest.raises(InvalidInput, match="No column is the Order number"):
        _import(tenant, "orders", "phone,date,total\n9820012345,2026-01-01,1\n", now)


def test_consents_can_be_told_by_hand_before(tenant: UUID, now: datetime) -> None:
    _import(tenant, "customers", "phone\n9820012345\n", now)
    (asha,) = _customers(tenant).values()
    wish = ConsentWish(asha.id, "sms", Purpose.MARKETING, ConsentState.GRANTED, "form")
    with tenant_session(tenant) as session:
        change_consents(session, tenant, [wish], actor="test", now=now)
    _import(tenant, "customers", "phone,sms consent\n9820012345,\n", now)
    with tenant_session(tenant) as session:
        assert [each.state for each in session.scalars(select(Consent))] == ["granted"]


def test_the_demo_studio_s_files(tenant: UUID) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    customers = _import(tenant, "customers", (DEMO / "customers.csv").read_bytes(), now)
    assert customers.rejected == []
    orders = _import(tenant, "orders", (DEMO / "orders.csv").read_bytes(), now)
    assert orders.rejected == []
    assert customers.created == _count(tenant, Customer) > 0
    assert orders.created == _count(tenant, Order) > 0
