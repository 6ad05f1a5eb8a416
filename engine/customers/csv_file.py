"""Reading a CSV file as shops really export it: several encodings and delimiters, ragged rows, repeated names."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.core.errors import InvalidFile, TooLarge

LARGEST_FILE = 50_000_000
"""Bytes."""

DELIMITERS = ",;\t|"
END = "\x1eend"
csv.field_size_limit(1_000_000)

NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
WAY_OUT = "Save it as 'CSV UTF-8 (comma delimited)' and try again."


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: `line` is the line of the file on which it begins, `extra` are values beyond the last column."""

    line: int
    values: Mapping[str, str]
    extra: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was read; `renamed` are columns that had no name or one that was taken."""

    columns: Sequence[str]
    rows: Sequence[CsvRow]
    encoding: str
    delimiter: str
    renamed: Sequence[str]


def read_csv(data: bytes) -> CsvFile:
    """Read a file whose first row names the columns. Empty rows are passed over; values lose outer blanks.

    Raises:
        TooLarge: the file has more than 50 MB.
        InvalidFile: it is empty, no text, in an unknown encoding, or a quotation mark is never closed.
    """
    if len(data) > LARGEST_FILE:
        raise TooLarge(
            f"The file is larger than {LARGEST_FILE // 1_000_000} MB. Split it into several files."
        )
    text, encoding = decode(data)
    text, delimiter = _delimiter(text)
    lines = _records(text, delimiter)
    header = next((record for _, record in lines if any(record)), None)
    if header is None:
        raise InvalidFile("The file is empty. Its first row must name the columns, e.g. name, phone, email.")
    columns, renamed = _column_names(header)
    rows = [
        CsvRow(line, dict(zip(columns, [*values, *[""] * (len(columns) - len(values))], strict=False)), extra)
        for line, record in lines
        if any(record)
        for values, extra in [(record[: len(columns)], [each for each in record[len(columns) :] if each])]
    ]
    return CsvFile(columns, rows, encoding, delimiter, renamed)


def write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """Rows as a CSV file that Excel opens with the right letters (UTF-8 with a byte order mark)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file, and the encoding it was in.

    Raises:
        InvalidFile: it is no text, or its encoding cannot be told without breaking letters.
    """
    for signature, what in NOT_TEXT.items():
        if data.startswith(signature):
            raise InvalidFile(f"The file is {what}, not a CSV file. {WAY_OUT}")
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    text, encoding = _decoded(data, encoding or _utf_16_without_mark(data) or "utf-8")
    if "\0" in text:
        raise InvalidFile(f"The file is not a text file: it has NUL characters. {WAY_OUT}")
    return text, encoding


def _decoded(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), encoding.removesuffix("-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        if encoding == "utf-8" and not _is_damaged_utf_8(data):
            try:
                return data.decode("cp1252"), "cp1252"
            except UnicodeDecodeError:
                pass
    raise InvalidFile(
        f"The file's letters cannot be read: line {line} is neither UTF-8, UTF-16 nor Windows-1252. {WAY_OUT}"
    )


def _is_damaged_utf_8(data: bytes) -> bool:
    """Whether this is UTF-8 with some bad bytes: read as Windows-1252 its other letters would all break."""
    letters = Counter(letter for letter in data.decode("utf-8", "replace") if ord(letter) > 127)
    bad = letters.pop("\ufffd", 0)
    return letters.total() > bad


def _utf_16_without_mark(data: bytes) -> str | None:
    start = data[:4000]
    if len(start) < 4 or start.count(b"\0") < len(start) // 4:
        return None
    return "utf-16-le" if start[1::2].count(b"\0") > start[::2].count(b"\0") else "utf-16-be"


def _delimiter(text: str) -> tuple[str, str]:
    """What stands between values: what Excel's `sep=` line says, else what the first rows agree on best."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return f"\n{rest}", first.strip()[4]
    start = "\n".join(text.split("\n", 21)[:20])
    return text, max(DELIMITERS, key=lambda each: _agreement(start, each))


def _agreement(start: str, delimiter: str) -> tuple[int, int]:
    """How many rows have as many values as the header, and how many values that is."""
    widths = [len(row) for row in csv.reader(io.StringIO(start, newline=""), delimiter=delimiter) if row]
    return (widths.count(widths[0]) * (widths[0] > 1), widths[0]) if widths else (0, 0)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line each begins on; a line of our own at the end tells whether quotes were closed."""
    reader = csv.reader(
        io.StringIO(f"{text}\n{END}\n", newline=""), delimiter=delimiter, skipinitialspace=True
    )
    line = 1
    try:
        for record in reader:
            if any(END in value for value in record):
                if record != [END]:
                    raise InvalidFile(
                        f"A quotation mark is opened in the row at line {line} and never closed. "
                        'Close it, or write "" for a quotation mark inside a value.'
                    )
                return
            yield line, [value.strip() for value in record]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidFile(f"The row at line {line} cannot be read as CSV: {error}.") from error


def _column_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names for all columns, each once, and those that had to be made up. Nameless columns at the end go."""
    last = max(place for place, name in enumerate(header, start=1) if name)
    names: list[str] = []
    renamed = []
    for place, given in enumerate(header[:last], start=1):
        name = base = given or f"Column {place}"
        number = 2
        while name in names:
            name, number = f"{base} ({number})", number + 1
        if name != given:
            renamed.append(name)
        names.append(name)
    return names, renamed
