"""What a question returns: rows with named columns, that become records, a data frame, Arrow or a notebook table.

pandas and pyarrow are not dependencies: they are imported only by the call that needs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import import_module
from typing import Any, overload

from registry.errors import MissingLibraryError

NOTEBOOK_ROWS = 100
"""A notebook shows this many rows; the rest is counted under the table."""


class Results(Sequence[dict[str, Any]]):
    """The rows of a search or a query, in order; each item is a record, column to value.

    >>> found = Results(["feature", "weight"], [("price", 0.6), ("volume", 0.4)])
    >>> found[0]
    {'feature': 'price', 'weight': 0.6}
    >>> [row["weight"] for row in found]
    [0.6, 0.4]
    """

    columns: list[str]
    """The names of the columns; one that came twice has `_1`, `_2` … at its end."""
    rows: list[tuple[Any, ...]]
    """The values, one tuple a row."""
    total: int
    """How many there were before a limit cut them."""
    types: list[str] | None
    """The engine's types of the columns, where a query said them."""
    metrics_from: str | None
    """The panel and period that metrics in a search were read on, `sp500_20 2010-01-04..2022-12-28`."""
    metrics_note: str | None
    """What keeps these metrics from being comparable: one sentence, or None."""
    tried: int
    """Where metrics were read: configurations ever tried on that panel and period, deleted and untracked ones too."""

    def __init__(
        self,
        columns: Iterable[str],
        rows: Iterable[Sequence[Any]] = (),
        total: int | None = None,
        types: Iterable[str] | None = None,
        metrics_from: str | None = None,
        metrics_note: str | None = None,
        tried: int = 0,
    ) -> None:
        self.tried = tried
        self.metrics_from = metrics_from
        self.metrics_note = metrics_note
        self.types = None if types is None else list(types)
        self.columns = _unique(columns)
        self.rows = [tuple(row) for row in rows]
        self.total = len(self.rows) if total is None else total

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | Results:
        if isinstance(index, slice):
            part = self.rows[index]
            return Results(self.columns, part, self.total, self.types, self.metrics_from, self.metrics_note, self.tried)
        return dict(zip(self.columns, self.rows[index], strict=True))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Results):
            return self.columns == other.columns and self.rows == other.rows
        return self.to_dicts() == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        count = f"{len(self.rows)}" if self.total == len(self.rows) else f"{len(self.rows)} of {self.total}"
        return f"<Results: {count} {'row' if self.total == 1 else 'rows'}; {', '.join(self.columns)}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as a list of plain dicts."""
        return list(self)

    def df(self) -> Any:
        """Return a pandas DataFrame.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        pandas = require("pandas", ".df()")
        return pandas.DataFrame.from_records(self.rows, columns=self.columns)

    def arrow(self) -> Any:
        """Return a pyarrow Table; a column whose values share no Arrow type is text.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        pyarrow = require("pyarrow", ".arrow()")
        values = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.columns)
        return pyarrow.Table.from_arrays([_arrow_array(pyarrow, list(column)) for column in values], names=self.columns)

    def _repr_html_(self) -> str:
        hidden = self.total - min(len(self.rows), NOTEBOOK_ROWS)
        notes = [f"{hidden} more"] if hidden > 0 else []
        if self.metrics_from is not None:
            notes.append(f"metrics on {self.metrics_from}")
        if self.metrics_note is not None:
            notes.append(self.metrics_note)
        return html_table(self.columns, self.rows[:NOTEBOOK_ROWS], "; ".join(notes))


def require(library: str, call: str) -> Any:
    """Return an optional library.

    Raises:
        MissingLibraryError: it is not installed; the sentence says what to install.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise MissingLibraryError(
            f"{call} needs {library}, which can't be imported here ({error}); install it with: pip install {library}"
        ) from None


def html_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    """Return a table for notebooks; every text in it is escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>" for row in rows)
    foot = f"<p>{escape(note)}</p>" if note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _unique(names: Iterable[str]) -> list[str]:
    made: dict[str, None] = {}
    for name in names:
        unique, n = name, 0
        while unique in made:
            n += 1
            unique = f"{name}_{n}"
        made[unique] = None
    return list(made)


def _arrow_array(pyarrow: Any, values: list[Any]) -> Any:
    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowException, OverflowError, TypeError, ValueError):
        # one hyperparameter may be 10 here and "ten" there, or an integer of 100 digits
        return pyarrow.array([_as_text(value) for value in values], pyarrow.string())


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
