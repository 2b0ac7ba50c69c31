"""The app on a real terminal: suspended and back, ended from outside, with few colours and with none."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests.tui.driving import config, registry_of
from tests.tui.terminal import PATIENCE, Terminal, terminal

pytestmark = pytest.mark.full


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    registry_of(tmp_path / "experiments.duckdb", [config(n, hyperparameters={"model": f"tree {n}"}) for n in range(5)])
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
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


def test_told_to_end_while_the_demo_is_made_it_leaves_nothing(folder: Path) -> None:
    with terminal(folder, "demo") as shown:
        deadline = time.monotonic() + PATIENCE
        while not list((folder / "tmp").glob("experiments-demo-*/experiments.duckdb")):
            assert time.monotonic() < deadline and shown.running.poll() is None
            time.sleep(0.005)
        shown.send(signal.SIGTERM)
        assert shown.end() == 128 + signal.SIGTERM
        assert b"1049h" not in shown.seen, "the app was never opened"
        assert list((folder / "tmp").iterdir()) == []


def test_a_closed_window_ends_it_in_order(folder: Path) -> None:
    with terminal(folder, "demo") as shown:
        shown.shows("HASH", "help")
        shown.hang_up()
        assert shown.end() == 128 + signal.SIGHUP
        assert list((folder / "tmp").iterdir()) == []


# colours

COLOUR = re.compile(rb"\x1b\[([0-9;]+)m")


def colours(seen: bytes) -> set[tuple[int, ...]]:
    """Return the foreground and background colours that were asked for: (30..107,) or (38|48, 2|5, …)."""
    found: set[tuple[int, ...]] = set()
    for match in COLOUR.finditer(seen):
        codes = [int(code) for code in match[1].split(b";")]
        while codes:
            length = {2: 5, 5: 3}[codes[1]] if codes[0] in (38, 48) else 1
            if codes[0] >= 30 and codes[0] not in (39, 49):
                found.add(tuple(codes[:length]))
            del codes[:length]
    return found


def compared(shown: Terminal) -> None:
    """Compare two experiments that differ, and read the differences by their signs."""
    shown.shows("number 4", "help")
    shown.press("  ")
    shown.shows("2 marked")
    since = shown.press("c")
    shown.shows("★", "2 differ", "-0.001", "≠", "rows are equal", since=since)
    told = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown.seen[since:]).decode()
    assert re.search(r"momentum +│ █ 0.204 +│ █ 0.203 +-0.001 ", told), told
    assert re.search(r"model +│ *tree 4 +│ *tree 3 +≠ ", told), told


def test_sixteen_colours_are_enough(folder: Path) -> None:
    with terminal(folder, TERM="xterm", COLORTERM="") as shown:
        compared(shown)
        assert all(len(colour) == 1 for colour in colours(shown.seen)), "no other colours than the terminal's own"
        assert len(colours(shown.seen)) > 3


def test_no_colour_is_needed(folder: Path) -> None:
    with terminal(folder, NO_COLOR="1") as shown:
        compared(shown)
        grey = {colour for colour in colours(shown.seen) if len(set(colour[2:])) == 1}
        assert grey == colours(shown.seen)
