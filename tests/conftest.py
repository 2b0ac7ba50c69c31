"""What every test starts from: no registry of the user's in sight, and a deterministic terminal."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("default")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # in the background of a script, where interrupts are ignored by everything that is started from here
    signal.signal(signal.SIGINT, signal.default_int_handler)

LINUX = sys.platform == "linux"


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ("EXPERIMENTS_DB", "EXPERIMENTS_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no settings"))


def pytest_collection_finish() -> None:
    """Look for garbage seldom: going through the trees of widgets again and again took a fifth of the app's tests."""
    gc.set_threshold(100_000, 50, 1000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests unless they were asked for (`make test-all`, or `-m full`).

    Where they were, those that draw examples are long ones too: they draw more then.
    """
    if os.environ.get("EXPERIMENTS_FULL"):
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker("full")
    elif not config.getoption("markexpr"):
        chosen = [item for item in items if "full" not in item.keywords]
        config.hook.pytest_deselected(items=[item for item in items if "full" in item.keywords])
        items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On Linux every test can run; where all were asked for, one that is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("EXPERIMENTS_FULL") and LINUX:
        report.outcome, report.longrepr = "failed", f"skipped, but nothing may be: {report.longrepr}"
    return report
