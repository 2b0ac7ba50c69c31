"""`runs`, `metrics`, `record` and `show r-ID`."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.cli.conftest import Shell
from tests.cli.panels import END, START, evaluate, ready, summarised, write_json, write_panel
from tests.prepared import prepared

RESULT = {"metrics": {"sharpe": 1.25, "edge": 0.02}, "panel": "mine", "period": "2020-01-01..2020-12-31"}


CONFIG = ExperimentConfig(["alpha", "beta"], {"alpha": 0.6, "beta": 0.4}, {"k": 3})


def make_one(registry: ExperimentRegistry) -> None:
    registry.register(CONFIG)


@pytest.fixture
def hash_(empty: Shell) -> str:
    """The hash of a registered experiment."""
    prepared(empty.registry.path, make_one)
    return str(CONFIG.config_hash)


def recorded(shell: Shell, hash_: str, **changes: Any) -> str:
    """Record a result from standard input, and return the id of the run."""
    return shell.ok("record", hash_, "-", "--ids", stdin=json.dumps({**RESULT, **changes})).strip()


class TestRecord:
    def test_a_file(self, empty: Shell, hash_: str) -> None:
        days = {(date(2020, 1, 1) + timedelta(days=7 * n)).isoformat(): n / 100 for n in range(30)}
        write_json(
            empty.folder / "result.json",
            {
                **RESULT,
                "windows": [{"test_start": "2020-01-01", "test_end": "2020-06-30", "metrics": {"edge": 0.01}}],
                "dates": {"edge": days},
                "options": {"horizons": [7], "k": 3},
                "engine": "mine",
                "definitions": {"alpha_t": {"unit": "t", "direction": "higher", "definition": "t of alpha"}},
            },
        )
        out = empty.ok("record", hash_[:8], "result.json")
        assert "recorded r-" in out
        assert f"of {hash_[:12]}" in out
        run = empty.registry.run(empty.registry.runs(hash_)[0].run_id)
        assert run.metrics == {"edge": 0.02, "sharpe": 1.25}
        assert run.dates.of("edge") == days
        assert run.engine == "mine"
        assert run.windows[0].metrics == {"edge": 0.01}
        assert "t of alpha" in empty.ok("metrics")

    def test_the_same_again_is_the_same_run(self, empty: Shell, hash_: str) -> None:
        assert recorded(empty, hash_) == recorded(empty, hash_)
        assert recorded(empty, hash_, metrics={"sharpe": 2}) != recorded(empty, hash_)
        assert len(empty.registry.runs()) == 2

    def test_start_and_end_stand_for_a_period(self, empty: Shell, hash_: str) -> None:
        content = {"metrics": {"edge": 1}, "panel": "p", "start": "2020-01-01", "end": "2020-02-01"}
        empty.ok("record", hash_, "-", stdin=json.dumps(content))
        assert empty.registry.runs()[0].period == "2020-01-01..2020-02-01"

    WRONG: tuple[dict[str, Any], ...] = (
        {"metrics": None}, {"metrics": {}}, {"metrics": {"edge": "much"}}, {"metrics": {"edge": True}},
        {"metrics": []}, {"metrics": {"": 1}}, {"panel": ""}, {"panel": 5}, {"panel": None},
        {"period": "2020"}, {"period": "2020-12-31..2020-01-01"}, {"period": 5}, {"windows": [1]},
        {"windows": [{}]}, {"dates": {"edge": {"soon": 1}}}, {"dates": {"edge": [1]}}, {"dates": 5},
        {"options": 5}, {"options": []}, {"engine": 5}, {"definitions": {"edge": {}}}, {"definitions": 5},
        {"unknown": 1}, {"duration": "long"}, {"details": 5},
    )  # fmt: skip

    def test_refusals(self, empty: Shell, hash_: str) -> None:
        for change in self.WRONG:
            ran = empty("record", hash_, "-", stdin=json.dumps({**RESULT, **change}))
            assert ran.code == 2, (change, ran)
            assert "Traceback" not in ran.err, (change, ran)
            assert len(ran.err.strip().splitlines()) == 1, (change, ran)
            assert "\x1b" not in ran.err, (change, ran)
        assert empty.registry.runs() == []

    def test_no_json(self, empty: Shell, hash_: str) -> None:
        nan = '{"metrics": {"edge": NaN}, "panel": "p", "period": "a..b"}'
        for text in ("", "{", "[]", "5", "{}", nan, "\udcff"):
            (empty.folder / "x.json").write_bytes(text.encode(errors="surrogateescape"))
            ran = empty("record", hash_, "x.json")
            assert ran.code == 2, (text, ran)
            assert "x.json" in ran.err, (text, ran)
        assert empty.registry.runs() == []

    def test_what_is_not_there(self, empty: Shell, hash_: str) -> None:
        assert empty("record", "ffffffff", "-", stdin=json.dumps(RESULT)).code == 3
        ran = empty("record", hash_, "absent.json")
        assert ran.code == 2
        assert "Traceback" not in ran.err
        assert "absent.json" in ran.err

    def test_hostile_names_of_metrics(self, empty: Shell, hash_: str) -> None:
        nasty = "x\x1b[31m'; DROP TABLE run; --[bold]"
        ran = empty("record", hash_, "-", stdin=json.dumps({**RESULT, "metrics": {nasty: 1.0, "edge": 0.1}}))
        assert "\x1b" not in ran.out + ran.err
        assert ran.code in (0, 2)
        for args in (
            ["runs"],
            ["show", "latest"],
            ["metrics"],
            *[["show", run.run_id] for run in empty.registry.runs()],
        ):
            ran = empty(*args)
            assert ran.code == 0, ran
            assert "\x1b" not in ran.out + ran.err
        ran = empty("record", hash_, "-", stdin=json.dumps({**RESULT, "metrics": {"'; DROP TABLE run; --": 1.0}}))
        assert ran.code in (0, 2), ran
        assert empty("runs").code == 0


class TestRuns:
    def test_a_table_newest_first(self, empty: Shell, hash_: str) -> None:
        first = recorded(empty, hash_)
        second = recorded(empty, hash_, panel="other")
        out = empty.ok("runs")
        assert out.index(second) < out.index(first)
        assert "RANK_IC" in out
        ran = empty("runs")
        assert "not comparable" in ran.err
        assert first not in empty.ok("runs", "--panel", "other")
        assert second not in empty.ok("runs", "--panel", "mine", "--period", RESULT["period"])
        assert first in empty.ok("runs", hash_[:8])
        rows = list(csv.DictReader(io.StringIO(empty.ok("runs", "--format", "csv"))))
        assert [row["run_id"] for row in rows] == [second, first]
        assert float(rows[1]["sharpe"]) == 1.25
        found = json.loads(empty.ok("runs", "--json"))
        assert [run["run_id"] for run in found] == [second, first]
        assert found[1]["metrics"]["sharpe"] == 1.25
        assert len(json.loads(empty.ok("runs", "--json", "--limit", "1"))) == 1

    def test_none_yet(self, empty: Shell, hash_: str) -> None:
        assert "no runs yet" in empty("runs").err
        assert json.loads(empty.ok("runs", "--json")) == []
        assert empty("runs", "ffffffff").code == 3
        assert empty("runs", "--period", "then").code == 2

    def test_without_a_registry(self, empty: Shell) -> None:
        assert empty("runs").code in (0, 3)
        assert list(empty.folder.iterdir()) == []

    def test_metrics(self, empty: Shell) -> None:
        found = {each["name"]: each for each in json.loads(empty.ok("metrics", "--json"))}
        assert set(found) >= {"precision_at_k", "base_rate", "edge", "rank_ic", "sharpe", "max_drawdown"}
        assert all(each["unit"] and each["direction"] and each["definition"] for each in found.values())
        assert list(empty.folder.iterdir()) == []


class TestShow:
    def test_a_run(self, empty: Shell, hash_: str) -> None:
        run_id = recorded(empty, hash_, engine="mine")
        for given in (run_id, run_id[:6], run_id.upper()):
            out = empty.ok("show", given)
            assert run_id in out
            assert hash_[:12] in out
            assert "mine, 2020-01-01..2020-12-31" in out
        assert run_id in empty.ok("show", hash_)
        assert json.loads(empty.ok("show", run_id, "--json"))["metrics"]["sharpe"] == 1.25
        assert "without a command" in empty.ok("show", run_id, "--command")
        assert empty("show", "r-ffffffffff").code == 3
        assert empty("show", hash_, "--command").code == 2
        assert empty("show", hash_, run_id).code == 2

    def test_the_exact_command(self, empty: Shell, hash_: str) -> None:
        ready(empty)
        run_id = summarised(empty, hash_)["run"]["id"]
        lines = empty.ok("show", run_id, "--command").splitlines()
        assert lines[0] == f"cd {empty.folder}"
        assert not [line for line in lines if "panel" in line and line.startswith("#")]
        write_panel(empty.folder / "panel.csv", dates=200)  # more days change nothing
        assert "has changed" not in empty.ok("show", run_id, "--command")
        write_panel(empty.folder / "panel.csv", changed=50)
        assert "# the content of the panel panel has changed since" in empty.ok("show", run_id, "--command")
        (empty.folder / "panel.csv").unlink()
        assert "is not there any more" in empty.ok("show", run_id, "--command")

    def test_tried_ones_are_counted(self, empty: Shell, hash_: str) -> None:
        ready(empty)
        evaluate(empty, "--weights", "weights.json", "--k", "2", "--no-track-experiments")
        run_id = summarised(empty, hash_)["run"]["id"]
        assert "2 configurations were tried" in empty.ok("show", run_id)
        assert empty.registry.trials("panel", f"{START}..{END}") == 2


def test_a_panel_is_named_as_it_is_everywhere(empty: Shell, hash_: str) -> None:
    """By `NAME#2` where two share a name; a name that no run is on is said, with the nearest."""
    assert empty.ok("runs", "--panel", "nobody", "--format", "csv").count("\n") == 1  # no runs at all yet
    prices = [recorded(empty, hash_, panel={"name": "prices", "fingerprint": each}) for each in "xy"]
    numbers = [empty.registry.run(run).panel_id for run in prices]
    for run, number in zip(prices, numbers, strict=True):
        (found,) = json.loads(empty.ok("runs", "--panel", f"prices#{number}", "--json"))
        assert found["run_id"] == run
    assert len(json.loads(empty.ok("runs", "--panel", "prices", "--json"))) == 2
    ran = empty("runs", "--panel", "price")
    assert (ran.code, ran.err.strip()) == (2, 'Error: unknown panel "price"; did you mean prices?')
