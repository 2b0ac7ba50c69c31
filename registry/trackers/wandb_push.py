"""Experiments into W&B: one run for each, or for each and the run whose metrics go along.

A run's id is made from the experiment's hash, so whoever pushes it means the same one. Offline it is a folder for
`wandb sync`; beside what W&B wrote there lies a small file that tells what was pushed, written last, so that pushing
again leaves the whole ones alone. Online the run itself says it, in its config.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from registry.canonical import show
from registry.config import SHORT_HASH
from registry.errors import ExchangeError, MissingLibraryError, TrackerError
from registry.exchange.report import Refusal
from registry.frozen import thaw
from registry.store import Store
from registry.trackers.content import ATTACHED, Content, contents, select
from registry.trackers.report import Pushed, PushOutcome, PushReport, Told

PROJECT: Final = "experiment-registry"
DIGEST: Final = "experiments_pushed"
"""The key in a run's config that tells what was pushed."""
LEDGER: Final = "experiments.json"
"""The file in the folder of an offline run that tells the same."""
WINDOW: Final = "window"

_MOST_TAG = 64
_PATIENCE = 30.0
"""Seconds W&B may take to answer the first time."""
_QUIET: Final = {
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_DISABLE_CODE": "true",
    "DO_NOT_TRACK": "true",
}


def push(
    store: Store,
    hashes: Sequence[str],
    project: str = PROJECT,
    entity: str | None = None,
    *,
    offline: bool = False,
    folder: str | os.PathLike[str] | None = None,
    panel: str | None = None,
    period: str | None = None,
    dry_run: bool = False,
    progress: Told | None = None,
) -> PushReport:
    """Push the live experiments with these full hashes; see `ExperimentRegistry.push_wandb`."""
    _check_project(project)
    place = Path(folder).expanduser() if folder is not None else store.path.with_name(f"{store.path.name}.wandb")
    if dry_run and not offline:
        raise ExchangeError("what W&B has is only known once runs are begun there; a dry run needs --offline")
    with store.read() as session:
        selection = select(session, hashes, panel=panel, period=period)
    report = PushReport("wandb", str(place), project if entity is None else f"{entity}/{project}", dry_run=dry_run)
    report.metrics_from = selection.metrics_from
    report.remarks += [selection.note] if selection.note else []
    known, halves = _ledgers(place, report.project)
    ids = set()
    with _library(place, dry_run=dry_run) as library:
        pushing = _Pushing(library, place, project, entity, offline=offline)
        for done, content in enumerate(contents(store, selection), 1):
            run_id = _in_use(known, content)
            ids.add(run_id)
            digest, left = _digest(content), _left_out(content)
            outcome = _outcome(known.get(run_id), run_id in halves, digest if run_id == id_of(content) else None)
            if outcome != "unchanged" and not dry_run:
                try:
                    outcome = pushing.write(content, digest, outcome)
                except _Refused as refusal:
                    report.refused.append(Refusal(content.config_hash, str(refusal)))
                    continue
            shown = None if content.run is None else content.run.run_id
            report.experiments.append(Pushed(content.config_hash, outcome, run_id, shown, left))
            if progress is not None:
                progress(done, len(selection.ids))
    for run_id in sorted(ids.intersection(halves)):
        report.remarks.append(f"{halves[run_id]} is of a push that was interrupted; remove it before wandb sync")
    return report


class _Refused(Exception):
    """W&B did not take one run."""


def id_of(content: Content) -> str:
    """Return the id of the W&B run of an experiment and its run."""
    return content.config_hash if content.run is None else f"{content.config_hash}-{content.run.run_id}"


def config_of(content: Content) -> dict[str, Any]:
    """Return what W&B shows and filters by: `w.NAME`, `hp.NAME`, and what the metrics are of."""
    config, run = content.config, content.run
    made: dict[str, Any] = {
        "config_hash": content.config_hash,
        "features": list(config.feature_names),
        "w": dict(config.feature_weights),
        "hp": thaw(config.hyperparameters),
        "transform": dict(config.feature_transformations),
        "created_at": config.created_at,
    }
    if config.parent:
        made["parent"] = config.parent
    if run is not None:
        made |= {"run_id": run.run_id, "panel": run.panel.name, "period": run.period, "engine": run.engine}
    return made


def _digest(content: Content) -> str:
    return sha256(content.attached().encode()).hexdigest()


def _left_out(content: Content) -> tuple[str, ...]:
    left = [f"tag.{tag}" for tag in content.config.tags if len(tag) > _MOST_TAG]
    if content.run is not None:
        left += [name for name in sorted(content.run.metric_names) if _reserved(name)]
    return tuple(left)


def _reserved(name: str) -> bool:
    return name.startswith(("_", f"{WINDOW}.")) or name == WINDOW


def _check_project(project: str) -> None:
    if not project or len(project) > 128 or any(character in project for character in "/\\#?%:\r\n"):
        raise ExchangeError(f"{show(project)} can't be a W&B project: up to 128 characters, without / \\ # ? % :")


