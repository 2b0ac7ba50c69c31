"""A one-shot timer goes off although the machine stood still for longer than it was to wait."""

from __future__ import annotations

import asyncio
from itertools import chain, count
from pathlib import Path

import pytest
import textual.timer

from tests.tui.driving import config, driving, registry_of


async def test_one_that_comes_too_late_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving(registry_of(tmp_path / "r.duckdb", [config(0)])) as app:
        went_off = []
        # the first look at the clock says when it was begun, the second comes a minute later
        moments = chain([0.0], map(float, count(60)))
        with monkeypatch.context() as stopped:
            stopped.setattr(textual.timer._time, "get_time", lambda: next(moments))
            app.app.set_timer(0.008, lambda: went_off.append("app"))
            await asyncio.sleep(0.05)
        assert went_off == ["app"]
