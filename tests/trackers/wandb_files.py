"""Reading what W&B's library wrote: its log of records, as `wandb sync` does."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BLOCK = 32768
_HEADER = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


@dataclass
class Offline:
    """One offline run, as its records tell it."""

    run_id: str = ""
    project: str = ""
    entity: str = ""
    name: str = ""
    notes: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    exit_code: int | None = None


def records(path: Path) -> Iterator[bytes]:
    """Yield the records in a log of blocks of 32 KiB."""
    data = path.read_bytes()
    assert data[:4] in (b":W&B", b"")
    at, parts = _HEADER, b""
    while at + _HEADER <= len(data):
        if _BLOCK - at % _BLOCK < _HEADER:
            at += _BLOCK - at % _BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + _HEADER])
        if kind == 0:
            at += _BLOCK - at % _BLOCK
            continue
        chunk = data[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length
        parts = chunk if kind in (_FULL, _FIRST) else parts + chunk
        if kind in (_FULL, _LAST):
            yield parts


def offline_runs(folder: Path) -> list[Offline]:
    """Return the offline runs below a folder, each once it is whole: the library's service writes on for a moment."""
    made = []
    end = time.monotonic() + 10
    for path in sorted(folder.glob("wandb/offline-run-*/*.wandb")):
        while (run := read(path)).exit_code is None and time.monotonic() < end:
            time.sleep(0.01)
        made.append(run)
    return made


def read(path: Path) -> Offline:
    """Return one offline run, as far as it is written."""
    from wandb.proto import wandb_internal_pb2

    made = Offline()
    for data in records(path):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = record.run
            made.run_id, made.project, made.entity = run.run_id, run.project, run.entity
            made.name, made.notes, made.tags = run.display_name, run.notes, list(run.tags)
            _update(made.config, run.config.update)
        elif kind == "config":
            _update(made.config, record.config.update)
        elif kind == "history":
            made.history.append(_items(record.history.item))
        elif kind == "summary":
            made.summary |= _items(record.summary.update)
        elif kind == "files":
            made.files += [file.path for file in record.files.files]
        elif kind == "exit":
            made.exit_code = record.exit.exit_code
    return made


def _key(item: Any) -> str:
    return item.key or ".".join(item.nested_key)


def _items(items: Any) -> dict[str, Any]:
    return {_key(item): json.loads(item.value_json) for item in items}


def _update(config: dict[str, Any], items: Any) -> None:
    for item in items:
        config[_key(item)] = json.loads(item.value_json)
