"""TAB in real shells: bash, zsh and fish on a terminal, with the script that `experiments completion` prints."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry

pytestmark = pytest.mark.full

SHELLS = ("bash", "zsh", "fish")
START = {"bash": ["bash", "--norc", "--noprofile"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}
SETUP = {
    "bash": ['eval "$(experiments completion bash)"', "bind 'set bell-style none'"],
    "zsh": ['eval "$(experiments completion zsh)"', "setopt no_beep"],
    "fish": ["experiments completion fish | source"],
}
PATIENCE = 20.0

TAGS = {
    "aa": "aa two words", "bb": "bb:colon", "cc": "cc'quote", "dd": 'dd"quote', "ee": "ee$(touch pwned)",
    "ff": "ff`touch pwned`", "gg": "ggünïcödé", "hh": "hh\\back", "ii": "ii*?[x]", "jj": "jj!bang!!",
    "kk": "kk;touch pwned",
    "ll": "ll#{a}~", "mm": "mm$HOME", "nn": "nn=eq", "oo": "oo&|<>()", "pp": "pp%s%n", "qq": "qq^up@at",
}  # fmt: skip

WRAPPER = """#!{python}
import json, os, sys
if "_EXPERIMENTS_COMPLETE" in os.environ or sys.argv[1:2] == ["completion"]:
    os.execv({python!r}, [{python!r}, "-m", "tui", *sys.argv[1:]])
