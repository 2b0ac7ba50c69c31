"""What is different: two experiments as a dict, or any number of them as a matrix that SQL puts together.

The matrix comes from the long tables, so that comparing many experiments reads their cells and nothing else,
and the rows that matter most arrive first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.config import SHORT_HASH, ExperimentConfig
from registry.errors import InvalidReferenceError, NotFoundError
from registry.frozen import leaves, thaw
from registry.metrics import Direction
from registry.results import Results, html_table

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from registry.search.basis import Basis
    from registry.store.session import Session

TOLERANCE: Final = 1e-9
"""Weights closer than this count as equal."""

Section = Literal["feature", "transformation", "hyperparameter", "metric"]
TITLES: Final[dict[Section, str]] = {
    "feature": "Weights",
    "transformation": "Transformations",
    "hyperparameter": "Hyperparameters",
    "metric": "Metrics",
}
"""What the sections are called, in the order they are told."""


class _Absent:
    """The type of `ABSENT`; there is one object of it, also after pickling and copying."""

    def __repr__(self) -> str:
        return "absent"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""Stands where an experiment has no such feature, transformation or hyperparameter: neither 0 nor None."""


def compare_pair(a: ExperimentConfig, b: ExperimentConfig) -> dict[str, Any]:
    """Return how two configurations differ.

    In `weight_differences` an absent weight counts as 0.0, and differences under 1e-9 don't count. In
    `transformation_differences` and `hyperparameter_differences` a side that has no such entry has no key,
    so that absent is told apart from null; nested hyperparameters are compared leaf by leaf, `walk.days`.

    >>> base = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5}, {"k": 10})
    >>> found = compare_pair(base, base.variant(weights={"a": 0.75}, hyperparameters={"seed": None}))
    >>> found["weight_differences"]
    {'a': {'config1': 0.5, 'config2': 0.75, 'diff': 0.25}}
    >>> found["hyperparameter_differences"]
    {'seed': {'config2': None}}
    """
    names_a, names_b = set(a.feature_names), set(b.feature_names)
    return {
        "config1_hash": str(a.config_hash)[:SHORT_HASH],
        "config2_hash": str(b.config_hash)[:SHORT_HASH],
        "features": {
            "only_in_config1": sorted(names_a - names_b),
            "only_in_config2": sorted(names_b - names_a),
            "common": sorted(names_a & names_b),
        },
        "weight_differences": _weight_differences(a.feature_weights, b.feature_weights),
        "transformation_differences": _differences(a.feature_transformations, b.feature_transformations),
        "hyperparameters": {"config1": thaw(a.hyperparameters), "config2": thaw(b.hyperparameters)},
        "hyperparameter_differences": _differences(_leaves(a), _leaves(b)),
    }


def _weight_differences(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, dict[str, float]]:
    found = {}
    for name in sorted({*a, *b}):
        one, two = a.get(name, 0.0), b.get(name, 0.0)
        if abs(two - one) >= TOLERANCE:
            found[name] = {"config1": one, "config2": two, "diff": two - one}
    return found


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in sorted({*a, *b}):
        sides = {side: thaw(of[name]) for side, of in (("config1", a), ("config2", b)) if name in of}
        if len(sides) < 2 or _identity(sides["config1"]) != _identity(sides["config2"]):
            found[name] = sides
    return found


def _identity(value: Any) -> str:
    """Return text that is the same exactly when the hash takes two values for one: 10 is not 10.0, nor 1 true."""
    return json.dumps(value, sort_keys=True)


def _leaves(config: ExperimentConfig) -> dict[str, Any]:
    return {
        dotted(path): value for path, value in leaves(config.hyperparameters) if not (isinstance(value, dict) and value)
    }


def dotted(path: Iterable[str]) -> str:
    """Return the name of a nested hyperparameter: `walk.days`, and `"a.b"` for a flat key with a dot.

    >>> dotted(["walk", "days"]), dotted(["a.b", "c"])
    ('walk.days', '"a.b".c')
    """
    return ".".join(json.dumps(key, ensure_ascii=False) if _needs_quotes(key) else key for key in path)


