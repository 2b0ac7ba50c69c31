"""The windows screens are tried in."""

from __future__ import annotations

import pytest

from tui.screens import base

SIZES = [(45, 18), *(pytest.param(size, marks=pytest.mark.full) for size in ((80, 24), (140, 40)))]
"""A phone, the usual terminal, a wide one."""


def allow_small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let screens be drawn in windows of 40 columns and 15 lines, whatever they ask for by themselves."""
    monkeypatch.setattr(base, "SMALLEST", (40, 15))
    screen = base.RegistryScreen
    monkeypatch.setattr(screen, "HORIZONTAL_BREAKPOINTS", [(0, "-too-narrow"), (40, "-narrow"), (110, "-wide")])
    monkeypatch.setattr(screen, "VERTICAL_BREAKPOINTS", [(0, "-too-low"), (15, "-low"), (32, "-high")])