def _in_use(known: Mapping[str, str], content: Content) -> str:
    """Return the id of an experiment's run: of one without metrics here, that of one with metrics there."""
    own = id_of(content)
    if content.run is not None or own in known:
        return own
    return next((run_id for run_id in known if run_id.startswith(f"{own}-")), own)


def _outcome(before: str | None, half: bool, digest: str | None) -> PushOutcome:
    if before is None:
        return "completed" if half else "new"
    return "unchanged" if digest is None or before == digest else "updated"


def _ledgers(place: Path, project: str) -> tuple[dict[str, str], dict[str, Path]]:
    """Return what offline runs say was pushed last, by their ids, and the folders of those that were interrupted."""
    known: dict[str, str] = {}
    halves: dict[str, Path] = {}
    for folder in sorted(place.glob("wandb/offline-run-*")):
        run_id = "-".join(folder.name.split("-")[3:])
        try:
            said = json.loads((folder / LEDGER).read_text(encoding="utf-8"))
            if said["project"] == project:
                known[str(said["id"])] = str(said["digest"])
        except FileNotFoundError:
            halves[run_id] = folder
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not ours, or not readable: the run is pushed again
    return known, {run_id: folder for run_id, folder in halves.items() if run_id not in known}


class _Pushing:
    """Writes runs with W&B's library."""

    def __init__(self, library: Any, place: Path, project: str, entity: str | None, *, offline: bool) -> None:
        self._library = library
        self._place = place
        self._project = project
        self._entity = entity
        self._offline = offline

    def write(self, content: Content, digest: str, outcome: PushOutcome) -> PushOutcome:
        """Write one run and return what became of it; of one that is there already, what is told of it alone.

        Raises:
            _Refused: W&B does not take it.
            TrackerError: it can't be reached.
        """
        run = self._begin(content)
        try:
            with run:
                there = run.config.get(DIGEST) if not self._offline else None
                if there is not None:
                    outcome = "unchanged" if there == digest else "updated"
                if outcome != "unchanged":
                    self._fill(run, content, digest, history=outcome != "updated")
                folder = Path(run.dir).parent
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            raise _Refused(_first(error)) from None
        if self._offline:
            project = self._project if self._entity is None else f"{self._entity}/{self._project}"
            said = {"id": id_of(content), "project": project, "digest": digest}
            (folder / LEDGER).write_text(json.dumps(said), encoding="utf-8")
        return outcome

    def _begin(self, content: Content) -> Any:
        settings = self._library.Settings(
            mode="offline" if self._offline else "online",
            silent=True,
            console="off",
            init_timeout=_PATIENCE,
            login_timeout=1,
            disable_git=True,
            disable_code=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
            x_disable_machine_info=True,
            x_save_requirements=False,
        )
        try:
            return self._library.init(
                project=self._project,
                entity=self._entity,
                id=id_of(content),
                name=content.config_hash[:SHORT_HASH],
                dir=str(self._place),
                resume="allow",
                reinit="create_new",
                settings=settings,
            )
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            why = _first(error)
            if not self._offline and "api" in why.lower() and "key" in why.lower():
                raise TrackerError("W&B does not let us in: no API key; run `wandb login`, or push --offline") from None
            if any(known in why.lower() for known in ("deadline", "timed out", "timeout", "refused", "no such host")):
                raise TrackerError(f"W&B can't be reached ({why}); push --offline, and wandb sync later") from None
            raise TrackerError(f"W&B can't be used: {why}") from None

    @staticmethod
    def _fill(run: Any, content: Content, digest: str, *, history: bool) -> None:
        config = content.config
        run.config.update({**config_of(content), DIGEST: digest}, allow_val_change=True)
        run.notes = config.description
        run.tags = tuple(tag for tag in config.tags if len(tag) <= _MOST_TAG)
        if content.run is not None:
            if history:
                run.define_metric(WINDOW)
                run.define_metric(f"{WINDOW}.*", step_metric=WINDOW)
                for window in content.run.windows:
                    row = {f"{WINDOW}.{name}": value for name, value in _numbers(window.metrics).items()}
                    run.log({WINDOW: window.number, **row}, step=window.number)
            run.summary.update(_numbers(content.run.metrics))
        file = Path(run.dir) / ATTACHED
        file.write_text(content.attached(), encoding="utf-8")
        run.save(str(file), base_path=run.dir, policy="now")


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None and not _reserved(name)}


def _first(error: Exception) -> str:
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:300]


@contextmanager
def _library(place: Path, *, dry_run: bool) -> Iterator[Any]:
    """Hand out the library, quiet for as long as that; its service is ended if nobody else here uses it.

    Raises:
        MissingLibraryError: wandb is not installed.
        ExchangeError: the folder can't be made.
    """
    if dry_run:
        yield None
        return
    used = "wandb" in sys.modules
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        try:
            import wandb
        except ImportError as error:
            raise MissingLibraryError(
                f"push wandb needs wandb, which can't be imported here ({error}); install it with:"
                " pip install 'experiment-registry[wandb]'"
            ) from None
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExchangeError(f"{place} can't be made for W&B's files: {error.strerror}") from None
        try:
            yield wandb
        finally:
            if not used:
                with suppress(Exception):  # it has ended by itself
                    wandb.teardown()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
