"""Making a variant by editing weights, with the live sum and the new hash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tui.screens.variant import Draft
from tui.widgets.variant_table import lines_of


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(3)])


async def test_weights_are_stepped_with_the_sum_and_the_hash_and_registered(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("enter", "v")
        assert "nothing is changed yet" in app.text and "weights sum to 1.002" in app.text
        await app.press("plus", "plus", "j", "minus")
        wanted = config(2).variant(weights={"momentum": 0.222, "quality": 0.29})
        assert str(wanted.config_hash)[:12] in app.text
        assert "weights sum to 1.012 (was 1.002, +0.01)" in app.text
        assert "experiments variant" in app.text and "w.momentum=0.222" in app.text
        await app.press("s")
        assert f"Register {str(wanted.config_hash)[:12]}, a variant of" in app.text
        assert "momentum  0.202 → 0.222" in app.text
        await app.press("y")
        assert app.screen.NAME == "detail"
        made = registry.config("latest")
        assert made.config_hash == wanted.config_hash and made.parent == config(2).config_hash
        assert made.description == "number 2" and list(made.tags) == ["even"]
        await app.press("U", "1")
        assert registry.get(str(made.config_hash)) is None


async def test_no_step_is_lost_when_keys_come_fast(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("enter", "v")
        await app.type("++++-")
        assert app.screen.made.feature_weights["momentum"] == 0.232


async def test_every_kind_of_line_is_typed_added_removed_and_reverted(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 40)) as app:
        await app.press("enter", "v", "a")
        await app.type("liquidity=0.125\n")
        await app.press("a")
        await app.type("hp.walk.anchored=true\n")
        await app.press("a")
        await app.type("transform.quality=rank\n")
        made = app.screen.made
        assert made.feature_weights["liquidity"] == 0.125
        assert made.hyperparameters["walk"] == {"days": 30, "anchored": True}
        assert made.feature_transformations == {"quality": "rank"}
        await app.press("g", "enter")
        assert app.screen.table.current.label == "liquidity"
        app.screen.focused.value = ""
        await app.type("a lot\n")
        assert '"a lot" is not a number' in app.text
        await app.press("escape", "x")
        assert "liquidity" not in app.screen.made.feature_weights
        await app.press("j", "x")
        assert "quality" not in app.screen.made.feature_names
        assert "absent" in app.text
        while app.screen.table.current.label != "quality":
            await app.press("k")
        await app.press("u")
        assert app.screen.made.feature_weights["quality"] == 0.3


async def test_weights_are_rescaled_to_the_parents_sum(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("enter", "v", *["plus"] * 10, "R")
        assert sum(app.screen.made.feature_weights.values()) == pytest.approx(1.002)
        assert app.screen.made.feature_weights["momentum"] > 0.25


async def test_a_draft_is_not_thrown_away_unasked(registry: ExperimentRegistry) -> None:
    async with driving(registry, (45, 18)) as app:
        await app.press("enter", "v", "escape")
        assert app.screen.NAME == "detail", "nothing was changed"
        await app.press("v", "plus", "escape")
        assert "Throw this draft away?" in app.text
        await app.press("n", "q", "y")
        assert app.screen.NAME == "detail"
        assert registry.count() == 3


async def test_what_is_there_already_is_said(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("enter", "v", "enter")
        app.screen.focused.value = ""
        await app.type("0.201\n")
        for _ in range(4):
            await app.press("j")
            if app.screen.table.current.label == "number":
                break
        await app.press("minus", "s", "y")
        assert "was there already" in app.said
        assert registry.count() == 3


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.floats(-5, 5), min_size=1, max_size=4),
    st.floats(-5, 5),
)
def test_any_name_can_be_changed_and_the_command_line_means_the_same(weights: dict[str, float], value: float) -> None:
    try:
        parent = ExperimentConfig(list(weights), weights)
    except ValueError:
        return
    draft = Draft(parent)
    line = next(line for line in lines_of(parent, parent) if line.name.startswith("w."))
    draft.set(line.name, repr(value))
    assert draft.make().config_hash == parent.variant(weights={line.label: value}).config_hash
