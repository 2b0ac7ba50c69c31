"""`compare`: what differs first, and nothing else unless asked."""

from __future__ import annotations

import json

from registry import ExperimentConfig
from tests.cli.conftest import BASE, VARIANT, Shell
from tui.widths import width


def table(out: str, title: str) -> list[list[str]]:
    """Return the cells of one section, split at runs of spaces."""
    lines = out.split(f"\n\n{title}")[1].split("\n\n")[0].splitlines()
    return [line.split() for line in lines[1:]]


def test_two_with_the_change(shell: Shell) -> None:
    ran = shell("compare", BASE, VARIANT)
    assert table(ran.out, "Weights") == [
        ["AccumulationScore", "0.2000", "0.1000", "-0.1000"],
        ["SentimentScore", "0.1500", "0.2500", "+0.1000"],
    ]
    assert table(ran.out, "Transformations") == [["SentimentScore", "absent", "zscore"]]
    assert "Hyperparameters" not in ran.out
    assert "12 rows the same everywhere not shown" in ran.err


def test_all_shows_the_rest_below(shell: Shell) -> None:
    ran = shell("compare", BASE, VARIANT, "--all")
    rows = table(ran.out, "Weights")
    assert [row[0] for row in rows[:2]] == ["AccumulationScore", "SentimentScore"]
    assert len(rows) == 8
    assert {row[0] for row in table(ran.out, "Hyperparameters")} >= {"k", "walk.days"}
    assert ran.err == ""


def test_many_with_spread(shell: Shell) -> None:
    refs = shell.ok("search", "tag:sweep-1 and 'Sweep 1'", "--ids", "--sort", "created").split()
    out = shell.ok("compare", *refs)
    rows = table(out, "Weights")
    assert rows[0][0] in ("SentimentScore", "AccumulationScore")
    assert rows[0][-1] == "0.2000"
    assert shell.ok("compare", "-", stdin="\n".join(refs)) == out


def test_the_reference_comes_first_and_the_others_show_their_change(shell: Shell) -> None:
    out = shell.ok("compare", "fef9626f1f97", "8ba1823bb20c", "--against", BASE)
    assert out.splitlines()[0].startswith(BASE)
    assert "(reference)" in out.splitlines()[0]
    assert ["SentimentScore", "0.1500", "0.2500", "(+0.1000)", "0.3000", "(+0.1500)", "0.1500"] in table(out, "Weights")
    assert shell.ok("compare", VARIANT, BASE, "--against", BASE).splitlines()[0].startswith(BASE)
    assert shell.ok("compare", VARIANT, "--against", BASE).splitlines()[0].startswith(BASE)


def test_json_of_two_has_the_keys_people_know_and_honours_all(shell: Shell) -> None:
    found = json.loads(shell.ok("compare", BASE, VARIANT, "--json"))
    known = shell.registry.compare(BASE, VARIANT)
    assert {key: found[key] for key in known} == known
    assert all(row["differs"] for row in found["rows"])
    everything = json.loads(shell.ok("compare", BASE, VARIANT, "--json", "--all"))
    assert len(everything["rows"]) == len(found["rows"]) + 12
    many = json.loads(shell.ok("compare", BASE, VARIANT, "latest", "--json", "--against", BASE))
    assert many["against"] == many["experiments"][0]["config_hash"]
    assert json.loads(shell.ok("compare", BASE, BASE, "--json"))["weight_differences"] == {}


def test_the_same_experiment(shell: Shell) -> None:
    assert "The same experiment." in shell.ok("compare", BASE, BASE)


def test_values_that_look_alike_are_told_apart(empty: Shell) -> None:
    for values in (
        {"a": 10, "b": None, "d": ""},
        {"a": 10.0, "b": "null", "c": 0, "d": " "},
        {"a": "10", "d": "absent"},
    ):
        empty.registry.register(ExperimentConfig([], {}, values))
    refs = empty.ok("list", "--ids", "--sort", "created").split()
    out = empty.ok("compare", *refs)
    assert ["a", "10", "10.0", '"10"'] in [row[:4] for row in table(out, "Hyperparameters")]
    assert ["b", "null", '"null"', "absent", "-"] in table(out, "Hyperparameters")
    assert ["c", "absent", "0", "absent"] in [row[:4] for row in table(out, "Hyperparameters")]
    assert ["d", '""', '"', '"', '"absent"', "-"] in table(out, "Hyperparameters")


