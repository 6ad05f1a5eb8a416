"""Which field a column of a CSV file fills: the fields there are, guesses from headers, and what must be there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.core.errors import InvalidInput


class ImportKind(StrEnum):
    """What a file holds."""

    CUSTOMERS = "customers"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class ImportField:
    """A field that a column can fill; `headers` are what shops call it, without case, blanks and punctuation."""

    name: str
    label: str
    headers: str = ""


ATTRIBUTE = "attribute"
SKIP = ""
PROBLEM_COLUMN = "import_problem"
"""Added to the file of rejected rows; passed over when that file is imported again."""

WHO = (
    ImportField(
        "external_id",
        "Customer's own id",
        "id customerid custid customerno custno customernumber customercode clientid clientcode memberid memberno "
        "membershipno crmid userid uid guestid householdid externalid code",
    ),
    ImportField(
        "phone",
        "Phone",
        "mobile cell mobilenumber mobileno mobno mob phonenumber phoneno ph phno contact contactnumber contactno "
        "whatsapp whatsappnumber whatsappno telephone tel cellphone phonemobile primaryphone customerphone "
        "customermobile फोन मोबाइल मोबाइलनंबर फ़ोन",
    ),
    ImportField(
        "email",
        "E-mail",
        "emailid emailaddress mail mailid eml primaryemail customeremail ईमेल",
    ),
)

CUSTOMER_FIELDS = (
    *WHO,
    ImportField(
        "name", "Name", "fullname customername clientname membername guestname contactname displayname नाम"
    ),
    ImportField("first_name", "First name", "fname givenname forename firstname"),
    ImportField("last_name", "Last name", "lname surname familyname lastname"),
    ImportField("birthday", "Birthday", "dob dateofbirth birthdate bday birthdaydate जन्मतिथि जन्मदिन"),
    ImportField("anniversary", "Anniversary", "doa dateofanniversary anniversarydate weddinganniversary"),
    ImportField("language", "Language", "lang preferredlanguage locale भाषा"),
    ImportField("city", "City", "town location place शहर"),
    ImportField("timezone", "Time zone", "tz"),
    ImportField("category", "Category", "customercategory customertype type segment"),
    ImportField("source", "Source", "leadsource origin channel howdidyouhearaboutus referralsource"),
    ImportField("tags", "Tags", "tag labels label groups"),
    ImportField("interests", "Interests", "interest likes preferences hobbies"),
    ImportField(
        "whatsapp_consent",
        "Agreed to WhatsApp (yes/no)",
        "whatsappoptin optinwhatsapp whatsappmarketing acceptswhatsapp whatsappconsentyn waconsent waoptin",
    ),
    ImportField(
        "email_consent",
        "Agreed to e-mail (yes/no)",
        "emailoptin optinemail emailmarketing acceptsemailmarketing acceptsmarketing subscribed newsletter",
    ),
    ImportField(
        "sms_consent",
        "Agreed to SMS (yes/no)",
        "smsoptin optinsms smsmarketing acceptssmsmarketing textoptin",
    ),
)

ORDER_FIELDS = (
    ImportField(
        "order_id",
        "Order number",
        "id order orderno ordernumber billno billnumber bill invoice invoiceno invoicenumber invoiceid receiptno "
        "receiptnumber transactionid transactionno voucherno",
    ),
    *WHO,
    ImportField("customer_name", "Customer's name", "name customername clientname guestname fullname नाम"),
    ImportField(
        "ordered_at",
        "Date",
        "date orderdate orderedon orderedat billdate invoicedate purchasedate transactiondate createdat datetime "
        "timestamp saledate दिनांक तारीख",
    ),
    ImportField(
        "total",
        "Total of the order",
        "ordertotal grandtotal totalamount billamount invoiceamount netamount nettotal amountpaid paid value "
        "ordervalue totalprice कुल राशि",
    ),
    ImportField("currency", "Currency", "curr ccy"),
    ImportField("status", "Status", "orderstatus paymentstatus billstatus financialstatus"),
    ImportField("product_id", "Article's id", "sku itemcode productcode skucode hsn barcode itemid"),
    ImportField(
        "item", "Article", "product productname itemname service servicename article description lineitemname"
    ),
    ImportField("category", "Article's category", "productcategory itemcategory department producttype"),
    ImportField("quantity", "Pieces", "qty pcs pieces units count nos lineitemquantity"),
    ImportField(
        "amount",
        "Amount of the row",
        "lineamount linetotal itemtotal itemamount rowtotal subtotal itemvalue",
    ),
)

FIELDS: Mapping[ImportKind, Sequence[ImportField]] = {
    ImportKind.CUSTOMERS: CUSTOMER_FIELDS,
    ImportKind.ORDERS: ORDER_FIELDS,
}

NEEDED: Mapping[ImportKind, Sequence[frozenset[str]]] = {
    ImportKind.CUSTOMERS: (frozenset(("external_id", "phone", "email")),),
    ImportKind.ORDERS: (
        frozenset(("order_id",)),
        frozenset(("ordered_at",)),
        frozenset(("total", "amount")),
        frozenset(("external_id", "phone", "email")),
    ),
}
"""Of each group, at least one field must be filled by a column."""


def plain(header: str) -> str:
    """A header without case, blanks and punctuation; what stands in brackets does not count: `Amount (Rs)`."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[].*?[)\]]", "", header).lower())


