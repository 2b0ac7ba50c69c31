"""`python -m tests.benchmarks [--quick]`: measure, print a table; nothing here is a test that could flake."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from registry import ExperimentConfig, ExperimentRegistry
from registry.exchange import import_sources
from registry.store import Store
from tests.benchmarks import app
from tests.benchmarks.ab_size import verdicts
from tests.benchmarks.backtests import backtesting
from tests.benchmarks.data import put_runs, records, write_ndjson
from tests.benchmarks.learning import learning
from tests.benchmarks.yardstick import Yardstick

QUICK = "--quick" in sys.argv


def title() -> None:
    """Print what the columns are."""
    print(f"{'what':<44} {'ours':>12} {'rival':>13}  {'ratio':>8}  {'against':<34} expected")


def line(what: str, ours: float, theirs: float, rival: str, expected: str) -> None:
    """Print one row: our time (or megabytes, if `what` ends so), the rival's, the ratio, and what was expected."""
    short = max(ours, theirs) < 10 and not what.endswith("MB")
    unit, name = (1000, "ms") if short else (1, "MB" if what.endswith("MB") else "s ")
    times = f"{ours * unit:>9.2f} {name} {theirs * unit:>10.2f} {name}  {ours / theirs:>6.2f} x"
    print(f"{what:<44} {times}  {rival:<34} {expected}", flush=True)


def median(work: Callable[[], object], times: int) -> float:
    """Return the median wall time of `work`."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def cpu(command: list[str], times: int = 7) -> float:
    """Return the median CPU seconds (user and system) of a command."""
    taken = []
    for _ in range(times):
        before = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = os.times()
        taken.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return statistics.median(taken)


def _register_ours(arguments: tuple[str, int, int]) -> None:
    path, worker, count = arguments
    store = Store(path)
    for record in records(count, seed=1000 + worker):
        store.register(ExperimentConfig.from_dict(record))


def _register_sqlite(arguments: tuple[str, int, int]) -> None:
    path, worker, count = arguments
    for record in records(count, seed=1000 + worker):
        yardstick = Yardstick(Path(path))
        yardstick.register(record)
        yardstick.db.close()


def _write_bare(arguments: tuple[str, int, int]) -> None:
    folder, worker, count = arguments
    for i, record in enumerate(records(count, seed=1000 + worker)):
        text = json.dumps(ExperimentConfig.from_dict(record).to_dict())
        bare_write(Path(folder), f"{worker}-{i}", text)


def bare_write(folder: Path, name: str, text: str) -> None:
    """Write a file the cheapest durable way: fsync, rename."""
    temporary = folder / f".{name}.tmp"
    with temporary.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.rename(folder / f"{name}.json")


def parallel(work: Callable[[tuple[str, int, int]], None], path: Path, processes: int, count: int) -> float:
    """Return the wall time until every process has had all its registrations acknowledged."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        pool.map(abs, range(processes))
        start = time.perf_counter()
        pool.map(work, [(str(path), worker, count) for worker in range(processes)], chunksize=1)
        return time.perf_counter() - start


def registering(folder: Path) -> None:
    """Register one after another, and from 32 processes at once."""
    some = [ExperimentConfig.from_dict(record) for record in records(200)]
    store, bare = Store(folder / "one.duckdb"), folder / "bare"
    bare.mkdir()
    store.register(some[0])
    turns = iter(some[1:])
    ours = median(lambda: store.register(next(turns)), 150)
    names = iter(range(1000))
    theirs = median(lambda: bare_write(bare, str(next(names)), json.dumps(some[next(names) % 200].to_dict())), 150)
    line("register one (durable)", ours, theirs, "bare fsync and rename", "")
    yardstick = Yardstick(folder / "one.sqlite")
    rest = iter(list(records(200)))
    line(
        "register one (durable)",
        ours,
        median(lambda: yardstick.register(next(rest)), 150),
        "sqlite3 WAL, open file",
        "",
    )
    processes, count = (8, 20) if QUICK else (32, 50)
    many = folder / "many.duckdb"
    ours = parallel(_register_ours, many, processes, count)
    theirs = parallel(_write_bare, bare, processes, count)
    line(f"register, {processes} processes x {count}", ours, theirs, "bare fsync and rename", "within 3 x")
    sqlite = parallel(_register_sqlite, folder / "many.sqlite", processes, count)
    line(
        f"register, {processes} processes x {count}",
        ours,
        sqlite,
        "sqlite3 WAL, opened each time",
        "several times faster",
    )
    found = ExperimentRegistry(many).count()
    print(f"{'':<44} all visible to the next reader: {found} of {processes * count}")


