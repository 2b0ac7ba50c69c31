"""What is exported and read again is the same, through every format."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.exchange import export_many, export_one
from tests.exchange.conftest import legacy_record, legacy_registry, read
from tests.strategies import configs


def facts(config: ExperimentConfig) -> object:
    return config.to_dict()


@pytest.mark.parametrize("name", ["all.json", "all.ndjson", "folder"])
@settings(max_examples=40)
@given(made=st.lists(configs(), min_size=1, max_size=4, unique_by=lambda config: config.config_hash))
def test_many(name: str, made: list[ExperimentConfig]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = export_many(iter(made), Path(folder, name))
        found = read(Path(folder, name))
        assert (found.refused, found.remarks) == ([], [])
        assert {r.config.config_hash: facts(r.config) for r in found.records} == {c.config_hash: facts(c) for c in made}
        assert report.count == len(made) == len(found.records)
        if name != "folder":
            assert found.hashes == [c.config_hash for c in made], "the order is kept"


@settings(max_examples=40)
@given(made=configs())
def test_one(made: ExperimentConfig) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one.json", "one.ndjson"):
            export_one(made, Path(folder, name))
            [record] = read(Path(folder, name)).records
            assert facts(record.config) == facts(made)
            assert record.config == made


@settings(max_examples=40)
@given(made=configs())
def test_a_backtest_folder(made: ExperimentConfig) -> None:
    with tempfile.TemporaryDirectory() as folder:
        export_one(made, Path(folder, "experiment_config.json"))
        assert facts(read(folder).records[0].config) == facts(made)


@settings(max_examples=40)
@given(made=st.lists(configs(), min_size=1, max_size=4, unique_by=lambda config: config.config_hash))
def test_a_registry_of_the_earlier_system(made: list[ExperimentConfig]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        legacy_registry(Path(folder, "old.sqlite"), [c.to_dict() for c in made]).close()
        found = read(Path(folder, "old.sqlite"))
        assert (found.refused, found.remarks) == ([], [])
        assert [facts(r.config) for r in found.records] == [facts(c) for c in made]


whole = st.one_of(st.integers(-3, 3), st.floats(-2, 2), st.sampled_from([0.0, -0.0, 1e16, 5e-324]))


@settings(max_examples=100)
@given(made=st.lists(st.dictionaries(st.sampled_from("abc"), whole, max_size=3), max_size=6))
def test_numbers_as_the_earlier_system_wrote_them(made: list[dict[str, float]]) -> None:
    """However its weights were written, every hash it used leads to the one experiment of that content."""
    rows = {record["config_hash"]: record for record in map(legacy_record, made)}
    with tempfile.TemporaryDirectory() as folder:
        legacy_registry(Path(folder, "old.sqlite"), rows.values()).close()
        found = read(Path(folder, "old.sqlite"))
    assert found.refused == []
    leads_to = {old: r.config.config_hash for r in found.records for old in (*r.old_hashes, str(r.config.config_hash))}
    assert len({r.config.config_hash for r in found.records}) == len(found.records), "each experiment once"
    for config_hash, record in rows.items():
        canonical = ExperimentConfig.from_dict({**record, "config_hash": None}).config_hash
        assert leads_to[config_hash] == canonical
