"""Registering, looking up, searching and comparing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.comparison import Comparison
    from registry.config import ExperimentConfig
    from registry.profile import Profile
    from registry.results import Results
    from registry.rows import Browse, Details, Names, Row
    from registry.search import Basis


class Looking(Base):
    """What brings experiments in, finds them and sets them side by side."""

    def register(self, config: ExperimentConfig) -> str:
        """Register an experiment and return its hash; it is durable then, whoever else has the file open.

        The same content again is one experiment: tags unite, a non-empty description replaces (the old
        one stays in the log), `created_at` and the first parent stay. Content that lies in the trash comes
        back with its tags, which the log says.

        Raises:
            InvalidConfigError: not a configuration.
            StoreError: the place can't take it (read-only, not a registry, disk full); nothing was registered.
        """
        from registry.config import ExperimentConfig
        from registry.errors import InvalidConfigError

        if not isinstance(config, ExperimentConfig):
            raise InvalidConfigError(f"register takes an ExperimentConfig, not {type(config).__name__}")
        return self._store.register(config)

    def get(self, reference: str) -> ExperimentConfig | None:
        """Return the experiment with this hash, old hash or beginning of one; None when there is none.

        Raises:
            AmbiguousHashError: several experiments begin like that; the message lists them.
            InvalidReferenceError: the reference is empty or not text.
            HashMismatchError: the stored configuration was altered.
        """
        from registry import references, rows

        with self._store.read() as session:
            found = references.find(session, reference)
            return rows.configs(session, [found[0]])[0] if found else None

    def config(self, reference: str) -> ExperimentConfig:
        """Return the experiment meant; as `get`, but a missing one raises `NotFoundError`."""
        return self.details(reference).config

    def resolve(self, reference: str, *, trashed: bool = False) -> str:
        """Return the full hash of the experiment meant; `latest` is the newest.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
        """
        from registry import references

        with self._store.read() as session:
            return references.resolve(session, reference, trashed=trashed)[1]

    def resolve_many(self, references: Iterable[str], *, trashed: bool = False) -> list[str]:
        """Return the full hashes of the experiments meant, each once, in the order given.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: for the first that fails.
        """
        from registry.references import resolve_all

        with self._store.read() as session:
            return list(resolve_all(session, references, trashed=trashed))

    def details(self, reference: str, *, trashed: bool = False) -> Details:
        """Return everything there is to show of one experiment.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
        """
        from registry import references, rows

        with self._store.read() as session:
            return rows.details(session, references.resolve(session, reference, trashed=trashed)[0])

    def configs(self, references: Iterable[str]) -> Iterator[ExperimentConfig]:
        """Yield the experiments meant, in the order given, a thousand at a time in memory."""
        from registry import references as names
        from registry import rows

        with self._store.read() as session:
            ids = list(names.resolve_all(session, references).values())
        for start in range(0, len(ids), 1000):
            with self._store.read() as session:
                chunk = rows.configs(session, ids[start : start + 1000])
            yield from chunk

    def list_all(self, limit: int | None = None) -> list[ExperimentConfig]:
        """Return the experiments, newest first; those of one moment in the order they were registered."""
        return self._configs("", limit)

    def search_by_tag(self, tag: str) -> list[ExperimentConfig]:
        """Return the experiments with exactly this tag, newest first."""
        from registry import finding, rows
        from registry.canonical import freeze_text

        tag = freeze_text(tag, "tag")
        with self._store.read() as session:
            return rows.configs(session, finding.tagged(session, tag))

    def _configs(self, filter: str, limit: int | None) -> list[ExperimentConfig]:
        from registry import finding, rows

        with self._store.read() as session:
            return rows.configs(session, finding.ids(session, filter, limit=limit))

    def search(
        self,
        filter: str = "",
        sort: str = "-created",
        limit: int | None = None,
        offset: int = 0,
        columns: str | Sequence[str] | None = None,
        *,
        trashed: bool = False,
        panel: str | None = None,
        period: str | None = None,
    ) -> Results:
        """Return the experiments that match a filter, as rows.

        `sort` and `columns` take `hash, created, registered, description, tags, features, parent, notes, runs,
        w.NAME, hp.NAME, transform.NAME, m.NAME, min(m.NAME)`; `-` before a sort key turns it round. The
        result's `total` counts all that match. A record calls a column the same however it was asked for:
        `config_hash`, `created_at`, `registered_at`, `deleted_at`, `w.NAME`, `hp.NAME`.

        Metrics, `m.NAME`, are read from each experiment's latest run on one panel and period: those chosen by
        `panel` (a name) and `period` (`2010-01-04..2022-12-28`), or those of the latest runs of what may match,
        when they agree. The result's `metrics_from` names the two, and its `metrics_note` says when the runs of
        the matches were made with different options.

        Raises:
            FilterError: the filter, a sort key or a column can't be understood or names something unknown, or
                `limit` or `offset` is negative.
            AmbiguousPanelError: metrics are asked for, and the latest runs are on several panels or periods.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.search(session, filter, sort, limit, offset, columns, finding.Scope(trashed, panel, period))

    def rows_of(
        self,
        hashes: Iterable[str],
        columns: str | Sequence[str] | None = None,
        *,
        panel: str | None = None,
        period: str | None = None,
    ) -> Results:
        """Return what `search` shows of these experiments (full hashes), in the order given, the trash included.

        Raises:
            FilterError: a column can't be understood or names something unknown.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.rows_of(session, list(hashes), columns, panel=panel, period=period)

    def metrics_of(
        self,
        hashes: Iterable[str],
        names: Sequence[str] | None = None,
        *,
        panel: str | None = None,
        period: str | None = None,
    ) -> Results:
        """Return `hash` and metrics, such as `m.edge`, of these experiments (full hashes), in the order given.

        Without `names`, all metrics that a run of theirs has. They are read on the panel and period chosen, or on
        those that the latest runs of these experiments agree on; `export_many` takes the answer into tables.

        Raises:
            FilterError: a name is no metric or none that is known, or there is no such panel or period.
            AmbiguousPanelError: none was chosen, and the latest runs differ in it.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.metrics_of(session, list(hashes), names, panel=panel, period=period)

    def matching(
        self,
        filter: str = "",
        sort: str = "-created",
        limit: int | None = None,
        *,
        trashed: bool = False,
        panel: str | None = None,
        period: str | None = None,
    ) -> list[str]:
        """Return the full hashes of the experiments that match, in order. Takes and raises what `search` does."""
        from registry import finding

        with self._store.read() as session:
            return finding.hashes(session, filter, sort, limit, finding.Scope(trashed, panel, period))

    def count(
        self, filter: str = "", *, trashed: bool = False, panel: str | None = None, period: str | None = None
    ) -> int:
        """Return how many experiments match. Takes and raises what `search` does."""
        from registry import finding

        with self._store.read() as session:
            return finding.count(session, filter, finding.Scope(trashed, panel, period))

    def metric_bases(
        self, filter: str = "", *, trashed: bool = False, panel: str | None = None, period: str | None = None
    ) -> list[Basis]:
        """Return the panels and periods of the latest runs of the experiments that match, most common first.

        With more than one, `search` by metrics needs one of them as its `panel` and `period`. Metrics in
        `filter` don't count.

        Raises:
            FilterError: as `search`.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.bases(session, filter, finding.Scope(trashed, panel, period))

    def hint(self, filter: str, *, trashed: bool = False) -> str | None:
        """Return one sentence on why a filter may have found nothing, such as a mistyped tag, or None.

        With `trashed`, why it found nothing in the trash.

        Raises:
            FilterError: as `search`.
        """
        from registry.search import hint

        with self._store.read() as session:
            return hint(filter, session, trashed=trashed)

    def browse(
        self,
        filter: str = "",
        sort: str = "-created",
        *,
        columns: Sequence[str] = (),
        folded: bool = False,
        unfolded: Collection[str] = (),
        trashed: bool = False,
        panel: str | None = None,
        period: str | None = None,
    ) -> Browse:
        """Return the ids of the experiments that match, in order: small at any number; see `page`.

        `columns` are those that will be shown: which of them are known comes back with the result, and the
        panel and period they are read on. With `folded`, each sweep (see `registry.folding`) is one line at the
        place of its first experiment, but for those in `unfolded`. Takes and raises what `search` does.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.browse(
                session,
                filter,
                sort,
                finding.Scope(trashed, panel, period),
                columns=columns,
                folded=folded,
                unfolded=unfolded,
            )

    def page(
        self,
        ids: Sequence[int],
        metrics: Sequence[str] = (),
        *,
        columns: Sequence[str] = (),
        panel: str | None = None,
        period: str | None = None,
    ) -> list[Row]:
        """Return what a list shows of the experiments with these ids, in the order asked.

        `metrics` are names such as `m.edge` and `min(m.edge)`, `columns` any that `search` takes. Give the panel
        and period that all pages of a list read metrics on: without, they are those of the latest runs of these
        ids alone.

        Raises:
            FilterError, AmbiguousPanelError: as `search`, for metrics and columns.
        """
        from registry import rows

        with self._store.read() as session:
            return rows.page(session, ids, metrics, columns=columns, panel=panel, period=period)

    def names(self, *, trashed: bool = False) -> Names:
        """Return the features, hyperparameters and tags in use, each with how many experiments use it.

        Metrics and panels come with their number of runs. With `trashed`, those of the experiments in the trash.
        """
        from registry import rows

        with self._store.read() as session:
            return rows.names(session, trashed=trashed)

    def profile(self, *, panel: str | None = None, period: str | None = None) -> Profile:
        """Return the ranges of weights, hyperparameters and metrics, and the commonest values of names.

        Metrics are those on the panel and period chosen, or where most experiments were evaluated.

        Raises:
            FilterError: the panel or period chosen is not there.
        """
        from registry.profile import profile

        with self._store.read() as session:
            return profile(session, panel=panel, period=period)

    def compare(
        self, first: str, second: str, *, panel: str | None = None, period: str | None = None
    ) -> dict[str, Any]:
        """Return what differs between two experiments.

        Keys: `config1_hash`, `config2_hash` (12 characters), `features` (`only_in_config1`,
        `only_in_config2`, `common`), `weight_differences` (feature to `config1`, `config2`, `diff`; an absent
        weight counts as 0.0), `hyperparameters` (`config1`, `config2`), `transformation_differences` and
        `hyperparameter_differences`, where an absent side is left out. Where both have a run on the same panel
        and period (those chosen, or the last evaluated), there are `metrics_from`, which names the two, and
        `metrics` (metric to `config1`, `config2`, and with both `diff` and `direction`, which way is wanted:
        `higher`, `lower` or `none`); these differences are not tested, so nothing says that one is better.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
            FilterError: there is no such panel or period.
        """
        from registry import comparison, references, rows
        from registry.compared_runs import compare_runs, metrics_of_pair

        with self._store.read() as session:
            pair = [references.resolve(session, reference)[0] for reference in (first, second)]
            found = rows.configs(session, pair)
            runs = compare_runs(session, pair, panel=panel, period=period)
            return {**comparison.compare_pair(found[0], found[-1]), **metrics_of_pair(runs)}

    def compare_many(
        self,
        references: Iterable[str],
        against: str | None = None,
        *,
        panel: str | None = None,
        period: str | None = None,
    ) -> Comparison:
        """Return the matrix of any number of experiments: what differs first, with its spread.

        Metrics are those of the latest runs on one panel and period: those chosen, or else those that most of
        the experiments have a run on. `metrics_from` names them.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
            FilterError: there is no such panel or period.
        """
        from registry import comparison
        from registry.references import resolve, resolve_all

        with self._store.read() as session:
            hashes = list(resolve_all(session, references))
            return comparison.compare_many(
                session, hashes, resolve(session, against)[1] if against else None, panel=panel, period=period
            )

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Results:
        """Run a read-only query over the views `experiments`, `experiment_tags`, `weights`, `transformations`,
        `hyperparameters`, `notes` and `events`. It can't touch any other file.

        Raises:
            QueryError: the query failed, or tried more than reading.
        """
        from registry import query as queries

        with self._store.read() as session:
            return queries.run(session, query, parameters)
