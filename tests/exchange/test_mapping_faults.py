"""What is wrong with a mapping or a foreign record is said in one sentence that names the key, and what is allowed."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from registry.errors import ExchangeError, InvalidConfigError
from registry.exchange.mapped import View, map_record
from registry.exchange.mapped_reading import MappedReader, in_folder
from registry.exchange.mapping import Mapping
from registry.exchange.paths import Path as Dotted
from registry.exchange.report import Found, Record, Refusal, Remark
from registry.exchange.sources import Source
from registry.exchange.text import Meter

W = 'weights = "w"\n'
WRONG_MAPPINGS = [
    ("", 'it says nothing of weights; add [weights] with path = "…" or prefix = "…"'),
    ("x", "not TOML: Expected '='"),
    (f"{W}{W}", "not TOML: Cannot overwrite a value"),
    (f"{W}k = {'9' * 5000}", "not TOML: Exceeds the limit"),
    (f"{W}hyperparameter = 'x'", "did you mean hyperparameters?"),
    (f"{W}colour = 'x'", 'the mapping: "colour" means nothing here; known are records, format, file, weights'),
    ("weights = {pth = 'w'}", 'weights: "pth" means nothing here; did you mean path?'),
    ("weights = {prefix = 3}", "weights.prefix: 3 is no text"),
    ("weights = {optional = true}", "weights: it says nothing of where they are"),
    ("weights = {path = 'w', optional = 1}", "weights.optional: 1 is neither true nor false"),
    ("weights = {path = 'w', only = 'a'}", "weights.only: \"a\" is no list of texts"),
    ("weights = {names = 'a'}", "weights: names and weights are two lists side by side; say both"),
    ("weights = ['a']", "weights: ['a'] is no table; write it as [weights] or {…}"),
    ("weights = 'a..b'", '"a..b" is no path; write dots between keys'),
    ("weights = 'a.'", '"a." is no path'),
    ("weights = 'a[x]'", '"a[x]" is no path'),
    ("weights = 'a\"b'", "is no path"),
    ("weights = '@beside'", '"@beside" names no file; write it as @beside."metrics.json".auc'),
    (f"{W}hyperparameters = {{rest = true, only = ['k']}}", "hyperparameters: rest takes every key"),
    (f"{W}description = {{value = 'x', path = 'y'}}", 'description: say either path = "…" or value = …'),
    (f"{W}description = '@file.sed'", "description: @file.sed is nothing; of a file's path are known stem"),
    (f"{W}file = '(?P<seed>x)'\ndescription = '@file.sed'", "are known stem, name, folder, seed"),
    (f"{W}file = '('", 'file: "(" is no regular expression'),
    (f"{W}format = 'xml'", 'format: "xml" is none of json, ndjson, csv, yaml'),
    (f"{W}time = {{path = 't', format = 'unix'}}", 'time.format: "unix" is none of iso, epoch, epoch_ms, nor'),
    (f"{W}time = {{path = 't', format = '%Q'}}", "time.format: \"%Q\": 'Q' is a bad directive"),
    (f"{W}tags = {{path = 't', always = 'x'}}", 'tags.always: "x" is no list of texts'),
    (f"{W}metrics = {{path = 'm'}}", "metrics: say what they were measured on: panel"),
    (f"{W}metrics = {{path = 'm', panel = 'p'}}", "metrics: say what they were measured on: panel"),
    (
        f"{W}metrics = {{path = 'm', panel = 'p', period = 'q', define = {{auc = {{unit = 'x'}}}}}}",
        "metrics.define: definitions: auc",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG_MAPPINGS, ids=[said[:40] for _, said in WRONG_MAPPINGS])
def test_a_wrong_mapping_is_told_with_its_name(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(ExchangeError) as caught:
        Mapping.read(tmp_path / "map.toml")
    assert str(caught.value).startswith(f"{tmp_path / 'map.toml'}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapping_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"weights = '\xe4'")
    for name, said in (("none.toml", "No such file"), (".", "Is a directory"), ("latin.toml", "not UTF-8 text")):
        with pytest.raises(ExchangeError, match=said):
            Mapping.read(tmp_path / name)


RECORD = {"w": {"a": 1}, "x": 3, "t": "text", "list": [1, 2], "m": {"sharpe": 1, "status": "ok"}, "none": None}
WRONG_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({"weights": "model.w"}, "weights: nothing at model.w; if that may be missing, say optional = true in the mapping"),
    ({"weights": "none"}, "weights: nothing at none"),
    ({"weights": "x"}, "weights: the number 3, where an object or a list was expected"),
    ({"weights": "t"}, 'weights: "text" is not JSON'),
    ({"weights": "list"}, 'weights: 1 is no object with "name" and "weight", nor a pair'),
    ({"weights": {"path": "m"}}, 'weights: "status": "ok" is not a number'),
    ({"weights": {"prefix": "w_"}}, 'weights: no key begins with "w_"'),
    ({"weights": {"path": "w", "only": ["a", "b"]}}, 'weights: no "b" at w'),
    ({"weights": {"path": "w", "except": ["a"]}}, "weights: there are none at w, nor names of features"),
    ({"weights": {"names": "list", "weights": "t"}}, "weights: the names and the values are no two lists"),
    ({"weights": {"names": "nope", "weights": "t"}}, "weights: nothing at nope"),
    ({"weights": "w", "names": "x"}, "feature_names"),
    ({"weights": "w", "description": "title"}, "description: nothing at title"),
    ({"weights": "w", "description": "w"}, "description: an object, where text was expected"),
    ({"weights": "w", "tags": "x"}, "tags: the number 3, where a list or text was expected"),
    ({"weights": "w", "parent": "t"}, "parent"),
    ({"weights": "w", "hyperparameters": {"set": {"k": "nope"}}}, "hyperparameters.set.k: nothing at nope"),
    ({"weights": "w", "time": "t"}, "created_at"),
    ({"weights": "w", "time": "x"}, "time: 3 is no ISO date and time; say time.format, such as epoch"),
    ({"weights": "w", "time": {"path": "t", "format": "epoch"}}, 'time: "text" is not as time.format says, epoch'),
    ({"weights": "w", "time": {"path": "x", "format": "%Y-%m"}}, "time: 3 is not as time.format says, %Y-%m"),
    ({"weights": "w", "metrics": {"path": "m", "panel": "t", "period": "t"}}, 'metrics: "status": "ok" is not'),
    ({"weights": "w", "description": '@beside."x.json"'}, 'description: nothing at @beside."x.json"'),
]  # fmt: skip


@pytest.mark.parametrize(("told", "said"), WRONG_RECORDS, ids=[said[:40] for _, said in WRONG_RECORDS])
def test_a_record_that_does_not_fit_is_told_with_the_key(told: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        map_record(Mapping.from_dict(told), View(RECORD, RECORD), "here")
    assert said in str(caught.value)


def test_what_is_optional_may_be_missing() -> None:
    told = {
        "weights": {"path": "w", "only": ["a", "b"], "optional": True},
        "hyperparameters": {"path": "nope", "optional": True},
        "transformations": {"prefix": "t_", "optional": True},
        "description": {"path": "nope", "optional": True},
        "time": {"path": "nope", "optional": True},
        "tags": {"path": "none", "optional": True},
    }
    config = map_record(Mapping.from_dict(told), View(RECORD), "here").record.config
    assert (config.feature_weights, config.hyperparameters, config.description, list(config.tags)) == (
        {"a": 1},
        {},
        "",
        [],
    )


def test_what_was_not_used_is_listed_as_a_path() -> None:
    told = {"weights": "runs[0].w", "hyperparameters": "deep.hp"}
    record = {"runs": [{"w": {"a": 1}, "x": 2}, 3], "deep": {"hp": {}, "left": {"y": 1}}, "a key": 1, "e": {}, "q.r": 2}
    made = map_record(Mapping.from_dict(told), View(record), "here")
    assert made.unused == ["runs[0].x", "runs[1]", "deep.left.y", '"a key"', "e", '"q.r"']
    for path in made.unused:
        assert Dotted.read(path, "test").find(record)[0] is not None


def read(told: dict[str, Any], *paths: Path, passing: bool = False) -> tuple[list[Found], list[Remark]]:
    reader = MappedReader(Mapping.from_dict(told))
    found = [each for path in paths for each in reader.read(Source(str(path), path, passing=passing), Meter())]
    return found, list(reader.remarks())


def reason(told: dict[str, Any], path: Path) -> str:
    (found,), _ = read(told, path)
    assert isinstance(found, Refusal), found
    return found.reason


HOSTILE: list[tuple[str, bytes, str]] = [
    ("empty.json", b"", "empty; nothing to import"),
    ("empty.csv", b"", "empty; nothing to import"),
    ("deep.json", b'{"w":' + b"[" * 100_000, "nested too deep"),
    ("twice.json", b'{"w": {"a": 1, "a": 2}}', "stands more than once"),
    ("huge.json", b'{"w": {"a": ' + b"9" * 5000 + b"}}", "too long to be read"),
    ("latin.json", b'{"w": "\xe4"}', "not UTF-8 text"),
    ("latin.csv", b"w,\xe4\n1,2\n", "not UTF-8 text"),
    ("twice.csv", b"w,w\n1,2\n", 'the column "w" stands there more than once; keep one'),
    ("long.csv", b"w,x\n1,2,3\n", "it has 3 cells, the first row only 2"),
    ("quote.csv", b'w,x\n1,"2\n', "not CSV"),
    ("cut.json.gz", gzip.compress(b'{"w": {"a": 1}}' * 9)[:-9], "can't be unpacked"),
    ("noise.json.gz", b"\x1f\x8b" + b"noise" * 9, "can't be unpacked"),
    ("table.parquet", b"PAR1\x15\x04\x15", "no text; a mapping is for JSON, NDJSON, CSV and YAML"),
    ("zeros.json.gz", gzip.compress(b"\x00" * 99), "no text; a mapping is for JSON"),
    ("text.json", b'"only text"', 'the text "only text", where an object was expected; see records in the mapping'),
    ("nan.json", b'{"w": {"a": NaN}}', "not a finite number"),
    ("surrogate.json", b'{"w": {"\\ud800": 1}}', "\\ud800"),
]
LAUGHS = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)
)
HOSTILE_YAML: list[tuple[str, bytes, str]] = [
    ("laughs.yaml", LAUGHS, "its aliases make more than 1,000,000 values of it"),
    ("merged.yaml", b"a: &a {" + b",".join(b"k%d: 1" % n for n in range(2000)) + b"}\n"
     + b"".join(b"b%d: {<<: *a}\n" % n for n in range(600)), "<< makes more than 1,000,000 values of it"),
    ("itself.yaml", b"w: &w {a: *w}\n", "found unconstructable recursive node"),
    ("ring.yaml", b"w: &w [*w]\n", "not YAML: found unconstructable recursive node"),
    ("deep.yaml", b"[" * 20_000, "nested too deep"),
    ("object.yaml", b'w: !!python/object/apply:os.system ["true"]\n', "could not determine a constructor for the tag"),
    ("twice.yaml", b"w: {no: 1, 'no': 2}\n", 'the key "no" stands there more than once at line 1'),
    ("key.yaml", b"? [a]\n: 1\n", "a key is no text"),
    ("merge.yaml", b"<<: 3\n", "<< merges objects only"),
    ("tab.yaml", b"w:\n\t- a\n", "not YAML: found character '\\t' that cannot start any token at line 2, column 1"),
    ("huge.yaml", b"w: {a: 0x" + b"F" * 6000 + b"}\n", "an integer of thousands of digits"),
    ("digits.yaml", b"w: {a: " + b"9" * 6000 + b"}\n", "not YAML: Exceeds the limit"),
    ("day.yaml", b"w: {a: 2024-99-99}\n", "not YAML: month must be in 1..12"),
    ("set.yaml", b"w: {a: 1}\nk: !!set {x}\n", "hyperparameters.k"),
    ("bytes.yaml", b"w: {a: 1}\nk: !!binary aGVsbG8=\n", "hyperparameters.k"),
    ("latin.yaml", b"w: \xe4\n", "not UTF-8 text"),
    ("null.yaml", b"---\n---\n", "empty; nothing to import"),
    ("bell.yaml", b"w: \x07\n", "not YAML: "),
]  # fmt: skip
ALL = {"weights": "w", "hyperparameters": {"rest": True}}


@pytest.mark.parametrize(("name", "data", "said"), HOSTILE, ids=[name for name, *_ in HOSTILE])
def test_hostile_files_are_refused_with_a_reason(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert said in reason(ALL, tmp_path / name)


@pytest.mark.full
@pytest.mark.parametrize(("name", "data", "said"), HOSTILE_YAML, ids=[name for name, *_ in HOSTILE_YAML])
def test_hostile_yaml_is_refused_with_a_reason(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    text = reason(ALL, tmp_path / name)
    assert said in text
    assert "\n" not in text


@pytest.mark.full
def test_yaml_as_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "base: &base {k: 5, rate: 1e-3}\nw: {no: 0.5, 1: .25, on: 1e-2}\nhp:\n  <<: *base\n  k: 7\n  day: 2024-05-01\n"
    )
    (found,), _ = read({"weights": "w", "hyperparameters": "hp"}, tmp_path / "one.yaml")
    assert isinstance(found, Record)
    assert found.config.feature_weights == {"no": 0.5, "1": 0.25, "on": 0.01}
    assert found.config.hyperparameters == {"k": 7, "rate": 0.001, "day": "2024-05-01"}
    (tmp_path / "many.yaml").write_text("- w: {a: 1}\n- w: {a: 2}\n---\nw: {a: 3}\n")
    several, _ = read(ALL, tmp_path / "many.yaml")
    assert [each.source.rpartition("/")[2] for each in several] == [
        "many.yaml (document 1) (item 1)", "many.yaml (document 1) (item 2)", "many.yaml (document 2)",
    ]  # fmt: skip


def test_odd_names_of_files_and_keys_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31m[bold]'; DROP.json"
    path.write_text('{"w": {"\\u001b[31m": 1, "[b]": 2, "": 3}, "k": 1}')
    (found,), _ = read({**ALL, "description": "@file.name"}, path)
    assert isinstance(found, Record)
    assert found.config.feature_weights == {"\x1b[31m": 1, "[b]": 2, "": 3}
    assert found.config.description == path.name


def test_records_inside_a_file_and_what_stands_above_them(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text('{"study": "s", "trials": [{"w": {"a": 1}}, {"w": {"a": 2}}, 5]}')
    found, _ = read({"records": "trials", "weights": "w", "description": "@root.study"}, tmp_path / "study.json")
    assert [each.source.rpartition("/")[2] for each in found] == [f"study.json: trials[{n}]" for n in range(3)]
    assert isinstance(found[1], Record)
    assert found[1].config.description == "s"
    assert isinstance(found[2], Refusal)
    assert reason({"records": "runs", "weights": "w"}, tmp_path / "study.json") == "records: nothing at runs"
    assert (
        reason({"records": "study", "weights": "w"}, tmp_path / "study.json")
        == "records: no list and no object at study"
    )


def test_what_is_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"w": {"a": 1}}')
    (tmp_path / "result.json").write_text('{"score": 0.5}\n{"score": 0.75}\n')
    (tmp_path / "one.json").write_text('[{"score": 0.25}]')
    (tmp_path / "progress.csv").write_text("step,score\n1,0.5\n2,0.875\n")
    told: dict[str, Any] = {
        "weights": "w",
        "hyperparameters": {
            "set": {
                "last": '@beside."result.json"[-1].score',
                "all": '@beside."result.json"[*].score',
                "one": '@beside."one.json".score',
                "first": '@beside."one.json"[0].score',
                "cell": '@beside."progress.csv"[-1].score',
                "none": {"path": '@beside."none.json"', "optional": True},
            }
        },
    }
    (found,), _ = read(told, tmp_path / "config.json")
    assert isinstance(found, Record), found
    assert found.config.to_dict()["hyperparameters"] == {
        "last": 0.75, "all": [0.5, 0.75], "one": 0.25, "first": 0.25, "cell": "0.875",
    }  # fmt: skip
    (tmp_path / "result.json").write_text("{")
    assert "result.json can't be read: not JSON" in reason(told, tmp_path / "config.json")


def test_files_of_another_name_are_passed_over_in_a_folder_and_refused_when_named(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    for name in ("run-1/config.json", "run-1/metrics.json", "run-1/other.json"):
        (tmp_path / name).write_text('{"w": {"a": 1}}')
    told = {**ALL, "file": r"run-(?P<seed>\d+)/config\.json$", "description": "@file.seed"}
    found, remarks = read(told, *in_folder(tmp_path), passing=True)
    assert [type(each) for each in found] == [Record]
    assert [each.text for each in remarks] == ["passed over: 2 files, whose paths are not as the mapping's file says"]
    assert reason(told, tmp_path / "run-1/other.json").startswith("its path is not as the mapping's file says: run-(?P")


def test_a_folder_below_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert in_folder(tmp_path) == ([] if os.geteuid() == 0 else [tmp_path / "closed"])


def test_metrics_that_are_not_taken_are_told_once(tmp_path: Path) -> None:
    lines = [json.dumps({"w": {"a": n}, "m": {"sharpe": 1, "mine": 2}}) for n in range(5)]
    lines += ['{"w": {"a": 9}, "m": {"sharpe": 1}, "p": "x", "q": "2020"}']
    (tmp_path / "many.ndjson").write_text("\n".join(lines))
    optional = {key: {"path": key, "optional": True} for key in "pq"}
    told = {"weights": "w", "metrics": {"path": "m", "panel": optional["p"], "period": optional["q"]}}
    found, remarks = read(told, tmp_path / "many.ndjson")
    assert len(found) == 6
    assert [each.text for each in remarks] == [
        "its metrics were not taken: nothing says the panel; so with 5 records",
        'its metrics were not taken: start: "2020" is no day; write it as 2024-01-31',
        "not taken, since nothing says what they mean: mine; add [metrics.define.NAME] with unit, direction and"
        " definition to the mapping",
    ]
