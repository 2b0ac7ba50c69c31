"""Is the registry in order: recomputed hashes, the state of file and spool."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from registry.errors import HashMismatchError
from registry.frozen import leaves
from registry.rows import make_config, utc
from registry.runs.reading import altered
from registry.store.registration import describe_value
from registry.store.run_schema import OF_EXPERIMENTS, OF_RUNS
from registry.store.schema import BY_ID
from registry.store.session import INTEGERS, as_list

if TYPE_CHECKING:
    from registry.store import Session, Store

_CHUNK = 2000
_FEW = 100
"""Runs, which are held in full meanwhile."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing `verify` found wrong."""

    config_hash: str
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found."""

    checked: int
    """Experiments looked at, those in the trash included."""
    runs: int = 0
    """Runs looked at."""
    problems: list[Problem] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(file, reason) of registrations set aside because they could not be applied."""

    @property
    def ok(self) -> bool:
        """Tell whether nothing was altered and nothing was set aside."""
        return not self.problems and not self.refused

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "runs": self.runs,
            "problems": [asdict(problem) for problem in self.problems],
            "refused": [{"entry": name, "reason": reason} for name, reason in self.refused],
        }


@dataclass(frozen=True, slots=True)
class Info:
    """Where the registry is and what is in it."""

    path: str
    exists: bool
    experiments: int
    trash: int
    features: int
    tags: int
    runs: int
    events: int
    size: int
    """Bytes of the file."""
    pending: int
    """Registrations waiting beside the file to be brought in."""
    refused: list[tuple[str, str]]
    """(file, reason) of registrations that could not be applied."""
    writable: bool
    schema_version: int
    engine: str
    """Version of DuckDB in use."""
    newest: str | None
    """`created_at` of the newest experiment."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        made = asdict(self)
        made["refused"] = [{"entry": name, "reason": reason} for name, reason in self.refused]
        return made


def verify(store: Store) -> Verification:
    """Recompute every hash and every run's id; compare what is made for searching with the configurations.

    The file is given up between chunks, so a long check keeps nobody waiting.
    """
    problems: list[Problem] = []
    with store.read() as session:
        ids = [row[0] for row in session.rows("SELECT id FROM experiment ORDER BY id")]
        runs = [row[0] for row in session.rows("SELECT run_id FROM run ORDER BY seq")]
        for table in (*BY_ID, *OF_EXPERIMENTS):
            stray = session.value(f"SELECT count(*) FROM {table} WHERE id NOT IN (SELECT id FROM experiment)")
            if stray:
                problems.append(Problem("", f"{stray} rows of the table {table} belong to no experiment"))
        for table in OF_RUNS:
            stray = session.value(f"SELECT count(*) FROM {table} WHERE run_id NOT IN (SELECT run_id FROM run)")
            if stray:
                problems.append(Problem("", f"{stray} rows of the table {table} belong to no run"))
    for start in range(0, len(ids), _CHUNK):
        with store.read() as session:
            problems += _verify_chunk(session, ids[start : start + _CHUNK])
    for start in range(0, len(runs), _FEW):
        with store.read() as session:
            found = altered(session, runs[start : start + _FEW])
        problems += [
            Problem(config_hash, f"run {run_id} was altered: its content now gives {now}")
            for config_hash, run_id, now in found
        ]
    return Verification(len(ids), len(runs), problems, store.spool.refusals())


def _verify_chunk(session: Session, ids: list[int]) -> list[Problem]:
    wanted = as_list(ids)
    features: dict[int, dict[str, tuple[Any, ...]]] = {}
    for id_, name, *rest in session.rows(
        f"SELECT id, feature, listed, weight, transformation FROM feature WHERE id IN {INTEGERS}", [wanted]
    ):
        features.setdefault(id_, {})[name] = tuple(rest)
    hyperparameters: dict[int, set[tuple[Any, ...]]] = {}
    for id_, *rest in session.rows(
        f"SELECT id, path, kind, exact, value FROM hyperparameter WHERE id IN {INTEGERS}", [wanted]
    ):
        hyperparameters.setdefault(id_, set()).add(tuple(rest))
    problems = []
    for row in session.rows(
        "SELECT e.id, e.config_hash, e.created_at, e.description, e.feature_names, e.feature_weights,"
        " e.feature_transformations, e.hyperparameters, e.parent, e.n_features"
        f" FROM experiment e WHERE e.id IN {INTEGERS} ORDER BY e.id",
        [wanted],
    ):
        try:
            config = make_config(row, [])
        except HashMismatchError as error:
            problems.append(Problem(row[1], str(error)))
            continue
        names = {*config.feature_names, *config.feature_weights, *config.feature_transformations}
        expected = {
            name: (
                name in config.feature_names,
                config.feature_weights.get(name),
                config.feature_transformations.get(name),
            )
            for name in names
        }
        if features.get(row[0], {}) != expected or row[9] != len(config.feature_names):
            problems.append(Problem(row[1], "the weights that searches use differ from the configuration"))
        flat = set()
        for path, value in leaves(config.hyperparameters):
            kind, _, exact, shown = describe_value(value)
            flat.add((json.dumps(path), kind, exact, shown))
        if hyperparameters.get(row[0], set()) != flat:
            problems.append(Problem(row[1], "the hyperparameters that searches use differ from the configuration"))
    return problems


def info(session: Session, store: Store) -> Info:
    """Return where the registry is and what is in it."""
    from registry.store import place
    from registry.store.connection import engine_version

    counts = session.one(
        "SELECT count(*) FILTER (deleted_at IS NULL), count(*) FILTER (deleted_at IS NOT NULL),"
        " max(created_at) FILTER (deleted_at IS NULL) FROM experiment"
    )
    assert counts is not None
    live = "id IN (SELECT id FROM experiment WHERE deleted_at IS NULL)"
    return Info(
        path=str(store.path),
        exists=store.exists(),
        experiments=counts[0],
        trash=counts[1],
        features=session.value(f"SELECT count(DISTINCT feature) FROM feature WHERE {live}"),
        tags=session.value(f"SELECT count(DISTINCT tag) FROM tag WHERE {live}"),
        runs=session.value(f"SELECT count(*) FROM run WHERE {live}"),
        events=session.value("SELECT count(*) FROM event"),
        size=store.path.stat().st_size if store.path.exists() else 0,
        pending=len(store.spool.names()),
        refused=store.spool.refusals(),
        writable=place.is_writable(store.path),
        schema_version=int(session.value("SELECT value FROM meta WHERE key = 'schema_version'")),
        engine=engine_version(),
        newest=utc(counts[2]),
    )
