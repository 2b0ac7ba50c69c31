"""Mapping files: where in the records of another system an experiment's parts are. See `REFERENCE`.

A mapping is TOML. What is wrong with it is told before the first record is read.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from datetime import datetime
from pathlib import Path as File
from typing import Any, Final

from registry.canonical import show
from registry.errors import ExchangeError, InvalidRunError
from registry.exchange.paths import FILE, OF_FILE, Path
from registry.runs import fields

REFERENCE: Final = """\
A part is "a.path", {path = "a.path", optional = true}, or {value = …} for all.
A path that leads to nothing refuses the record, unless it is optional.

Paths:
  model.weights                dots between keys; "a.b".c: a key with a dot
  runs[0].w  runs[-1].w        a place in a list
  runs[*].w                    of every item in a list
  @file.stem .name .folder     what the file's own path says
  @root.study                  from the top of the file (with records)
  @beside."metrics.json".auc   in another file of its folder; where that holds
                               several values, "result.json"[-1] is the last

Keys:
  records = "trials"     where the records are in a file; without it each is
                         the file, its line, its row, its item
  format = "csv"         csv, yaml, json or ndjson, where no name says it, as
                         from a pipe
  file = 'run-(?P<seed>\\d+)'
                         what the file's path is like: others in a folder are
                         passed over; what it names is @file.seed
  names                  the features, where not those that have a weight
  description, parent    texts
  tags                   path, separator = ",", always = ["imported"]
  time                   path, format = "iso", "epoch", "epoch_ms", or as of
                         strptime, such as "%d.%m.%Y %H:%M"

  [weights]              path: to {NAME: number}, to pairs, or to objects with
                         name and weight (say name = "…", weight = "…" where
                         they call them otherwise); or prefix = "w_": the keys
                         that begin so, in path or the record; or names and
                         weights: the paths of two lists. only = [NAMES],
                         except = [NAMES], set = {NAME = part}
  [transformations]      as weights, with value and values for weight and
                         weights
  [hyperparameters]      path, prefix, only, except, set; rest = true takes
                         all there that nothing else takes
  [metrics]              path, prefix, only, except, set; they become a run on
                         panel over period (or start, end), of engine.
                         define.NAME = {unit, direction, definition} for those
                         that are not known here