with open({record!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""
"""Completes as `experiments` does, and else only notes down how it was called."""


class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(
        self, shell: str, folder: Path, bin_: Path, command: list[str] | None = None, setup: list[str] | None = None
    ) -> None:
        command = START[shell] if command is None else command
        assert shutil.which(shell), f"{shell} is needed: apt-get install {shell}"
        self.shell, self.folder = shell, folder
        self.record = folder / "record"
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            environment = {
                "PATH": f"{bin_}:/usr/local/bin:/usr/bin:/bin",
                "HOME": str(folder),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "EXPERIMENTS_CONFIG_HOME": str(folder),
            }
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 250, 0, 0))
        for line in [*(SETUP[shell] if setup is None else setup), f"echo rea''dy > {folder}/ready"]:
            self.type(f"{line}\r")
            self.read(0.3)
        self.until(lambda: (folder / "ready").exists())
        self.read(0.3)

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def read(self, seconds: float) -> str:
        """Take in what is shown for so long."""
        end = time.monotonic() + seconds
        got = b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    got += os.read(self.fd, 65536)
                except OSError:
                    break
        self.shown += got.decode(errors="replace")
        return got.decode(errors="replace")

    def until(self, done: object) -> None:
        end = time.monotonic() + PATIENCE
        while not done():  # type: ignore[operator]
            assert time.monotonic() < end, self.shown[-2000:]
            self.read(0.05)

    def settled(self) -> str:
        """Take in what is shown until nothing more comes for a while."""
        got = ""
        while more := self.read(0.45):
            got += more
        return got

    def offered(self, typed: str, expected: str) -> str:
        """Type, press TAB twice, and return what is shown once `expected` is; the line is empty then."""
        start = len(self.shown)
        self.type(f"{typed}\t")
        self.settled()
        self.type("\t")
        self.until(lambda: expected in self.shown[start:])
        self.settled()
        self.type("\x15")  # not Ctrl-C, which would end what is still at work
        self.settled()
        return self.shown[start:]

    def run(self, keys: str) -> list[str]:
        """Type `keys`, with tabs, and Enter; return the arguments that the command was called with."""
        before = self.calls()
        for part in keys.replace("\t", "\0\t\0").split("\0"):
            if part:
                self.type(part)
                self.settled() if part == "\t" else self.read(0.1)
        self.type("\r")
        self.until(lambda: len(self.calls()) > len(before))
        self.read(0.2)
        return self.calls()[-1]

    def calls(self) -> list[list[str]]:
        with contextlib.suppress(FileNotFoundError):
            return [json.loads(line) for line in self.record.read_text().splitlines()]
        return []

    def close(self) -> None:
        os.close(self.fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def prepared_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a folder with a registry, and one with the command."""
    folder = tmp_path_factory.mktemp("shell")
    bin_ = tmp_path_factory.mktemp("bin")
    wrapper = bin_ / "experiments"
    wrapper.write_text(WRAPPER.format(python=sys.executable, record=str(folder / "record")))
    wrapper.chmod(0o755)
    with ExperimentRegistry(folder / "experiments.duckdb") as registry:
        one = registry.register(ExperimentConfig(["Sent", "mom 12-1"], {"Sent": 0.5}, {"k": 5}, tags=["only"]))
        registry.tag([one], list(TAGS.values()))
        registry.promote(one, "production")
        registry.sync()
    (folder / "some file.json").write_text("{}")
    return folder, bin_


@pytest.fixture(scope="module", params=SHELLS)
def terminal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder, bin_ = prepared_folders(tmp_path_factory)
    made = Terminal(request.param, folder, bin_)
    yield made
    made.close()
    assert not (folder / "pwned").exists()


def the_hash(terminal: Terminal) -> str:
    return ExperimentRegistry(terminal.folder / "experiments.duckdb").resolve("latest")


def test_commands_options_and_choices(terminal: Terminal) -> None:
    assert terminal.run("experiments vari\t") == ["variant"]
    found = terminal.run("experiments list --colu\thash --form\tcs\t")
    assert found == ["list", "--columns", "hash", "--format", "csv"]


def test_a_hash_from_its_beginning(terminal: Terminal) -> None:
    full = the_hash(terminal)
    assert terminal.run(f"experiments show {full[:4]}\t") == ["show", full[:12]]
    assert terminal.run(f"experiments show {full[:14]}\t") == ["show", full]
    assert terminal.run("experiments show prod\t") == ["show", "production"]


@pytest.mark.parametrize("typed", TAGS)
def test_odd_tags_come_as_they_are(terminal: Terminal, typed: str) -> None:
    assert terminal.run(f"experiments untag {typed}\tlat\t") == ["untag", TAGS[typed], "latest"]


@pytest.mark.parametrize("typed", ["aa", "ee", "ff", "gg", "kk"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_odd_tags_inside_an_open_quote(terminal: Terminal, typed: str, quote: str) -> None:
    assert terminal.run(f"experiments untag {quote}{typed}\tlat\t") == ["untag", TAGS[typed], "latest"]


def test_the_last_word_of_a_filter(terminal: Terminal) -> None:
    assert terminal.run("experiments search 'hp.k = 5 and tag:on\t") == ["search", "hp.k = 5 and tag:only"]
    assert terminal.run("experiments search tag:on\t") == ["search", "tag:only"]
    assert terminal.run("experiments list --filter=alias:prod\t") == ["list", "--filter=alias:production"]
    assert terminal.run("experiments search -- -tag:on\t")[-1] == "-tag:only"


def test_columns_in_a_list_and_turned_round(terminal: Terminal) -> None:
    assert terminal.run("experiments list --columns hash,hp.\t") == ["list", "--columns", "hash,hp.k"]
    assert terminal.run("experiments list --sort -hp.\t") == ["list", "--sort", "-hp.k"]
    assert terminal.run("experiments list --sort=-hp.\t") == ["list", "--sort=-hp.k"]


def test_a_change_goes_on_right_behind_the_equals_sign(terminal: Terminal) -> None:
    assert terminal.run("experiments variant latest Se\t0.7") == ["variant", "latest", "Sent=0.7"]


def test_files(terminal: Terminal) -> None:
    assert terminal.run("experiments import som\t") == ["import", "some file.json"]


def test_another_registry(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other place.duckdb"
    with ExperimentRegistry(other) as registry:
        registry.register(ExperimentConfig(["x"], {"x": 1.0}, tags=["elsewhere"]))
        registry.sync()
    assert terminal.run(f"experiments --db '{other}' untag else\t")[-1] == "elsewhere"


def test_descriptions_are_shown_where_the_shell_can(terminal: Terminal) -> None:
    shown = terminal.offered("experiments s", "sweep")
    assert ("Show one experiment" in shown) == (terminal.shell != "bash")


def test_what_acts_on_a_terminal_is_shown_as_escapes(terminal: Terminal) -> None:
    registry = ExperimentRegistry(terminal.folder / "experiments.duckdb")
    odd = "zz\x1b]0;title\x07\u202eend"
    registry.tag(["latest"], [odd, "zzother"])
    registry.sync()
    try:
        shown = terminal.offered("experiments untag zz", "zzother")
        assert "\x1b]0;title" not in shown
        assert "\u202e" not in shown
        if terminal.shell != "fish":  # which would show them
            assert terminal.run("experiments untag zz$'\\x1b'\t") == ["untag", odd]
    finally:
        registry.untag(["latest"], [odd, "zzother"])


def test_a_broken_registry_leaves_the_line_alone(terminal: Terminal, tmp_path: Path) -> None:
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"\0" * 8 + b"DUCK" + b"\xff" * 5000)
    terminal.type(f"experiments --db {broken} show ab\t")
    shown = terminal.settled()
    assert "Error" not in shown
    assert "Traceback" not in shown
    assert terminal.run("")[-1] == "ab"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_lies_where_the_shell_looks(shell: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, bin_ = prepared_folders(tmp_path_factory)
    place = folder / {"zsh": ".zfunc/_experiments", "fish": ".config/fish/completions/experiments.fish"}[shell]
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        subprocess.run([bin_ / "experiments", "completion", shell], stdout=file, check=True)
    (folder / ".zshrc").write_text("fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit -u\n")
    terminal = Terminal(shell, folder, bin_, command=[shell], setup=[])
    try:
        for _ in range(3):
            assert terminal.run("experiments search 'hp.k = 5 and tag:on\t") == ["search", "hp.k = 5 and tag:only"]
    finally:
        terminal.close()
