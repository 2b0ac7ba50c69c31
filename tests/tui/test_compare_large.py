"""A comparison of many cells is built in a thread: keys are not kept waiting, and the latest one counts."""

from __future__ import annotations

from pathlib import Path

from tests.tui.driving import config, driving, registry_of
from tui.widgets.compare_table import BUILT_AT_ONCE

NAMES = [f"feature {number:02d}" for number in range(70)]
MANY = [
    config(number, feature_names=NAMES, feature_weights={name: (at + number) / 100 for at, name in enumerate(NAMES)})
    for number in range(62)
]


async def test_keys_pressed_while_it_is_built_all_count(tmp_path: Path) -> None:
    assert len(MANY) * len(NAMES) > BUILT_AT_ONCE
    async with driving(registry_of(tmp_path / "r.duckdb", MANY), (120, 30)) as app:
        await app.press("f")
        table = app.screen.table
        assert len(table.grid.columns) == len(MANY) and "FEATURES" in app.text
        await app.press("j", "j", "right")
        item, place = table.item, table.place
        for key in ("s", "t", "j"):
            app._send(key)
        await app.settle()
        assert table.grid.view.transposed and table.grid.view.by_name
        assert table.grid.view == table.look, "what is shown is what was asked for last"
        await app.press("t", "s")
        assert not table.grid.view.transposed and not table.grid.view.by_name
        assert table.item is not None and item is not None and place is not None
        await app.press("b")
        assert table.place == 0 or app.screen.hashes[table.grid.order[0]] == app.screen.reference
        await app.resize(60, 20)
        assert table.grid.view.compact and "FEATURES" in app.text
