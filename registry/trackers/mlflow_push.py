"""Experiments into MLflow: one run for each, or for each and the run whose metrics go along; never one twice.

What an MLflow run is of is said by its tags, so it is found again by whoever pushes. Its last tag tells that it is
whole: a push that was interrupted is completed by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from registry.canonical import show
from registry.config import SHORT_HASH
from registry.errors import TrackerError
from registry.exchange.report import Refusal
from registry.store import Store
from registry.trackers import mlflow_sheet as sheets
from registry.trackers.content import ATTACHED, Content, Selection, contents, select
from registry.trackers.mlflow_link import EXPERIMENT, Link, Refused, linked, missing_file, without_credentials
from registry.trackers.mlflow_link import tracking_uri as checked_uri
from registry.trackers.mlflow_sheet import Sheet, sheet_of
from registry.trackers.report import Pushed, PushOutcome, PushReport, Told

_FEW: Final = 20
"""So many experiments are asked for one by one; of more, all that are there are read."""

_OURS: Final = f"tags.`{sheets.HASH_TAG}` LIKE '_%'"


def push(
    store: Store,
    hashes: Sequence[str],
    tracking_uri: str | None = None,
    experiment: str = EXPERIMENT,
    *,
    panel: str | None = None,
    period: str | None = None,
    dry_run: bool = False,
    progress: Told | None = None,
) -> PushReport:
    """Push the live experiments with these full hashes; see `ExperimentRegistry.push_mlflow`."""
    uri = checked_uri(tracking_uri)
    with store.read() as session:
        selection = select(session, hashes, panel=panel, period=period)
    report = PushReport("mlflow", without_credentials(uri), experiment, dry_run=dry_run)
    report.metrics_from = selection.metrics_from
    report.remarks += [selection.note] if selection.note else []
    if dry_run and missing_file(uri) is not None:
        _Push(None, None, report).run(store, selection, progress)
        return report
    with linked(uri, "push mlflow") as link:
        place = link.experiment(experiment)
        if place is None and not dry_run:
            try:
                place = link.make_experiment(experiment)
            except Refused as refusal:
                from registry.errors import ExchangeError

                raise ExchangeError(f"MLflow takes no experiment called {show(experiment)}: {refusal}") from None
        _Push(link, place, report).run(store, selection, progress)
    return report


class _There:
    """The runs of ours that are in an MLflow experiment, by the experiment and the run of ours they are of."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], Any] = {}
        self.of: dict[str, list[Any]] = {}
        self.doubles: set[str] = set()

    def add(self, run: Any) -> None:
        tags = run.data.tags
        key = (tags[sheets.HASH_TAG], tags.get(sheets.RUN_TAG, ""))
        before = self.by_key.get(key)
        if before is not None and before.info.run_id == run.info.run_id:
            return
        if before is not None:
            if _deleted(run) or not _deleted(before):
                if not _deleted(run):
                    self.doubles.add(key[0])
                return
            self.of[key[0]].remove(before)
        self.by_key[key] = run
        self.of.setdefault(key[0], []).append(run)

    def find(self, config_hash: str, run_id: str) -> Any | None:
        """Return the MLflow run to use; one that was pushed before there were metrics takes them in."""
        found = self.by_key.get((config_hash, run_id))
        if found is not None or not run_id:
            return found or next(iter(self.of.get(config_hash, [])), None)
        return self.by_key.get((config_hash, ""))


def _deleted(run: Any) -> bool:
    return bool(run.info.lifecycle_stage == "deleted")


