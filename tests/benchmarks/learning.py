"""Questions across many experiments, against the same in Python over a line of JSON for each experiment.

`python -m tests.benchmarks.learning [--quick | --million]` prints the table of this alone.
"""

from __future__ import annotations

import heapq
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from registry import ExperimentRegistry
from tests.benchmarks.app import MILLION, build
from tests.benchmarks.data import put_runs

METRICS: Final = ("edge", "sharpe", "max_drawdown")


def evaluated(path: Path) -> ExperimentRegistry:
    """Return the registry in a file, every experiment of it with a run."""
    registry = ExperimentRegistry(path)
    if not registry.sql("SELECT count(*) FROM run_metrics").rows[0][0]:
        with registry.store.write() as session:
            put_runs(session, windows=0, metrics=METRICS)
    return registry


def write_text(registry: ExperimentRegistry, file: Path) -> None:
    """Write what the rival reads: hash, weights and metrics of each experiment, a line of JSON each."""
    wanted = ", ".join(f"'{name}'" for name in METRICS)
    values: dict[str, dict[str, float]] = {}
    for full, name, value in registry.sql(
        f"SELECT config_hash, metric, value FROM run_metrics WHERE metric IN ({wanted})"
    ).rows:
        values.setdefault(full, {})[name] = value
    with file.open("w") as out:
        for full, weights in registry.sql("SELECT config_hash, feature_weights FROM experiments").rows:
            out.write(json.dumps({"hash": full, "weights": json.loads(weights), "metrics": values[full]}) + "\n")


def records(file: Path) -> Iterator[dict[str, Any]]:
    """Yield what is written there."""
    with file.open() as lines:
        yield from map(json.loads, lines)


def nearest(file: Path, weights: dict[str, float], better: float | None = None) -> list[tuple[float, str]]:
    """Return the ten closest by weights, those with a better edge alone where one is given."""

    def distances() -> Iterator[tuple[float, str]]:
        for record in records(file):
            if better is None or record["metrics"]["edge"] > better:
                theirs = record["weights"]
                names = weights.keys() | theirs.keys()
                square = sum((weights.get(name, 0.0) - theirs.get(name, 0.0)) ** 2 for name in names)
                yield math.sqrt(square), record["hash"]

    return heapq.nsmallest(10, distances())


def correlations(file: Path) -> dict[str, float]:
    """Return Spearman's rho of every weight, an absent one 0, with the edge."""
    columns: dict[str, dict[int, float]] = {}
    edges = []
    for at, record in enumerate(records(file)):
        edges.append(record["metrics"]["edge"])
        for name, weight in record["weights"].items():
            columns.setdefault(name, {})[at] = weight
    target = ranks(edges)
    return {
        name: correlation(ranks([column.get(at, 0.0) for at in range(len(edges))]), target)
        for name, column in columns.items()
    }


def ranks(values: list[float]) -> list[float]:
    """Return ranks, equal values sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    made, start = [0.0] * len(values), 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            made[place] = (start + end + 1) / 2
        start = end
    return made


def correlation(one: list[float], two: list[float]) -> float:
    """Return Pearson's correlation."""
    first, second = math.fsum(one) / len(one), math.fsum(two) / len(two)
    together = sum((a - first) * (b - second) for a, b in zip(one, two, strict=True))
    sizes = sum((a - first) ** 2 for a in one), sum((b - second) ** 2 for b in two)
    return together / math.sqrt(sizes[0] * sizes[1])


def matrix(file: Path) -> list[list[float]]:
    """Return the normalised weights of the twenty best by edge, a feature a row."""
    best = heapq.nlargest(20, records(file), key=lambda record: record["metrics"]["edge"])
    names = sorted({name for record in best for name in record["weights"]})
    sums = [sum(map(abs, record["weights"].values())) for record in best]
    return [
        [record["weights"].get(name, 0.0) / total for record, total in zip(best, sums, strict=True)] for name in names
    ]


def front(file: Path) -> list[str]:
    """Return who is not beaten in edge and drawdown both."""
    points = sorted(
        ((record["metrics"]["edge"], record["metrics"]["max_drawdown"], record["hash"]) for record in records(file)),
        reverse=True,
    )
    kept: list[str] = []
    highest = -math.inf
    for _, drawdown, full in points:
        if drawdown > highest:
            kept.append(full)
            highest = drawdown
    return kept


def distribution(file: Path) -> dict[str, tuple[float, float, float]]:
    """Return the quartiles of every weight."""
    columns: dict[str, list[float]] = {}
    for record in records(file):
        for name, weight in record["weights"].items():
            columns.setdefault(name, []).append(weight)
    made = {}
    for name, weights in columns.items():
        weights.sort()
        quartiles = tuple(weights[int(share * (len(weights) - 1))] for share in (0.25, 0.5, 0.75))
        made[name] = (quartiles[0], quartiles[1], quartiles[2])
    return made


def learning(path: Path, count: int, line: Callable[[str, float, float, str, str], None]) -> None:
    """Measure every question at one size, and check that both sides say the same."""
    registry = evaluated(path)
    file = path.with_suffix(".text")
    write_text(registry, file)
    size = "1M" if count >= MILLION else f"{count // 1000}k"
    reference = registry.matching(limit=1)[0]
    weights = dict(registry.config(reference).feature_weights)
    own = registry.search(f"hash:{reference}", columns="m.edge").rows[0][0]
    times = 3 if count <= 100_000 else 1

    def both(what: str, ours: Callable[[], Any], theirs: Callable[[], Any], expected: str) -> tuple[Any, Any]:
        mine, found = measured(ours, times)
        rival, answer = measured(theirs, 1)
        line(f"{what} at {size}", mine, rival, "Python over JSON text", expected)
        return found, answer

    under = "about 1 s at 100k" if count <= 100_000 else ""
    both("nearest", lambda: registry.nearest(reference), lambda: nearest(file, weights), under)
    both(
        "nearest better by m.edge",
        lambda: registry.nearest(reference, better="m.edge"),
        lambda: nearest(file, weights, own),
        under,
    )
    found, plain = both(
        "correlation of weights with m.edge",
        lambda: registry.importance("m.edge", forest=False),
        lambda: correlations(file),
        under,
    )
    ours = {each.name.removeprefix("w."): each.rho for each in found.names}
    assert all(abs(ours[name] - rho) < 1e-9 for name, rho in plain.items())
    found, shown = both(
        "matrix of the best 20, normalised",
        lambda: registry.matrix(by="m.edge", normalise=True),
        lambda: matrix(file),
        under,
    )
    assert sorted(len(row.values) for row in found.features) == sorted(map(len, shown))
    found, kept = both(
        "pareto m.edge m.max_drawdown",
        lambda: registry.pareto(["m.edge", "m.max_drawdown"]),
        lambda: front(file),
        under,
    )
    assert set(kept) <= set(found.hashes)
    both("distribution of every weight", registry.distribution, lambda: distribution(file), under)
    start = time.perf_counter()
    registry.importance("m.edge")
    line(f"importance with a forest at {size}", time.perf_counter() - start, 2.0, "two seconds", "")
    file.unlink()


def measured(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the best wall time of `work`, and what it returned."""
    best, found = math.inf, None
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def main() -> None:
    """Print the table of this alone."""
    from tests.benchmarks.__main__ import line, title

    title()
    counts = [1000] if "--quick" in sys.argv else [100_000] + [MILLION] * ("--million" in sys.argv)
    with tempfile.TemporaryDirectory(prefix="experiments-bench-") as name:
        for count in counts:
            learning(build(Path(name), count), count, line)


if __name__ == "__main__":
    main()
