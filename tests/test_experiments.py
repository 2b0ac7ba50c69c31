"""ExperimentRegistry: what each call promises, on real files."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from registry import (
    AmbiguousHashError,
    ExperimentConfig,
    ExperimentRegistry,
    HashMismatchError,
    InvalidConfigError,
    InvalidReferenceError,
    NotFoundError,
    QueryError,
    StoreError,
    changes,
)
from registry.store import lock
from tests.prepared import nothing, prepared


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """A registry that holds nothing."""
    return prepared(tmp_path / "experiments.duckdb", nothing)


@pytest.fixture
def missing(tmp_path: Path) -> ExperimentRegistry:
    """A registry that is not there yet."""
    return ExperimentRegistry(tmp_path / "experiments.duckdb")


def config(weight: float = 1.0, **fields: object) -> ExperimentConfig:
    return ExperimentConfig(["a", "b"], {"a": weight, "b": 0.5}, **fields)  # type: ignore[arg-type]


def kinds(registry: ExperimentRegistry, reference: str | None = None) -> list[str]:
    return [event.kind for event in registry.log(reference=reference)]


class TestRegister:
    def test_the_same_content_is_one_experiment(self, registry: ExperimentRegistry) -> None:
        parent, other = "1" * 64, "2" * 64
        first = registry.register(config(tags=["x", "y"], description="first", created_at="2024-01-01", parent=parent))
        assert registry.register(config(tags=["y", "z"], created_at="2025-01-01", parent=other)) == first
        found = registry.config(first)
        assert found.tags == ["x", "y", "z"]
        assert found.description == "first"
        assert str(found.created_at).startswith("2024-01-01")
        assert found.parent == parent
        assert registry.count() == 1

    def test_a_description_replaces_and_the_old_one_stays_in_the_log(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config(description="first"))
        registry.register(config(description="second"))
        assert registry.config(config_hash).description == "second"
        event = next(event for event in registry.log() if event.kind == "described")
        assert event.detail == {"old": "first", "new": "second"}

    def test_content_in_the_trash_comes_back_and_the_log_says_so(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config(tags=["kept"]))
        registry.note(config_hash, "a thought")
        registry.delete(config_hash)
        registry.register(config())
        assert registry.config(config_hash).tags == ["kept"]
        assert [note.note for note in registry.details(config_hash).notes] == ["a thought"]
        assert kinds(registry, config_hash) == ["registered", "noted", "deleted", "restored"]

    def test_after_purge_it_is_new(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config(tags=["old"], created_at="2024-01-01"))
        registry.delete(config_hash)
        assert registry.purge(config_hash) is True
        registry.register(config(tags=["new"], created_at="2025-01-01"))
        found = registry.config(config_hash)
        assert (found.tags, str(found.created_at)[:4]) == (["new"], "2025")

    def test_hash_is_recomputed(self, registry: ExperimentRegistry) -> None:
        made = config()
        object.__setattr__(made, "config_hash", "0" * 64)
        assert registry.register(made) == config().config_hash
        assert registry.get("0" * 64) is None

    def test_only_configurations(self, registry: ExperimentRegistry) -> None:
        with pytest.raises(InvalidConfigError, match="not dict"):
            registry.register({"feature_names": []})  # type: ignore[arg-type]

    def test_threads(self, registry: ExperimentRegistry) -> None:
        def work(start: int) -> None:
            for i in range(start, start + 5):
                config_hash = registry.register(config(i))
                registry.tag(config_hash, f"t{i}")
                assert registry.get(config_hash) is not None

        threads = [threading.Thread(target=work, args=(n * 5,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert registry.count() == 15
        assert len(registry.tags()) == 15


class TestGet:
    def test_old_hashes_count(self, registry: ExperimentRegistry) -> None:
        import hashlib
        import json

        content = {
            "feature_names": ["a"],
            "feature_weights": {"a": 1},
            "feature_transformations": {},
            "hyperparameters": {},
        }
        old = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        new = registry.register(ExperimentConfig.from_dict({**content, "config_hash": old}))
        assert new != old
        for reference in (old, old[:10], old.upper(), new, new[:10]):
            assert registry.resolve(reference) == new
        assert registry.details(new).old_hashes == [old]

    def test_references_that_name_nothing(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config())
        for empty in ("", "  "):
            with pytest.raises(InvalidReferenceError, match="empty"):
                registry.get(empty)
        with pytest.raises(InvalidReferenceError):
            registry.get(None)  # type: ignore[arg-type]
        assert registry.get("not a hash") is None
        registry.delete(config_hash)
        assert registry.get(config_hash[:8]) is None
        with pytest.raises(NotFoundError, match="in the trash"):
            registry.resolve(config_hash[:8])

    def test_ambiguous_prefix_lists_the_candidates(self, registry: ExperimentRegistry) -> None:
        hashes = sorted(registry.register(config(i)) for i in range(17))
        shared = next(a[0] for a, b in pairwise(hashes) if a[0] == b[0])
        with pytest.raises(AmbiguousHashError) as caught:
            registry.get(shared)
        for candidate in caught.value.candidates:
            assert candidate.startswith(shared)
            assert candidate[:12] in str(caught.value)

    def test_latest(self, registry: ExperimentRegistry) -> None:
        registry.register(config(1, created_at="2024-01-02"))
        newest = registry.register(config(2, created_at="2024-01-03"))
        registry.register(config(3, created_at="2024-01-01"))
        assert registry.resolve("latest") == newest

    def test_an_altered_experiment_is_told(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config())
        with registry.store.write() as session:
            session.run('UPDATE store.experiment SET feature_weights = \'{"a": 0.9, "b": 0.5}\'')
        with pytest.raises(HashMismatchError, match="experiments verify"):
            registry.get(config_hash)


class TestLists:
    def test_newest_first_ties_in_registration_order(self, registry: ExperimentRegistry) -> None:
        same = "2024-05-05T00:00:00"
        hashes = [registry.register(config(i, created_at=same)) for i in range(3)]
        newest = registry.register(config(9, created_at="2024-06-01"))
        assert [found.config_hash for found in registry.list_all()] == [newest, *hashes]

    def test_an_empty_registry_answers_and_makes_nothing(self, missing: ExperimentRegistry, tmp_path: Path) -> None:
        assert missing.list_all() == []
        assert missing.search().rows == []
        assert (missing.count(), missing.tags(), missing.trash().rows, missing.log()) == (0, {}, [], [])
        assert missing.get("abc") is None
        assert missing.delete("abc") is missing.restore("abc") is missing.purge("abc") is False
        assert missing.verify().ok
        assert not missing.info().exists
        with pytest.raises(NotFoundError, match="no registry"):
            missing.tag("abc", "x")
        assert list(tmp_path.iterdir()) == []

    def test_browse_and_page(self, registry: ExperimentRegistry) -> None:
        hashes = [registry.register(config(i, tags=[f"t{i}"], created_at=f"2024-01-0{i + 1}")) for i in range(5)]
        found = registry.browse(sort="created")
        assert (found.matched, found.total) == (5, 5)
        rows = registry.page(found.ids[1:4])
        assert [row.config_hash for row in rows] == hashes[1:4]
        assert rows[0].tags == ["t1"]
        assert rows[0].weights == {"a": 1.0, "b": 0.5}
        assert registry.page([]) == []


class TestTrash:
    def test_delete_restore_purge(self, registry: ExperimentRegistry) -> None:
        config_hash = registry.register(config(tags=["t"]))
        assert registry.purge(config_hash) is False  # only what lies in the trash
        assert registry.delete(config_hash[:8]) is True
        assert registry.delete(config_hash) is False
        assert registry.trash()[0]["config_hash"] == config_hash
        assert registry.tags() == {}
        assert registry.restore(config_hash[:8]) is True
        assert registry.restore(config_hash) is False
        assert registry.config(config_hash).tags == ["t"]
        registry.delete(config_hash)
        assert registry.purge(config_hash[:8]) is True
        assert registry.trash().rows == []
        assert kinds(registry, config_hash) == ["registered", "deleted", "restored", "deleted", "purged"]

    def test_ids_are_never_used_twice(self, registry: ExperimentRegistry) -> None:
        registry.register(config(1))
        gone = registry.register(config(2))
        (last,) = (row.id for row in registry.page(registry.browse().ids) if row.config_hash == gone)
        registry.delete(gone)
        registry.purge(gone)
        registry.register(config(3))
        assert last not in registry.browse().ids


class TestMetadata:
    def test_tags(self, registry: ExperimentRegistry) -> None:
        one, two = registry.register(config(1, tags=["x"])), registry.register(config(2))
        assert registry.tag([one, two[:10]], ["x", "y"]) == 2
        assert registry.tag(one, "x") == 0
        assert registry.tags() == {"x": 2, "y": 2}
        assert registry.untag([one, two], "y") == 2
        assert registry.rename_tag("x", "z") == 2
        assert registry.config(one).tags == ["z"]
        with pytest.raises(NotFoundError, match='"nope"'):
            registry.rename_tag("nope", "z")
        with pytest.raises(InvalidConfigError, match="blank"):
            registry.tag(one, " ")

    def test_renaming_into_a_tag_one_has_keeps_one(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1, tags=["x", "y"]))
        assert registry.rename_tag("x", "y") == 1
        assert registry.config(one).tags == ["y"]

    def test_nothing_changes_when_one_reference_is_wrong(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1))
        with pytest.raises(NotFoundError):
            registry.tag([one, "ffffffff"], "x")
        assert registry.config(one).tags == []

    def test_describe_and_note(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1, description="old"))
        assert registry.describe(one[:8], "new") is True
        assert registry.describe(one, "new") is False
        registry.note(one, "first line")
        registry.note(one, "second line")
        details = registry.details(one)
        assert details.config.description == "new"
        assert [note.note for note in details.notes] == ["first line", "second line"]
        with pytest.raises(InvalidConfigError, match="note"):
            registry.note(one, "  ")

    def test_children(self, registry: ExperimentRegistry) -> None:
        base = config(1)
        registry.register(base)
        child = registry.register(base.variant(weights={"a": 0.7}))
        assert registry.details(str(base.config_hash)).children == [child]
        assert registry.config(child).parent == base.config_hash


class TestLog:
    def test_since_and_limit(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1))
        registry.tag(one, "x")
        registry.untag(one, "x")
        assert [event.kind for event in registry.log(limit=2)] == ["tagged", "untagged"]
        assert registry.log(since=datetime.now(UTC) + timedelta(minutes=1)) == []
        assert len(registry.log(since="2020-01-01")) == 3
        with pytest.raises(InvalidConfigError, match="since"):
            registry.log(since="whenever")

    def test_the_log_of_a_purged_experiment_is_kept(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1))
        registry.delete(one)
        registry.purge(one)
        assert kinds(registry, one) == ["registered", "deleted", "purged"]


class TestVerify:
    ALTERATIONS = (
        'UPDATE store.experiment SET feature_weights = \'{"a": 0.9, "b": 0.5}\' WHERE id = 1',
        "UPDATE store.experiment SET hyperparameters = '{\"k\": 11}' WHERE id = 1",
        "UPDATE store.experiment SET feature_names = 'not json' WHERE id = 1",
        "UPDATE store.feature SET weight = 0.9 WHERE id = 1 AND feature = 'a'",
        "DELETE FROM store.feature WHERE id = 1 AND feature = 'a'",
        "UPDATE store.hyperparameter SET exact = '11' WHERE id = 1",
        "DELETE FROM store.hyperparameter WHERE id = 1",
    )

    def test_what_was_altered_is_named(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1, hyperparameters={"k": 10}))
        registry.register(config(2, hyperparameters={"k": 10}))
        assert registry.verify().ok
        good = registry.path.read_bytes()
        for alteration in self.ALTERATIONS:
            registry.path.write_bytes(good)
            with registry.store.write() as session:
                session.run(alteration)
            found = registry.verify()
            assert not found.ok, alteration
            assert found.checked == 2, alteration
            assert {problem.config_hash for problem in found.problems} == {one}, alteration


class TestSql:
    def test_the_earlier_systems_columns(self, registry: ExperimentRegistry) -> None:
        made = config(
            1, hyperparameters={"n": 12345678901234567890, "w": {"d": 1}}, tags=["x", "y"], description='a "b" \\ é'
        )
        registry.register(made)
        found = registry.sql("SELECT * FROM experiments")
        assert found.columns[:9] == [
            "config_hash", "created_at", "description", "feature_names", "feature_weights",
            "feature_transformations", "hyperparameters", "tags", "config_json",
        ]  # fmt: skip
        assert ExperimentConfig.from_json(found[0]["config_json"]) == made
        assert registry.sql("SELECT tag FROM experiment_tags ORDER BY 1").rows == [("x",), ("y",)]
        assert registry.sql("SELECT feature, weight FROM weights WHERE weight > ? ORDER BY 1", [0.7]).rows == [
            ("a", 1.0)
        ]

    def test_the_trash_is_not_in_the_views(self, registry: ExperimentRegistry) -> None:
        registry.delete(
            registry.register(config(1, hyperparameters={"k": 1}, tags=["x"], feature_transformations={"a": "log"}))
        )
        for view in ("experiments", "experiment_tags", "weights", "transformations", "hyperparameters", "notes"):
            assert registry.sql(f"SELECT count(*) FROM {view}").rows == [(0,)]

    FORBIDDEN = (
        "DELETE FROM store.experiment",
        "DROP VIEW weights",
        "CREATE TABLE main.mine (a INTEGER)",
        "COPY weights TO '{folder}/stolen.csv'",
        "COPY weights TO '{folder}/stolen.parquet' (FORMAT parquet)",
        "EXPORT DATABASE '{folder}/stolen'",
        "ATTACH '{folder}/other.duckdb'",
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SET enable_external_access = true",
        "INSTALL fts",
        "SELECT * FROM glob('{folder}/*')",
    )

    def test_it_can_neither_write_nor_read_other_files(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        (tmp_path / "secret.csv").write_text("a\n1\n")
        registry.register(config(1))
        registry.sync()
        before = sorted(tmp_path.iterdir())
        content = registry.path.read_bytes()
        for query in self.FORBIDDEN:
            with pytest.raises(QueryError):
                pytest.fail(f"{query}: {registry.sql(query.replace('{folder}', str(tmp_path))).rows}")
            assert sorted(tmp_path.iterdir()) == before, query
            assert registry.path.read_bytes() == content, query
        assert registry.count() == 1

    def test_errors_help(self, registry: ExperimentRegistry) -> None:
        registry.register(config(1))
        for change in ("DELETE FROM weights", "UPDATE weights SET weight = 1", "INSERT INTO weights VALUES (1)"):
            with pytest.raises(QueryError, match="can only be read by SQL"):
                registry.sql(change)
        with pytest.raises(QueryError, match="the views are experiments"):
            registry.sql("SELECT * FROM nope")
        with pytest.raises(QueryError, match="empty"):
            registry.sql(" ")


class TestBackup:
    def test_one_complete_file(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        hashes = {registry.register(config(i, tags=["t"])) for i in range(5)}
        target = registry.backup(tmp_path / "copy.duckdb")
        late = registry.register(config(99))
        copy = ExperimentRegistry(target)
        assert {str(found.config_hash) for found in copy.list_all()} == hashes
        assert copy.verify().ok
        copy.register(config(100))
        assert registry.count() == 6
        assert copy.get(late) is None

    def test_refusals(self, missing: ExperimentRegistry, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="nothing to back up"):
            missing.backup(tmp_path / "copy.duckdb")
        missing.register(config(1))
        with pytest.raises(StoreError, match="registry itself"):
            missing.backup(missing.path)
        target = missing.backup(tmp_path / "copy.duckdb")
        with pytest.raises(StoreError, match="exists"):
            missing.backup(target)
        missing.register(config(2))
        assert ExperimentRegistry(missing.backup(target, force=True)).count() == 2
        with pytest.raises(StoreError, match="does not exist"):
            missing.backup(tmp_path / "missing" / "copy.duckdb")


class TestLocation:
    def test_nearest_up_to_the_root_of_the_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = tmp_path / "repository"
        inner = repository / "deep" / "inner"
        inner.mkdir(parents=True)
        (repository / ".git").mkdir()
        monkeypatch.chdir(inner)
        ExperimentRegistry(tmp_path / "experiments.duckdb").register(config(1))  # above the root: never taken
        assert ExperimentRegistry().path == inner / "experiments.duckdb"
        ExperimentRegistry(repository / "experiments.duckdb").register(config(1))
        assert ExperimentRegistry().path == repository / "experiments.duckdb"
        ExperimentRegistry(repository / "deep" / "experiments.duckdb").register(config(1))
        assert ExperimentRegistry().path == repository / "deep" / "experiments.duckdb"

    def test_outside_a_repository_only_the_folder_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ExperimentRegistry(tmp_path / "experiments.duckdb").register(config(1))
        (tmp_path / "work").mkdir()
        monkeypatch.chdir(tmp_path / "work")
        assert ExperimentRegistry().path == tmp_path / "work" / "experiments.duckdb"
        monkeypatch.setenv("EXPERIMENTS_DB", str(tmp_path / "x.duckdb"))
        assert ExperimentRegistry().path == tmp_path / "x.duckdb"


class TestWaitingRegistrations:
    """Every question has its answer while registrations wait and others keep them from being brought in."""

    def test_every_question_is_answered(self, registry: ExperimentRegistry) -> None:
        base = config(1, tags=["x"])
        one = registry.register(base)
        registry.note(one, "first")
        with ThreadPoolExecutor(1) as others:
            held = lock.holding(registry.path, shared=True, timeout=5)
            others.submit(held.__enter__).result()
            two = registry.register(base.variant(weights={"a": 0.5}))
            try:
                assert [note.note for note in registry.details(one).notes] == ["first"]
                assert registry.details(one).children == [two]
                assert registry.config(two).parent == one
                assert registry.browse("tag:x").matched == 2
                assert len(registry.page(registry.browse().ids)) == 2
                assert registry.search(columns="hash,notes,w.a", sort="-notes").total == 2
                assert registry.names().tags == {"x": 2}
                assert len(registry.compare_many([one, two]).rows) == 2
                assert registry.verify().ok
                assert registry.info().pending == 1
                assert [event.kind for event in registry.log()] == ["registered", "noted", "registered"]
                assert registry.sql("SELECT count(*) FROM notes").rows == [(1,)]
            finally:
                others.submit(held.__exit__, None, None, None).result()

    def test_tagging_what_was_purged_meanwhile_leaves_nothing(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1))
        (id_,) = registry.browse().ids
        registry.delete(one)
        registry.purge(one)
        with registry.store.write() as session:
            assert changes.tag(session, {one: id_}, ["x"]) == 0
        assert registry.verify().ok

    def test_one_text_is_one_reference(self, registry: ExperimentRegistry) -> None:
        one = registry.register(config(1))
        assert registry.compare_many(one).hashes == [one]
        assert registry.resolve_many(one[:8]) == [one]

    def test_queries_that_ask_nothing(self, registry: ExperimentRegistry) -> None:
        registry.register(config(1))
        for query in (";", "-- nothing", "select '\udcff'"):
            with pytest.raises((QueryError, InvalidConfigError)):
                pytest.fail(f"{query!r}: {registry.sql(query).rows}")