def _needs_quotes(key: str) -> bool:
    return not key or "." in key or '"' in key


def exact(value: Any) -> str:
    """Return a value so that no two look alike: 10 and 10.0, the text "10", null and the text "null".

    >>> exact("zscore"), exact("10"), exact(10), exact(None), exact("absent")
    ('zscore', '"10"', '10', 'null', '"absent"')
    """
    if not isinstance(value, str):
        return json.dumps(thaw(value), ensure_ascii=False)
    try:
        json.loads(value)
    except ValueError:
        return value if value.strip() and value != repr(ABSENT) else json.dumps(value)
    return json.dumps(value)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One feature, transformation or hyperparameter, or one metric of runs, across the compared experiments."""

    section: Section
    """Which part of a configuration; weights are those of section `feature`. `metric` is no part of it."""
    name: str
    """The feature, the hyperparameter's name as `dotted` writes it, or the metric as filters do, `m.edge`."""
    values: list[Any]
    """One for each experiment: a weight, a transformation, a hyperparameter's value, a metric, or `ABSENT`."""
    differs: bool
    """Whether they are not all the same; weights within 1e-9 are."""
    spread: float | None = None
    """Largest minus smallest number; an absent weight counts as 0. None where nothing is a number."""
    listed: list[bool] = field(default_factory=list)
    """Of section `feature`: whether it stands among the experiment's features (it may, without a weight)."""
    direction: Direction = "none"
    """Of a metric: which way is wanted. Whether a change that way means anything is for a test to say."""
    bases: list[float | None] = field(default_factory=list)
    """Of a metric that needs one: what picking everything gives in the same runs, such as the base rate."""

    def change(self, at: int, reference: int = 0) -> float | None:
        """Return the number at `at` minus the one at `reference`; beside a weight an absent one counts as 0."""
        one, two = self.values[reference], self.values[at]
        if self.section == "feature" and (one is not ABSENT or two is not ABSENT):
            one, two = (0.0 if value is ABSENT else value for value in (one, two))
        if not (_is_number(one) and _is_number(two)):
            return None
        try:
            return float(two - one)
        except OverflowError:
            return None

    def wanted(self, at: int, reference: int = 0) -> bool | None:
        """Tell whether the metric at `at` differs from the one at `reference` the way it is wanted; no test is made."""
        if self.direction == "none" or not (change := self.change(at, reference)):
            return None
        return (change > 0) == (self.direction == "higher")

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON: an absent value is null, and `present` tells it from a null."""
        return {
            "section": self.section,
            "name": self.name,
            "values": [None if value is ABSENT else thaw(value) for value in self.values],
            "present": [value is not ABSENT for value in self.values],
            **({"listed": self.listed} if self.section == "feature" else {}),
            **({"direction": self.direction} if self.section == "metric" else {}),
            **({"bases": self.bases} if self.bases else {}),
            "differs": self.differs,
            "spread": self.spread,
        }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Comparison:
    """Any number of experiments side by side: features, transformations, hyperparameters, metrics of runs."""

    hashes: list[str]
    """The compared experiments, in the order given, as full hashes."""
    against: str | None
    """The reference that the others are read against, if one was named."""
    descriptions: list[str]
    """One for each experiment."""
    rows: list[ComparisonRow]
    """Rows that differ first; by section, then the widest spread, then name. Metrics as they are defined."""
    basis: Basis | None = None
    """The one panel and period that all metrics are from."""
    metrics_note: str | None = None
    """Why there are no metrics, or what keeps them from being comparable; one sentence, or None."""
    tags: list[list[str]] = field(default_factory=list)
    """The tags of each experiment, in their order; one list for each experiment."""

    @property
    def metrics_from(self) -> str | None:
        """That panel and period as one text."""
        return None if self.basis is None else str(self.basis)

    @cached_property
    def differing(self) -> list[ComparisonRow]:
        """The rows that are not the same everywhere."""
        return [row for row in self.rows if row.differs]

    @cached_property
    def equal(self) -> list[ComparisonRow]:
        """The rows that are the same in every experiment."""
        return [row for row in self.rows if not row.differs]

    @property
    def reference(self) -> int:
        """Where the reference stands among `hashes`; the first, when none was named."""
        return self.hashes.index(self.against) if self.against is not None else 0

    def seen_from(self, reference: int) -> Comparison:
        """Return the same comparison with the experiment at a place as the reference, which comes first."""
        others = [place for place in range(len(self.hashes)) if place != reference]
        return replace(self.in_order([reference, *others]), against=self.hashes[reference])

    def in_order(self, order: Sequence[int]) -> Comparison:
        """Return the same comparison with the experiments at these places, in this order."""

        def arranged(values: list[Any]) -> list[Any]:
            return [values[place] for place in order] if values else []

        return replace(
            self,
            hashes=arranged(self.hashes),
            descriptions=arranged(self.descriptions),
            tags=arranged(self.tags),
            rows=[
                replace(row, values=arranged(row.values), listed=arranged(row.listed), bases=arranged(row.bases))
                for row in self.rows
            ],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts for JSON."""
        return {
            "experiments": [
                {"config_hash": full, "description": text, "tags": tags}
                for full, text, tags in zip(
                    self.hashes, self.descriptions, self.tags or [[] for _ in self.hashes], strict=True
                )
            ],
            "against": self.against,
            "rows": [row.to_dict() for row in self.rows],
            "metrics_from": self.metrics_from,
            "metrics_note": self.metrics_note,
        }

    def to_results(self) -> Results:
        """Return the matrix as rows: section, name, one column for each experiment, differs, spread."""
        return self._table(None)

    def write(self, target: str | os.PathLike[str], *, transposed: bool = False, force: bool = False) -> Path:
        """Write the table to a file whose name ends in .csv, .md or .json; see `registry.exchange.comparisons`.

        Raises:
            FileExistsRefusal: the file is there, and `force` was not given.
            ExchangeError: the name says no format, or the file can't be written.
        """
        from registry.exchange import write_comparison

        return write_comparison(self, target, transposed=transposed, force=force)

    def df(self) -> Any:
        """Return the matrix as a pandas DataFrame; an absent value is missing there.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        return self.to_results().df()

    def arrow(self) -> Any:
        """Return the matrix as a pyarrow Table; an absent value is null there.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        return self.to_results().arrow()

    def _table(self, absent: str | None) -> Results:
        columns = ["section", "name", *(full[:SHORT_HASH] for full in self.hashes), "differs", "spread"]
        return Results(
            columns,
            [
                (
                    row.section,
                    row.name,
                    *(absent if value is ABSENT else value for value in row.values),
                    row.differs,
                    row.spread,
                )
                for row in self.rows
            ],
        )

    def _repr_html_(self) -> str:
        table = self._table(repr(ABSENT))
        return html_table(table.columns, table.rows)


