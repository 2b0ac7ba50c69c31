"""Whatever a mapping says and whatever a file holds: an experiment, or one sentence; never anything else."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import ExchangeError, InvalidConfigError
from registry.exchange.mapped import View, map_record
from registry.exchange.mapped_reading import MappedReader
from registry.exchange.mapping import Mapping
from registry.exchange.paths import Path as Dotted
from registry.exchange.report import Record, Refusal
from registry.exchange.sources import Source
from registry.exchange.text import Meter

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
WORD = st.sampled_from(["a", "b", "w", "", "w_a", "w_b", "*", "a.b", "@file", "é", "\x1b", "1"])
LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORD, st.text(max_size=5), st.just(10**400),
    st.sampled_from(["1", "nan", "[1]", '{"a": 1}', "2024-05-01", "2020-01-01..2020-02-01"]),
)  # fmt: skip
RECORD = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=4), max_leaves=12
)
TOML = LEAF | st.dates() | st.datetimes() | st.times()
PATH = st.sampled_from(
    ["", "a", "w", "b", "a.b", "a[0]", "a[-1]", "a[*]", "a[*].b", "w.a", "*", '"a.b"', "a.*", "@root.a", "@file.stem",
     "@file.x", '@beside."x.json".a', "@beside", "a..b", "a[", "[0]", '"', "missing"]
)  # fmt: skip
PART = PATH | st.fixed_dictionaries({}, optional={"path": PATH, "value": TOML, "optional": st.booleans()})
GROUP = PATH | st.fixed_dictionaries(
    {},
    optional={
        "path": PATH, "prefix": WORD, "only": st.lists(WORD, max_size=2), "except": st.lists(WORD, max_size=2),
        "optional": st.booleans(), "set": st.dictionaries(WORD, PART, max_size=2),
    },
)  # fmt: skip
REST = st.fixed_dictionaries(
    {"rest": st.just(True)}, optional={"path": PATH, "prefix": WORD, "optional": st.booleans()}
)
PAIR = st.fixed_dictionaries({"names": PATH, "weights": PATH}, optional={"optional": st.booleans()})
MAPPING = st.fixed_dictionaries(
    {"weights": GROUP | PAIR},
    optional={
        "records": PATH,
        "names": PART,
        "description": PART,
        "parent": PART,
        "transformations": GROUP,
        "hyperparameters": GROUP | REST,
        "tags": PART,
        "time": st.fixed_dictionaries(
            {"path": PATH}, optional={"format": st.sampled_from(["iso", "epoch", "epoch_ms", "%Y", "%", "%G %V", "x"])}
        ),
        "metrics": st.fixed_dictionaries(
            {"path": PATH, "panel": PART, "period": PART}, optional={"engine": PART, "optional": st.booleans()}
        ),
    },
)


@MANY
@given(MAPPING, RECORD)
def test_any_mapping_and_any_record(told: dict[str, Any], record: Any) -> None:
    try:
        mapping = Mapping.from_dict(told)
    except ExchangeError as error:
        assert "\n" not in str(error)
        return
    for cells in (False, True):
        try:
            made = map_record(mapping, View(record, [record], {"stem": "x"}, cells), "here")
        except InvalidConfigError as error:
            assert str(error)
        else:
            assert made.record.config.config_hash
            json.dumps(made.to_dict())


@MANY
@given(
    st.sampled_from(["weights", "hyperparameters", "metrics", "time", "tags", "file", "records", "names"]),
    st.recursive(TOML, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3)),
)
def test_any_value_for_a_key_of_a_mapping(key: str, value: Any) -> None:
    try:
        Mapping.from_dict({"weights": "w", key: value})
    except ExchangeError as error:
        assert key in str(error)


@MANY
@given(st.text(st.sampled_from('ab."[]*-01@ \\u')))
def test_any_path(text: str) -> None:
    try:
        path = Dotted.read(text, "here")
    except ExchangeError as error:
        assert str(error).startswith("here: ")
    else:
        path.find({"a": [1, {"b": 2}], "b": "x"})


def read(data: bytes, name: str, folder: Path) -> None:
    path = folder / name
    path.write_bytes(data)
    reader = MappedReader(Mapping.from_dict({"weights": "w", "hyperparameters": {"rest": True}}))
    assert all(isinstance(each, (Record, Refusal)) for each in reader.read(Source(str(path), path), Meter()))


BYTES = st.binary(max_size=60) | st.text(st.sampled_from("wa:{}[],\"'-&*<!|>?\n\t 01.#%@")).map(str.encode)


@MANY
@given(BYTES, st.sampled_from(["x.json", "x.csv", "x.json.gz", "x.csv.gz"]), st.booleans())
def test_any_bytes(tmp_path: Path, data: bytes, name: str, packed: bool) -> None:
    read((b"\x1f\x8b" if packed else b"") + data, name, tmp_path)


@pytest.mark.full
@MANY
@given(BYTES)
def test_any_bytes_as_yaml(tmp_path: Path, data: bytes) -> None:
    read(data, "x.yaml", tmp_path)
    read(b"w: {a: 1}\n" + data, "x.yaml", tmp_path)


def test_dates_of_toml_and_yaml_are_dates() -> None:
    told: dict[str, Any] = {"weights": "w", "time": {"path": "t"}}
    for at in (date(2024, 5, 1), datetime(2024, 5, 1)):
        config = map_record(Mapping.from_dict(told), View({"w": {"a": 1}, "t": at}), "here").record.config
        assert config.created_at == "2024-05-01T00:00:00.000000+00:00"
