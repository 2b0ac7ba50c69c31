"""The app on a real terminal: suspended and back, ended from outside, with few colours and with none."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.tui.driving import config, registry_of
from tests.tui.terminal import terminal

pytestmark = pytest.mark.full


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(5)])
    return tmp_path


def test_back_from_ctrl_z_everything_is_drawn_again(folder: Path) -> None:
    with terminal(folder) as shown:
        shown.shows("number 4", "HASH", "help")
        shown.press("\x1a")
        shown.stopped()
        assert shown.is_left
        since = len(shown.seen)
        shown.send(signal.SIGCONT)
        shown.shows("number 4", "number 0", "HASH", "help", "experiments.duckdb", since=since)
        assert b"\x1b[?1049h" in shown.seen[since:]
        since = shown.press("\r")
        shown.shows("FEATURES", since=since)
        shown.press("qq")
        assert shown.end() == 0


def test_back_from_a_stop_in_a_dialog_what_is_behind_it_is_drawn_too(folder: Path) -> None:
    with terminal(folder) as shown:
        shown.shows("number 4", "help")
        shown.press("?")
        shown.shows("Keys of this screen")
        shown.send(signal.SIGTSTP)
        shown.stopped()
        since = len(shown.seen)
        shown.send(signal.SIGCONT)
        shown.shows("Keys of this screen", "experiments.duckdb", since=since)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("args", [(), ("demo",)], ids=["app", "demo"])
def test_a_signal_ends_it_in_order(folder: Path, args: tuple[str, ...], number: signal.Signals) -> None:
    with terminal(folder, *args) as shown:
        shown.shows("HASH", "experiments.duckdb", "help")
        assert len(list((folder / "tmp").iterdir())) == len(args)
        shown.send(number)
        assert shown.end() == 128 + number
        assert shown.is_left
        assert b"Traceback" not in shown.seen
        assert list((folder / "tmp").iterdir()) == []


def test_a_closed_window_ends_it_in_order(folder: Path) -> None:
    with terminal(folder, "demo") as shown:
        shown.shows("HASH", "help")
        shown.hang_up()
        assert shown.end() == 128 + signal.SIGHUP
        assert list((folder / "tmp").iterdir()) == []