def at_size(folder: Path, count: int) -> None:
    """Import `count` experiments, then ask questions of them, here and in SQLite."""
    file = folder / f"{count}.ndjson"
    write_ndjson(file, count)
    registry = ExperimentRegistry(folder / f"{count}.duckdb")
    yardstick = Yardstick(folder / f"{count}.sqlite")
    size = f"{count // 1000}k"
    start = time.perf_counter()
    import_sources(registry.store, [str(file)])
    ours = time.perf_counter() - start
    start = time.perf_counter()
    yardstick.import_ndjson(file)
    line(f"import {size}, hashing included", ours, time.perf_counter() - start, "sqlite3 executemany", "no slower")
    start = time.perf_counter()
    ExperimentRegistry(folder / f"merged-{count}.duckdb").merge(registry.path)
    line(f"merge {size} into an empty one", time.perf_counter() - start, ours, "import of the same", "about as long")
    times = 9 if count <= 10_000 else 5
    first, second = registry.matching(limit=2)
    engine = "opens the file each time; sqlite3 stays open"

    def both(what: str, ours: Callable[[], object], theirs: Callable[[], object], expected: str = "") -> None:
        line(f"{what} at {size}", median(ours, times), median(theirs, 3 if count > 10_000 else times), engine, expected)

    both("list the newest 100", lambda: registry.search(limit=100), lambda: yardstick.newest(100))
    both(
        "search w.feature_07 > 0.9",
        lambda: registry.matching("w.feature_07 > 0.9"),
        lambda: yardstick.weight_above("feature_07", 0.9),
    )
    both("compare two", lambda: registry.compare(first, second), lambda: yardstick.compare(first, second))
    means = "SELECT feature, avg(weight) FROM weights GROUP BY feature"
    both("mean of every weight", lambda: registry.sql(means), yardstick.mean_weights, "10 x faster at 100k")
    quantiles = "SELECT feature, quantile_cont(weight, [0.25, 0.5, 0.75]) FROM weights GROUP BY feature"
    both("quantiles of every weight", lambda: registry.sql(quantiles), yardstick.quantiles, "10 x faster at 100k")
    with registry.store.read():
        shown = median(lambda: registry.get(first), 20)
        compared = median(lambda: registry.compare(first, second), 20)
    line(f"show one at {size}, engine time", shown, 0.015, "the limit, 15 ms", "under 1 x")
    line(f"compare two at {size}, engine time", compared, 0.015, "the limit, 15 ms", "under 1 x")


def with_runs(folder: Path, count: int) -> None:
    """Ask for metrics where every experiment has a run."""
    registry = ExperimentRegistry(folder / f"{count}.duckdb")
    with registry.store.write() as session:
        put_runs(session)
    for what, ask in (
        ("list --sort -m.edge", lambda: registry.search(sort="-m.edge", limit=100)),
        ("search m.edge > 0.01", lambda: registry.search("m.edge > 0.01", limit=100)),
        ("search min(m.edge) > -0.04", lambda: registry.search("min(m.edge) > -0.04", limit=100)),
        ("list --columns m.edge,m.sharpe", lambda: registry.search(columns="hash,m.edge,m.sharpe", limit=100)),
    ):
        line(f"{what} at {count // 1000}k", median(ask, 5), 0.15, "the limit, 150 ms", "under 1 x")


def starting(folder: Path) -> None:
    """Measure the CPU that small commands take, against importing duckdb alone."""
    limit = cpu([sys.executable, "-c", "import duckdb"])
    command = [sys.executable, "-m", "tui", "--db", str(folder / "1000.duckdb")]
    rival = "python -c 'import duckdb', CPU"
    line("experiments --help, CPU", cpu([*command, "--help"]), limit, rival, "under 1.5 x")
    line("experiments list at 1k, CPU", cpu([*command, "list"]), limit, rival, "under 2.5 x")


def main() -> None:
    """Run everything and print the table."""
    title()
    with tempfile.TemporaryDirectory(prefix="experiments-bench-") as name:
        folder = Path(name)
        registering(folder)
        for count in (1000,) if QUICK else (1000, 100_000):
            at_size(folder, count)
            with_runs(folder, count)
            learning(folder / f"{count}.duckdb", count, line)
            app.using(folder / f"{count}.duckdb", count, line)
        if not QUICK:
            million = app.build(folder, app.MILLION)
            app.using(million, app.MILLION, line)
            learning(million, app.MILLION, line)
        starting(folder)
        backtesting(folder, line, QUICK)
    verdicts(100 if QUICK else 1000)


if __name__ == "__main__":
    main()
