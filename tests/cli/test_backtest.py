"""`backtest`, `try`, `sweep`, `record`, `runs`: on real files, as typed."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.cli.conftest import Shell
from tests.prepared import prepared

ROOT = Path(__file__).parents[2]
STOCKS = ROOT / "tests" / "data" / "sp500_20_panel.parquet"
PERIOD = ("--start", "2020-01-01", "--end", "2020-12-31")
QUICK = ("--no-bootstrap-ci", "--horizons", "5", "--train", "90d", "--k", "2")
CONFIG = ExperimentConfig(
    ["f", "g"], {"f": 0.6, "g": 0.4}, {"k": 2, "walk_days": 30}, {"f": "zscore", "g": "rank"}, "two features"
)


@pytest.fixture(scope="session")
def panel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of ten assets, of which f knows a little."""
    source = np.random.default_rng(1)
    f = source.normal(size=(366, 10))
    steps = source.normal(0, 0.02, (366, 10))
    steps[1:] += 0.01 * f[:-1]
    price = 100 * np.exp(np.cumsum(steps, axis=0))
    file = tmp_path_factory.mktemp("panel") / "made.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["date", "asset", "price", "f", "g"])
        for day, (prices, known) in enumerate(zip(price, f, strict=True)):
            date = str(np.datetime64("2020-01-01") + day)
            for asset in range(10):
                writer.writerow([date, f"a{asset}", prices[asset], known[asset], source.normal()])
    return file


def make_one(registry: ExperimentRegistry) -> None:
    registry.register(CONFIG)


@pytest.fixture
def made(empty: Shell, panel_file: Path) -> Shell:
    """A shell in a folder with the panel, and a registry with one experiment that fits it."""
    shutil.copy(panel_file, empty.folder / "made.csv")
    prepared(empty.registry.path, make_one)
    return empty


def backtest(shell: Shell, *args: str) -> dict[str, object]:
    """Backtest and return the summary."""
    found: dict[str, object] = json.loads(shell.ok("backtest", *args, "--data", "made.csv", *PERIOD, "--json"))
    return found


def folders(shell: Shell) -> list[str]:
    base = shell.folder / "reports" / "backtests"
    return sorted(path.name for path in base.iterdir()) if base.exists() else []


