"""Experiments out of MLflow: from the file that a push attaches, else by a mapping of params.

Anyone may have written what lies there. The attached file is read up to a limit, by its one name and into a folder of
our own, and goes the ordinary way of an import, so that every refusal names its run; its hash is checked against its
content and against the run's tag.
"""

from __future__ import annotations

import math
import os
import stat
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from registry.canonical import show
from registry.config import SHORT_HASH
from registry.errors import ExchangeError, InvalidConfigError, InvalidRunError
from registry.exchange.importing import Progress, bring_in
from registry.exchange.record import NotAnExperimentError, interpret
from registry.exchange.report import Found, ImportReport, Record, Refusal, Remark
from registry.exchange.text import Meter, read_values
from registry.metrics import metric as defined
from registry.runs.record import Run
from registry.store import Store
from registry.store.registration import ImportMetadata
from registry.trackers import mlflow_sheet as sheets
from registry.trackers.content import ATTACHED
from registry.trackers.mapping import Mapped, NameMapping, apply
from registry.trackers.mlflow_link import EXPERIMENT, Link, Refused, linked, missing_file, without_credentials
from registry.trackers.mlflow_link import tracking_uri as checked_uri

LARGEST: Final = 32 << 20
"""So many bytes of an attached file are read."""

_NAMED: Final = 12
_AT_ONCE: Final = 6
"""So many attached files are asked for at a time."""
_TELL_EVERY: Final = 0.1