def test_features_without_weights_and_weights_without_features(empty: Shell) -> None:
    empty.registry.register(ExperimentConfig(["a"], {"b": 1.0}))
    empty.registry.register(ExperimentConfig(["b"], {"b": 1.0}))
    out = empty.ok("compare", *empty.ok("list", "--ids", "--sort", "created").split())
    assert ["a", "no", "weight", "absent"] in table(out, "Weights")
    assert ["b", "1.0000", "(not", "a", "feature)", "1.0000", "0.0000"] in table(out, "Weights")


def test_weights_equal_but_for_rounding(empty: Shell) -> None:
    empty.registry.register(ExperimentConfig(["a"], {"a": 0.3}))
    empty.registry.register(ExperimentConfig(["a"], {"a": 0.1 + 0.2}))
    refs = empty.ok("list", "--ids").split()
    ran = empty("compare", *refs, "--exit-code")
    assert ran.code == 0
    assert "No difference that counts" in ran.out


def test_many_experiments_are_laid_out_in_blocks_that_fit(shell: Shell) -> None:
    refs = shell.ok("list", "--ids").split()
    ran = shell("compare", *refs, terminal=True, width=80)
    assert ran.code == 0
    import re

    lines = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).splitlines()
    heads = [line for line in lines if line.startswith("Weights")]
    assert len(heads) > 3
    assert all(head.split()[1] == refs[0][:12] for head in heads)
    shown = {word for head in heads for word in head.split()[1:]} - {"SPREAD"}
    assert shown == {ref[:12] for ref in refs}
    blocks = [line for line in lines if line.startswith(("Weights", "Hyper", "Transf", "  ")) or "0." in line]
    assert max(map(width, blocks)) <= 80


def test_the_table_is_written_to_a_file_by_its_name(shell: Shell) -> None:
    ran = shell("compare", BASE, VARIANT, "--against", BASE, "-o", "t.md")
    assert ran.code == 0 and ran.out == ""
    assert ran.err == "wrote 3 rows to t.md\n"
    assert "| SentimentScore | 0.15 | 0.25 (+0.1) |" in (shell.folder / "t.md").read_text()
    shell.ok("compare", BASE, VARIANT, "--all", "-o", "t.csv")
    assert (shell.folder / "t.csv").read_text() == shell.ok("compare", BASE, VARIANT, "--all", "--format", "csv")
    shell.ok("compare", BASE, VARIANT, "-o", "t.json")
    assert json.loads((shell.folder / "t.json").read_text())["rows"][0]["name"] == "AccumulationScore"
    assert shell("compare", BASE, VARIANT, "-o", "new.csv", "--exit-code").code == 1

    ran = shell("compare", BASE, VARIANT, "-o", "t.csv")
    assert ran.code == 2 and "t.csv exists" in ran.err and "(--force)" in ran.err
    shell.ok("compare", BASE, VARIANT, "-o", "t.csv", "--force")
    for wrong in (["-o", "t.txt"], ["-o", "t.csv", "--json"], ["-o", "t.json", "--transpose"], ["--transpose"]):
        ran = shell("compare", BASE, VARIANT, *wrong)
        assert ran.code == 2 and ran.out == "" and "Traceback" not in ran.err, wrong
    assert "end it in .csv, .md, .json" in shell("compare", BASE, VARIANT, "-o", "t.txt").err


def test_transposed_an_experiment_is_a_line(shell: Shell) -> None:
    head, first, second = shell.ok("compare", BASE, VARIANT, "--format", "csv", "--transpose").splitlines()
    assert head == "config_hash,description,w.AccumulationScore,w.SentimentScore,transform.SentimentScore"
    assert first.startswith(BASE) and first.endswith(",0.2,0.15,")
    assert second.startswith(VARIANT) and second.endswith(",0.1,0.25,zscore")
