"""Writing experiments: whole or not at all, never over a file unasked, and whatever can be in the way."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry import ExperimentConfig
from registry.errors import ExchangeError, FileExistsRefusal
from registry.exchange import export_many, export_one
from registry.exchange.exporting import _names
from tests.exchange.conftest import config

CONFIGS = [config(n, tags=["t"], description=f"number {n}") for n in (1, 2, 3)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_experiment_is_its_json(tmp_path: Path) -> None:
    report = export_one(CONFIGS[0], tmp_path / "one.json")
    assert (tmp_path / "one.json").read_text() == CONFIGS[0].to_json() + "\n"
    assert report.to_dict() == {
        "count": 1, "path": str(tmp_path / "one.json"), "files": [str(tmp_path / "one.json")]
    }  # fmt: skip
    assert names(tmp_path) == ["one.json"]


def test_one_experiment_with_another_ending(tmp_path: Path) -> None:
    export_one(CONFIGS[0], tmp_path / "one.txt")
    assert (tmp_path / "one.txt").read_text() == CONFIGS[0].to_json() + "\n"
    export_one(CONFIGS[0], tmp_path / "one.ndjson")
    assert (tmp_path / "one.ndjson").read_text().count("\n") == 1
    assert ExperimentConfig.from_json((tmp_path / "one.ndjson").read_text()) == CONFIGS[0]


@pytest.mark.parametrize("ending", [".xlsx", ".yaml", ".MD"])
def test_one_is_not_written_under_the_name_of_another_form(tmp_path: Path, ending: str) -> None:
    with pytest.raises(ExchangeError, match=r"end the name in \.json, \.ndjson, \.csv or \.parquet"):
        export_one(CONFIGS[0], tmp_path / f"one{ending}")
    assert names(tmp_path) == []


def test_many_as_an_array(tmp_path: Path) -> None:
    report = export_many(iter(CONFIGS), str(tmp_path / "all.json"))
    expected = json.dumps([c.to_dict() for c in CONFIGS], indent=2, sort_keys=True) + "\n"
    assert (tmp_path / "all.json").read_text() == expected
    assert report.count == 3


@pytest.mark.parametrize("ending", ["ndjson", "jsonl", "NDJSON"])
def test_many_one_a_line(tmp_path: Path, ending: str) -> None:
    assert export_many(iter(CONFIGS), tmp_path / f"all.{ending}").count == 3
    lines = (tmp_path / f"all.{ending}").read_text().splitlines()
    assert [json.loads(text) for text in lines] == [c.to_dict() for c in CONFIGS]
    assert all(": " not in text and list(json.loads(text)) == sorted(json.loads(text)) for text in lines)


def test_many_into_a_folder(tmp_path: Path) -> None:
    for target in (tmp_path / "new", tmp_path / "there"):
        (tmp_path / "there").mkdir(exist_ok=True)
        report = export_many(iter(CONFIGS), target)
        assert names(target) == sorted(f"{str(c.config_hash)[:12]}.json" for c in CONFIGS)
        assert report.files == [str(target / f"{str(c.config_hash)[:12]}.json") for c in CONFIGS]
        for c in CONFIGS:
            assert (target / f"{str(c.config_hash)[:12]}.json").read_text() == c.to_json() + "\n"


def test_names_that_collide_are_written_in_full() -> None:
    twins = ["a" * 12 + "0" * 52, "a" * 12 + "1" * 52]
    full = {twin: f"{twin}.json" for twin in twins}
    assert _names([*twins, "b" * 64]) == {**full, "b" * 64: "bbbbbbbbbbbb.json"}


def test_the_same_experiment_is_written_once(tmp_path: Path) -> None:
    for target in ("d", "a.json", "a.ndjson"):
        assert export_many([CONFIGS[0], CONFIGS[1], CONFIGS[0]], tmp_path / target).count == 2


def test_streams() -> None:
    stream = io.StringIO()
    assert export_one(CONFIGS[0], stream).path is None
    assert stream.getvalue() == CONFIGS[0].to_json() + "\n"
    stream = io.StringIO()
    export_many(CONFIGS, stream)
    assert [json.loads(text) for text in stream.getvalue().splitlines()] == [c.to_dict() for c in CONFIGS]
    stream = io.StringIO()
    export_many(CONFIGS, stream, form="json")
    assert json.loads(stream.getvalue()) == [c.to_dict() for c in CONFIGS]


def test_nothing_at_all(tmp_path: Path) -> None:
    assert export_many([], tmp_path / "a.json").count == 0
    assert (tmp_path / "a.json").read_text() == "[]\n"
    export_many([], tmp_path / "a.ndjson")
    assert (tmp_path / "a.ndjson").read_text() == ""
    assert export_many([], tmp_path / "d").files == []
    assert names(tmp_path / "d") == []


EXPORTS: list[tuple[str, Callable[..., object]]] = [
    ("one.json", lambda target, **more: export_one(CONFIGS[0], target, **more)),
    ("all.json", lambda target, **more: export_many(CONFIGS, target, **more)),
    ("all.ndjson", lambda target, **more: export_many(CONFIGS, target, **more)),
]


@pytest.mark.parametrize(("name", "export"), EXPORTS)
def test_a_file_is_only_replaced_when_that_was_asked_for(
    tmp_path: Path, name: str, export: Callable[..., object]
) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsRefusal, match=f"{name} exists; name another file"):
        export(tmp_path / name)
    assert (tmp_path / name).read_text() == "precious"
    (tmp_path / name).chmod(0o640)
    export(tmp_path / name, force=True)
    assert "feature_names" in (tmp_path / name).read_text()
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == [name]


def test_a_file_made_in_the_meantime_is_not_replaced(tmp_path: Path) -> None:
    def slow() -> Iterator[ExperimentConfig]:
        yield CONFIGS[0]
        (tmp_path / "all.ndjson").write_text("precious")

    with pytest.raises(FileExistsRefusal):
        export_many(slow(), tmp_path / "all.ndjson")
    assert (tmp_path / "all.ndjson").read_text() == "precious"
    assert names(tmp_path) == ["all.ndjson"]


def test_a_folder_is_checked_before_the_first_file_is_written(tmp_path: Path) -> None:
    short = [f"{str(c.config_hash)[:12]}.json" for c in CONFIGS]
    (tmp_path / short[2]).write_text("precious")
    with pytest.raises(FileExistsRefusal, match=f"{short[2]} exists; name another folder"):
        export_many(CONFIGS, tmp_path)
    assert names(tmp_path) == [short[2]]
    (tmp_path / short[0]).write_text("precious")
    with pytest.raises(FileExistsRefusal, match=f"{short[0]} and 1 more exist; "):
        export_many(CONFIGS, tmp_path)
    export_many(CONFIGS, tmp_path, force=True)
    assert names(tmp_path) == sorted(short)
    assert "precious" not in (tmp_path / short[0]).read_text()


def test_a_folder_of_the_name_of_a_file_is_in_the_way_even_of_force(tmp_path: Path) -> None:
    (tmp_path / f"{str(CONFIGS[1].config_hash)[:12]}.json").mkdir()
    with pytest.raises(ExchangeError, match="is a folder"):
        export_many(CONFIGS, tmp_path, force=True)
    assert len(names(tmp_path)) == 1


def test_one_experiment_is_a_table_where_the_name_says_so_but_never_a_file_in_a_folder(tmp_path: Path) -> None:
    export_one(CONFIGS[0], tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text().startswith("config_hash,")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ExchangeError, match="is a folder; name a file in it"):
        export_one(CONFIGS[0], tmp_path / "folder.csv")
    assert names(tmp_path / "folder.csv") == []


@pytest.mark.parametrize("target", ["all.json", "all.ndjson", "folder"])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, target: str) -> None:
    def interrupted() -> Iterator[ExperimentConfig]:
        yield CONFIGS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_many(interrupted(), tmp_path / target)
    assert names(tmp_path) == []


def test_a_folder_for_a_single_file(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"is a folder; name a file in it, such as .*[0-9a-f]{12}\.json"):
        export_one(CONFIGS[0], tmp_path)
    with pytest.raises(ExchangeError, match="is a folder"):
        export_one(CONFIGS[0], f"{tmp_path}/new/")
    assert names(tmp_path) == []


def test_a_folder_with_the_name_of_a_format_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "all.json").mkdir()
    assert len(export_many(CONFIGS, tmp_path / "all.json").files) == 3
    assert len(export_many(CONFIGS, f"{tmp_path}/v1.0/").files) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("gone/one.json", "the folder .*/gone does not exist; make it first"),
        ("file/one.json", "the folder .*/file is not a folder"),
        ("dangling", "No such file or directory|does not exist"),
        ("loop", "a link that leads nowhere|too many|can't be"),
        ("", "an empty file name"),
        ("nul\x00", "can't be a file's name"),
        ("n" * 300, "the name is too long"),
        ("pipe", "is not an ordinary file"),
    ],
)
def test_places_that_can_not_be_written(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to("gone/far")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    before = names(tmp_path)
    full = f"{tmp_path}/{target}" if target else ""
    with pytest.raises(ExchangeError, match=reason):
        export_one(CONFIGS[0], full, force=True)
    if target != "pipe":
        with pytest.raises(ExchangeError):
            export_many(CONFIGS, full, force=True)
    assert names(tmp_path) == before


def test_a_name_that_tells_no_format(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"\.xlsx is no format to export many experiments to"):
        export_many(CONFIGS, tmp_path / "all.xlsx")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExchangeError, match="is a file; name a folder"):
        export_many(CONFIGS, tmp_path / "file", force=True)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "file.json").symlink_to("real/one.json")
    (tmp_path / "folder").symlink_to("real")
    export_one(CONFIGS[0], tmp_path / "file.json")
    assert (tmp_path / "file.json").is_symlink()
    assert names(tmp_path / "real") == ["one.json"]
    with pytest.raises(FileExistsRefusal):
        export_one(CONFIGS[0], tmp_path / "file.json")
    export_one(CONFIGS[1], tmp_path / "file.json", force=True)
    assert ExperimentConfig.from_json((tmp_path / "real" / "one.json").read_text()) == CONFIGS[1]
    assert len(export_many(CONFIGS, tmp_path / "folder").files) == 3
    assert len(names(tmp_path / "real")) == 4


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder nobody may write into")
def test_a_folder_nobody_may_write_into() -> None:
    with pytest.raises(ExchangeError, match=r"permission denied|read-only"):
        export_one(CONFIGS[0], "/sys/one.json")
    with pytest.raises(ExchangeError, match=r"permission denied|read-only"):
        export_many(CONFIGS, "/sys/kernel")
    with pytest.raises(ExchangeError, match=r"permission denied|read-only"):
        export_many(CONFIGS, "/sys/new")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    program = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from registry import ExperimentConfig
from registry.exchange import export_many
from registry.errors import ExchangeError
configs = [ExperimentConfig(["a"], {{"a": n}}, description="x" * 5000) for n in range(9)]
for target in ("all.json", "all.ndjson", "folder"):
    try:
        export_many(configs, {str(tmp_path)!r} + "/" + target)
    except ExchangeError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("can't be written: ") == 3
    assert names(tmp_path) == []


def test_what_others_may_read_is_the_users_choice(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        export_one(CONFIGS[0], tmp_path / "one.json")
        export_many(CONFIGS, tmp_path / "folder")
    finally:
        os.umask(before)
    assert (tmp_path / "one.json").stat().st_mode & 0o777 == 0o640
    assert all(path.stat().st_mode & 0o777 == 0o640 for path in (tmp_path / "folder").iterdir())


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_experiments_are_written_as_they_come(form: str) -> None:
    class Stream(io.StringIO):
        written = 0

        def write(self, text: str) -> int:
            self.written += text.count("config_hash")
            return super().write(text)

    stream = Stream()

    def coming() -> Iterator[ExperimentConfig]:
        for n in range(5):
            assert stream.written == n
            yield config(n)

    export_many(coming(), stream, form="json" if form == "json" else "ndjson")
    assert stream.written == 5