def pull(
    store: Store,
    tracking_uri: str | None = None,
    experiments: Sequence[str] = (EXPERIMENT,),
    *,
    runs: str = "",
    mapping: NameMapping | None = None,
    metadata: ImportMetadata = "fill",
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> ImportReport:
    """Bring in what lies in MLflow; see `ExperimentRegistry.pull_mlflow`."""
    uri = checked_uri(tracking_uri)
    missing = missing_file(uri)
    if missing is not None:
        raise ExchangeError(f"there is no MLflow store at {missing}; check --tracking-uri")
    report = ImportReport(dry_run=dry_run)
    with linked(uri, "pull mlflow") as link, tempfile.TemporaryDirectory(prefix="experiment-registry-") as folder:
        places = [_place(link, name) for name in dict.fromkeys(experiments)]
        pulling = _Pulling(link, Path(folder), runs, mapping)
        bring_in(store, _counted(pulling.found(places), progress), report, metadata=metadata)
        report.remarks += pulling.remarks(without_credentials(uri))
    return report


def _place(link: Link, name: str) -> str:
    found = link.experiment(name)
    if found is not None:
        return found
    from difflib import get_close_matches

    names = [each.name for each in link.ask("search_experiments")]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {show(near[0])}?" if near else f"there are {', '.join(map(show, names[:8])) or 'none'}"
    raise ExchangeError(f"MLflow at {without_credentials(link.uri)} has no experiment {show(name)}; {hint}")


def _counted(
    found: Iterator[tuple[str, Found]], progress: Callable[[Progress], None] | None
) -> Iterator[tuple[str, Found]]:
    told = time.monotonic()
    for count, item in enumerate(found, 1):
        yield item
        if progress is not None and (now := time.monotonic()) - told > _TELL_EVERY:
            told = now
            progress(Progress(count, None))


class _Pulling:
    """One pull: goes through the runs and counts what it can't take."""

    def __init__(self, link: Link, folder: Path, filter: str, mapping: NameMapping | None) -> None:
        self._link = link
        self._folder = folder
        self._filter = filter
        self._mapping = mapping
        self._foreign: list[str] = []
        """Runs of others that there is no mapping for."""
        self._without: list[str] = []
        """Runs of others without a weight."""
        self._left: Counter[str] = Counter()

    def found(self, places: Sequence[str]) -> Iterator[tuple[str, Found]]:
        """Yield what is in every run, with the run's name."""
        for place in places:
            try:
                for run, fetched in self._fetched(self._link.runs(place, self._filter)):
                    source = f"run {run.info.run_id}"
                    for item in self._of(run, source, fetched):
                        yield source, item
            except Refused as refusal:
                raise ExchangeError(f"MLflow can't list its runs: {refusal}") from None

    def remarks(self, place: str) -> list[Remark]:
        """Return what is to be said of all runs together."""
        made = []
        if self._foreign:
            made.append(Remark(place, f"{_some(self._foreign)} without {ATTACHED} passed over; a mapping such as"
                                      " --weight-prefix w. tells which params are weights"))  # fmt: skip
        if self._without:
            made.append(Remark(place, f"{_some(self._without)} passed over: no param or metric is a weight"))
        if self._left:
            named = [f"{show(name)[1:-1]} ({count:,})" for name, count in self._left.most_common(_NAMED)]
            more = f" and {len(self._left) - _NAMED:,} more" if len(self._left) > _NAMED else ""
            made.append(Remark(place, f"not mapped: {', '.join(named)}{more}"))
        return made

    def _fetched(self, runs: Iterator[Any]) -> Iterator[tuple[Any, Future[bytes | None]]]:
        """Yield every run with its attached file under way: a server is asked for several at a time."""
        at_once = _AT_ONCE if self._link.uri.startswith("http") else 1
        pool = ThreadPoolExecutor(at_once, "pull")
        waiting: deque[tuple[Any, Future[bytes | None]]] = deque()
        try:
            for run in runs:
                waiting.append((run, pool.submit(self._attached, run.info.run_id)))
                if len(waiting) > 2 * at_once:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            pool.shutdown(cancel_futures=True)

    def _of(self, run: Any, source: str, fetched: Future[bytes | None]) -> Iterator[Found]:
        ours = run.data.tags.get(sheets.HASH_TAG)
        try:
            data = fetched.result()
        except Refused as refusal:
            yield Refusal(source, f"{ATTACHED} can't be read: {refusal}")
            return
        if data is not None:
            yield from _checked(_read(data, source), ours, source)
        elif ours is not None:
            yield Refusal(
                source, f"it has no {ATTACHED}: the push was interrupted, or the file was removed; push again"
            )
        elif self._mapping is None:
            self._foreign.append(str(run.info.run_id))
        else:
            yield from self._mapped(self._mapping, run, source)

    def _attached(self, run_id: str) -> bytes | None:
        """Return the attached file; None when there is none.

        Raises:
            Refused: it is too large, or no plain file.
        """
        listed = next((file for file in self._link.ask("list_artifacts", run_id) if file.path == ATTACHED), None)
        if listed is None or listed.is_dir:
            return None
        if (listed.file_size or 0) > LARGEST:
            raise Refused(f"{listed.file_size:,} bytes are more than the {LARGEST:,} that are read")
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(self._link.ask("download_artifacts", run_id, ATTACHED, folder))
            return _bytes(path)

    def _mapped(self, mapping: NameMapping, run: Any, source: str) -> Iterator[Found]:
        started = run.info.start_time
        try:
            created = datetime.fromtimestamp(started / 1000, UTC).isoformat() if started else None
            made = apply(
                mapping,
                run.data.params,
                run.data.metrics,
                description=run.data.tags.get(sheets.NOTE_TAG, ""),
                created_at=created,
            )
            if made is None:
                self._without.append(str(run.info.run_id))
                return
            result = _run(mapping, made)
        except (InvalidConfigError, InvalidRunError, OverflowError, OSError, ValueError) as error:
            yield Refusal(source, str(error))
            return
        self._left.update(made.left)
        yield Record(source, made.config, runs=() if result is None else (result,))


def _bytes(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused("it is no plain file")
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(str(error.strerror or error)) from None
    if len(data) > LARGEST:
        raise Refused(f"it has more than the {LARGEST:,} bytes that are read")
    return data


def _read(data: bytes, source: str) -> Iterator[Found]:
    for place, value in read_values(BytesIO(data), source, Meter()):
        try:
            yield from interpret(place, value)
        except NotAnExperimentError as error:
            yield Refusal(place, str(error))


def _checked(found: Iterator[Found], ours: str | None, source: str) -> Iterator[Found]:
    """Yield what was read; an experiment that is not the one its run's tag names is refused."""
    for item in found:
        if isinstance(item, Record) and ours is not None and item.config.config_hash != ours:
            yield Refusal(
                source,
                f"{ATTACHED} is of {str(item.config.config_hash)[:SHORT_HASH]}, while the tag {sheets.HASH_TAG} says"
                f" {show(ours[:SHORT_HASH])}; one of the two was altered",
            )
            return
        yield item


def _run(mapping: NameMapping, made: Mapped) -> Run | None:
    """Return the result that a run's metrics are, where the mapping says on what.

    Raises:
        InvalidRunError: a metric's name or value can't be recorded.
    """
    measures = mapping.metrics
    if measures is None or not made.metrics:
        return None
    first, last = measures.period.split("..")
    definitions = {
        name: {
            "unit": "number",
            "direction": "none",
            "definition": "as it was logged in MLflow",
        }
        for name in made.metrics
        if defined(name) is None
    } | {name: said for name, said in measures.define.items() if name in made.metrics}
    return Run.from_dict(
        {
            "config_hash": str(made.config.config_hash),
            "panel": measures.panel,
            "start": first.strip(),
            "end": last.strip(),
            "metrics": {name: value if math.isfinite(value) else None for name, value in made.metrics.items()},
            "engine": "mlflow",
            "recorded_at": str(made.config.created_at),
            "definitions": definitions,
        }
    )


def _some(runs: Sequence[str]) -> str:
    named = ", ".join(runs[:3]) + (" …" if len(runs) > 3 else "")
    return f"{len(runs):,} run{'' if len(runs) == 1 else 's'} ({named})"
