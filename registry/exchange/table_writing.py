"""Experiments as a table, wide or long, in CSV or Parquet.

A wide table needs the names of all experiments before its first line: what is written is put aside on the disk
until they are known, so that the number of experiments does not matter and the registry is read once.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from registry.config import ExperimentConfig
from registry.errors import ExchangeError
from registry.exchange.files import Target, writing, writing_path
from registry.exchange.held import Held
from registry.exchange.table_form import (
    LONG,
    METRICS_FROM,
    OWN,
    OWN_KIND,
    Kind,
    column_name,
    columns_apart,
    read_column,
    table_suffix,
    to_cell,
)
from registry.frozen import thaw
from registry.marks import INFERRED

if TYPE_CHECKING:
    from registry.results import Results

_BATCH = 500
_KINDS: tuple[Kind, ...] = ("weight", "transformation", "hyperparameter")

_Parts = tuple[tuple[str | None, ...], tuple[dict[str, Any], ...]]
"""An experiment's own fields as in `OWN`, then for each of `_KINDS` its values by name."""


def write_table(
    configs: Iterable[ExperimentConfig],
    target: Target,
    *,
    long: bool = False,
    metrics: Results | None = None,
    guessed: Collection[str] = (),
    force: bool = False,
) -> int:
    """Write experiments as a table to a FILE.csv or FILE.parquet; return how many there were.

    `guessed` are the full hashes of those whose parent is a guess; `metrics` are what
    `ExperimentRegistry.metrics_of` returns.

    Raises:
        FileExistsRefusal: the file is there and `force` was not given; it is untouched.
        ExchangeError: the name says neither format, or the file can't be written.
    """
    suffix = table_suffix(os.fspath(target))
    if suffix not in (".csv", ".parquet"):
        raise ExchangeError(f"{os.fspath(target)} can't be written as a table; end its name in .csv or .parquet")
    as_csv = suffix == ".csv"
    text = to_cell if as_csv else str
    counted, measured = _Counted(configs), _Measured(metrics, text)
    if long:
        rows = (row for config in counted for row in (*_long(config, text, guessed), *measured.long(config)))
        _write(target, LONG, ["VARCHAR"] * len(LONG), rows, as_csv=as_csv, force=force)
        return counted.count
    with Held[list[_Parts]]() as held:
        names = _put_aside(counted, held)
        columns = [*OWN, *([INFERRED] if guessed else [])]
        types = ["VARCHAR"] * len(columns)
        for kind, known in zip(_KINDS, names, strict=True):
            columns += [column_name(kind, name) for name in known] if as_csv else columns_apart(kind, known)
            types += ["DOUBLE" if kind == "weight" else "VARCHAR"] * len(known)
        for column, type_ in measured.columns(as_csv=as_csv):
            columns.append(column)
            types.append(type_)
        rows = (_wide(parts, names, text, guessed) + measured.wide(parts[0][0]) for batch in held for parts in batch)
        _write(target, columns, types, rows, as_csv=as_csv, force=force)
    return counted.count


class _Counted:
    def __init__(self, configs: Iterable[ExperimentConfig]) -> None:
        self._configs = configs
        self.count = 0

    def __iter__(self) -> Iterator[ExperimentConfig]:
        for config in self._configs:
            self.count += 1
            yield config


