"""A comparison as a file: CSV for spreadsheets, Markdown for reports, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.comparison import ABSENT, Comparison, ComparisonRow
from registry.errors import ExchangeError, FileExistsRefusal
from registry.exchange import comparison_text

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    registry = ExperimentRegistry(tmp_path_factory.mktemp("r") / "experiments.duckdb")
    old = ExperimentConfig(
        ["a", "b"], {"a": 0.25, "b": -0.5}, {"k": 10, "walk": {"days": 30}, "same": 1},
        description="the | old one", tags=["x", "y|z"],
    )  # fmt: skip
    new = ExperimentConfig(
        ["a", "=cmd()"], {"a": 0.75, "=cmd()": 0.0}, {"k": 5, "walk": {"days": 30}, "extra": None, "same": 1},
        {"a": "@SUM(A1)"},
    )  # fmt: skip
    hashes = [registry.register(old), registry.register(new)]
    for full, edge, volatility in ((hashes[0], 0.02, 0.2), (hashes[1], 0.01, 0.1)):
        metrics = {"edge": edge, "volatility": volatility}
        registry.record_run(full, metrics=metrics, panel="eu", period="2020-01-01..2020-12-31")
    registry.sync()
    return registry.compare_many(hashes, against=hashes[0])


def test_csv_has_a_line_for_each_row_and_runs_no_formula(comparison: Comparison) -> None:
    head, *found = lines(comparison_text(comparison, "csv"))
    first, second = (full[:12] for full in comparison.hashes)
    assert head == ["section", "name", first, second, "differs", "spread", "metrics_from"]
    by_name = {(line[0], line[1]): line[2:] for line in found}
    assert by_name["feature", "a"] == ["0.25", "0.75", "true", "0.5", ""]
    assert by_name["feature", "b"] == ["-0.5", "", "true", "0.5", ""], "a number is no formula; absent is empty"
    assert by_name["feature", "'=cmd()"][:2] == ["", "0.0"]
    assert by_name["transformation", "a"][:2] == ["", "'@SUM(A1)"]
    assert by_name["hyperparameter", "extra"][:2] == ["", "null"], "null is not absent"
    assert by_name["hyperparameter", "walk.days"] == ["30", "30", "false", "0.0", ""]
    assert by_name["metric", "m.edge"] == ["0.02", "0.01", "true", "0.01", "eu 2020-01-01..2020-12-31"]


def test_transposed_csv_has_a_line_for_each_experiment(comparison: Comparison) -> None:
    found = list(csv.DictReader(io.StringIO(comparison_text(comparison, "csv", transposed=True))))
    assert [line["config_hash"] for line in found] == comparison.hashes
    assert found[0]["w.a"] == "0.25" and found[1]["hp.k"] == "5" and found[1]["w.b"] == ""
    assert found[0]["hp.walk.days"] == "30" and found[1]["transform.a"] == "'@SUM(A1)"
    assert found[0]["description"] == "the | old one"
    assert found[0]["m.volatility"] == "0.2" and found[0]["metrics_from"] == "eu 2020-01-01..2020-12-31"


def test_markdown_names_the_experiments_and_shows_differences(comparison: Comparison) -> None:
    text = comparison_text(comparison, "markdown")
    first, second = (full[:12] for full in comparison.hashes)
    assert f"- `{first}` the \\| old one; tags: x, y\\|z; the reference\n" in text
    assert f"|  | `{first}` | `{second}` |\n| --- | --- | --- |\n" in text
    assert "| **Weights** |  |  |\n" in text
    assert "| a | 0.25 | 0.75 (+0.5) |\n" in text
    assert "| b | -0.5 | *absent* (+0.5) |\n" in text
    assert "| k | 10 | 5 (-5) |\n" in text
    assert "| m.edge | 0.02 | 0.01 (-0.01, the other way) |\n" in text
    assert "| m.volatility | 0.2 | 0.1 (-0.1, the wanted way) |\n" in text
    assert "Metrics on eu 2020-01-01..2020-12-31; their differences are not tested." in text
    transposed = comparison_text(comparison, "markdown", transposed=True)
    assert f"\n| `{second}` | " in transposed and " | 5 (-5) | " in transposed and "| w.a |" in transposed


def test_json_is_the_comparison(comparison: Comparison) -> None:
    assert json.loads(comparison_text(comparison, "json")) == json.loads(json.dumps(comparison.to_dict()))
    assert [each["tags"] for each in comparison.to_dict()["experiments"]] == [["x", "y|z"], []]


def test_seen_from_another_experiment(comparison: Comparison) -> None:
    turned = comparison.seen_from(1)
    assert turned.hashes == comparison.hashes[::-1] and turned.reference == 0
    assert turned.tags == [[], ["x", "y|z"]]
    for before, after in zip(comparison.rows, turned.rows, strict=True):
        assert after.values == before.values[::-1] and after.change(1) == before.change(0, 1)
    assert "| k | 5 | 10 (+5) |\n" in comparison_text(turned, "markdown")


def test_a_file_is_written_whole_and_never_over_another(comparison: Comparison, tmp_path: Path) -> None:
    for name, form in (("t.csv", "csv"), ("t.MD", "markdown"), ("t.json", "json")):
        path = comparison.write(tmp_path / name)
        assert path.read_text(encoding="utf-8") == comparison_text(comparison, form)  # type: ignore[arg-type]
    (tmp_path / "t.csv").write_text("mine")
    with pytest.raises(FileExistsRefusal, match="exists"):
        comparison.write(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "mine"
    comparison.write(tmp_path / "t.csv", force=True)
    assert (tmp_path / "t.csv").read_text() != "mine"
    with pytest.raises(ExchangeError, match=r"says no format; end it in \.csv, \.md, \.json"):
        comparison.write(tmp_path / "t.txt")
    with pytest.raises(ExchangeError, match=r"^\S*gone/t.csv can't be written: the folder \S* does not exist"):
        comparison.write(tmp_path / "gone" / "t.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.MD", "t.csv", "t.json"]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_stays_in_its_cell(name: str, value: str, description: str) -> None:
    row = ComparisonRow("hyperparameter", name, [value, ABSENT], True)
    found = Comparison(["a" * 64, "b" * 64], "a" * 64, [description, ""], [row], tags=[[description], []])
    for transposed in (False, True):
        table = lines(comparison_text(found, "csv", transposed=transposed))
        assert len({len(line) for line in table}) == 1
        for cell in (cell for line in table for cell in line if FORMULA.match(cell)):
            float(cell)  # text that begins like a formula is a number, or it has an apostrophe before it
        text = comparison_text(found, "markdown", transposed=transposed)
        body = [line for line in text.split("\n") if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in body}) == 1, "a pipe splits no cell"
        assert len(text.split("\n")) == 8
