"""The log as a screen reads it: ids first, then a page of them; and what a text finds in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.events import Event

SIGNS = st.text(alphabet=st.sampled_from("aAé漢%_\\\"'[]{},;\n\x00\x1b /*?$.:"), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExperimentRegistry]:
    made = ExperimentRegistry(tmp_path_factory.mktemp("events") / "experiments.duckdb")
    one = made.register(ExperimentConfig(["a"], {"a": 1.0}, description="first"))
    two = made.register(ExperimentConfig(["b"], {"b": 1.0}))
    made.tag([one, two], ["100%", "wide 漢字", 'quote " and \\'])
    made.describe(one, "second _ text")
    made.promote(one, "production", why="It Won")
    made.rename_tag("100%", "all")
    made.note(two, "nul \x00 and \x1b[31m")
    made.delete(two)
    yield made


def found(registry: ExperimentRegistry, text: str) -> list[Event]:
    return registry.log_page(registry.browse_log(text).ids)


def test_newest_first_with_the_number_of_all(registry: ExperimentRegistry) -> None:
    listed = registry.browse_log()
    assert registry.log_page(listed.ids) == registry.log()[::-1]
    assert listed.total == len(listed.ids) == len(registry.log())
    assert list(listed.ids) == sorted(listed.ids, reverse=True)
    some = registry.browse_log("deleted")
    assert (len(some.ids), some.total) == (1, listed.total)
    assert registry.log_page([listed.ids[3], 10**6, listed.ids[1]]) == [registry.log()[-4], registry.log()[-2]]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("DELETED", {"deleted"}),
        ("%", {"tagged", "renamed-tag"}),
        ("_", {"described"}),
        ("first", {"described"}),
        ("漢字", {"tagged"}),
        ('quote " and \\', {"tagged"}),
        ("it won", {"promoted"}),
        ("production", {"promoted"}),
        ("nul \x00 and \x1b", {"noted"}),
        ("' OR true --", set()),
        ("100%wide", set()),
    ],
)
def test_a_text_is_looked_for_as_it_is(registry: ExperimentRegistry, text: str, kinds: set[str]) -> None:
    assert {event.kind for event in found(registry, text)} == kinds
    assert [event.id for event in registry.log(text=text)] == [event.id for event in found(registry, text)][::-1]


def test_a_hash_is_found_by_its_beginning(registry: ExperimentRegistry) -> None:
    for event in registry.log():
        if event.config_hash is not None:
            assert event in found(registry, event.config_hash[:12].upper())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGNS)
@example("%_")
@example("$.*")
def test_any_text_finds_what_has_it_and_nothing_else(registry: ExperimentRegistry, text: str) -> None:
    wanted = text.strip().lower()
    assert found(registry, text) == [event for event in registry.log()[::-1] if wanted in recorded(event).lower()]


def recorded(event: Event) -> str:
    """Return what stands in an event, value by value: an independent spelling of what the query looks at."""
    values = [event.kind, event.config_hash or ""]
    for value in event.detail.values():
        values += [json.dumps(value, ensure_ascii=False, separators=(",", ":"))] if isinstance(value, list) else []
        values += [str(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
    return "\n".join(values)


def test_names_and_hints_of_the_trash_are_its_own(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "r.duckdb")
    registry.register(ExperimentConfig(["live"], {"live": 1.0}, tags=["kept"]))
    registry.delete(registry.register(ExperimentConfig(["dead"], {"dead": 1.0}, {"k": 1}, tags=["gone"])))
    names = registry.names(trashed=True)
    assert (names.features, names.hyperparameters, names.tags) == ({"dead": 1}, {"k": 1}, {"gone": 1})
    assert registry.names().features == {"live": 1}
    assert registry.hint("tag:gonne", trashed=True) == (
        'no experiment in the trash has the tag "gonne"; did you mean tag:gone?'
    )