_CELLS = """
    WITH picked AS (
        SELECT e.id, c.place FROM {chosen} JOIN experiment e ON e.config_hash = c.config_hash
    ), cell AS (
        SELECT 1 AS section, f.feature AS name, p.place, f.listed, f.weight AS number,
               NULL AS kind, NULL AS value
        FROM picked p JOIN feature f ON f.id = p.id WHERE f.listed OR f.weight IS NOT NULL
        UNION ALL
        SELECT 2, f.feature, p.place, NULL, NULL, 'string', f.transformation
        FROM picked p JOIN feature f ON f.id = p.id WHERE f.transformation IS NOT NULL
        UNION ALL
        SELECT 3, h.path, p.place, NULL, h.number, h.kind, h.value
        FROM picked p JOIN hyperparameter h ON h.id = p.id WHERE h.kind <> 'object' OR h.value = '{{}}'
    ), line AS (
        SELECT section, name, list(place) AS places, list(listed) AS listed, list(number) AS numbers,
               list(kind) AS kinds, list(value) AS texts,
               CASE WHEN count(number) = 0 THEN NULL
                    WHEN section = 1 AND count(number) < ?
                    THEN greatest(max(number), 0) - least(min(number), 0)
                    ELSE max(number) - min(number) END AS spread,
               count(*) < ? OR CASE WHEN section = 1
                    THEN count(DISTINCT listed) > 1 OR count(number) NOT IN (0, count(*))
                    ELSE count(DISTINCT kind) > 1 OR count(DISTINCT value) > 1 END AS uneven
        FROM cell GROUP BY section, name
    )
    SELECT section, name, places, listed, numbers, kinds, texts, CASE WHEN isfinite(spread) THEN spread END AS wide,
           uneven OR (section = 1 AND spread >= ?) AS differs
    FROM line
    ORDER BY differs DESC, section, wide DESC NULLS LAST, name
"""

