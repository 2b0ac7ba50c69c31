"""The only place of the commands that writes to stdout: tables for people, JSON and CSV for programs.

What a person reads passes `safe`; JSON escapes by itself, with the characters that hide or reorder text
escaped as well. Notes (how many are hidden, what was done beside) go to stderr, so that a pipe holds data only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, TextIO

from registry.results import Results
from tui.cli.table import Column, Style, layout, listed, text
from tui.safe import safe

FORMATS = ("table", "json", "ndjson", "csv")

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a person looks at `stream` (stdout when not given)."""
    stream = stream or sys.stdout
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def terminal_width() -> int:
    """Return the width of the terminal in cells."""
    from shutil import get_terminal_size

    return max(20, get_terminal_size((100, 24)).columns)


def colours(stream: str = "stdout") -> bool:
    """Return whether to colour: a terminal that can, and no `NO_COLOR`."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(getattr(sys, stream))


def style(name: str) -> Style | None:
    """Return a function that colours a cell, or None where colours are off."""
    if not colours():
        return None
    code = CODES[name]
    return lambda value: f"\x1b[{code}m{value}\x1b[0m"


def paint(value: str, name: str) -> str:
    """Return `value` coloured where colours are on."""
    painter = style(name)
    return painter(value) if painter else value


def lines(made: Iterable[str]) -> None:
    """Write finished lines."""
    write = sys.stdout.write
    for line in made:
        write(line + "\n")


def line(made: str = "") -> None:
    """Write one finished line."""
    sys.stdout.write(made + "\n")


def raw(data: str) -> None:
    """Write data of the user's as it is (an export to `-`)."""
    sys.stdout.write(data)


def note(message: str) -> None:
    """Write a remark to stderr, after what stdout has so far."""
    try:
        sys.stdout.flush()
    finally:
        with suppress(OSError):  # nobody is listening
            sys.stderr.write(safe(message, lines=True) + "\n")
            sys.stderr.flush()


def to_json(value: Any, *, pretty: bool = False) -> str:
    """Return JSON in which nothing acts on a terminal or hides; what JSON lacks becomes text or null."""
    options: dict[str, Any] = {"ensure_ascii": _needs_ascii(), "default": _plain, "indent": 2 if pretty else None}
    try:
        made = json.dumps(value, allow_nan=False, **options)
    except ValueError:
        made = json.dumps(_finite(value), **options)
    return made if made.isascii() else _escape(made)


def _needs_ascii() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def _escape(made: str) -> str:
    def one(character: str) -> str:
        if safe(character) in (character, ""):
            return character
        code = ord(character)
        return f"\\u{code:04x}" if code < 0x10000 else json.dumps(character)[1:-1]

    return "".join(c if c < "\x7f" else one(c) for c in made)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def record(value: Any) -> None:
    """Write one JSON value, indented."""
    line(to_json(value, pretty=True))


def listing(results: Results, form: str, empty: str | None = None) -> None:
    """Write rows in one of `FORMATS`; in place of a table without rows, note what `empty` says (if anything)."""
    if form != "table":
        serialise(results, form, sys.stdout)
    elif results.rows or empty is None:
        table(results)
    elif empty:
        note(empty)


def records(found: Sequence[dict[str, Any]], form: str) -> None:
    """Write records as `json`, `ndjson` or `csv`; they need not have the same keys."""
    columns = list(dict.fromkeys(key for each in found for key in each)) if form == "csv" else []
    if columns:
        rows = [[each.get(column) for column in columns] for each in found]
        serialise(Results(columns, rows), form, sys.stdout)
    else:
        _serialise_json(found, form, sys.stdout)


def serialise(results: Results, form: str, stream: TextIO) -> None:
    """Write rows as `json`, `ndjson` or `csv` to any text stream.

    Records of JSON say where their metrics were read, and what keeps them from being comparable; CSV has the columns
    asked for and no others.
    """
    if form != "csv":
        told = {"metrics_from": results.metrics_from, "metrics_note": results.metrics_note}
        beside = {key: value for key, value in told.items() if value is not None}
        _serialise_json(({**record, **beside} for record in results), form, stream)
    else:
        import csv

        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(map(_csv_cell, results.columns))
        writer.writerows([_csv_cell(value) for value in row] for row in results.rows)


def _serialise_json(found: Iterable[dict[str, Any]], form: str, stream: TextIO) -> None:
    if form == "ndjson":
        for each in found:
            stream.write(to_json(each) + "\n")
        return
    made = ",\n".join(to_json(each) for each in found)
    stream.write(f"[\n{made}\n]\n" if made else "[]\n")


def _csv_cell(value: Any) -> Any:
    """Return the value as it is, but for text that a spreadsheet would run, and control characters made visible.

    Line ends and tabs are legal in CSV.
    """
    from registry.exchange.table_form import defused

    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = listed(value, ",")
    elif isinstance(value, (list, dict)):
        value = to_json(value)
    elif not isinstance(value, str):
        value = str(_plain(value))
    if not value.isprintable():
        value = "".join(c if c in "\n\t\r" or c.isprintable() else safe(c) for c in value)
    return defused(value)


def table(results: Results, columns: Sequence[Column] | None = None) -> None:
    """Write rows as an aligned table: cut to the width of a terminal, whole in a pipe."""
    shown = list(columns) if columns is not None else [_column(results, i) for i in range(len(results.columns))]
    limit = terminal_width() if is_terminal() else None
    lines(layout(shown, results.rows, limit, style("bold")))


def _column(results: Results, index: int) -> Column:
    name = results.columns[index]
    short = name.removesuffix("_hash") if name.endswith("_hash") else name
    header = safe(name.removesuffix("_at") if name.endswith("_at") else short).upper()
    if name in HASHES:
        return Column("HASH" if name == "config_hash" else header, short_hash, style=style("cyan"))
    if name in MOMENTS:
        return Column(header, moment, style=style("dim"))
    numeric = is_numeric(results, index)
    if "." in name:
        header = safe(name)
    return Column(header, text, right=numeric, shrinks=not numeric, style=style("green") if name == "tags" else None)


def is_numeric(results: Results, index: int) -> bool:
    """Return whether a column holds numbers, and nothing else but gaps."""
    kinds = {type(row[index]) for row in results.rows} - {type(None)}
    return bool(kinds) and kinds <= {int, float}


HASHES = ("hash", "config_hash", "parent", "old_hash")
MOMENTS = ("created_at", "registered_at", "deleted_at", "created", "registered", "deleted", "at")


def short_hash(value: Any) -> str:
    """Return the first 12 characters of a hash."""
    return safe(str(value))[:12] if value else "-"


def moment(value: Any) -> str:
    """Return a moment as date and minute in UTC."""
    return safe(str(value))[:16].replace("T", " ") if value else "-"


def second(value: Any) -> str:
    """Return a moment as date and time to the second in UTC."""
    return safe(str(value))[:19].replace("T", " ") if value else "-"
