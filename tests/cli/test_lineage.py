"""`lineage`: the tree as people and programs read it."""

from __future__ import annotations

import json

from tests.cli.conftest import BASE, VARIANT, Shell


def test_the_tree(shell: Shell) -> None:
    lines = shell.ok("lineage", VARIANT).splitlines()
    assert lines[0].startswith(BASE)
    marked = [line for line in lines if "* " in line]
    assert (
        len(marked) == 1
        and f"─ * {VARIANT}  " in marked[0]
        and "transform.SentimentScore absent -> zscore" in marked[0]
    )
    assert lines[-1].startswith("└─ ")
    assert all(line.startswith(("├─ ", "│  ", "└─ ", "   ")) for line in lines[1:])
    found = json.loads(shell.ok("lineage", VARIANT, "--json"))
    assert found["size"] == len(lines) and found["root"]["config_hash"].startswith(BASE)
    assert found == shell.registry.lineage(VARIANT).to_dict()


def test_a_narrow_terminal_and_a_small_limit(shell: Shell) -> None:
    ran = shell("lineage", VARIANT, "--limit", "5", terminal=True, width=50)
    plain = ran.out.replace("\x1b[36m", "").replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert all(len(line) <= 50 for line in plain.splitlines())
    assert " more" in plain and "not shown" in ran.err


def test_metrics_and_stubs(shell: Shell) -> None:
    ran = shell("lineage", VARIANT, "--metric", "edge")
    assert ran.code == 0 and "none of them has a run" in ran.err
    between = str(shell.registry.config(VARIANT).parent)
    for ref, edge in ((BASE, 0.01), (between, 0.03)):
        shell.registry.record_run(ref, metrics={"edge": edge}, panel="p", period="2020-01-01..2020-12-31")
    lines = shell.ok("lineage", VARIANT, "--metric", "edge").splitlines()
    assert lines[0] == "m.edge on p 2020-01-01..2020-12-31"
    assert lines[1].startswith("+0.010") and any(line.startswith("+0.030  +0.020  ") for line in lines)
    shell.ok("delete", BASE, "--force")
    assert "(in the trash)" in shell.ok("lineage", VARIANT)
    shell.ok("purge", BASE, "--force")
    assert f"{BASE}  (purged)" in shell.ok("lineage", VARIANT)
    assert shell("lineage", VARIANT, "--metric", "w.SentimentScore").code == 2
    assert shell("lineage", "ffffff").code == 3


def test_guesses(shell: Shell) -> None:
    made = {
        "feature_names": ["SentimentScore"], "feature_weights": {"SentimentScore": 0.5},
        "description": "one \x1b[31mred", "created_at": "2030-01-01T00:00:00+00:00",
    }  # fmt: skip
    second = {**made, "feature_weights": {"SentimentScore": 0.625}, "created_at": "2030-01-02T00:00:00+00:00"}
    shell.ok("import", "-", stdin=json.dumps([made, second]))
    newest = shell.registry.resolve("latest")
    ran = shell("lineage", newest, "--infer")
    assert "(inferred, not recorded) SentimentScore 0.5 -> 0.625" in ran.out and "not recorded" in ran.err
    assert "one \\x1b[31mred" in ran.out
    ran = shell("lineage", newest, "--infer", "--save")
    assert "recorded 1 inferred parent" in ran.err and "(inferred) SentimentScore" in ran.out
    assert "(inferred) SentimentScore" in shell.ok("lineage", newest)
    assert "(inferred)\n" in shell.ok("show", newest)
    ran = shell("lineage", newest, "--forget")
    assert "took back 1 inferred parent" in ran.err and len(ran.lines) == 1
    assert shell("lineage", newest, "--save").code == 2
    assert shell("lineage", newest, "--forget", "--infer").code == 2
