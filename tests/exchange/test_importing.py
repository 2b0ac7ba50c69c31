"""Importing into a real registry: what becomes of each record, dry runs, atomic imports, long ones."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import LockedError, NotARegistryError
from registry.exchange import ImportReport, export_many, import_sources, importing
from registry.exchange.importing import Progress
from registry.store import Store
from tests.exchange.conftest import DATA, config, legacy_record, legacy_registry, line, stored
from tests.prepared import nothing, prepared
from tests.strategies import examples


def write(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def bring(store: Store, *names: str | Path, **more: Any) -> ImportReport:
    return import_sources(store, names, **more)


def chunks_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_CHUNK", "_SMALLEST_CHUNK", "_LARGEST_CHUNK"):
        monkeypatch.setattr(importing, name, size)


def outcomes(report: ImportReport) -> list[str]:
    return [record.outcome for record in report.records]


def counts(report: ImportReport) -> dict[str, int]:
    return {outcome: count for outcome, count in report.counts.items() if count}


def test_the_real_registry_of_the_earlier_system(store: Store, tmp_path: Path) -> None:
    shutil.copy(DATA / "legacy.sqlite", tmp_path / "experiments.sqlite")
    report = bring(store, tmp_path / "experiments.sqlite")
    assert counts(report) == {"new": 49}
    assert (report.refused, report.remarks) == ([], [])
    assert report.changed
    there = stored(store)
    assert len(there) == 49
    assert there["08d6b6669e6769be58700b3a0c535d43e2b08267ebe19ccf342a9bdf7a2d150e"] == {
        "description": "golden: same, features and weights in another order",
        "tags": ["golden", "v1"],
        "created_at": "2024-10-28T08:00:00.841235+00:00",
        "parent": None,
        "trashed": False,
        "old_hashes": [],
    }
    before = there
    again = bring(store, tmp_path / "experiments.sqlite")
    assert counts(again) == {"unchanged": 49}
    assert not again.changed
    assert stored(store) == before


def test_what_was_imported_is_what_the_registry_hands_out(store: Store, tmp_path: Path) -> None:
    made = [config(n, tags=["x", "y"], description=f"é {n}", parent=config(n + 1).config_hash) for n in range(1, 6)]
    export_many(made, tmp_path / "all.ndjson")
    assert counts(bring(store, tmp_path / "all.ndjson")) == {"new": 5}
    registry = ExperimentRegistry(store.path)
    assert [found.to_dict() for found in registry.list_all()] == [c.to_dict() for c in made]
    export_many(registry.list_all(), tmp_path / "again.ndjson")
    assert (tmp_path / "again.ndjson").read_bytes() == (tmp_path / "all.ndjson").read_bytes()
    assert [event.kind for event in registry.log()] == ["imported"] * 5
    assert registry.log()[0].detail["source"].endswith("all.ndjson")


def test_tags_unite_and_a_description_is_filled_when_it_is_empty(store: Store, tmp_path: Path) -> None:
    store.register(config(1, tags=["old"]))
    store.register(config(2, tags=["old"], description="kept"))
    file = write(
        tmp_path / "a.ndjson",
        line(1, tags=["new"], description="filled"),
        line(2, tags=["old"], description="other"),
        line(2, tags=["more"]),
    )
    report = bring(store, file)
    assert outcomes(report) == ["updated", "unchanged", "updated"]
    there = stored(store)
    kept = [there[str(config(n).config_hash)] for n in (1, 2)]
    assert [(k["description"], k["tags"]) for k in kept] == [("filled", ["old", "new"]), ("kept", ["old", "more"])]


def test_metadata_may_be_replaced(store: Store, tmp_path: Path) -> None:
    store.register(config(1, tags=["old"], description="old"))
    file = write(tmp_path / "a.ndjson", line(1, tags=["new"], description="new"))
    assert outcomes(bring(store, file, metadata="replace")) == ["updated"]
    assert outcomes(bring(store, file, metadata="replace")) == ["unchanged"]
    there = stored(store)[str(config(1).config_hash)]
    assert (there["description"], there["tags"]) == ("new", ["new"])


def test_the_trash_gives_back_what_is_imported(store: Store, tmp_path: Path) -> None:
    registry = ExperimentRegistry(store.path)
    registry.register(config(1, tags=["old"]))
    registry.delete(str(config(1).config_hash))
    file = write(tmp_path / "a.ndjson", line(1, tags=["new"]), line(1, tags=["new"]))
    assert outcomes(bring(store, file, dry_run=True)) == ["restored", "unchanged"]
    assert outcomes(bring(store, file)) == ["restored", "unchanged"]
    there = stored(store)[str(config(1).config_hash)]
    assert (there["trashed"], there["tags"]) == (False, ["old", "new"])


def test_old_hashes_find_the_experiment(store: Store, tmp_path: Path) -> None:
    rows = [
        legacy_record({"a": 1, "b": 0.0}),
        legacy_record({"a": 1.0, "b": -0.0}),
        legacy_record({"a": 1.0, "b": 0.0}),
    ]
    legacy_registry(tmp_path / "old.sqlite", rows).close()
    report = bring(store, tmp_path / "old.sqlite")
    assert counts(report) == {"new": 1}
    registry = ExperimentRegistry(store.path)
    found = [registry.get(row["config_hash"]) for row in rows]
    assert [c and c.config_hash for c in found] == [rows[2]["config_hash"]] * 3
    assert counts(bring(store, tmp_path / "old.sqlite")) == {"unchanged": 1}


def test_refusals_say_where_and_why_and_lose_nothing_else(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", line(1), "oops", line(2), line(3).replace("0.5", "0.75"))
    report = bring(store, file, tmp_path / "gone.json", write(tmp_path / "b.json", line(4)))
    assert counts(report) == {"new": 3, "refused": 3}
    assert [refusal.source.rpartition("/")[2] for refusal in report.refused] == [
        "a.ndjson:2",
        "a.ndjson:4",
        "gone.json",
    ]
    assert set(stored(store)) == {config(n).config_hash for n in (1, 2, 4)}


def test_the_report_as_plain_data(store: Store, tmp_path: Path) -> None:
    report = bring(store, write(tmp_path / "a.ndjson", line(1), "oops"))
    assert json.loads(json.dumps(report.to_dict())) == {
        "counts": {"new": 1, "updated": 0, "unchanged": 0, "restored": 0, "refused": 1},
        "runs": 0,
        "aliases": [],
        "dry_run": False,
        "withheld": False,
        "records": [
            {"source": f"{tmp_path}/a.ndjson:1", "config_hash": config(1).config_hash, "outcome": "new"}
        ],
        "refused": [
            {"source": f"{tmp_path}/a.ndjson:2", "reason": "not JSON: Expecting value at line 2, column 1"}
        ],
        "remarks": [],
    }  # fmt: skip


def test_an_atomic_import_is_all_or_nothing(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", line(1), "oops", line(2))
    for dry_run in (True, False):
        report = bring(store, file, atomic=True, dry_run=dry_run)
        assert (report.withheld, report.changed, counts(report)) == (True, False, {"refused": 1})
        assert report.records == []  # none was taken, nor would be
    assert not store.exists()
    report = bring(store, write(tmp_path / "b.ndjson", line(1), line(2)), atomic=True)
    assert (report.withheld, counts(report)) == (False, {"new": 2})


def test_an_atomic_import_of_any_number_is_one_transaction(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(3, monkeypatch)
    entered = []
    write_session = Store.write
    monkeypatch.setattr(Store, "write", lambda self: entered.append(1) or write_session(self))
    file = write(tmp_path / "a.ndjson", *(line(n) for n in range(10)))
    bring(store, file, atomic=True)
    assert len(entered) == 1
    bring(Store(tmp_path / "other.duckdb"), file)
    assert len(entered) == 1 + 4, "otherwise the lock is given up after every chunk"


def test_a_dry_run_changes_nothing_and_makes_nothing(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", line(1), line(2), line(1))
    report = bring(store, file, dry_run=True)
    assert outcomes(report) == ["new", "new", "unchanged"]
    assert (report.dry_run, report.changed) == (True, False)
    assert list(store.path.parent.iterdir()) == []
    bring(store, file)
    before = stored(store)
    assert counts(bring(store, write(tmp_path / "b.ndjson", line(1, tags=["t"])), dry_run=True)) == {"updated": 1}
    assert stored(store) == before


def test_a_dry_run_sees_registrations_that_are_waiting(store: Store, tmp_path: Path) -> None:
    store.register(config(1))
    file = write(tmp_path / "a.ndjson", line(1), line(2))
    assert outcomes(bring(store, file, dry_run=True)) == ["unchanged", "new"]


some = st.builds(
    config,
    st.integers(1, 3),
    tags=st.lists(st.sampled_from("xyz"), max_size=2),
    description=st.sampled_from(["", "d", "e"]),
    parent=st.sampled_from([None, "0" * 64, *(str(config(n).config_hash) for n in (1, 2, 3))]),
)


@examples(8, 60)
@given(
    there=st.lists(some, max_size=3),
    trash=st.sets(st.integers(1, 3)),
    made=st.lists(some, max_size=6),
    metadata=st.sampled_from(["fill", "replace"]),
    chunk=st.sampled_from([1, 2, 100]),
)
def test_a_dry_run_reports_what_the_import_then_does(
    there: list[ExperimentConfig],
    trash: set[int],
    made: list[ExperimentConfig],
    metadata: Literal["fill", "replace"],
    chunk: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        chunks_of(chunk, patch)
        registry = prepared(Path(folder, "r.duckdb"), nothing)
        for one in there:
            registry.register(one)
        deleted = {str(config(n).config_hash) for n in trash}
        registry.delete_many(sorted(deleted.intersection(str(one.config_hash) for one in there)))
        file = Path(folder, "a.ndjson")
        file.write_text("".join(json.dumps(c.to_dict()) + "\n" for c in made) or "[]")
        foreseen = bring(registry.store, file, dry_run=True, metadata=metadata)
        did = bring(registry.store, file, metadata=metadata)
        assert did.records == foreseen.records
        assert did.remarks == foreseen.remarks
        assert len(did.records) == len(made)
        present = stored(registry.store)
        again = bring(registry.store, file, metadata=metadata)
        if metadata == "fill":
            assert set(outcomes(again)) <= {"unchanged"}
            assert stored(registry.store) == present
        assert registry.verify().ok


def test_many_chunks_of_many_files(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks_of(7, monkeypatch)
    for n in range(20):
        write(tmp_path / f"{n:02}.ndjson", line(n), line(n + 100), line(0))
    told: list[Progress] = []
    report = bring(store, tmp_path, progress=told.append)
    assert counts(report) == {"new": 40, "unchanged": 20}
    assert [r.source.rpartition("/")[2] for r in report.records] == [
        f"{n:02}.ndjson:{i}" for n in range(20) for i in (1, 2, 3)
    ]
    assert told[-1] == Progress(60, 1.0)
    assert {event.detail["source"].rpartition("/")[2] for event in ExperimentRegistry(store.path).log()} >= {
        "00.ndjson and 2 more"
    }


def test_standard_input(store: Store) -> None:
    told: list[Progress] = []
    report = bring(store, "-", stdin=io.BytesIO(f"{line(1)}\n{line(2)}\n".encode()), progress=told.append)
    assert [record.source for record in report.records] == ["stdin:1", "stdin:2"]
    assert told[-1] == Progress(2, None)


def test_nothing_to_import_touches_nothing(store: Store, tmp_path: Path) -> None:
    assert bring(store).to_dict()["records"] == []
    assert counts(bring(store, tmp_path / "gone.json")) == {"refused": 1}
    assert not store.exists()


def test_a_registry_that_can_not_be_used(tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", line(1))
    shutil.copy(DATA / "legacy.sqlite", tmp_path / "experiments.sqlite")
    for dry_run in (True, False):
        with pytest.raises(NotARegistryError):
            bring(Store(tmp_path / "experiments.sqlite"), file, dry_run=dry_run)


def test_a_registry_that_is_in_use_is_waited_for_within_bounds(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", line(1))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            held.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    try:
        with pytest.raises(LockedError):
            bring(Store(store.path, wait=0.2), file)
    finally:
        done.set()
        holder.join()
    assert counts(bring(store, file)) == {"new": 1}


def test_chunks_before_a_failure_stay_and_the_import_can_be_repeated(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(5, monkeypatch)
    monkeypatch.setattr(importing, "_TELL_EVERY", 0)
    file = write(tmp_path / "a.ndjson", *(line(n) for n in range(60)))
    done = threading.Event()
    holders: list[threading.Thread] = []

    def hold(told: Progress) -> None:
        if told.records == 12:
            held = threading.Event()

            def work() -> None:
                with store.write():
                    held.set()
                    done.wait(20)

            holders.append(threading.Thread(target=work))
            holders[0].start()
            held.wait(20)

    try:
        with pytest.raises(LockedError):
            bring(Store(store.path, wait=0.2), file, progress=hold)
    finally:
        done.set()
        holders[0].join()
    came_in = len(stored(store))
    assert came_in in (5, 10)
    assert counts(bring(store, file)) == {"unchanged": came_in, "new": 60 - came_in}


def test_what_show_prints_can_be_imported(store: Store, tmp_path: Path) -> None:
    registry = ExperimentRegistry(store.path)
    config_hash = registry.register(config(1, tags=["t"], description="d"))
    registry.note(config_hash, "a note")
    (tmp_path / "shown.json").write_text(json.dumps(registry.details(config_hash).to_dict()))
    other = Store(tmp_path / "other.duckdb")
    report = bring(other, tmp_path / "shown.json")
    assert ExperimentRegistry(other.path).get(config_hash) == registry.get(config_hash)
    assert [remark.text for remark in report.remarks] == ['not taken over: "notes"']


def test_others_register_and_read_while_a_long_import_runs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(100, monkeypatch)
    file = write(tmp_path / "a.ndjson", *(line(n) for n in range(1000)))
    program = f"""
from registry import ExperimentConfig, ExperimentRegistry
registry = ExperimentRegistry({str(store.path)!r})
print("ready", flush=True)
for n in range(15):
    registry.register(ExperimentConfig(["other"], {{"other": n}}))
    print(registry.count(), flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        report = bring(store, file)
        seen = [int(count) for count in other.stdout]
    assert other.returncode == 0
    assert seen == sorted(seen)
    assert counts(report) == {"new": 1000}
    assert ExperimentRegistry(store.path).count() == 1015
