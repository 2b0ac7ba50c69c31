"""Files that follow an alias: really rolled back, never somebody else's, and on the disk before the alias moves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry import ExperimentRegistry, settings
from registry.errors import AliasFileError, SettingsError
from tests.aliases.conftest import CONFIGS, HASHES


def held(file: Path) -> str:
    return str(json.loads(file.read_text())["config_hash"])


def state(registry: ExperimentRegistry) -> str:
    (found,) = registry.alias_files()
    return found.state


@pytest.fixture
def file(registry: ExperimentRegistry, tmp_path: Path) -> Path:
    """The file that follows production, which went from the first to the second."""
    file = tmp_path / "weights.json"
    registry.promote(HASHES[0], "production", write=str(file))
    registry.promote(HASHES[1], "production")
    return file


def test_it_goes_where_the_alias_goes(registry: ExperimentRegistry, file: Path) -> None:
    assert file.read_text() == CONFIGS[1].to_json() + "\n"
    registry.rollback("production")
    assert held(file) == HASHES[0]
    assert state(registry) == "fine"
    registry.promote(HASHES[2], "staging")  # has no file
    assert held(file) == HASHES[0]


def test_what_was_changed_by_hand_is_replaced_only_by_force(registry: ExperimentRegistry, file: Path) -> None:
    file.write_text("mine")
    assert state(registry) == "changed"
    for move in (lambda: registry.rollback("production"), lambda: registry.promote(HASHES[2], "production")):
        with pytest.raises(AliasFileError, match=r"changed since we wrote it.*--force"):
            move()
    assert file.read_text() == "mine"
    assert registry.resolve("production") == HASHES[1]
    registry.rollback("production", force=True)
    assert held(file) == HASHES[0]
    assert state(registry) == "fine"


def test_what_was_there_before_is_replaced_only_by_force(registry: ExperimentRegistry, tmp_path: Path) -> None:
    file = tmp_path / "theirs.json"
    file.write_bytes(b"\xff\x00")
    with pytest.raises(AliasFileError, match="not written by this command"):
        registry.promote(HASHES[0], "production", write=str(file))
    assert registry.aliases() == [] and registry.alias_files() == []
    registry.promote(HASHES[0], "production", write=str(file), force=True)
    assert held(file) == HASHES[0]


def test_a_missing_one_is_said_and_written_again(registry: ExperimentRegistry, file: Path) -> None:
    file.unlink()
    (found,) = registry.alias_files()
    assert found.state == "missing" and "experiments promote production production" in found.sentence
    assert registry.promote("production", "production").version == 2  # moves nothing
    assert held(file) == HASHES[1]


def test_where_it_cannot_be_written_the_alias_does_not_move(
    registry: ExperimentRegistry, file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    with pytest.raises(AliasFileError, match="does not exist"):
        registry.promote(HASHES[2], "production", write=str(folder / "w.json"))
    with pytest.raises(AliasFileError, match="directory"):
        registry.promote(HASHES[2], "production", write=str(tmp_path))
    assert registry.resolve("production") == HASHES[1]
    assert [found.file for found in registry.alias_files()] == [str(file)]


def test_where_the_alias_cannot_move_the_file_is_as_it_was(
    registry: ExperimentRegistry, file: Path, tmp_path: Path
) -> None:
    before = file.read_bytes()

    class Stopped(Exception):
        pass

    with pytest.raises(Stopped), registry.store.write():
        registry.promote(HASHES[2], "production")
        assert held(file) == HASHES[2]
        raise Stopped
    # the outer transaction is somebody else's; what it undid, `check` says
    assert state(registry) == "behind"
    registry.promote("production", "production")  # what it holds is ours
    assert file.read_bytes() == before and state(registry) == "fine"


def test_a_crash_between_the_file_and_the_move_is_found_and_mended(
    registry: ExperimentRegistry, file: Path, tmp_path: Path
) -> None:
    program = (
        "import os, sys; from registry import ExperimentRegistry; r = ExperimentRegistry(sys.argv[1])\n"
        "with r.store.write():\n    r.promote(sys.argv[2], 'production'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program, str(registry.path), HASHES[2]], check=False)
    assert held(file) == HASHES[2] and registry.resolve("production") == HASHES[1]
    (found,) = registry.alias_files()
    assert found.state == "behind" and "experiments promote production production" in found.sentence
    registry.rollback("production")
    assert held(file) == HASHES[0] and state(registry) == "fine"


def test_a_failed_commit_takes_the_file_back(
    registry: ExperimentRegistry, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager
    from typing import Any

    real = registry.store.write

    @contextmanager
    def full_disk() -> Any:
        with real() as session:
            yield session
            raise OSError("no space")

    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(registry.store, "write", full_disk)
        with pytest.raises(OSError, match="no space"):
            registry.promote(HASHES[2], "production")
        with pytest.raises(OSError, match="no space"):
            registry.promote(HASHES[2], "staging", write=str(file.with_name("new.json")))
    assert file.read_bytes() == before
    assert not file.with_name("new.json").exists()
    assert state(registry) == "fine"


def test_no_two_aliases_share_one_and_the_registry_is_none(registry: ExperimentRegistry, file: Path) -> None:
    with pytest.raises(AliasFileError, match="follows the alias production"):
        registry.promote(HASHES[2], "staging", write=str(file), force=True)
    for name in (str(registry.path), f"{registry.path}.lock"):
        with pytest.raises(AliasFileError, match="belongs to the registry"):
            registry.promote(HASHES[2], "staging", write=name, force=True)
    with pytest.raises(AliasFileError, match="empty"):
        registry.promote(HASHES[2], "staging", write=" ")


def test_a_link_stays_a_link(registry: ExperimentRegistry, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("")
    link.symlink_to(real)
    registry.promote(HASHES[0], "production", write=str(link), force=True)
    registry.promote(HASHES[1], "production")
    assert link.is_symlink() and held(real) == HASHES[1]


def test_it_can_be_let_go(registry: ExperimentRegistry, file: Path) -> None:
    assert registry.forget_alias_file("production") == str(file)
    assert registry.forget_alias_file("production") is None
    registry.rollback("production")
    assert held(file) == HASHES[1] and registry.alias_files() == []


def test_a_copy_of_the_registry_leaves_it_alone(registry: ExperimentRegistry, file: Path, tmp_path: Path) -> None:
    copy = ExperimentRegistry(registry.backup(tmp_path / "copy.duckdb"))
    copy.rollback("production")
    assert held(file) == HASHES[1] and copy.alias_files() == []


def test_a_registry_that_was_moved_takes_it_along(registry: ExperimentRegistry, file: Path, tmp_path: Path) -> None:
    registry.sync()
    moved = tmp_path / "elsewhere.duckdb"
    registry.path.rename(moved)
    registry = ExperimentRegistry(moved)
    registry.rollback("production")
    assert held(file) == HASHES[0] and state(registry) == "fine"
    assert list(settings.read("alias_files.json")["registries"]) == [str(moved)]


def test_another_registry_at_the_same_path_has_none(registry: ExperimentRegistry, file: Path) -> None:
    for path in registry.path.parent.glob("experiments.duckdb*"):
        if path.is_file():
            path.unlink()
    other = ExperimentRegistry(registry.path)
    other.register(CONFIGS[0])
    other.promote(HASHES[0], "production")
    assert other.alias_files() == [] and held(file) == HASHES[1]


def test_broken_settings_are_said_and_nothing_moves(registry: ExperimentRegistry, file: Path, tmp_path: Path) -> None:
    for text in ("{", "[]", '{"registries": 3}'):
        (tmp_path / "settings" / "alias_files.json").write_text(text)
        if text.startswith('{"'):
            assert registry.alias_files() == []  # nothing that could be used
            continue
        with pytest.raises(SettingsError, match=r"alias_files\.json.*repair it or move it away"):
            registry.rollback("production")
    assert registry.resolve("production") == HASHES[1]


def test_settings_are_changed_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.HOME, str(tmp_path / "a" / "b"))
    assert settings.read("x.json") == {}
    with settings.changing("x.json") as said:
        said["one"] = 1
    with pytest.raises(KeyError), settings.changing("x.json") as said:
        said["two"] = said["missing"]
    assert settings.read("x.json") == {"one": 1}
    monkeypatch.setenv(settings.HOME, str(tmp_path / "a" / "b" / "x.json"))
    with pytest.raises(SettingsError), settings.changing("x.json"):
        pass
