"""JSON in its shapes: one object, objects one after another, an array; and everything that is wrong with it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.exchange.text import Meter, read_values
from tests.exchange.conftest import config, line, read

HASHES = [config(n).config_hash for n in range(1, 6)]


def write(tmp_path: Path, content: str | bytes, name: str = "file.x") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(line(1), id="one line"),
        pytest.param(config(1).to_json(), id="indented"),
        pytest.param(config(1).to_json() + "\n", id="final newline"),
        pytest.param("\n \t\r\n" + line(1) + "\n\n", id="blank lines around"),
        pytest.param("\ufeff" + config(1).to_json(), id="byte order mark"),
        pytest.param(config(1).to_json().replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param("   " + config(1).to_json(), id="indented first line"),
        pytest.param("[" + line(1) + "]", id="array of one"),
        pytest.param(line(1)[:-1] + "\n}", id="closed on a line of its own"),
        pytest.param("{\n" + line(1)[1:], id="opened on a line of its own"),
    ],
)
def test_one_experiment(tmp_path: Path, content: str) -> None:
    found = read(write(tmp_path, content))
    assert (found.refused, found.remarks) == ([], [])
    assert [r.config for r in found.records] == [config(1)]
    assert found.records[0].source.rpartition("/")[2] in ("file.x", "file.x:1 (item 1)")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\n".join(line(n) for n in range(1, 4)), id="NDJSON"),
        pytest.param("\r\n".join(line(n) for n in range(1, 4)) + "\r\n", id="NDJSON from Windows"),
        pytest.param("\n\n".join(line(n) for n in range(1, 4)), id="NDJSON with blank lines"),
        pytest.param("\n".join(config(n).to_json() for n in range(1, 4)), id="indented objects strung together"),
        pytest.param("\n".join("\ufeff" + line(n) for n in range(1, 4)), id="files with marks strung together"),
        pytest.param("\n".join("  " + line(n) for n in range(1, 4)), id="indented NDJSON"),
        pytest.param(f"[{line(1)},{line(2)},{line(3)}]", id="array in one line"),
        pytest.param(json.dumps([config(n).to_dict() for n in range(1, 4)], indent=2), id="indented array"),
        pytest.param(f"\ufeff\n[\n{line(1)}\n,{line(2)},\n{line(3)}\n]\n", id="array, another layout"),
    ],
)
def test_many_experiments(tmp_path: Path, content: str) -> None:
    found = read(write(tmp_path, content))
    assert (found.refused, found.remarks) == ([], [])
    assert found.hashes == HASHES[:3]


def test_places_are_lines_of_the_file(tmp_path: Path) -> None:
    found = read(write(tmp_path, f"\n{line(1)}\n\n{config(2).to_json()}\n{line(3)}\n"))
    assert [r.source.rpartition("/")[2] for r in found.records] == ["file.x:2", "file.x:4", "file.x:22"]
    found = read(write(tmp_path, json.dumps([{"x": 1}, {"y": 1}], indent=1)))
    assert [place for place, _ in found.refused] == ["file.x:2 (item 1)", "file.x:5 (item 2)"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(9)[:-1], "not JSON: Expecting ',' delimiter at line 2"),
        (line(9)[:40], "not JSON: Unterminated string"),
        ("nonsense", "not JSON: Expecting value at line 2, column 1"),
        (line(9) + line(9), "more follows the first object"),
        (line(9) + ",", 'more follows the first object (",")'),
        (line(9)[:-1] + ', "tags": []}', 'the key "tags" stands more than once'),
        (line(9).replace('"k": 9', '"k": 1, "k": 2'), 'the key "k" stands more than once'),
        (line(9).replace('"k": 9', '"k": NaN'), 'hyperparameters.k: "nan" is not a finite number'),
        (line(9).replace('"k": 9', f'"k": {"9" * 5000}'), "an integer of 5,000 digits is too long"),
        (line(9).replace('"k": 9', f'"k": {"[" * 200}1{"]" * 200}'), "nested deeper than 64 levels"),
        (line(9).replace('"k": 9', f'"k": {"[" * 100_000}1{"]" * 100_000}'), "nested too deep"),
        (line(9).replace('"k": 9', r'"k": "\ud800"'), "lone surrogate"),
        (line(9).replace('"a"', '"é"', 1).encode("latin-1"), "not UTF-8 text: byte 0xe9 at line 2, byte 21"),
        (line(9).replace("0.5", "0.25"), "does not match the content"),
        (line(9)[:-1] + ', "colour": "red"}', '"colour" is not a field'),
        (line(9).replace('"feature_names"', '"names"'), '"names" is not a field'),
        ('{"feature_names": ["a"]}', "feature_weights: missing"),
        ('{"feature_names": ["a", "a"], "feature_weights": {}}', 'feature_names: "a" is listed more than once'),
        ('{"feature_names": ["a"], "feature_weights": {"a": "0.5"}}', "a weight is a number"),
        ('{"feature_names": ["a"], "feature_weights": {"a": true}}', "a weight is a number"),
        ('{"feature_names": ["a"], "feature_weights": {}, "created_at": "yesterday"}', "ISO 8601"),
        ('{"feature_names": ["a"], "feature_weights": {}, "parent": "abc"}', "parent"),
        ('{"feature_names": ["a"], "feature_weights": {}, "description": 5}', "description"),
        ('{"feature_names": ["a"], "feature_weights": {}, "tags": [" "]}', "tags"),
        ('{"other": 1}', "not an experiment: it has neither feature_names and feature_weights nor"),
        ('{"a": 0.5, "b": 1}', "features and weights; weights alone, by name, go under weights, and their names into"),
        ("17", "not an experiment but a number"),
        ("null", "not an experiment but null"),
        ("true", "not an experiment but true or false"),
        ('"text"', "not an experiment but text"),
        ("[1]", "not an experiment but a list"),
    ],
)
def test_a_bad_record_loses_none_of_the_others(tmp_path: Path, bad: str | bytes, reason: str) -> None:
    data = bad if isinstance(bad, bytes) else bad.encode()
    found = read(write(tmp_path, line(1).encode() + b"\n" + data + b"\n" + line(2).encode() + b"\n" + line(3).encode()))
    assert found.hashes == HASHES[:3]
    assert len(found.refused) == 1
    place, said = found.refused[0]
    assert place == "file.x:2"
    assert reason in said.replace(": nan", ': "nan"')


def test_a_bad_first_or_last_line_loses_none_of_the_others(tmp_path: Path) -> None:
    found = read(write(tmp_path, f"oops\n{line(1)}\n{line(2)}\n{line(3)[:-5]}"))
    assert found.hashes == HASHES[:2]
    assert [place for place, _ in found.refused] == ["file.x:1", "file.x:4"]


def test_a_record_with_a_bad_field_in_an_array_loses_none_of_the_others(tmp_path: Path) -> None:
    repeated = line(9)[:-1] + ', "tags": []}'
    long = line(9).replace('"k": 9', f'"k": {"9" * 5000}')
    found = read(write(tmp_path, f"[{line(1)}, {repeated}, 5, {long},\n {line(2)}]"))
    assert found.hashes == HASHES[:2]
    assert [place for place, _ in found.refused] == [f"file.x:1 (item {n})" for n in (2, 3, 4)]
    assert found.records[1].source.endswith("file.x:2 (item 5)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"[{line(1)}, {{]", "nothing after it could be read"),
        (f"[{line(1)} {line(2)}]", 'a comma or ] was expected, not "{'),
        (f"[{line(1)}", "a comma or ] was expected, not the end of the file"),
        (f"[{line(1)},]", "Expecting value at line 1"),
        (f"[{line(1)}] {line(2)}", "something follows the end of the array"),
        (f'[{line(1)}, {{"k": {"[" * 100_000}', "nested too deep"),
    ],
)
def test_a_broken_array_keeps_what_was_read_before(tmp_path: Path, content: str, reason: str) -> None:
    found = read(write(tmp_path, content))
    assert found.hashes == HASHES[:1]
    assert len(found.refused) == 1
    assert reason in found.refused[0][1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty; nothing to import"),
        (b" \n\n\t", "empty; nothing to import"),
        (b"\xef\xbb\xbf", "empty; nothing to import"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "not JSON: Expecting value at line 1, column 1; no line of it is"),
        (b"{", "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b'{\n  "feature_names": ["a"],\n  oops\n}\n', "not JSON: Expecting property name enclosed in double"),
        (b"[", "not JSON: Expecting value at line 1, column 2; nothing after it could be read"),
        (b"[\xff]", "not UTF-8 text: byte 0xff at line 1, byte 2"),
        (b"\xff\xfe{\x00}\x00", "UTF-16 text; save it as UTF-8"),
        (b"\x1f\x8b\x08\x00", "compressed (gzip); unpack it first"),
        (b"PK\x03\x04rest", "a zip archive; unpack it first"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a binary file of a kind that can't be imported"),
    ],
)
def test_a_file_with_nothing_in_it_is_one_refusal(tmp_path: Path, content: bytes, reason: str) -> None:
    found = read(write(tmp_path, content))
    assert found.records == []
    assert len(found.refused) == 1
    assert found.refused[0][0].startswith("file.x")
    assert found.refused[0][1].startswith(reason)


def test_an_error_in_an_indented_object_has_the_line_of_the_file(tmp_path: Path) -> None:
    text = f"{line(1)}\n" + config(2).to_json().replace('"k": 2', '"k" 2')
    [(place, reason)] = read(write(tmp_path, text)).refused
    row = text[: text.index('"k" 2')].count("\n") + 1
    assert place == "file.x:2"
    assert f"at line {row}, column" in reason


def test_an_empty_array_holds_nothing_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = read(write(tmp_path, " [ ] \n"))
    assert (found.records, found.refused, found.remarks) == ([], [], [])


def test_lines_are_read_as_they_are_needed() -> None:
    """However long the file, no more of it is read than was asked for."""
    given: list[int] = []

    def endless() -> Iterator[bytes]:
        for n in itertools.count():
            given.append(n)
            yield line(n % 7).encode() + b"\n"

    values = list(itertools.islice(read_values(endless(), "endless", Meter()), 5))
    assert [place for place, _ in values] == [f"endless:{n}" for n in range(1, 6)]
    assert len(given) < 10