"""
"""What may stand in a mapping file, for help."""

_PART: Final = ("path", "value", "optional")
_OF_GROUP: Final = {
    "weights": ("path", "prefix", "only", "except", "optional", "set", "name", "weight", "names", "weights"),
    "transformations": ("path", "prefix", "only", "except", "optional", "set", "name", "value", "names", "values"),
    "hyperparameters": ("path", "prefix", "only", "except", "optional", "set", "rest"),
    "metrics": ("path", "prefix", "only", "except", "optional", "set"),
}
_GROUPS: Final = ("weights", "transformations", "hyperparameters")
_OF_RUN: Final = ("panel", "period", "start", "end", "engine", "define")
_PARTS: Final = ("names", "description", "parent")
_TIMES: Final = ("iso", "epoch", "epoch_ms")
_FORMATS: Final = ("json", "ndjson", "csv", "yaml")
_TOP: Final = ("records", "format", "file", *_GROUPS, "metrics", "tags", "time", *_PARTS)


@dataclass(frozen=True, slots=True)
class Part:
    """One value: from a path in the record, or the same for all."""

    where: str
    """What sentences call it: the key in the mapping file."""
    path: Path | None = None
    value: Any = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Values by name."""

    where: str
    path: Path | None = None
    prefix: str | None = None
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    optional: bool = False
    rest: bool = False
    name: str = "name"
    """In a list of objects: the key of the name."""
    value: str = "value"
    """And that of the value."""
    names: Path | None = None
    """Where names and values are two lists: that of the names."""
    values: Path | None = None
    set: Table[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics that become a recorded run, and on what they were measured."""

    group: Group
    panel: Part
    period: Part | None = None
    start: Part | None = None
    end: Part | None = None
    engine: Part | None = None
    define: Table[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where the parts of an experiment are in the records of another system."""

    weights: Group
    records: Path | None = None
    format: str | None = None
    """Of the files, where their names do not say it."""
    file: re.Pattern[str] | None = None
    names: Part | None = None
    description: Part | None = None
    parent: Part | None = None
    transformations: Group | None = None
    hyperparameters: Group | None = None
    metrics: Metrics | None = None
    tags: Part | None = None
    separator: str = ","
    always: tuple[str, ...] = ()
    """Tags that every experiment gets."""
    time: Part | None = None
    time_format: str = "iso"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Mapping:
        """Return the mapping in a TOML file.

        Raises:
            ExchangeError: it can't be read, or says what means nothing; the sentence names the key.
        """
        name = os.fspath(path)
        try:
            text = File(path).read_bytes().decode("utf-8-sig")
            told = tomllib.loads(text)
        except OSError as error:
            raise ExchangeError(f"{name}: can't be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ExchangeError(f"{name}: not UTF-8 text; save the mapping as UTF-8") from None
        except (ValueError, RecursionError) as error:  # also an integer of more digits than Python reads
            raise ExchangeError(f"{name}: not TOML: {error}") from None
        try:
            return cls.from_dict(told)
        except ExchangeError as error:
            raise ExchangeError(f"{name}: {error}") from None

    @classmethod
    def from_dict(cls, told: Table[str, Any]) -> Mapping:
        """Return the mapping that a dict says, as a TOML file does.

        Raises:
            ExchangeError: it says what means nothing; the sentence names the key.
        """
        _only(told, _TOP, "the mapping")
        if "weights" not in told:
            raise ExchangeError('it says nothing of weights; add [weights] with path = "…" or prefix = "…"')
        parts = {key: _part(told[key], key) for key in _PARTS if key in told}
        groups = {key: _group(told[key], key) for key in _GROUPS if key in told}
        tags, time = (_described(told.get(key, {}), key) for key in ("tags", "time"))
        _only(tags, (*_PART, "separator", "always"), "tags")
        _only(time, (*_PART, "format"), "time")
        time_format = _text(time.get("format", "iso"), "time.format")
        if time_format not in _TIMES and "%" not in time_format:
            raise ExchangeError(f"time.format: {show(time_format)} is none of {', '.join(_TIMES)}, nor has it a %")
        _check_form(time_format)
        if "format" in told and told["format"] not in _FORMATS:
            raise ExchangeError(f"format: {show(told['format'])} is none of {', '.join(_FORMATS)}")
        made = cls(
            groups["weights"],
            format=told.get("format"),
            records=Path.read(told["records"], "records") if "records" in told else None,
            file=_pattern(told["file"]) if "file" in told else None,
            names=parts.get("names"),
            description=parts.get("description"),
            parent=parts.get("parent"),
            transformations=groups.get("transformations"),
            hyperparameters=groups.get("hyperparameters"),
            metrics=_metrics(_table(told["metrics"], "metrics")) if "metrics" in told else None,
            tags=_part(_in(tags, _PART), "tags") if {"path", "value"} & set(tags) else None,
            separator=_text(tags.get("separator", ","), "tags.separator"),
            always=_texts(tags.get("always", []), "tags.always"),
            time=_part(_in(time, _PART), "time") if time else None,
            time_format=time_format,
        )
        made._check_names_of_files()
        return made

    def _check_names_of_files(self) -> None:
        known = (*OF_FILE, *(self.file.groupindex if self.file is not None else ()))
        for where, path in _paths(self):
            name = path.segments[1] if path.segments[:1] == (FILE,) and len(path.segments) > 1 else None
            if path.segments[:1] == (FILE,) and (name is None or name not in known or len(path.segments) > 2):
                raise ExchangeError(f"{where}: {path.text} is nothing; of a file's path are known {', '.join(known)}")


def _paths(part: object, where: str = "") -> Iterator[tuple[str, Path]]:
    """Yield every path in a mapping, with the key it is of."""
    if isinstance(part, Path):
        yield where, part
    elif isinstance(part, dict):
        for each in part.values():
            yield from _paths(each, where)
    elif isinstance(part, (Part, Group, Metrics, Mapping)):
        for each in fields_of(part):
            yield from _paths(getattr(part, each.name), getattr(part, "where", each.name))


def _check_form(form: str) -> None:
    """Refuse what strptime can't understand, which it tells only when it is given a time."""
    if form in _TIMES:
        return
    try:
        datetime.strptime("", form)
    except (ValueError, re.error) as error:
        if "does not match" not in str(error):
            raise ExchangeError(f"time.format: {show(form)}: {error}") from None


def _metrics(told: Table[str, Any]) -> Metrics:
    _only(told, (*_OF_GROUP["metrics"], *_OF_RUN), "metrics")
    if "panel" not in told or not ("period" in told or {"start", "end"} <= set(told)):
        raise ExchangeError(
            'metrics: say what they were measured on: panel = "path" or {value = "NAME"}, and period, or start and end'
        )
    parts = {
        key: _part(told[key], f"metrics.{key}") for key in ("panel", "period", "start", "end", "engine") if key in told
    }
    try:
        define = fields.definitions(told.get("define", {}))
    except InvalidRunError as error:
        raise ExchangeError(f"metrics.define: {error}") from None
    group = _group({key: item for key, item in told.items() if key not in _OF_RUN}, "metrics")
    return Metrics(group, define=define, **parts)


def _part(told: object, where: str) -> Part:
    if isinstance(told, str):
        return Part(where, Path.read(told, where))
    table = _table(told, where)
    _only(table, _PART, where)
    if ("path" in table) == ("value" in table):
        raise ExchangeError(f'{where}: say either path = "…" or value = …')
    path = Path.read(table["path"], f"{where}.path") if "path" in table else None
    return Part(where, path, table.get("value"), _truth(table.get("optional", False), f"{where}.optional"))


def _group(told: object, where: str) -> Group:
    table = {"path": told} if isinstance(told, str) else _table(told, where)
    _only(table, _OF_GROUP[where], where)
    value = "weight" if where == "weights" else "value"
    lists = "weights" if where == "weights" else "values"
    if ("names" in table) != (lists in table):
        raise ExchangeError(f"{where}: names and {lists} are two lists side by side; say both")
    paths = {key: Path.read(table[key], f"{where}.{key}") for key in ("path", "names", lists) if key in table}
    made = Group(
        where,
        path=paths.get("path"),
        prefix=_text(table["prefix"], f"{where}.prefix") if "prefix" in table else None,
        only=_texts(table["only"], f"{where}.only") if "only" in table else None,
        without=_texts(table.get("except", []), f"{where}.except"),
        optional=_truth(table.get("optional", False), f"{where}.optional"),
        rest=_truth(table.get("rest", False), f"{where}.rest"),
        name=_text(table.get("name", "name"), f"{where}.name"),
        value=_text(table.get(value, value), f"{where}.{value}"),
        names=paths.get("names"),
        values=paths.get(lists),
        set={
            name: _part(part, f"{where}.set.{name}")
            for name, part in _table(table.get("set", {}), f"{where}.set").items()
        },
    )
    if made.path is None and made.prefix is None and made.names is None and made.only is None and not made.rest:
        if not made.set:
            raise ExchangeError(f'{where}: it says nothing of where they are; add path = "…" or prefix = "…"')
    elif made.rest and made.only is not None:
        raise ExchangeError(f"{where}: rest takes every key that nothing else takes; leave out only")
    return made


def _pattern(told: object) -> re.Pattern[str]:
    text = _text(told, "file")
    try:
        made = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ExchangeError(f"file: {show(text)} is no regular expression: {error}") from None
    return made


def _only(told: Table[str, Any], known: Sequence[str], where: str) -> None:
    strange = next((key for key in told if key not in known), None)
    if strange is not None:
        from difflib import get_close_matches

        near = get_close_matches(strange, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise ExchangeError(f"{where}: {show(strange)} means nothing here; {hint}")


def _described(told: object, where: str) -> Table[str, Any]:
    return {"path": told} if isinstance(told, str) else _table(told, where)


def _in(told: Table[str, Any], keys: Sequence[str]) -> Table[str, Any]:
    return {key: told[key] for key in keys if key in told}


def _table(told: object, where: str) -> Table[str, Any]:
    if not isinstance(told, dict):
        raise ExchangeError(f"{where}: {show(told)} is no table; write it as [{where}] or {{…}}")
    return told


def _text(told: object, where: str) -> str:
    if not isinstance(told, str) or not told:
        raise ExchangeError(f"{where}: {show(told)} is no text")
    return told


def _texts(told: object, where: str) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
        raise ExchangeError(f"{where}: {show(told)} is no list of texts")
    return tuple(told)


def _truth(told: object, where: str) -> bool:
    if not isinstance(told, bool):
        raise ExchangeError(f"{where}: {show(told)} is neither true nor false")
    return told
