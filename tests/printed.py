"""What the README shows of commands across many experiments, printed by the commands themselves.

`python -m tests.printed` runs them on the demo registry and on a sweep of 1,000, and puts what they print into the
README; tests compare. The sweep takes minutes, so its half is compared by `make test-all` alone.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry import ExperimentRegistry
from registry.demo.evaluated import END, START, equal_weights, write_panel
from tests.fixed_demo import fixed_demo

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

README: Final = Path(__file__).parents[1] / "README.md"
WIDTH: Final = 118

BASE: Final = str(equal_weights().config_hash)[:12]
Example = tuple[str, str]
"""A command without `experiments`, and how to read what it prints."""

ON_THE_DEMO: Final[tuple[Example, ...]] = (
    ("compare --filter tag:prices --top 5 --by m.edge",
     "Columns are the five with the highest edge, the best first; rows are what differs, the largest spread of weights"
     " first. Their edges lie within 0.003 of each other, which the next commands make something of, or nothing."),
    (f"nearest {BASE} -n 3 --better m.edge",
     "The smallest changes that did better, the smallest first, and all that differs in each."),
    ("importance --metric m.edge",
     "Momentum seems to hurt (-0.764), but of eleven names one looks so by luck: no adjusted p is below 0.05."),
    ("distribution --filter tag:prices",
     "One line a feature, from its smallest weight to its largest: these were hardly varied, so little can be learnt of"
     " them."),
    ("pareto m.sharpe m.max_drawdown",
     "Nobody is better than these two in both at once: the second one buys a smaller drawdown with a lower ratio."),
    ("group --by hp.k --metric m.edge",
     "Mean and spread for each value of k. A difference of means inside the spread says nothing."),
    (f"ab {BASE} {{best}} --metric precision_at_k",
     "The interval spans 0, and p of the best, which counts all eight that were tried, is far from 0.05: no difference."
     " The last line tells how large one would have to be to be seen."),
    ("overfitting --metric sharpe",
     "0.97 is above what luck brings among eight, but so is holding everything; and the best of one half of the dates"
     " was mostly no better than the median in the other."),
    (f"lineage {BASE} --metric m.edge", "The edit on each edge, and before it what the metric became."),
    (f"promote {BASE} live -m 'all weighted alike'", "The alias `live` points there from now on, as its version 1."),
    ("promote {best} live -m 'no momentum'", "Version 2; version 1 stays in the history."),
    ("guard live --data stocks.parquet --metric m.edge --drop 0.02 --since 2015-01-01",
     "Version 2 against version 1 on the dates since: the word first (exit code 0, 1 or 6), then the difference with"
     " its p, and where it can't be told how many more dates it needs."),
    ("rollback live -m 'not proven' --yes", "Back to what was in force before, as a version of its own."),
)  # fmt: skip

ON_A_SWEEP: Final[tuple[Example, ...]] = (
    ("compare --filter tag:sweep --top 5 --by m.edge",
     "The best five of a thousand leave the same two features out (the line below the table), and lean on"
     " the calm stocks, each in its own way."),
    (f"nearest {BASE} -n 3 --better m.edge",
     "Of two hundred that did better than the equal weighting these are the nearest to it: the first"
     " things to try."),
    ("importance --metric m.edge --filter tag:sweep",
     "With a thousand there is something to see: the sign tells the way, the adjusted p that it is no luck of the draw,"
     " and the forest finds what is not monotone. It is about this panel and period all the same."),
    ("distribution --filter tag:sweep", "A sweep by lot covers every weight from 0 up, small ones most often."),
    ("pareto m.sharpe m.max_drawdown --filter tag:sweep",
     "From the highest ratio to the smallest drawdown; whatever is not in the list is beaten in both by one of these."),
    ("group --by w.mom_6_1 --metric m.edge --filter tag:sweep",
     "The mean falls towards the heavier weights, as the importance said; the spread within each is as"
     " large as the fall, and few have the heaviest."),
    (f"ab {BASE} {{best}} --metric precision_at_k",
     "The highest edge of a thousand, set against the equal weighting on the same dates: the interval"
     " spans 0, and p of the best, which counts all thousand, is 1. No difference."),
    ("overfitting --filter tag:sweep --metric sharpe",
     "The thousand amount to some 190 independent ones. The best ratio is above luck, but stocks rose:"
     " holding everything had +0.1664. And in 45 of 100 halvings the best of one half was no better than"
     " the median in the other, so choosing by it is little better than a coin."),
    ("lineage {best} --metric m.edge --limit 4", "The best among its siblings; the line below says how many more."),
    (f"promote {BASE} live -m 'all weighted alike'", "The parent is what runs: version 1."),
    ("promote {best} live -m 'best of the sweep'",
     "The best of the sweep takes its place; every weight that changes is said."),
    ("guard live --data stocks.parquet --metric m.edge --drop 0.02 --since 2015-01-01",
     "These very dates chose the best, and even so no gain is seen. A real guard looks at dates after the"
     " promotion alone, which is the default."),
    ("rollback live -m 'luck' --yes", "Back to the parent, as version 3."),
)  # fmt: skip


def demo_registry(shell: Shell) -> ExperimentRegistry:
    """Return the demo's registry in the shell's folder, its panel beside it."""
    write_panel(shell.folder / "stocks.parquet")
    return fixed_demo(shell.folder / "experiments.duckdb")


def sweep_registry(shell: Shell) -> ExperimentRegistry:
    """Return a registry of the equal weighting and 1,000 variants of it, all evaluated; takes a few minutes."""
    write_panel(shell.folder / "stocks.parquet")
    shell.registry.register(equal_weights())
    on = ("--data", "stocks.parquet", "--start", START, "--end", END)
    shell.ok("backtest", BASE, *on, "--no-bootstrap-ci")
    shell.ok("sweep", BASE, "--simplex", "8", "--sample", "1000", "--seed", "7", "--name", "sweep")
    shell.ok("backtest", "--filter", "tag:sweep", *on, "--no-bootstrap-ci")
    return shell.registry


Kind = tuple[Callable[["Shell"], ExperimentRegistry], tuple[Example, ...], str]

KINDS: Final[dict[str, Kind]] = {
    "demo": (demo_registry, ON_THE_DEMO, "tag:prices"),
    "sweep": (sweep_registry, ON_A_SWEEP, "tag:sweep"),
}
"""By name: what makes the registry, what is run on it, and which experiments the best is looked for among."""


def printed(kind: str, shell: Shell) -> str:
    """Return what stands in the README between the marks of a kind."""
    make, examples, among = KINDS[kind]
    registry = make(shell)
    best = registry.matching(among, sort="-m.edge", limit=1)[0][:12]
    registry.close()
    shell.monkeypatch.setenv("NO_COLOR", "1")
    parts = []
    for command, how in examples:
        line = command.format(best=best)
        parts.append(f"{textwrap.fill(how, WIDTH)}\n\n```text\n$ experiments {line}\n{_run(shell, line)}\n```\n")
    return "\n".join(parts)


def _run(shell: Shell, command: str) -> str:
    ran = shell(*shlex.split(command), terminal=True, width=WIDTH)
    assert ran.code in (0, 1, 6) and "Error" not in ran.err, ran
    return "\n".join(line.rstrip() for line in (ran.out + ran.err).rstrip().splitlines())


def shown(kind: str) -> str:
    """Return what stands in the README."""
    return _between(kind).search(README.read_text())[1]  # type: ignore[index]


def _between(kind: str) -> re.Pattern[str]:
    return re.compile(f"(?s)(?<=<!-- printed: {kind} -->\n\n)(.*?)(?=\n</details>)")


def main(kinds: Iterable[str]) -> None:
    """Put what is printed into the README."""
    import pytest

    from tests.cli.conftest import Shell

    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            text = printed(kind, Shell(Path(folder), patch))
        README.write_text(_between(kind).sub(lambda _, text=text: text, README.read_text()))  # type: ignore[misc]


if __name__ == "__main__":
    main(sys.argv[1:] or KINDS)