class _Measured:
    """The metrics of the experiments, as cells."""

    def __init__(self, metrics: Results | None, text: Callable[[str], str]) -> None:
        self._text = text
        self._from = "" if metrics is None or metrics.metrics_from is None else text(metrics.metrics_from)
        self._names: list[str] = []
        for column in [] if metrics is None else metrics.columns[1:]:
            held = read_column(column)
            if held is None or held[0] != "metric":
                raise ExchangeError(f"{column} can't be a column of a table; name metrics as m.edge")
            self._names.append(held[1])
        self._values = {} if metrics is None else {row[0]: row[1:] for row in metrics.rows}

    def columns(self, *, as_csv: bool) -> Iterator[tuple[str, str]]:
        """Yield name and type of the columns of a wide table."""
        if self._names:
            yield METRICS_FROM, "VARCHAR"
        named = (
            [column_name("metric", name) for name in self._names] if as_csv else columns_apart("metric", self._names)
        )
        yield from ((column, "DOUBLE") for column in named)

    def _of(self, config_hash: str | None) -> Sequence[float | None]:
        return self._values.get(config_hash, [None] * len(self._names))

    def wide(self, config_hash: str | None) -> list[Any]:
        """Return an experiment's cells; where it has no metric, nothing says where they were read."""
        values = self._of(config_hash)
        read = [None if all(value is None for value in values) else self._from] if self._names else []
        return [*read, *values]

    def long(self, config: ExperimentConfig) -> Iterator[list[Any]]:
        """Yield an experiment's rows."""
        there = [(n, v) for n, v in zip(self._names, self._of(config.config_hash), strict=True) if v is not None]
        if there:
            yield [config.config_hash, OWN_KIND, METRICS_FROM, self._from]
        yield from ([config.config_hash, "metric", self._text(name), repr(value)] for name, value in there)


def _parts(config: ExperimentConfig) -> _Parts:
    weights = dict(config.feature_weights)
    features = None if set(config.feature_names) == weights.keys() else _json(list(config.feature_names))
    own = (
        config.config_hash,
        config.description or None,
        _json(list(config.tags)) if config.tags else None,
        config.parent,
        config.created_at,
        features,
    )
    parameters = {name: _json(thaw(value)) for name, value in config.hyperparameters.items()}
    return own, (weights, dict(config.feature_transformations), parameters)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _put_aside(configs: Iterable[ExperimentConfig], held: Held[list[_Parts]]) -> list[list[str]]:
    """Put what is written into `held`; return the names of each kind, sorted."""
    names: list[set[str]] = [set() for _ in _KINDS]
    batch: list[_Parts] = []
    for config in configs:
        parts = _parts(config)
        for known, values in zip(names, parts[1], strict=True):
            known.update(values)
        batch.append(parts)
        if len(batch) == _BATCH:
            held.add(batch)
            batch = []
    if batch:
        held.add(batch)
    return [sorted(known) for known in names]


def _own(own: Sequence[str | None], text: Callable[[str], str]) -> list[str | None]:
    """Return the experiment's own fields as cells; only its description is free text."""
    return [text(cell) if name == "description" and cell else cell for name, cell in zip(OWN, own, strict=True)]


def _wide(
    parts: _Parts, names: Sequence[Sequence[str]], text: Callable[[str], str], guessed: Collection[str]
) -> list[Any]:
    own, (weights, transformations, parameters) = parts
    features, transformed, parameterised = names
    row: list[Any] = _own(own, text)
    if guessed:
        row.append("true" if own[0] in guessed else None)
    row += [weights.get(name) for name in features]
    row += [text(transformations[name]) if name in transformations else None for name in transformed]
    row += [parameters.get(name) for name in parameterised]
    return row


def _long(config: ExperimentConfig, text: Callable[[str], str], guessed: Collection[str]) -> Iterator[list[Any]]:
    own, (weights, transformations, parameters) = _parts(config)
    for name, value in zip(OWN, _own(own, text), strict=True):
        if value is not None and name != "config_hash":
            yield [own[0], OWN_KIND, name, value]
    if own[0] in guessed:
        yield [own[0], OWN_KIND, INFERRED, "true"]
    yield from ([own[0], "weight", text(name), repr(value)] for name, value in weights.items())
    yield from ([own[0], "transformation", text(name), text(value)] for name, value in transformations.items())
    yield from ([own[0], "hyperparameter", text(name), value] for name, value in parameters.items())


def _write(
    target: Target,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterable[list[Any]],
    *,
    as_csv: bool,
    force: bool,
) -> None:
    if as_csv:
        with writing(target, force=force) as stream:
            # a carriage return in a cell is only quoted when lines end with one, too
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(columns)
            writer.writerows(rows)
        return
    from registry.store.tables import write_parquet_rows

    with writing_path(target, force=force) as path:
        write_parquet_rows(columns, types, rows, path, os.fspath(target))
