"""Two registries brought together: what unites, what stays, what is said, and that the other one is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError, LockedError, MissingRegistryError, NotARegistryError
from registry.exchange.importing import bring_in
from registry.exchange.merging import MergeReport
from registry.exchange.report import ImportReport, Record
from registry.rows import Note
from registry.runs.panels import PanelDays, PanelRef
from registry.runs.record import Run
from registry.store import Store
from registry.store.run_entries import Trial
from registry.store.schema import MIGRATIONS
from tests.exchange.conftest import config
from tests.strategies import examples

POOL = [str(config(number).config_hash) for number in range(5)]
OUTSIDE = "f" * 64
MOMENTS = [f"2024-06-0{day}T08:00:00.000000+00:00" for day in (1, 2)]
PERIOD = ("2020-01-01", "2020-12-31")


@pytest.fixture
def ours(tmp_path: Path) -> ExperimentRegistry:
    return ExperimentRegistry(tmp_path / "ours.duckdb")


@pytest.fixture
def theirs(tmp_path: Path) -> ExperimentRegistry:
    (tmp_path / "there").mkdir()
    return ExperimentRegistry(tmp_path / "there" / "theirs.duckdb", wait=0.2)


def run_of(config_hash: str, value: float = 0.1, panel: str = "prices", **more: Any) -> Run:
    return Run.from_dict(
        {
            "config_hash": config_hash, "panel": {"name": panel, "fingerprint": panel * 2}, "start": PERIOD[0],
            "end": PERIOD[1], "metrics": {"edge": value}, "recorded_at": MOMENTS[0], **more,
        }
    )  # fmt: skip


def contents(registry: ExperimentRegistry) -> dict[str, Any]:
    """Return all that a merge unites, without what belongs to one file: ids, orders, the log, when it came."""
    with registry.store.read() as session:
        found = session.rows(
            "SELECT e.config_hash, e.deleted_at IS NOT NULL, e.created_at, e.description, e.parent,"
            " coalesce(e.parent_inferred, FALSE),"
            " (SELECT list(tag ORDER BY tag) FROM tag t WHERE t.id = e.id),"
            " (SELECT list((noted_at, note) ORDER BY noted_at, note) FROM note n WHERE n.id = e.id),"
            " (SELECT list(old_hash ORDER BY old_hash) FROM old_hash o WHERE o.id = e.id),"
            " (SELECT list((run_id, panel) ORDER BY run_id) FROM run r WHERE r.id = e.id) FROM experiment e"
        )
        names = ("trashed", "created_at", "description", "parent", "inferred", "tags", "notes", "old_hashes", "runs")
        made: dict[str, Any] = {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}
        made["trials"] = set(session.rows("SELECT config_hash, panel, period_start, period_end, ranking FROM trial"))
        made["purged"] = dict(
            session.rows(
                "SELECT config_hash, max(parent) FROM purged"
                " WHERE config_hash NOT IN (SELECT config_hash FROM experiment) GROUP BY 1"
            )
        )
        made["metrics"] = set(session.rows("SELECT name, unit, direction, definition FROM metric"))
        made["events"] = session.value("SELECT count(*) FROM event")
    return made


@st.composite
def registries(draw: st.DrawFn) -> tuple[list[Record], set[str]]:
    """What a small registry holds, and what of it was purged; of few experiments, so that two have some in common."""
    records = []
    for number in sorted(draw(st.sets(st.integers(0, 4), max_size=4))):
        made = config(
            number,
            description=draw(st.sampled_from(["", "one", "other"])),
            tags=draw(st.lists(st.sampled_from("xyz"), unique=True)),
            parent=draw(st.sampled_from([None, *POOL, OUTSIDE])),
        )
        hash_ = str(made.config_hash)
        runs = draw(st.lists(st.builds(run_of, st.just(hash_), st.sampled_from([0.1, 0.2]), st.sampled_from("pq"))))
        notes = draw(st.lists(st.builds(Note, st.sampled_from(MOMENTS), st.sampled_from(["first", "second"]))))
        tried = Trial(draw(st.sampled_from(POOL)), "0" * 16, PanelRef("p"), *PERIOD, MOMENTS[0])
        records.append(
            Record(
                "made", made, draw(st.sampled_from([(), ("1" * 64,)])), tuple(runs), (tried,), (),
                inferred=draw(st.booleans()), notes=tuple(notes),
                deleted_at=draw(st.sampled_from([None, MOMENTS[1]])),
            )
        )  # fmt: skip
    trashed = [str(record.config.config_hash) for record in records if record.deleted_at]
    return records, draw(st.sets(st.sampled_from(trashed))) if trashed else set()


def build(path: Path, content: tuple[list[Record], set[str]]) -> ExperimentRegistry:
    registry = ExperimentRegistry(path)
    bring_in(registry.store, [("made", record) for record in content[0]], ImportReport())
    with registry.store.write():  # the file is there also when nothing is in it
        pass
    if content[1]:
        registry.purge_many(sorted(content[1]))
    return registry


def without(found: dict[str, Any], reports: list[MergeReport]) -> dict[str, Any]:
    """Return contents without what either merge said that the two differ in."""
    made = {name: dict(value) if isinstance(value, dict) else value for name, value in found.items()}
    del made["events"]
    for conflict in (conflict for report in reports for conflict in report.conflicts):
        if conflict.what in ("description", "parent"):
            made["purged"].pop(conflict.name, None)
            made.get(conflict.name, {})[conflict.what] = None
            made.get(conflict.name, {})["inferred" if conflict.what == "parent" else conflict.what] = None
    return made


@examples(2, 40)
@given(first=registries(), second=registries())
def test_either_way_gives_the_same_is_foreseen_and_happens_once(
    first: tuple[list[Record], set[str]], second: tuple[list[Record], set[str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        a, b = build(Path(folder, "a.duckdb"), first), build(Path(folder, "b.duckdb"), second)
        before_a, before_b = contents(a), contents(b)
        copy = ExperimentRegistry(b.backup(Path(folder, "copy.duckdb")))
        foreseen = a.merge(b.path, dry_run=True)
        assert contents(a) == before_a
        into_a = a.merge(b.path)
        assert {**foreseen.to_dict(), "dry_run": False} == into_a.to_dict()
        assert contents(b) == before_b, "the other one is only read"
        # where either says something the other does not, it is here now
        into_b = copy.merge(build(Path(folder, "again.duckdb"), first).path)
        assert without(contents(a), [into_a, into_b]) == without(contents(copy), [into_a, into_b])
        once = contents(a)
        again = a.merge(b.path)
        assert contents(a) == once and not again.changed, "repeating changes nothing, the log neither"
        assert a.verify().ok


def test_what_unites_what_is_filled_and_what_differs(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    one, two = POOL[1], POOL[2]
    ours.register(config(1, description="", tags=["here"]))
    ours.register(config(2, description="ours", parent=POOL[3]))
    theirs.register(config(1, description="filled", tags=["there", "here"], created_at="2020-01-01T00:00:00"))
    theirs.register(config(2, description="theirs", parent=POOL[4]))
    ours.note(one, "from here")
    theirs.note(one, "from there")
    ours.record_run(one, metrics={"own": 1.0}, panel="p", period=PERIOD, definitions={"own": definition("higher")})
    theirs.record_run(two, metrics={"own": 2.0}, panel="p", period=PERIOD, definitions={"own": definition("lower")})
    report = ours.merge(theirs.path)
    assert report.counts["updated"] == 1 and report.counts["unchanged"] == 1 and report.runs == 1
    details = ours.details(one)
    assert details.config.description == "filled" and details.config.tags == ["here", "there"]
    assert details.config.created_at == "2024-05-01T12:00:00.000000+00:00", "the first word counts"
    assert [note.note for note in details.notes] == ["from here", "from there"]
    assert [run.metrics for run in ours.runs(two)] == [{"own": 2.0}]
    said = {(conflict.what, conflict.name): (conflict.ours, conflict.theirs) for conflict in report.conflicts}
    assert said[("description", two)] == ("ours", "theirs")
    assert said[("parent", two)] == (POOL[3], POOL[4])
    assert said[("metric", "own")] == ("ratio; higher; mine", "ratio; lower; mine")
    assert ours.config(two).description == "ours"


def definition(direction: str) -> dict[str, str]:
    return {"unit": "ratio", "direction": direction, "definition": "mine"}


def test_the_trash_of_both(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    live_here, live_there, only_there = POOL[1:4]
    for registry, numbers in ((ours, (1, 2)), (theirs, (1, 2, 3))):
        for number in numbers:
            registry.register(config(number))
    ours.delete(live_there)
    theirs.delete_many([live_here, only_there])
    deleted_at = theirs.details(only_there, trashed=True).deleted_at
    report = ours.merge(theirs.path)
    assert (report.counts["restored"], report.counts["new"], report.trashed) == (1, 1, 1)
    assert "1 experiment that is live here lies in the trash there" in report.remarks[0].text
    assert {row["config_hash"] for row in ours.search()} == {live_here, live_there}
    assert ours.details(only_there, trashed=True).deleted_at == deleted_at
    ours.restore(only_there)
    assert ours.merge(theirs.path).counts["unchanged"] == 3, "what was brought back stays back"


def test_families_stay_together(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    root, purged, leaf = POOL[0], POOL[1], POOL[2]
    theirs.register(config(0))
    theirs.register(config(1, parent=root))
    theirs.register(config(2, parent=purged))
    theirs.delete(purged)
    theirs.purge(purged)
    ours.register(config(0, parent=leaf))  # which would close a circle
    report = ours.merge(theirs.path)
    assert [(c.what, c.name, c.theirs) for c in report.conflicts] == [("parent", purged, root)]
    assert ours.config(leaf).parent == purged and ours.config(root).parent == leaf
    third = ExperimentRegistry(ours.path.with_name("third.duckdb"))
    third.merge(theirs.path)
    assert contents(third)["purged"] == {purged: root}
    assert third.search(f"ancestor:{root[:8]}")[0]["config_hash"] == leaf


def test_a_guess_that_would_close_a_circle_leaves_no_guess(
    ours: ExperimentRegistry, theirs: ExperimentRegistry
) -> None:
    first, second = config(0, parent=POOL[1]), config(1, parent=POOL[0])
    bring_in(ours.store, [("made", Record("made", first))], ImportReport())
    bring_in(theirs.store, [("made", Record("made", second, inferred=True))], ImportReport())
    report = ours.merge(theirs.path)
    assert [(c.what, c.name, c.theirs) for c in report.conflicts] == [("parent", POOL[1], POOL[0])]
    details = ours.details(POOL[1])
    assert (details.config.parent, details.parent_inferred) == (None, False)


def test_panels_are_one_by_their_content(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    days = ["2020-01-01", "2020-02-01", "2020-03-01"]
    early = PanelDays("prices", days[:2], {"price": [1, 2]})
    late = PanelDays("prices", days, {"price": [1, 2, 3]})
    other = PanelDays("prices", days, {"price": [9, 9, 9]})
    for registry, number, content in ((ours, 1, early), (theirs, 2, late), (theirs, 3, other)):
        registry.register(config(number))
        panel = {"name": "prices", "fingerprint": content.key, "key": content.key}
        registry.record(run_of(POOL[number]).__class__.from_dict(run_dict(POOL[number], panel)), content)
    theirs.record_trial(config(4), PanelRef("prices", late.key, late.key), *PERIOD, late)
    report = ours.merge(theirs.path)
    assert report.runs == 2 and report.trials == 3
    on = {run.config_hash: run.panel_id for run in ours.runs()}
    assert on[POOL[1]] == on[POOL[2]] != on[POOL[3]]
    assert ours.trials("prices", "..".join(PERIOD)) == 4


def run_dict(config_hash: str, panel: dict[str, str]) -> dict[str, Any]:
    return {**run_of(config_hash).to_dict(), "run_id": None, "panel": panel}


def test_aliases_move_only_when_asked_for(
    ours: ExperimentRegistry, theirs: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path / "settings"))
    for registry in (ours, theirs):
        registry.register(config(1))
        registry.register(config(2))
    live = tmp_path / "live.json"
    ours.promote(POOL[1], "production", write=str(live))
    theirs.promote(POOL[2], "production")
    theirs.promote(POOL[2], "candidate")
    report = ours.merge(theirs.path)
    assert [(c.what, c.ours, c.theirs) for c in report.conflicts] == [("alias", POOL[1], POOL[2])]
    assert ours.resolve("production") == POOL[1] and len(ours.aliases()) == 1 and report.moves == []
    written = live.read_text()
    foreseen = ours.merge(theirs.path, aliases=True, dry_run=True).moves
    assert ours.resolve("production") == POOL[1] and live.read_text() == written
    assert ours.merge(theirs.path, aliases=True).moves == foreseen
    assert [(move["alias"], move["version"], move["from_hash"]) for move in foreseen] == [
        ("candidate", 1, None),
        ("production", 2, POOL[1]),
    ]
    assert ours.resolve("production") == POOL[2] and live.read_text() != written
    assert ours.merge(theirs.path, aliases=True).moves == []


def test_what_waits_there_counts_and_stays_there(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    theirs.register(config(1))
    theirs.store.spool.write({"type": "of tomorrow", "version": 9}, "odd")
    before = theirs.store.spool.names()
    assert not theirs.path.exists()
    report = ours.merge(theirs.path)
    assert report.counts["new"] == 1 and "can't be brought in" in report.remarks[0].text
    assert theirs.store.spool.names() == before and not theirs.path.exists()


def test_an_older_and_a_read_only_file(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    old = Store(theirs.path, migrations=MIGRATIONS[:1])
    with old.write():
        pass
    theirs.store.spool.write(entry(1), "waits")
    folder = theirs.path.parent
    content = theirs.path.read_bytes()
    theirs.path.chmod(0o444)
    folder.chmod(0o555)
    there = sorted(folder.iterdir())
    try:
        assert ours.merge(theirs.path).counts["new"] == 1
        assert sorted(folder.iterdir()) == there
    finally:
        folder.chmod(0o755)
    theirs.path.chmod(0o644)
    assert ours.merge(theirs.path).counts["unchanged"] == 1
    assert theirs.path.read_bytes() == content, "it was not brought to the present schema"


def entry(number: int) -> dict[str, Any]:
    from registry.store.entries import register_entry

    return register_entry(config(number))


def test_what_can_not_be_merged(ours: ExperimentRegistry, theirs: ExperimentRegistry, tmp_path: Path) -> None:
    with pytest.raises(MissingRegistryError, match="there is no registry at"):
        ours.merge(theirs.path)
    assert not ours.exists()
    ours.register(config(1))
    ours.sync()
    os.link(ours.path, tmp_path / "hard.duckdb")
    (tmp_path / "soft.duckdb").symlink_to(ours.path)
    for name in ("ours.duckdb", "hard.duckdb", "soft.duckdb", "there/../ours.duckdb"):
        with pytest.raises(ExchangeError, match="this very registry"):
            ours.merge(tmp_path / name)
    (tmp_path / "text.duckdb").write_text("not a registry, whatever it is called")
    with pytest.raises(NotARegistryError):
        ours.merge(tmp_path / "text.duckdb")


def test_one_that_is_held_is_waited_for_and_named(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    theirs.register(config(1))
    theirs.sync()
    program = (
        "import sys; from registry import ExperimentRegistry\n"
        "with ExperimentRegistry(sys.argv[1]).store.write():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holding = subprocess.Popen(
        [sys.executable, "-c", program, str(theirs.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holding.stdout is not None and holding.stdout.readline() == "held\n"
        hasty = ExperimentRegistry(ours.path, wait=0.1)
        with pytest.raises(LockedError, match=str(holding.pid)):
            hasty.merge(theirs.path)
    finally:
        holding.communicate()
    assert ours.merge(theirs.path).counts["new"] == 1


def test_what_was_altered_there_is_left_out(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    for number in (1, 2):
        theirs.register(config(number))
    theirs.record(run_of(POOL[1]))
    with theirs.store.write() as session:
        session.run("UPDATE store.run_metric SET value = 7")
        session.run("UPDATE store.experiment SET feature_weights = '{\"a\": 3}' WHERE config_hash = ?", [POOL[2]])
    report = ours.merge(theirs.path)
    assert (report.counts["new"], report.counts["refused"], report.runs) == (1, 1, 0)
    assert "altered" in report.refused[0].reason and "was altered there" in report.remarks[0].text
    assert ours.verify().ok


def test_a_chunk_at_a_time_with_progress(ours: ExperimentRegistry, theirs: ExperimentRegistry) -> None:
    many = [
        Record("made", ExperimentConfig(["a"], {"a": n / 7}, created_at="2024-05-01T12:00:00")) for n in range(2500)
    ]
    bring_in(theirs.store, [("made", record) for record in many], ImportReport())
    seen: list[float | None] = []
    assert ours.merge(theirs.path, progress=lambda now: seen.append(now.fraction)).counts["new"] == 2500
    assert seen[-1] == 1.0 and seen == sorted(seen, key=lambda fraction: fraction or 0)


def test_an_alias_that_cannot_move_keeps_no_other_from_it(
    ours: ExperimentRegistry, theirs: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path / "settings"))
    for registry in (ours, theirs):
        registry.register(config(1))
        registry.register(config(2))
    live = tmp_path / "live.json"
    ours.promote(POOL[1], "live", write=str(live))
    live.write_text("mine")
    for alias in ("candidate", "live", "old"):
        theirs.promote(POOL[2], alias)
    for dry_run in (True, False):
        report = ours.merge(theirs.path, aliases=True, dry_run=dry_run)
        assert [move["alias"] for move in report.moves] == ["candidate", "old"]
        assert [(each.alias, "changed" in each.reason) for each in report.unmoved] == [("live", True)]
        assert live.read_text() == "mine"
    assert ours.resolve("live") == POOL[1]
    report = ours.merge(theirs.path, aliases=True, force=True)
    assert ([move["alias"] for move in report.moves], report.unmoved) == (["live"], [])
    assert ours.resolve("live") == POOL[2] and live.read_text() != "mine"
    live.write_text("mine again")  # nothing moves, so nothing is in its way
    assert ours.merge(theirs.path, aliases=True).unmoved == []