def guess_mapping(kind: ImportKind, columns: Sequence[str]) -> dict[str, str]:
    """The field each column most likely fills. The first of two alike gets it; customers' other columns become
    attributes, those of orders are passed over."""
    exact = {plain(field.name): field.name for field in FIELDS[kind]}
    known = {
        header: field.name for field in reversed(FIELDS[kind]) for header in field.headers.split()
    } | exact
    fields = {column: known.get(plain(column), "") for column in columns}
    own = {exact[plain(column)]: column for column in reversed(columns) if plain(column) in exact}
    rest = ATTRIBUTE if kind is ImportKind.CUSTOMERS else SKIP
    mapping: dict[str, str] = {}
    for column, field in fields.items():
        taken = field in mapping.values() or own.get(field, column) != column
        mapping[column] = field if field and not taken else SKIP if column == PROBLEM_COLUMN else rest
    return mapping


def mapping_problems(kind: ImportKind, mapping: Mapping[str, str], columns: Sequence[str]) -> list[str]:
    """Why no import can be made with this mapping of columns to fields, in sentences; none when it can."""
    return [
        *(f"The file has no column '{column}'." for column in mapping if column not in columns),
        *_bad_fields(kind, mapping),
        *_missing_fields(kind, mapping),
    ]


def _missing_fields(kind: ImportKind, mapping: Mapping[str, str]) -> list[str]:
    """A sentence for each group of fields of which no column fills one."""
    labels = {field.name: field.label for field in FIELDS[kind]}
    filled = set(mapping.values())
    return [
        f"No column is the {' or '.join(labels[name] for name in labels if name in group)}."
        for group in NEEDED[kind]
        if not group & filled
    ]


def check_mapping(kind: ImportKind, mapping: Mapping[str, str], columns: Sequence[str]) -> None:
    """See to it that an import can be made with this mapping of columns to fields.

    Raises:
        InvalidInput: it names a column or field there is not, two columns fill one field, or one is missing.
    """
    problems = mapping_problems(kind, mapping, columns)
    if problems:
        raise InvalidInput(f"mapping: {problems[0]}", details={"field": "mapping", "problems": problems})


def _bad_fields(kind: ImportKind, mapping: Mapping[str, str]) -> list[str]:
    known = {field.name for field in FIELDS[kind]}
    problems = []
    owner: dict[str, str] = {}
    for column, field in mapping.items():
        if field in (ATTRIBUTE, SKIP):
            continue
        if field not in known:
            problems.append(f"There is no field '{field}'; use one of {', '.join(sorted(known))}.")
        elif field in owner:
            problems.append(f"The columns '{owner[field]}' and '{column}' both fill '{field}'; choose one.")
        owner.setdefault(field, column)
    return problems
