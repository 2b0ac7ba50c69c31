"""`ExperimentRegistry`: the face of the core. It resolves what is meant and delegates the work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from registry.errors import NotFoundError

if TYPE_CHECKING:
    from registry.comparison import Comparison
    from registry.config import ExperimentConfig
    from registry.maintenance import Event, Info, Verification
    from registry.results import Results
    from registry.rows import Browse, Details, Names, Row
    from registry.store import Store

_CHUNK = 20_000
"""Experiments changed in one transaction: between two of them others get their turn."""


class ExperimentRegistry:
    """A registry of experiments in one DuckDB file.

    The file is opened for each call and closed again, so any number of processes can share it. Where it
    is: `path`, else `EXPERIMENTS_DB`, else the nearest `experiments.duckdb` from the working folder up to
    the root of the git repository, else that name in the working folder. A missing file is an empty
    registry; the first registration makes it.

    >>> import tempfile
    >>> from registry import ExperimentConfig, ExperimentRegistry
    >>> folder = tempfile.TemporaryDirectory()
    >>> with ExperimentRegistry(folder.name + "/experiments.duckdb") as registry:
    ...     config = ExperimentConfig(["price", "volume"], {"price": 0.6, "volume": 0.4}, tags=["baseline"])
    ...     config_hash = registry.register(config)
    ...     registry.get(config_hash[:6]) == config
    ...     [found.tags for found in registry.search_by_tag("baseline")]
    True
    [['baseline']]
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, wait: float = 10.0) -> None:
        """Name a registry; nothing is opened yet.

        `wait` is how many seconds a call waits, at most, while other processes use the file.
        """
        from registry.location import default_path
        from registry.store import Store

        self._store = Store(Path(path).expanduser() if path is not None else default_path(), wait=wait)

    # -- the registry itself -----------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The full path of the file."""
        return self._store.path

    @property
    def store(self) -> Store:
        """The store underneath, for code that brings in or hands out many experiments at once."""
        return self._store

    def exists(self) -> bool:
        """Tell whether the registry is there: its file, or registrations waiting beside it."""
        return self._store.exists()

    def sync(self) -> int:
        """Bring waiting registrations into the file now; return how many there were."""
        return self._store.sync()

    def changed_stamp(self) -> tuple[object, ...]:
        """Return a value that differs once the registry may have changed; cheap enough to ask every second."""
        return self._store.stamp()

    def close(self) -> None:
        """Bring in what this process registered, if that needs no waiting. The registry stays usable."""
        self._store.close()

    def __enter__(self) -> ExperimentRegistry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ExperimentRegistry({str(self.path)!r})"

    # -- registering and looking up ----------------------------------------------------------------

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
        from registry import rows

        with self._store.read() as session:
            ids = session.rows(
                "SELECT id FROM experiment WHERE deleted_at IS NULL AND id IN (SELECT id FROM tag WHERE tag = ?)"
                " ORDER BY created_at DESC, id",
                [tag],
            )
            return rows.configs(session, [row[0] for row in ids])

    def _configs(self, filter: str, limit: int | None) -> list[ExperimentConfig]:
        from registry import finding, rows

        with self._store.read() as session:
            return rows.configs(session, finding.ids(session, filter, limit=limit))

    # -- searching and comparing -------------------------------------------------------------------

    def search(
        self,
        filter: str = "",
        sort: str = "-created",
        limit: int | None = None,
        offset: int = 0,
        columns: str | Sequence[str] | None = None,
        *,
        trashed: bool = False,
    ) -> Results:
        """Return the experiments that match a filter, as rows.

        `sort` and `columns` take `hash, created, registered, description, tags, features, parent, notes,
        w.NAME, hp.NAME, transform.NAME`; `-` before a sort key turns it round. The result's `total` counts
        all that match.

        Raises:
            FilterError: the filter, a sort key or a column can't be understood or names something unknown.
        """
        from registry import finding

        with self._store.read() as session:
            return finding.search(session, filter, sort, limit, offset, columns, trashed=trashed)

    def matching(
        self, filter: str = "", sort: str = "-created", limit: int | None = None, *, trashed: bool = False
    ) -> list[str]:
        """Return the full hashes of the experiments that match, in order."""
        from registry import finding

        with self._store.read() as session:
            return finding.hashes(session, filter, sort, limit, trashed=trashed)

    def count(self, filter: str = "", *, trashed: bool = False) -> int:
        """Return how many experiments match."""
        from registry import finding

        with self._store.read() as session:
            return finding.count(session, filter, trashed=trashed)

    def hint(self, filter: str) -> str | None:
        """Return one sentence on why a filter may have found nothing, such as a mistyped tag, or None.

        Raises:
            FilterError: as `search`.
        """
        from registry.search import hint

        with self._store.read() as session:
            return hint(filter, session)

    def browse(self, filter: str = "", sort: str = "-created", *, trashed: bool = False) -> Browse:
        """Return the ids of the experiments that match, in order: small at any number; see `page`."""
        from registry import finding

        with self._store.read() as session:
            return finding.browse(session, filter, sort, trashed=trashed)

    def page(self, ids: Sequence[int]) -> list[Row]:
        """Return what a list shows of the experiments with these ids, in the order asked."""
        from registry import rows

        with self._store.read() as session:
            return rows.page(session, ids)

    def names(self) -> Names:
        """Return the features, hyperparameters and tags in use, each with how many experiments use it."""
        from registry import rows

        with self._store.read() as session:
            return rows.names(session)

    def compare(self, first: str, second: str) -> dict[str, Any]:
        """Return what differs between two experiments.

        Keys: `config1_hash`, `config2_hash` (12 characters), `features` (`only_in_config1`,
        `only_in_config2`, `common`), `weight_differences` (feature to `config1`, `config2`, `diff`; an absent
        weight counts as 0.0), `hyperparameters` (`config1`, `config2`), `transformation_differences` and
        `hyperparameter_differences`, where an absent side is left out.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
        """
        from registry import comparison, references, rows

        with self._store.read() as session:
            pair = [references.resolve(session, reference)[0] for reference in (first, second)]
            found = rows.configs(session, pair)
            return comparison.compare_pair(found[0], found[-1])

    def compare_many(self, references: Iterable[str], against: str | None = None) -> Comparison:
        """Return the matrix of any number of experiments: what differs first, with its spread.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
        """
        from registry import comparison
        from registry.references import resolve, resolve_all

        with self._store.read() as session:
            hashes = list(resolve_all(session, references))
            return comparison.compare_many(session, hashes, resolve(session, against)[1] if against else None)

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Results:
        """Run a read-only query over the views `experiments`, `experiment_tags`, `weights`, `transformations`,
        `hyperparameters`, `notes` and `events`. It can't touch any other file.

        Raises:
            QueryError: the query failed, or tried more than reading.
        """
        from registry import query as queries

        with self._store.read() as session:
            return queries.run(session, query, parameters)

    # -- changing ----------------------------------------------------------------------------------

    def delete(self, reference: str) -> bool:
        """Move an experiment to the trash; False when there is none (a second delete is False)."""
        from registry import references

        if not self.exists():
            return False
        with self._store.read() as session:
            found = references.find(session, reference)
        return bool(found and self.delete_many([found[1]]))

    def restore(self, reference: str) -> bool:
        """Bring an experiment back from the trash; False when it is not there."""
        return self._from_trash(reference, self.restore_many)

    def purge(self, reference: str) -> bool:
        """Remove an experiment in the trash for good; False when it is not there."""
        return self._from_trash(reference, self.purge_many)

    def _from_trash(self, reference: str, act: Any) -> bool:
        from registry import references

        if not self.exists():
            return False
        with self._store.read() as session:
            found = references.find(session, reference, trashed=True)
        return bool(found and act([found[1]]))

    def delete_many(self, hashes: Iterable[str]) -> list[str]:
        """Move experiments (full hashes) to the trash; return those that were moved."""
        from registry import changes

        return self._in_chunks(hashes, changes.delete)

    def restore_many(self, hashes: Iterable[str]) -> list[str]:
        """Bring experiments (full hashes) back from the trash; return those that came back."""
        from registry import changes

        return self._in_chunks(hashes, changes.restore)

    def purge_many(self, hashes: Iterable[str]) -> list[str]:
        """Remove experiments (full hashes) in the trash for good; return those that went."""
        from registry import changes

        return self._in_chunks(hashes, changes.purge)

    def _in_chunks(self, hashes: Iterable[str], act: Any) -> list[str]:
        if not self.exists():
            return []
        wanted = list(hashes)
        changed: list[str] = []
        for start in range(0, len(wanted), _CHUNK):
            with self._store.write() as session:
                changed += act(session, wanted[start : start + _CHUNK])
        return changed

    def trash(self) -> Results:
        """Return what lies in the trash, last deleted first."""
        from registry import finding

        with self._store.read() as session:
            return finding.trash(session)

    def tag(self, references: str | Sequence[str], tags: str | Iterable[str]) -> int:
        """Add tags to experiments; return how many experiments changed.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: for the first that is not exactly one.
            InvalidConfigError: a tag is blank, or there is none.
        """
        from registry import changes

        return self._retag(references, tags, changes.tag)

    def untag(self, references: str | Sequence[str], tags: str | Iterable[str]) -> int:
        """Take tags off experiments; return how many experiments changed. Raises as `tag`."""
        from registry import changes

        return self._retag(references, tags, changes.untag)

    def _retag(self, references: str | Sequence[str], tags: str | Iterable[str], act: Any) -> int:
        from registry import changes
        from registry.references import as_references, resolve_all

        cleaned = changes.clean_tags(tags)
        self._require()
        with self._store.read() as session:
            targets = list(resolve_all(session, as_references(references)).items())
        changed = 0
        for start in range(0, len(targets), _CHUNK):
            with self._store.write() as session:
                changed += act(session, dict(targets[start : start + _CHUNK]), cleaned)
        return changed

    def rename_tag(self, old: str, new: str) -> int:
        """Rename a tag everywhere, the trash included; return how many experiments had it.

        Raises:
            NotFoundError: no experiment has it.
            InvalidConfigError: the new one is blank.
        """
        from registry import changes

        self._require()
        with self._store.write() as session:
            return changes.rename_tag(session, old, new)

    def tags(self) -> dict[str, int]:
        """Return the tags in use, each with how many experiments have it, most used first."""
        with self._store.read() as session:
            return dict(
                session.rows(
                    "SELECT tag, count(*) FROM tag WHERE id IN (SELECT id FROM experiment WHERE deleted_at IS NULL)"
                    " GROUP BY 1 ORDER BY 2 DESC, 1"
                )
            )

    def describe(self, reference: str, text: str) -> bool:
        """Replace a description; the old one stays in the log. Return whether it changed.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
        """
        from registry import changes
        from registry.references import resolve

        self._require()
        with self._store.write() as session:
            id_, config_hash = resolve(session, reference)
            return changes.describe(session, config_hash, id_, text)

    def note(self, reference: str, text: str) -> None:
        """Add a dated line to an experiment's notes.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
            InvalidConfigError: the text is blank.
        """
        from registry import changes
        from registry.references import resolve

        self._require()
        with self._store.write() as session:
            id_, config_hash = resolve(session, reference)
            changes.note(session, config_hash, id_, text)

    def _require(self) -> None:
        """Keep a change that names an experiment from making an empty registry."""
        if not self.exists():
            raise NotFoundError(f"there is no registry at {self.path} yet; import or register experiments first")

    # -- looking after -----------------------------------------------------------------------------

    def log(
        self, since: str | datetime | None = None, reference: str | None = None, limit: int | None = None
    ) -> list[Event]:
        """Return what happened, oldest first: to everything or to one experiment, trashed or purged ones too.

        `since` is a moment (ISO text or datetime, UTC when it names no zone); `limit` keeps the newest.

        Raises:
            InvalidConfigError: `since` is no moment.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one.
        """
        from registry import maintenance, references

        with self._store.read() as session:
            config_hash = None
            if reference is not None:
                found = references.find(session, reference) or references.find(session, reference, trashed=True)
                full = reference.strip().lower()
                if found is None and not references.is_full_hash(full):
                    references.resolve(session, reference)
                config_hash = found[1] if found else full
            return maintenance.log(session, since, config_hash, limit)

    def verify(self) -> Verification:
        """Recompute every hash, and compare what searches use with the configurations themselves."""
        from registry import maintenance

        return maintenance.verify(self._store)

    def info(self) -> Info:
        """Return where the registry is, what is in it and what waits to be brought in."""
        from registry import maintenance

        with self._store.read() as session:
            return maintenance.info(session, self._store)

    def backup(self, file: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write one complete file, waiting registrations included, while others go on working.

        Raises:
            StoreError: nothing to back up, or the file exists (without `force`) or can't be written.
        """
        return self._store.backup(Path(file).expanduser(), force=force)