_SECTIONS: Final[dict[int, Section]] = {1: "feature", 2: "transformation", 3: "hyperparameter"}


def compare_many(
    session: Session,
    hashes: Sequence[str],
    against: str | None = None,
    *,
    panel: str | None = None,
    period: str | None = None,
) -> Comparison:
    """Return the experiments side by side, read from the long tables; all hashes are full ones.

    `against` is the reference; when it is not among `hashes` it becomes the first column. Metrics are those of
    the latest runs on one panel and period; see `registry.compared_runs`.

    Raises:
        InvalidReferenceError: nothing to compare.
        NotFoundError: one of them is not in the registry.
        FilterError: there is no such panel or period.
    """
    chosen = list(hashes)
    if against is not None and against not in chosen:
        chosen.insert(0, against)
    if not chosen:
        raise InvalidReferenceError("nothing to compare: name at least one experiment")
    from registry.store.session import TEXTS, as_list, unnest_columns

    described = {
        row[0]: row[1:]
        for row in session.rows(
            f"SELECT config_hash, description, id FROM experiment WHERE config_hash IN {TEXTS}", [as_list(chosen)]
        )
    }
    for full in chosen:
        if full not in described:
            raise NotFoundError(f"no experiment {full[:SHORT_HASH]} in this registry")
    count = len(chosen)
    lines = session.rows(
        _CELLS.format(chosen=unnest_columns({"config_hash": "VARCHAR", "place": "INTEGER"})),
        [json.dumps({"config_hash": chosen, "place": list(range(count))}), count, count, TOLERANCE],
    )
    from registry.compared_runs import compare_runs
    from registry.rows import tags_of

    ids = [described[full][1] for full in chosen]
    runs = compare_runs(session, ids, panel=panel, period=period)
    rows = [_row(line, count) for line in lines] + runs.rows
    rows.sort(key=lambda row: not row.differs)
    tags = tags_of(session, as_list(ids))
    return Comparison(
        chosen,
        against,
        [described[full][0] for full in chosen],
        rows,
        runs.basis,
        runs.note,
        [tags.get(id_, []) for id_ in ids],
    )


def _row(line: tuple[Any, ...], count: int) -> ComparisonRow:
    section, name, places, listed, numbers, kinds, texts, spread, differs = line
    values: list[Any] = [ABSENT] * count
    if section == 1:
        flags = [False] * count
        for place, is_listed, weight in zip(places, listed, numbers, strict=True):
            flags[place] = bool(is_listed)
            values[place] = ABSENT if weight is None else weight
        return ComparisonRow("feature", name, values, differs, spread, flags)
    for place, kind, text in zip(places, kinds, texts, strict=True):
        values[place] = text if kind == "string" else json.loads(text)
    if differs and len(places) == count and set(kinds) == {"list"}:
        # mappings inside lists may be written in another order
        differs = len({_identity(value) for value in values}) > 1
    shown = dotted(json.loads(name)) if section == 3 else name
    return ComparisonRow(_SECTIONS[section], shown, values, differs, spread)
