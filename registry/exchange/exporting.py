"""Handing experiments out: one file, a file of many, a folder with a file each, or a stream.

What is written reads back as the same experiments: hash, tags, description, parent and created_at. Files
appear whole or not at all and never replace others unasked. Experiments are written as they come, so their
number does not matter.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from registry.config import SHORT_HASH, ExperimentConfig
from registry.errors import ExchangeError, FileExistsRefusal
from registry.exchange.files import Target, explained, resolve_target, try_sync_folder, writing
from registry.exchange.table_form import table_suffix
from registry.marks import INFERRED
from registry.store.publishing import check_free, publish

if TYPE_CHECKING:
    from registry.results import Results

Form = Literal["json", "ndjson"]
_FORMS: dict[str, Form] = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_OTHER_FORMS = frozenset(
    (
        *(".xlsx", ".xls", ".ods", ".yaml", ".yml", ".toml", ".md", ".tsv", ".html", ".xml", ".pdf", ".gz", ".zip"),
        *(".sqlite", ".sqlite3", ".db", ".duckdb"),
    )
)
"""Endings by which other programs know what to expect, and would not find; a name of any other kind gets JSON."""

_compact = json.JSONEncoder(separators=(",", ":"), sort_keys=True, check_circular=False).encode


@dataclass(slots=True)
class ExportReport:
    """What an export wrote."""

    count: int = 0
    """How many experiments."""
    path: str | None = None
    """The file or folder; None for a stream."""
    files: list[str] = field(default_factory=list)
    """The files written."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {"count": self.count, "path": self.path, "files": list(self.files)}


RunsOf = Callable[[ExperimentConfig], Mapping[str, list[dict[str, Any]]]]
"""Returns what is written with an experiment, plain dicts by key: its `runs`, and the `trials` beside them."""

Marks = Mapping[str, Mapping[str, Any]]
"""Hash to what else stands in its record; see `registry.marks`."""

_Beside = Callable[[ExperimentConfig], dict[str, Any]]
"""Returns what stands in a record beside the configuration."""


def export_one(
    config: ExperimentConfig,
    target: Target | TextIO,
    *,
    force: bool = False,
    runs: RunsOf | None = None,
    marks: Marks | None = None,
) -> ExportReport:
    """Write one experiment: indented JSON, or one line where `target` ends in .ndjson or .jsonl.

    With `runs` the record has what it returns under its keys; what reads configurations alone does not expect it.

    Raises:
        FileExistsRefusal: the file exists and `force` was not given.
        ExchangeError: it can't be written, or its name promises a form that is not ours.
    """
    beside = _beside(runs, marks)
    if not isinstance(target, (str, os.PathLike)):
        target.write(_indented(config, beside) + "\n")
        return ExportReport(1)
    path = Path(target)
    if os.fspath(target) and _means_folder(target):
        raise ExchangeError(
            f"{target} is a folder; name a file in it, such as {path / _short_name(str(config.config_hash))}"
        )
    if table_suffix(path.name):
        return export_many([config], target, force=force, runs=runs, marks=marks)
    if path.suffix.lower() in _OTHER_FORMS:
        raise ExchangeError(
            f"{target}: an experiment is not written as {path.suffix}; end the name in .json, .ndjson, .csv or .parquet"
        )
    with writing(target, force=force) as stream:
        form = _FORMS.get(path.suffix.lower(), "json")
        stream.write((_indented(config, beside) if form == "json" else _compact(_record(config, beside))) + "\n")
    return ExportReport(1, str(path), [str(path)])


def _beside(runs: RunsOf | None, marks: Marks | None) -> _Beside:
    def beside(config: ExperimentConfig) -> dict[str, Any]:
        made = dict(marks.get(str(config.config_hash), {})) if marks else {}
        if runs is not None:
            made |= {key: found for key, found in runs(config).items() if found}
        return made

    return beside


def _record(config: ExperimentConfig, beside: _Beside) -> dict[str, Any]:
    return {**config.to_dict(), **beside(config)}


def _indented(config: ExperimentConfig, beside: _Beside) -> str:
    return json.dumps(_record(config, beside), indent=2, sort_keys=True)