class _Push:
    """One push into one MLflow experiment; without a link, the foresight of one into a store not yet there."""

    def __init__(self, link: Link | None, place: str | None, report: PushReport) -> None:
        self._link = link
        self._place = place
        self._report = report
        self._there = _There()
        self._made: dict[str, str] = {}
        """Full hash to the id of the MLflow run that has just been pushed, for those derived from it."""

    def run(self, store: Store, selection: Selection, progress: Told | None) -> None:
        """Push what was selected and write into the report what became of each."""
        total = len(selection.ids)
        for run in self._known(selection):
            self._there.add(run)
        for done, content in enumerate(contents(store, selection), 1):
            try:
                self._report.experiments.append(self._push(content))
            except Refused as refusal:
                self._report.refused.append(Refusal(content.config_hash, str(refusal)))
            except TrackerError as error:
                raise TrackerError(f"{error}; {done - 1:,} of {total:,} were done, pushing again goes on") from None
            if progress is not None:
                progress(done, total)
        self._adopt()
        doubles = sorted(self._there.doubles.intersection(selection.ids))
        if doubles:
            self._report.remarks.append(
                "more than one run there is of " + ", ".join(each[:SHORT_HASH] for each in doubles[:5])
                + (" …" if len(doubles) > 5 else "") + "; the oldest was used"
            )  # fmt: skip

    def _known(self, selection: Selection) -> Iterator[Any]:
        if self._link is None or self._place is None:
            return
        if len(selection.ids) > _FEW:
            yield from self._link.runs(self._place, _OURS, deleted=True)
            return
        for config_hash in {*selection.ids, *selection.parents.values()}:
            yield from self._link.runs(self._place, f"tags.`{sheets.HASH_TAG}` = '{config_hash}'", deleted=True)
        for config_hash in selection.ids:  # derived from one that comes only now
            yield from self._link.runs(self._place, f"tags.`{sheets.PARENT_TAG}` = '{config_hash}'")

    def _push(self, content: Content) -> Pushed:
        sheet = sheet_of(content)
        run_id = content.run.run_id if content.run is not None else None
        found = self._there.find(content.config_hash, run_id or "")
        above = self._run_of(content.config.parent)
        outcome = self._outcome(found, sheet, above, bool(run_id))
        tracker_run = None if found is None else str(found.info.run_id)
        if not self._report.dry_run and self._link is not None and outcome != "unchanged":
            tracker_run = self._write(self._link, found, sheet, above)
        if tracker_run is not None:
            self._made[content.config_hash] = tracker_run
        return Pushed(content.config_hash, outcome, tracker_run, run_id, tuple(sheet.left_out))

    def _outcome(self, found: Any | None, sheet: Sheet, above: str | None, evaluated: bool) -> PushOutcome:
        if found is None:
            return "new"
        tags = found.data.tags
        if _deleted(found):
            return "restored"
        if sheets.DONE_TAG not in tags:
            return "completed"
        if above is not None and sheets.NESTED_TAG not in tags:
            return "updated"
        if tags[sheets.DONE_TAG] == sheet.digest() or (sheets.RUN_TAG in tags and not evaluated):
            return "unchanged"  # one with metrics, pushed from where there are some, stays whole
        return "updated"

    def _run_of(self, parent: str | None) -> str | None:
        """Return the MLflow run that one derived from `parent` is nested under."""
        if parent is None:
            return None
        if parent in self._made:
            return self._made[parent]
        live = [run for run in self._there.of.get(parent, []) if not _deleted(run)]
        return str(live[0].info.run_id) if live else None

    def _write(self, link: Link, found: Any | None, sheet: Sheet, above: str | None) -> str:
        tags = dict(sheet.tags)
        if above is not None and (found is None or sheets.NESTED_TAG not in found.data.tags):
            tags[sheets.NESTED_TAG] = above
        if found is None:
            first = {name: tags.pop(name) for name in list(tags) if not name.startswith(sheets.OWN_TAG)}
            made = link.ask(
                "create_run", self._place, start_time=sheet.created, tags=first, run_name=first[sheets.NAME_TAG]
            )
            run_id, there, present = str(made.info.run_id), {}, {}
        else:
            run_id, there, present = str(found.info.run_id), found.data.params, found.data.tags
            if _deleted(found):
                link.ask("restore_run", run_id)
            self._forget(link, run_id, present, sheet)
        _log(link, run_id, sheet, there, {name: value for name, value in tags.items() if present.get(name) != value})
        link.ask("log_text", run_id, sheet.attached, ATTACHED)
        link.ask("set_terminated", run_id, "FINISHED", sheet.created)
        link.ask("set_tag", run_id, sheets.DONE_TAG, sheet.digest())
        return run_id

    @staticmethod
    def _forget(link: Link, run_id: str, present: dict[str, str], sheet: Sheet) -> None:
        """Take away what the experiment no longer has, and say that the run is being written again."""
        if sheets.DONE_TAG in present:
            link.ask("delete_tag", run_id, sheets.DONE_TAG)
        for name in present:
            ours = name.startswith(sheets.OWN_TAG) or name == sheets.NOTE_TAG
            if ours and name not in sheet.tags:
                link.ask("delete_tag", run_id, name)

    def _adopt(self) -> None:
        """Nest the runs that were there before the experiment they were derived from."""
        if self._link is None or self._report.dry_run:
            return
        for runs in self._there.of.values():
            for run in runs:
                above = self._made.get(run.data.tags.get(sheets.PARENT_TAG, ""))
                done = run.data.tags[sheets.HASH_TAG] in self._made
                if above is not None and not done and sheets.NESTED_TAG not in run.data.tags and not _deleted(run):
                    self._link.ask("set_tag", run.info.run_id, sheets.NESTED_TAG, above)


def _log(link: Link, run_id: str, sheet: Sheet, there: dict[str, str], tags: dict[str, str]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    listed = [RunTag(name, value) for name, value in tags.items()]
    for start in range(0, len(listed), 100):
        link.ask("log_batch", run_id, tags=listed[start : start + 100])
    for metrics, params in sheets.batches(sheet, there):
        link.ask(
            "log_batch",
            run_id,
            metrics=[Metric(name, value, at, step) for name, value, at, step in metrics],
            params=[Param(name, value) for name, value in params.items()],
        )