class TestOne:
    def test_the_line_everybody_types(self, empty: Shell) -> None:
        (empty.folder / "weights.json").write_text('{"mom_12_1": 0.4, "rev_5": 0.3, "lowvol_60": 0.3}')
        shutil.copy(STOCKS, empty.folder / "sp500_20_panel.parquet")
        line = ("backtest", "--weights", "weights.json", "--data", "sp500_20_panel.parquet", "--start", "2010-01-04",
                "--end", "2022-12-28", "--walk", "30d", "--k", "5", "--compare-baselines")  # fmt: skip
        out = empty.ok(*line)
        assert re.search(r"precision@5 +0\.\d{3} \(base 0\.559, [+-]0\.\d{3}\)", out)
        assert "survivors only" in out
        assert "equal_weight" in out and "capitalisation" in out
        band = re.search(r"random .* on rebalance dates 90 % of draws (0\.\d+) … (0\.\d+), these picks (0\.\d+)", out)
        assert band is not None and band[1] < band[2]
        assert re.search(r"windows +[▁▂▃▄▅▆▇█]{30,}", out)
        (name,) = folders(empty)
        folder = empty.folder / "reports" / "backtests" / name
        assert re.fullmatch(r"\d{8}", name)
        assert sorted(path.name for path in folder.iterdir()) == [
            "experiment_config.json", "summary.json", "weights_suggestion.json", "windows.csv",
        ]  # fmt: skip
        summary = json.loads((folder / "summary.json").read_text())
        known = {"start", "end", "walk_days", "k", "seed", "windows", "compare_baselines", "experiment_hash"}
        assert known <= set(summary["config"])
        assert set(summary["experiment"]) >= {"config_hash", "description", "tags", "feature_weights"}
        score = summary["metrics"]["gem_score"]
        assert set(score["precision_at_k"]) >= {"mean", "best", "worst", "bootstrap_ci", "base_rate", "edge", "n"}
        assert set(score["forward_return"]) >= {"median", "bootstrap_ci"}
        assert set(score["multi_horizon"]) == {"7", "14", "30"}
        assert {"information_coefficient", "risk_adjusted"} <= set(score)
        assert band[3] == f"{score['precision_at_k']['rebalance_mean']:.3f}"
        equal = summary["baselines"]["equal_weight"]
        assert {"mean", "improvement_over_baseline"} <= set(equal["precision_at_k"])
        assert isinstance(equal["outperforms"], bool)
        assert summary["panel"]["survivorship_suspect"] is True
        assert len(summary["panel"]["fingerprint"]) == 64
        with (folder / "windows.csv").open() as stream:
            windows = list(csv.DictReader(stream))
        assert len(windows) == summary["config"]["windows"] == 146
        assert list(windows[0])[:8] == ["train_start", "train_end", "test_start", "test_end", "precision_at_k",
                                        "forward_return", "max_drawdown", "sharpe"]  # fmt: skip
        suggestion = json.loads((folder / "weights_suggestion.json").read_text())
        assert sum(suggestion["weights"].values()) == pytest.approx(1)
        config = ExperimentConfig.from_json((folder / "experiment_config.json").read_text())
        assert config.config_hash == summary["config"]["experiment_hash"]
        assert config.hyperparameters == {"k": 5, "seed": 13, "walk_days": 30}
        registry = empty.registry
        assert registry.get(str(config.config_hash)) == config
        assert registry.runs()[0].run_id == summary["run"]["id"]
        # the suggestion is weights to go on with; a second run of a day gets a folder of its own
        again = empty.ok("backtest", "--weights", str(folder / "weights_suggestion.json"), *line[3:])
        assert "best so far" in again and re.search(r"verdict: edge .* n 430: ", again)
        assert folders(empty) == [name, f"{name}-2"]

    def test_a_named_experiment_keeps_its_hash(self, made: Shell) -> None:
        summary = backtest(made, str(CONFIG.config_hash), *QUICK)
        assert summary["config"]["experiment_hash"] == CONFIG.config_hash  # type: ignore[index]
        assert made.registry.count() == 1
        assert "there already, the same results" in made.ok("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD)
        assert len(made.registry.runs()) == 1

    def test_a_contradiction_makes_a_variant_and_compares_it(self, made: Shell) -> None:
        backtest(made, "latest", *QUICK)
        out = made.ok("backtest", "latest", *QUICK[:-1], "3", "--data", "made.csv", *PERIOD)
        assert f"a variant of {str(CONFIG.config_hash)[:12]}: k 2 → 3" in out
        assert f"against {str(CONFIG.config_hash)[:12]} (parent)" in out
        assert "verdict: edge " in out
        variant = made.registry.config("latest")
        assert (variant.parent, variant.hyperparameters["k"]) == (CONFIG.config_hash, 3)

    def test_production_comes_before_the_best(self, made: Shell) -> None:
        other = ExperimentConfig(["f"], {"f": 1.0}, {"k": 2})
        made.registry.register(other)
        made.registry.promote(str(CONFIG.config_hash), "production")
        backtest(made, str(CONFIG.config_hash), *QUICK)
        summary = backtest(made, str(other.config_hash), *QUICK)
        assert summary["comparison"]["because"] == "production"  # type: ignore[index]
        words = {"better", "worse", "no difference", "cannot tell", "cannot pair"}
        assert summary["comparison"]["verdict"]["verdict"] in words  # type: ignore[index]

    def test_it_is_compared_with_a_run_that_pairs(self, made: Shell) -> None:
        """The parent's newest run may have another horizon: then the one before, or another experiment's."""
        backtest(made, "latest", *QUICK)
        comparable = made.registry.runs()[0].run_id
        made.ok("backtest", "latest", "--data", "made.csv", *PERIOD, *QUICK[:1], "--horizons", "3", "--train", "90d")
        made.ok("variant", "latest", "f=0.9", "--description", "child")
        child = str(made.registry.config("latest").config_hash)
        summary = backtest(made, child, *QUICK)
        comparison = summary["comparison"]
        assert (comparison["because"], comparison["reference_run"]) == ("parent", comparable)  # type: ignore[index]
        assert comparison["verdict"]["verdict"] != "cannot pair"  # type: ignore[index]
        assert comparison["metrics"]["edge"]["difference"] is not None  # type: ignore[index]

    def test_what_can_not_be_paired_has_no_changes(self, made: Shell) -> None:
        backtest(made, "latest", *QUICK)
        made.ok("variant", "latest", "f=0.9")
        out = made.ok("backtest", "latest", *QUICK, "--hit", "0.01", "--data", "made.csv", *PERIOD)
        assert f"against {str(CONFIG.config_hash)[:12]} (parent)" in out
        assert "cannot pair, they differ in hit: 0.0 against 0.01" in out
        assert "CHANGE" not in out

    def test_untracked_leaves_the_trial_alone(self, made: Shell) -> None:
        made.ok("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD, "--no-track-experiments")
        assert made.registry.runs() == []
        assert made.registry.trials("made", "2020-01-01..2020-12-31") == 1
        assert len(folders(made)) == 1

    def test_words_go_with_a_new_experiment(self, made: Shell) -> None:
        (made.folder / "w.json").write_text('{"weights": {"f": 1, "g": -1}, "reason": null}')
        backtest(made, "--weights", "w.json", *QUICK, "--experiment-description", "=1+1", "--experiment-tags", "a,b")
        config = made.registry.config("latest")
        assert (config.description, config.tags) == ("=1+1", ["a", "b"])
        assert config.hyperparameters == {"k": 2, "seed": 13, "walk_days": 30, "horizons": [5], "train_days": 90}

    def test_a_configuration_from_a_file_is_a_new_experiment_too(self, made: Shell) -> None:
        """It records k, seed, walk_days and what was given, unless it is registered already."""
        handkept = {"description": "kept", "features": ["f", "g"], "weights": {"f": 0.5, "g": 0.5},
                    "hyperparameters": {"k": 3.0, "walk_days": 40, "note": "x"}}  # fmt: skip
        (made.folder / "c.json").write_text(json.dumps(handkept))
        backtest(made, "--weights", "c.json", *QUICK[:-2], "--walk", "30d")
        config = made.registry.config("latest")
        assert config.hyperparameters == {
            "k": 3.0, "walk_days": 30, "note": "x", "seed": 13, "horizons": [5], "train_days": 90,
        }  # fmt: skip
        assert (config.description, config.parent) == ("kept", None)
        (made.folder / "c.json").write_text(CONFIG.to_json())
        summary = backtest(made, "--weights", "c.json", *QUICK[:-2])
        assert summary["config"]["experiment_hash"] == CONFIG.config_hash  # type: ignore[index]

    def test_a_short_training_only_spoils_the_suggestion(self, made: Shell) -> None:
        backtest(made, "latest", *QUICK[:3], "--train", "10d")
        (name,) = folders(made)
        text = (made.folder / "reports" / "backtests" / name / "weights_suggestion.json").read_text()
        assert json.loads(text)["weights"] is None
        assert "20 are needed" in json.loads(text)["reason"]

    def test_a_changed_past_is_pointed_out(self, made: Shell) -> None:
        made.ok("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD)
        run = made.registry.runs()[0].run_id
        lines = (made.folder / "made.csv").read_text().splitlines()
        lines[400] = ",".join([*lines[400].split(",")[:3], "9.5", lines[400].split(",")[4]])
        (made.folder / "made.csv").write_text("\n".join(lines))
        ran = made("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD)
        assert ran.code == 0
        assert re.search(r"has changed since it was last used: .*f.* on 2020-02-09", ran.err)
        assert "the content of the panel made has changed since" in made.ok("show", run, "--command")

    def test_appended_days_change_nothing(self, made: Shell) -> None:
        made.ok("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD)
        (made.folder / "made.csv").write_text((made.folder / "made.csv").read_text() + "2021-06-01,a1,100,1,1\n")
        ran = made("backtest", "latest", *QUICK, "--data", "made.csv", "--start", "2020-01-01", "--end", "2020-11-30")
        assert "changed" not in ran.err
        assert {run.panel_id for run in made.registry.runs()} == {1}


def test_refusals(made: Shell) -> None:
    cases: dict[tuple[str, ...], str] = {
        ("--start", "2019-01-01", "--end", "2019-12-31"): "no dates from 2019-01-01",
        ("--start", "2020-01-01", "--end", "2020-01-20"): "longer than the 20 days",
        ("--start", "20", "--end", "2020-01-20"): "start.*is no date",
        (*PERIOD, "--walk", "1x"): "walk.*no span of time",
        (*PERIOD, "--horizons", "0"): "horizons",
        (*PERIOD, "--price-column", "prize"): 'no column "prize".*price',
        (*PERIOD, "--cost-bps", "-1"): "cost_bps.*negative",
        (*PERIOD, "--train", "400d"): "nothing is left to test",
    }
    for args, said in cases.items():
        ran = made("backtest", "latest", "--data", "made.csv", *args)
        assert ran.code == 2, (args, ran)
        assert re.search(said, ran.err), (args, ran.err)
        assert ran.err.count("\n") == 1, (args, ran.err)
        assert folders(made) == [], args
    assert made.registry.runs() == []


def test_more_refusals(made: Shell) -> None:
    cases = {
        ("--gemscore", "--data", "made.csv"): (2, 'lacks columns for 8 features: .*\\(it has "date", [^)]*\\)$'),
        ("nope", "--data", "made.csv"): (3, "no experiment"),
        ("latest", "--data", "nope.parquet"): (2, "nope.parquet"),
        ("--weights", "nope.json", "--data", "made.csv"): (2, "nope.json"),
        ("--weights", "null.json", "--data", "made.csv"): (2, "suggests no weights.*too few"),
        ("--weights", "text.json", "--data", "made.csv"): (2, "not a number"),
        ("latest", "--gemscore", "--data", "made.csv"): (2, "EXPERIMENT and --gemscore"),
        ("--filter", "tag:nope", "--data", "made.csv"): (1, "nothing matches"),
        ("latest", "--data", "made.csv", "--output", "made.csv/x"): (2, "can't be written"),
    }
    (made.folder / "null.json").write_text('{"weights": null, "reason": "too few"}')
    (made.folder / "text.json").write_text('{"f": "much"}')
    for args, (code, said) in cases.items():
        ran = made("backtest", *args, *PERIOD)
        assert (ran.code, bool(re.search(said, ran.err))) == (code, True), (args, ran)
        assert "Traceback" not in ran.err
        assert [path for path in made.folder.rglob("*") if ".part" in path.name] == []
    assert made.registry.count() == 1
    assert made.registry.runs() == []  # nothing is recorded whose report can't be written


def test_a_misspelt_feature_is_suggested(made: Shell) -> None:
    made.registry.register(ExperimentConfig(["F"], {"F": 1.0}, tags=["misspelt"]))
    ran = made("backtest", "latest", "--data", "made.csv", *PERIOD)
    assert ran.code == 2
    assert 'lacks a column for the feature "F" (the nearest is "f")' in ran.err
    ran = made("backtest", "--filter", "tag:misspelt", "--data", "made.csv", *PERIOD, *QUICK)
    assert ran.code == 2
    assert 'no column for "F" (did you mean "f"?)' in ran.err


def test_columns_that_nobody_named_are_not_read(made: Shell) -> None:
    lines = (made.folder / "made.csv").read_text().splitlines()
    rows = [lines[0] + ",sector,odd", *(f"{line},energy,{number}" for number, line in enumerate(lines[1:]))]
    rows[40] = rows[40].rpartition(",")[0] + ",n/a?"
    (made.folder / "made.csv").write_text("\n".join(rows))
    source = ("--data", "made.csv", *PERIOD, *QUICK)
    made.ok("backtest", "latest", *source)
    made.ok("try", "latest", "g=0.1", *source)
    made.registry.register(ExperimentConfig(["sector"], {"sector": 1.0}, tags=["some"]))
    made.registry.register(ExperimentConfig(["f"], {"f": 1.0}, tags=["some"]))
    ran = made("backtest", "--filter", "tag:some", *source)
    assert ran.code == 5
    assert ran.err.count("failed") == 1
    assert 'column "sector", row 1 (2020-01-01, a0): "energy" is not a number' in ran.err
    made.registry.register(ExperimentConfig(["f", "odd"], {"f": 1.0, "odd": 1.0}))
    assert 'column "odd", row 40' in made("backtest", "latest", *source).err
    made.registry.tag("latest", "some")
    ran = made("backtest", "--filter", "tag:some", *source)
    assert (ran.code, ran.err.count("failed")) == (5, 2) and 'column "odd", row 40' in ran.err


def test_a_feature_that_is_also_a_price_or_a_capitalisation(made: Shell) -> None:
    lines = (made.folder / "made.csv").read_text().splitlines()
    rows = [lines[0] + ",cap,empty", *(f"{line},{number % 7 + 1}," for number, line in enumerate(lines[1:]))]
    (made.folder / "made.csv").write_text("\n".join(rows))
    made.registry.register(ExperimentConfig(["cap", "price"], {"cap": 1.0, "price": -1.0}, tags=["some"]))
    source = ("--data", "made.csv", "--cap-column", "cap", *PERIOD, *QUICK)
    alone = json.loads(made.ok("backtest", "latest", *source, "--json"))
    (row,) = json.loads(made.ok("backtest", "--filter", "tag:some", "--again", *source, "--json"))
    assert row["run"] == alone["run"]["id"]
    made.registry.register(ExperimentConfig(["f", "empty"], {"f": 1.0, "empty": 1.0}, tags=["hollow"]))
    assert 'the feature "empty" has no value on any test date' in made.ok("backtest", "latest", *source)
    assert "1 evaluated" in made.ok("backtest", "--filter", "tag:hollow", "--again", *source)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_drawn_where_somebody_waits(made: Shell, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    from tui.cli import progress

    monkeypatch.setattr(progress, "QUICK", -1.0)
    line = ("--data", "made.csv", *PERIOD, "--horizons", "5", "--train", "90d", "--n-bootstrap", "100")
    ran = made("backtest", "latest", *line, "--compare-baselines", terminal=terminal)
    drawn = re.findall(r"\r\[[# ]{30}\] (\d+) of (\d+) steps", ran.err)
    if terminal:  # two features, a horizon, five intervals, six baselines, the suggestion and its test
        assert drawn == [(str(done), "16") for done in range(1, 17)]
        assert re.search(r"\r +\r[^\[]*$", ran.err), "it is gone in the end"
        assert "of 3 steps" in made("try", "latest", "g=0.1", *line, "--no-bootstrap-ci", terminal=True).err
    else:
        assert "\r" not in ran.err and "steps" not in ran.err
    assert "\r" not in ran.out


def artifacts(folder: Path) -> dict[str, object]:
    made: dict[str, object] = {}
    for file in sorted(folder.rglob("*")):
        if file.name == "summary.json":
            content = json.loads(file.read_text())
            del content["run"]
            made[file.name] = content
        elif file.is_file():
            made[file.name] = file.read_bytes()
    return made


def test_any_number_of_threads_writes_the_same_files(made: Shell) -> None:
    found = []
    for threads in ("1", "2"):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-m", "tui", "backtest", str(CONFIG.config_hash), "--data", "made.csv", *PERIOD,
                   "--compare-baselines", "--n-bootstrap", "200", "--output", f"r{threads}"]  # fmt: skip
        environment["PYTHONPATH"] = str(ROOT)
        subprocess.run(command, cwd=made.folder, env=environment, check=True, capture_output=True)
        found.append(artifacts(made.folder / f"r{threads}"))
    assert found[0] == found[1]


class TestMany:
    def test_a_sweep_from_end_to_end(self, made: Shell) -> None:
        out = made.ok("sweep", "latest", "--vary", "f=0.1:0.3:0.05", "--vary", "hp.k=2,3", "--name", "s 1")
        assert "registered 10 variants" in out
        weights = {config.feature_weights["f"] for config in made.registry.search_by_tag("s 1")}
        assert weights == {0.1, 0.15, 0.2, 0.25, 0.3}
        line = ("backtest", "--filter", 'tag:"s 1"', "--data", "made.csv", *PERIOD, "--horizons", "5", "--train", "90d")
        assert "10 evaluated" in made.ok(*line)
        assert "10 there already" in made.ok(*line)
        assert "10 evaluated" in made.ok(*line, "--again")
        assert len(made.registry.runs()) == 10
        report = made.folder / "reports" / "backtests" / folders(made)[0]
        with (report / "experiments.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        assert {row["outcome"] for row in rows} == {"evaluated"}
        best = made.registry.search(sort="-m.edge", columns="hash,m.edge", limit=1)
        assert max(float(row["edge"]) for row in rows) == pytest.approx(best.rows[0][1])

    def test_one_that_fails_does_not_stop_the_others(self, made: Shell) -> None:
        made.registry.register(ExperimentConfig(["h"], {"h": 1.0}, tags=["all"]))
        made.registry.tag(str(CONFIG.config_hash), "all")
        ran = made("backtest", "--filter", "tag:all", "--data", "made.csv", *PERIOD, "--train", "90d")
        assert ran.code == 5
        assert "failed" in ran.err and '"h"' in ran.err
        assert len(made.registry.runs()) == 1

    def test_one_that_grows_beyond_any_number_stops_nobody(self, made: Shell) -> None:
        """A coin that rises ninefold, bought in a period of a few days: its yearly growth is beyond a float."""
        rows = (made.folder / "made.csv").read_text().splitlines()
        late = [row.split(",") for row in rows[1:] if row >= "2020-10"]
        pumped = [[d, a, repr(float(p) * 1e9 ** (d > "2020-12-28")), str(a == "a1"), g] for d, a, p, _, g in late]
        pumped = [[*row[:3], "1" if row[3] == "True" else "0", row[4]] for row in pumped]
        (made.folder / "pump.csv").write_text("\n".join([rows[0], *map(",".join, pumped)]))
        made.registry.tag(str(CONFIG.config_hash), "all")
        made.registry.register(ExperimentConfig(["f"], {"f": 1.0}, {"k": 1}, tags=["all"]))
        line = ("--data", "pump.csv", "--start", "2020-12-18", "--end", "2020-12-31", "--horizons", "1", "--lag", "0",
                "--walk", "2d", "--train", "9d")  # fmt: skip
        made.ok("backtest", "--filter", "tag:all", *line)
        found = [run.metrics for run in made.registry.runs()]
        assert len(found) == 2
        assert any(each["total_return"] > 1e8 and each["cagr"] is None for each in found)

    def test_an_interrupt_keeps_what_is_done(self, made: Shell) -> None:
        made.ok("sweep", "latest", "--vary", "f=0.002:0.4:0.002", "--name", "many")
        command = [sys.executable, "-m", "tui", "backtest", "--filter", "tag:many", "--data", "made.csv", *PERIOD]
        process = subprocess.Popen(
            command, cwd=made.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while len(made.registry.runs()) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert re.search(r"interrupted after \d+ of 200", err)
        assert folders(made) == []
        done = len(made.registry.runs())
        assert 3 <= done < 200
        assert made.registry.verify().problems == []

    def test_sweeps_that_are_not_made(self, made: Shell) -> None:
        for args, said in {
            ("--vary", "nope=1,2"): "neither a feature nor a hyperparameter",
            ("--vary", "f"): "varies nothing",
            ("--vary", "f=3:1:1"): "a range goes up",
            ("--vary", "f=a,b"): "no number",
            ("--vary", "f=1,2", "--vary", "w.f=3"): "varied twice",
            (): "nothing is varied",
        }.items():
            ran = made("sweep", "latest", *args)
            assert (ran.code, said in ran.err) == (2, True), ran
        assert made.registry.count() == 1
        assert "would register 3 variants" in made.ok("sweep", "latest", "--vary", "f=1,2,3", "--dry-run")
        assert made.registry.count() == 1

    def test_simplex_sample_and_rescale(self, made: Shell) -> None:
        found = json.loads(made.ok("sweep", "latest", "--simplex", "4", "--json", "--name", "x"))
        assert (found["combinations"], len(found["variants"])) == (5, 5)
        for config in made.registry.search_by_tag("x"):
            assert sum(config.feature_weights.values()) == 1
        one, two = (
            made.ok("sweep", "latest", "--vary", "f=0:1:0.01", "--sample", "9", "--dry-run", "--ids") for _ in range(2)
        )
        assert one == two and len(one.splitlines()) == 9
        made.ok("sweep", str(CONFIG.config_hash), "--vary", "f=0.2", "--rescale", "--name", "r")
        assert made.registry.search_by_tag("r")[0].feature_weights == {"f": 0.2, "g": 0.8}

    def test_weights_that_rank_alike_are_reported(self, made: Shell) -> None:
        made.registry.register(ExperimentConfig(["f"], {"f": 1.0}))
        out = made.ok("sweep", "latest", "--vary", "f=2,3,4")
        assert "3 of them fall into 1 group that rank alike" in out


def test_try_tells_whether_it_helped(made: Shell) -> None:
    args = ("try", "latest", "f=0.9", "--data", "made.csv", *PERIOD, "--horizons", "5", "--train", "90d")
    out = made.ok(*args, "--no-bootstrap-ci")
    assert "f: 0.6000 → 0.9000" in out
    assert "verdict: edge " in out
    assert len(made.registry.runs()) == 2
    found = json.loads(made.ok("try", str(CONFIG.config_hash), *args[2:], "--json"))
    assert found["because"] == "parent"
    assert len(made.registry.runs()) == 2  # both were known
    assert made("try", str(CONFIG.config_hash), "f=0.6", *args[3:]).code == 2


class TestRecords:
    result = (
        '{"metrics": {"sharpe": 0.8, "\\u001b[31mred": 1}, "panel": "my [2J panel",'
        ' "period": "2020-01-01..2020-12-31",'
        ' "definitions": {"\\u001b[31mred": {"unit": "x", "direction": "higher", "definition": "y"}}}'
    )

    def test_from_a_file_and_from_stdin(self, made: Shell) -> None:
        (made.folder / "r.json").write_text(self.result)
        one = made.ok("record", "latest", "r.json", "--ids").strip()
        two = made.ok("record", "latest", "-", "--ids", stdin=self.result).strip()
        assert one == two
        for out in (
            made.ok("runs", terminal=True),
            made.ok("show", one, terminal=True),
            made.ok("show", "latest", terminal=True),
            made.ok("metrics", terminal=True),
        ):
            assert "\x1b[2J" not in out and "\x1b[31mred" not in out
        assert json.loads(made.ok("show", one, "--json"))["metrics"]["sharpe"] == 0.8
        assert "recorded without a command" in made.ok("show", one, "--command")
        assert [run["run_id"] for run in json.loads(made.ok("runs", "latest", "--json"))] == [one]
        assert made.ok("runs", "--format", "csv").splitlines()[1].startswith(one)

    def test_a_recorded_edge_is_shown_as_it_was_recorded(self, made: Shell) -> None:
        result = {"metrics": {"precision_at_k": 0.55, "base_rate": 0.56, "edge": 0.02}, "panel": "p",
                  "period": "2020-01-01..2020-12-31"}  # fmt: skip
        run = made.ok("record", "latest", "-", "--ids", stdin=json.dumps(result)).strip()
        for out in (made.ok("show", run), made.ok("show", "latest")):
            assert "0.550 (base 0.560, +0.020)" in out

    def test_refusals(self, made: Shell) -> None:
        for text, said in {
            "[]": "a JSON object",
            "{": "JSON",
            '{"metrics": {}, "panel": "p"}': "period is missing",
            '{"panel": "p", "period": "2020-01-01..2020-12-31"}': "metrics is missing",
            '{"metrics": {"x": 1}, "panel": "p", "period": "2020-01-01..2020-12-31"}': "not defined",
            '{"metrik": 1}': "unknown key",
        }.items():
            ran = made("record", "latest", "-", stdin=text)
            assert (ran.code, said in ran.err) == (2, True), (text, ran)
        assert made.registry.runs() == []

    def test_without_a_registry(self, empty: Shell) -> None:
        assert empty("runs").code == 0
        assert empty("runs", "abcd").code == 3
        assert empty("metrics").code == 0
        assert "precision_at_k" in empty.ok("metrics")
        assert empty("show", "r-1234").code == 3
        assert not (empty.folder / "experiments.duckdb").exists()

    def test_the_command_of_a_run(self, made: Shell) -> None:
        made.ok("backtest", "latest", *QUICK, "--data", "made.csv", *PERIOD)
        run = made.registry.runs()[0]
        out = made.ok("show", run.run_id, "--command")
        assert str(made.folder) in out
        assert "changed" not in out
        (made.folder / "made.csv").unlink()
        assert "the panel made.csv is not there any more" in made.ok("show", run.run_id, "--command")

    @pytest.mark.parametrize(
        "given", [("latest", "--k", "3"), ("--filter", "created>2000", "--again"), ("--filter=f=0.6",)]
    )
    def test_the_command_makes_the_same_run_when_the_words_mean_another_one(
        self, made: Shell, given: tuple[str, ...]
    ) -> None:
        made.ok("backtest", *given, *QUICK[:5], "--data", "made.csv", *PERIOD)
        (run,) = made.registry.runs()
        made.registry.register(CONFIG.variant(weights={"f": 0.9}))
        line = made.ok("show", run.run_id, "--command").splitlines()[1]
        assert CONFIG.config_hash in line.split() and not {"latest", "--filter"} & set(line.split())
        made.ok(*shlex.split(line)[1:])
        assert [each.run_id for each in made.registry.runs()] == [run.run_id]

    def test_the_command_says_when_the_weights_are_others_now(self, made: Shell) -> None:
        weights = made.folder / "w.json"
        weights.write_text('{"f": 1, "g": 2}')
        made.ok("backtest", "--weights", "w.json", *QUICK, "--data", "made.csv", *PERIOD)
        (run,) = made.registry.runs()
        assert "weights in" not in made.ok("show", run.run_id, "--command")
        weights.write_text('{"f": 1, "g": 3}')
        out = made.ok("show", run.run_id, "--command")
        assert f"# the weights in w.json are others now; backtest {run.config_hash} in place of" in out
        weights.unlink()
        assert f"can't be read: No such file or directory; backtest {run.config_hash}" in made.ok(
            "show", run.run_id, "--command"
        )

    def test_trying_names_the_parent_by_its_hash(self, made: Shell) -> None:
        made.ok("try", "latest", "f=0.5", "--data", "made.csv", *PERIOD, *QUICK[1:5])
        runs = made.registry.runs()
        assert len(runs) == 2
        for run in runs:
            line = made.ok("show", run.run_id, "--command").splitlines()[1]
            assert line.startswith(f"experiments try {CONFIG.config_hash} f=0.5 --data made.csv")


def test_in_python(made: Shell) -> None:
    from registry import run_backtest

    registry = ExperimentRegistry(made.folder / "python.duckdb")
    options = {"horizons": (5,), "train_days": 90, "bootstrap": False}
    period = {"start": "2020-01-01", "end": "2020-12-31"}
    run = run_backtest(registry, CONFIG, made.folder / "made.csv", **period, **options)  # type: ignore[arg-type]
    assert registry.run(run.run_id).metrics == run.metrics
    assert run.metrics["edge"] is not None
    variant = run_backtest(registry, str(CONFIG.config_hash), made.folder / "made.csv", k=3, **period, **options)  # type: ignore[arg-type]
    assert registry.config(variant.config_hash).parent == CONFIG.config_hash
    run_backtest(registry, CONFIG.variant(weights={"f": 0.1}), made.folder / "made.csv", record=False, **period,
                 **options)  # type: ignore[arg-type] # fmt: skip
    assert len(registry.runs()) == 2
    assert registry.trials("made", "2020-01-01..2020-12-31") == 3
