"""What tables of experiments look like: the names of their columns, and cells that no spreadsheet runs.

A wide table has a line for each experiment and the columns `config_hash`, `description`, `tags`, `parent`,
`created_at`, `features`, `w.NAME`, `transform.NAME` and `hp.NAME`; where a parent is a guess also `parent_inferred`,
and with metrics `metrics_from`, the panel and period they were read on, and `m.NAME`. A long one has a line for each
experiment and name, with `config_hash`, `kind`, `name` and `value`. Hyperparameters and tags are JSON, so that 10,
10.0 and "10" stay apart; an empty cell is absent; `features` is only said where it is not the names of the weights.
The order in which names were given is no part of an experiment, and a table does not keep it.

In CSV a text that a spreadsheet would run as a formula has an apostrophe before it
(https://owasp.org/www-community/attacks/CSV_Injection), as has one that would be taken for such a text, and
`""` is a text of no characters. All of it is undone by reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, Literal

from registry.marks import INFERRED
from registry.search.words import unquote, write_name

Kind = Literal["own", "weight", "transformation", "hyperparameter", "metric"]

OWN: Final = ("config_hash", "description", "tags", "parent", "created_at", "features")
"""The columns about the experiment itself."""
METRICS_FROM: Final = "metrics_from"
LONG: Final = ("config_hash", "kind", "name", "value")
OWN_KIND: Final = "experiment"
"""What a long table calls the fields of the experiment itself."""
TABLES: Final = (".csv", ".csv.gz", ".parquet")
"""How the names of tables end."""
NO_TABLE: Final = "not a table of experiments"
"""How the sentence begins that refuses what is something else."""
PREFIXES: Final[dict[str, Kind]] = {
    "w.": "weight",
    "transform.": "transformation",
    "hp.": "hyperparameter",
    "m.": "metric",
}
_OF_KIND: Final = {kind: prefix.removesuffix(".") for prefix, kind in PREFIXES.items()}
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
_EMPTY: Final = '""'


def table_suffix(name: str) -> str | None:
    """Return the ending of a file's name that means a table: .csv, .csv.gz, .parquet; None for all others."""
    return next((suffix for suffix in TABLES if name.lower().endswith(suffix)), None)


def column_name(kind: Kind, name: str) -> str:
    """Return what a wide table calls the column: as in filters, odd names in quotes with JSON's escapes.

    >>> [column_name("weight", name) for name in ("mom", "mom 12-1", "two\\nlines")]
    ['w.mom', 'w."mom 12-1"', 'w."two\\\\nlines"']
    """
    prefix = _OF_KIND[kind]
    written = write_name(name, prefix)
    plain = written == f"{prefix}.{name}" and name.isprintable()
    return written if plain else f"{prefix}.{json.dumps(name, ensure_ascii=not name.isprintable())}"


def columns_apart(kind: Kind, names: Iterable[str]) -> list[str]:
    """Return columns that differ in more than case, for formats that ignore it: the second of two in escapes."""
    taken: set[str] = set()
    made = []
    for name in names:
        column = column_name(kind, name)
        if column.casefold() in taken:
            units = name.encode("utf-16-be").hex()
            column = f'{_OF_KIND[kind]}."' + "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)) + '"'
        taken.add(column.casefold())
        made.append(column)
    return made


def read_column(column: str) -> tuple[Kind, str] | None:
    """Return what a column of a wide table holds; None when it means nothing here."""
    if column in OWN or column == INFERRED:
        return "own", column
    for prefix, kind in PREFIXES.items():
        if column.startswith(prefix) and len(column) > len(prefix):
            return kind, _read_name(column[len(prefix) :])
    return None


def _read_name(written: str) -> str:
    if len(written) < len(_EMPTY) or written[0] != '"' or written[-1] != '"':
        return written
    try:
        name = json.loads(written, strict=False)
    except ValueError:
        return unquote(written)
    return name if isinstance(name, str) else written


def _marked(text: str) -> bool:
    """Return whether a cell can't hold the text as it is."""
    bare = text.lstrip("'")
    return bare == _EMPTY or bare.startswith(_FORMULA)


def defused(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would run it, or take it for such a text."""
    return f"'{text}" if _marked(text) else text


def to_cell(text: str) -> str:
    """Return the CSV cell for a text that is there."""
    return defused(text) if text else _EMPTY


def from_cell(cell: str) -> str:
    """Return the text a CSV cell stands for."""
    if cell == _EMPTY:
        return ""
    return cell[1:] if cell[:1] == "'" and _marked(cell[1:]) else cell