def export_many(
    configs: Iterable[ExperimentConfig],
    target: Target | TextIO,
    *,
    force: bool = False,
    form: Form = "ndjson",
    runs: RunsOf | None = None,
    marks: Marks | None = None,
    long: bool = False,
    metrics: Results | None = None,
) -> ExportReport:
    """Write any number of experiments, each once, and say what was written.

    A name ending in .json becomes one array, .ndjson or .jsonl one line for each; any other name is a
    folder that gets one file for each (made when it is missing; its parent is not). A stream gets `form`.
    A name ending in .csv or .parquet becomes a table, `long` or wide, of what the experiments themselves hold:
    `runs` and aliases are not in it, but which parents are guesses is, and `metrics` are, if given: see
    `ExperimentRegistry.metrics_of`.

    Raises:
        FileExistsRefusal: a file exists and `force` was not given; nothing was written.
        ExchangeError: it can't be written, or the name tells neither a format nor a folder.
    """
    once, beside = _each_once(configs), _beside(runs, marks)
    if not isinstance(target, (str, os.PathLike)):
        return ExportReport(_write(once, target, form, beside))
    path = Path(target)
    if table_suffix(path.name) and not _means_folder(target):
        if runs is not None:
            raise ExchangeError(f"{path}: a table holds no runs; export to an .ndjson file, or without the runs")
        from registry.exchange.table_writing import write_table

        guessed = {config_hash for config_hash, mark in (marks or {}).items() if mark.get(INFERRED)}
        count = write_table(once, target, long=long, metrics=metrics, guessed=guessed, force=force)
        return ExportReport(count, str(path), [str(path)])
    if long or metrics is not None:
        what = "be a long table" if long else "have metrics as columns"
        raise ExchangeError(f"{path} can't {what}; end its name in .csv or .parquet")
    known = _FORMS.get(path.suffix.lower())
    if known is None or _means_folder(target):
        return _write_folder(once, target, beside, force=force)
    with writing(target, force=force) as stream:
        count = _write(once, stream, known, beside)
    return ExportReport(count, str(path), [str(path)])


def _means_folder(target: Target) -> bool:
    name = os.fspath(target)
    with explained(name):
        return name.endswith(os.sep) or Path(name).is_dir()


def _each_once(configs: Iterable[ExperimentConfig]) -> Iterator[ExperimentConfig]:
    seen: set[str | None] = set()
    for config in configs:
        if config.config_hash not in seen:
            seen.add(config.config_hash)
            yield config


def _write(configs: Iterable[ExperimentConfig], stream: TextIO, form: Form, beside: _Beside) -> int:
    count = 0
    if form == "ndjson":
        for config in configs:
            stream.write(_compact(_record(config, beside)) + "\n")
            count += 1
        return count
    stream.write("[")
    for count, config in enumerate(configs, 1):
        stream.write((",\n  " if count > 1 else "\n  ") + _indented(config, beside).replace("\n", "\n  "))
    stream.write("\n]\n" if count else "]\n")
    return count


def _short_name(config_hash: str) -> str:
    return f"{config_hash[:SHORT_HASH]}.json"


def _write_folder(configs: Iterable[ExperimentConfig], target: Target, beside: _Beside, *, force: bool) -> ExportReport:
    """Write all files into a hidden folder inside, look whether every name is free, and only then name them."""
    name = os.fspath(target)
    folder = resolve_target(name.rstrip(os.sep) or name)
    with explained(name):
        made = not folder.exists()
        if made and folder.suffix and not name.endswith(os.sep):
            raise ExchangeError(
                f"{name}: {folder.suffix} is no format to export many experiments to; use .json or .ndjson, "
                "or make that folder first"
            )
        if not made and not folder.is_dir():
            raise ExchangeError(f"{name} is a file; name a folder, or a file that ends in .json or .ndjson")
        if made:
            folder.mkdir()
        staging = folder / f".export-{secrets.token_hex(6)}"
        try:
            staging.mkdir()
            hashes = _stage(configs, staging, beside)
            names = _names(hashes)
            _check_names(folder, names.values(), force=force)
            for config_hash, file in names.items():
                publish(staging / config_hash, folder / file, str(folder / file), force=force)
            try_sync_folder(folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            if made:
                with contextlib.suppress(OSError):  # somebody put something into it
                    folder.rmdir()
            raise
        shutil.rmtree(staging, ignore_errors=True)
    shown = Path(name)
    return ExportReport(len(hashes), str(shown), [str(shown / file) for file in names.values()])


def _stage(configs: Iterable[ExperimentConfig], staging: Path, beside: _Beside) -> list[str]:
    hashes = []
    for config in configs:
        config_hash = str(config.config_hash)
        (staging / config_hash).write_text(_indented(config, beside) + "\n", encoding="utf-8", newline="\n")
        hashes.append(config_hash)
    # one by one after all were written: the system has written most of them by then
    for config_hash in hashes:
        with (staging / config_hash).open("rb") as file:
            os.fsync(file.fileno())
    return hashes


def _names(hashes: Iterable[str]) -> dict[str, str]:
    """Return a file's name for each hash: its first characters where they tell it from the others."""
    shared: dict[str, int] = {}
    hashes = list(hashes)
    for config_hash in hashes:
        short = _short_name(config_hash)
        shared[short] = shared.get(short, 0) + 1
    return {h: _short_name(h) if shared[_short_name(h)] == 1 else f"{h}.json" for h in hashes}


def _check_names(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """Refuse before the first file is named, not in the middle."""
    there = {entry.name for entry in os.scandir(folder)}
    taken = [name for name in names if name in there]
    if taken and not force:
        more = f" and {len(taken) - 1} more exist" if len(taken) > 1 else " exists"
        raise FileExistsRefusal(f"{folder / taken[0]}{more}; name another folder, or say that they may be replaced")
    for name in taken:
        check_free(folder / name, str(folder / name), force=True)
