"""What is offered for completion: the answers that the shells' scripts get, and what asking never does."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.types import StringParamType

from registry import ExperimentConfig, ExperimentRegistry
from registry.store import Store, lock
from registry.store.spool import Spool
from tests.cli.conftest import BASE, Shell, Stream
from tests.store.programs import config
from tui.cli import COMMANDS, cli
from tui.cli.completing import VARIABLE, answer, kinds, line

ROOT = Path(__file__).parents[2]


class Offered(NamedTuple):
    kind: str
    value: str
    shown: str


Ask = Callable[..., list[Offered]]


@pytest.fixture
def raw(shell: Shell) -> Callable[..., str]:
    """Return a function that asks as a shell's script does and returns what is written."""

    def ask(kind: str, *words: str) -> str:
        out = Stream()
        with shell.monkeypatch.context() as patch:
            patch.setenv(VARIABLE, f"{kind}_complete")
            patch.setattr(sys, "argv", ["experiments", *words])
            patch.setattr(sys, "stdout", out)
            assert answer() == 0
        return out.text()

    return ask


@pytest.fixture
def ask(raw: Callable[..., str]) -> Ask:
    """Return a function that asks what the last word could become, with zsh's form of the answer."""

    def asked(*words: str) -> list[Offered]:
        lines = raw("zsh", *words).split("\n")[:-1]
        return [Offered(*lines[at : at + 3]) for at in range(0, len(lines) - 2, 3)]

    return asked


def values(found: list[Offered]) -> list[str]:
    return [one.value for one in found]


def test_every_parameter_is_known_to_complete_or_known_to_be_free() -> None:
    """A new option is put into one of the tables of `kinds`."""
    unknown = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for parameter in command.params:
            text = type(parameter.type) is StringParamType and not getattr(parameter, "is_flag", False)
            if text and kinds.kind_of(name, parameter.name) is None and parameter.name not in kinds.FREE:
                unknown.append((name, parameter.name))
    assert not unknown


def test_commands_come_with_what_they_do(ask: Ask) -> None:
    found = ask("sh")
    assert values(found) == ["show"]
    assert found[0].shown == "show  -- Show one experiment or run in full."
    assert len(ask("")) == len(COMMANDS)
    assert values(ask("--d")) == ["--db"]


def test_options_and_their_choices(ask: Ask) -> None:
    assert "--columns" in values(ask("list", "--c"))
    assert values(ask("list", "--format", "")) == ["table", "json", "ndjson", "csv"]
    assert values(ask("list", "--format=c")) == ["--format=csv"]
    assert values(ask("completion", "")) == ["bash", "zsh", "fish"]


def test_hashes_come_from_their_beginning_with_the_description(ask: Ask, shell: Shell) -> None:
    found = ask("show", BASE[:4])
    assert values(found) == [BASE[:12]]
    assert "GemScore baseline" in found[0].shown
    assert values(ask("show", BASE[:20])) == [BASE]
    assert values(ask("show", BASE[:4].upper())) == [BASE[:4].upper() + BASE[4:12]]
    everything = ask("show", "")
    assert everything[0].value == "latest"
    assert len(everything) == 1 + 24
    shell.registry.delete(BASE)
    assert values(ask("show", BASE[:4])) == []
    assert values(ask("restore", BASE[:4])) == [BASE[:12]]


def test_aliases_and_their_versions(ask: Ask, shell: Shell) -> None:
    shell.registry.promote(BASE, "production")
    shell.registry.promote("latest", "production", "newer")
    assert values(ask("show", "pro")) == ["production"]
    assert values(ask("rollback", "")) == ["production"]
    found = ask("rollback", "production", "--to", "")
    assert values(found) == ["v2", "v1"]
    assert "newer" in found[0].shown


def test_runs_metrics_panels_and_periods(ask: Ask, shell: Shell) -> None:
    assert "r-" not in values(ask("show", ""))
    made = shell.folder / "run.json"
    made.write_text('{"metrics": {"edge": 0.1, "sharpe": 2}, "panel": "my panel", "period": "2020-01-01..2020-12-31"}')
    shell.ok("record", "latest", str(made))
    (run,) = shell.registry.runs()
    assert "r-" in values(ask("show", ""))
    assert values(ask("show", "r-")) == [run.run_id]
    assert "on my panel" in ask("show", run.run_id[:5])[0].shown
    assert sorted(values(ask("ab", "--metric", ""))) == ["edge", "sharpe"]
    assert values(ask("ab", "--metric", "m.e")) == ["m.edge"]
    assert values(ask("list", "--panel", "")) == ["my panel"]
    assert values(ask("list", "--panel", "my panel", "--period", "")) == ["2020-01-01..2020-12-31"]
    assert values(ask("list", "--sort", "-m.s")) == ["-m.sharpe"]
    assert values(ask("list", "--sort", "min(m.s")) == ["min(m.sharpe)"]
    assert values(ask("export", "x", "--metrics", "m.edge,m.s")) == ["m.edge,m.sharpe"]
    assert values(ask("search", "hp.k = 5 and m.e")) == ["hp.k = 5 and m.edge"]
    assert values(ask("search", "panel:")) == ['panel:"my panel"']


def test_the_last_word_of_a_filter(ask: Ask) -> None:
    assert values(ask("search", "tag:ba")) == ["tag:baseline"]
    assert values(ask("list", "--filter", "hp.k = 5 and tag:ba")) == ["hp.k = 5 and tag:baseline"]
    assert values(ask("search", "hp.k", "=", "5", "and", "tag:ba")) == ["tag:baseline"]
    assert values(ask("search", "-tag:ba")) == ["-tag:baseline"]
    assert "w.SentimentScore" in values(ask("search", "w."))
    assert "hp.walk.days" in values(ask("search", "not hp.walk.") + ask("search", "hp.walk."))
    assert values(ask("search", f"parent:{BASE[:6]}")) == [f"parent:{BASE[:12]}"]
    assert "hp.k = 10" in values(ask("search", "hp.k = "))
    assert all(value.startswith("tag:") for value in values(ask("search", "ta")))
    assert "SentimentScore > 0.5 and" in values(ask("search", "SentimentScore > 0.5 a"))


def test_saved_searches(ask: Ask, shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    shell.monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(home))
    saved = {"good ones": "zebra or tag:baseline"}
    remembered = {"registries": {str(shell.registry.path): {"saved": saved}}}
    (home / "memory.json").write_text(json.dumps(remembered))
    found = ask("list", "--filter", "ze")
    assert values(found) == ["zebra or tag:baseline"]
    assert "saved as good ones" in found[0].shown


def test_columns_one_several_and_turned_round(ask: Ask) -> None:
    assert values(ask("list", "--sort", "cr")) == ["created"]
    assert values(ask("list", "--sort", "-cr")) == ["-created"]
    assert values(ask("list", "--sort=-w.Sen")) == ["--sort=-w.SentimentScore"]
    assert values(ask("list", "--columns", "hash,w.Sen")) == ["hash,w.SentimentScore"]
    assert values(ask("group", "--by", "hp.walk.da")) == ["hp.walk.days"]
    assert "--sort" in values(ask("list", "-"))


def test_tags_changes_and_names(ask: Ask) -> None:
    assert values(ask("untag", "base")) == ["baseline"]
    assert values(ask("tag", "new,base")) == ["new,baseline"]
    (found,) = ask("variant", "latest", "Sentiment")
    assert found[:2] == ("open", "SentimentScore=")
    assert "hp.k=10" in values(ask("variant", "latest", "hp.k="))
    assert values(ask("variant", "latest", "--remove", "Sentiment")) == ["SentimentScore"]


def test_files_are_left_to_the_shell(ask: Ask) -> None:
    for words in (["import", "x"], ["backup", ""], ["merge", ""], ["report", "A", "-o", ""], ["--db", ""]):
        assert [one.kind for one in ask(*words)] == ["file"], words
    assert [one.kind for one in ask("export", BASE[:4])] == ["plain", "file"]


def test_another_registry_is_asked(ask: Ask, shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "x.duckdb"
    with ExperimentRegistry(other) as registry:
        registry.register(ExperimentConfig(["a"], {"a": 1}, tags=["elsewhere"]))
    assert values(ask("--db", str(other), "untag", "")) == ["elsewhere"]
    shell.monkeypatch.setenv("OTHER", str(other.parent))
    assert values(ask("--db=$OTHER/x.duckdb", "untag", "")) == ["elsewhere"]
    shell.monkeypatch.setenv("EXPERIMENTS_DB", str(other))
    assert values(ask("untag", "")) == ["elsewhere"]


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense", ""],
        ["--nonsense", "list", ""],
        ["show", "--nonsense", "c"],
        ["tag", "--", "-"],
        ["--wait", "x", "show", "c"],
    ],
)
def test_a_line_that_is_wrong_is_answered_with_something_or_nothing(ask: Ask, words: list[str]) -> None:
    ask(*words)


ODD = [
    "two words", "it's", 'a"b', "$(touch pwned)", "`id`", "back\\slash", "co:lon=eq", "ünï", "\x1b[31m", "a\nb", "-x",
    "~#*?[]{}!&|;<>",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("quote", ["", "'", '"', "$'"])
def test_what_is_written_for_bash_reads_back_as_it_was(text: str, quote: str) -> None:
    written = line.write(text, quote)
    end = quote[-1:] if quote and not (quote in "'\"" and written.endswith(quote)) else ""
    assert line.read(f"x {quote}{written}{end}")[-1] == line.Word(text)
    command = f"printf %s {quote}{written}{end}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert ran.stdout == text
    assert "\x1b" not in written and "\n" not in written


def test_bash_gets_the_end_of_the_word_that_readline_replaces(raw: Callable[..., str], shell: Shell) -> None:
    shell.registry.tag(["latest"], ["two words", "co:lon"])
    assert raw("bash", "experiments untag two", "two") == "plain,two\\ words\n"
    assert raw("bash", "experiments untag 'two w", "two w") == "plain,two words\n"
    assert raw("bash", "experiments untag co:l", "l") == "plain,lon\n"
    assert raw("bash", "experiments untag ", "") != "\n"
    assert raw("bash", "experiments search tag:'two", "two") == "\n"  # that would not be the filter's quoting
    assert raw("bash", "experiments search 'tag:\"tw", 'tag:"tw') == 'plain,tag:"two words"\n'


def test_fish_gets_values_with_what_they_mean(raw: Callable[..., str], shell: Shell) -> None:
    shell.registry.tag(["latest"], ["fine", "fi\nne"])
    assert raw("fish", "untag", "'fi").strip() == "plain,fine\t1 experiment"
    assert raw("fish", "list", "--format=j") == "plain,--format=json\n"


def test_the_scripts_are_printed(empty: Shell) -> None:
    for shell in ("bash", "zsh", "fish"):
        made = empty.ok("completion", shell)
        assert f"_EXPERIMENTS_COMPLETE={shell}_complete" in made
        assert "%(" not in made
    assert empty("completion", "tcsh").code == 2


# -- what asking never does ------------------------------------------------------------------------

LOADED = """
import os, sys
sys.argv = ["experiments", *{words!r}]
os.environ["_EXPERIMENTS_COMPLETE"] = "zsh_complete"
from tui.__main__ import main
try:
    main()
except SystemExit as end:
    print(end.code, *sorted(name for name in sys.modules), file=sys.__stderr__)
"""


def modules(folder: Path, *words: str) -> tuple[set[str], str]:
    """Return what a process has loaded that answers, and its answer."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED.format(words=words)], cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, *names = ran.stderr.split()
    assert code == "0"
    return set(names), ran.stdout


def test_static_parts_load_neither_the_engine_nor_the_other_commands(shell: Shell) -> None:
    heavy = {"duckdb", "textual", "lark", "numpy", "rich"}
    loaded, out = modules(shell.folder, "sh")
    assert "show" in out
    assert not loaded & heavy
    assert not loaded & {f"tui.cli.{entry.module}" for entry in COMMANDS.values()}
    loaded, out = modules(shell.folder, "list", "--format", "")
    assert "ndjson" in out
    assert not loaded & heavy
    loaded, out = modules(shell.folder, "search", "hp.k = 5 and tag:ba")
    assert "tag:baseline" in out
    assert not loaded & (heavy - {"duckdb"})


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in [folder, *folder.rglob("*")]
    }


def test_nothing_is_made_where_there_is_nothing(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("nothing")
    before = listing(folder)
    assert ask("--db", str(folder / "none.duckdb"), "show", "a") == []
    assert listing(folder) == before


def test_a_copy_that_nobody_opened_yet_gets_no_lock_files(ask: Ask, shell: Shell) -> None:
    before = listing(shell.folder)
    assert values(ask("untag", "base")) == ["baseline"]
    assert listing(shell.folder) == before


def test_what_waits_is_offered_but_not_brought_in(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("waits") / "x.duckdb"
    store = Store(path)
    one = config(1)
    store.register(one)
    before = listing(path.parent)
    assert values(ask("--db", str(path), "show", one.compute_hash()[:5])) == [one.compute_hash()[:12]]
    assert listing(path.parent) == before
    assert len(Spool(path).names()) == 1
    assert not path.exists()
    store.sync()


def test_a_lock_held_by_somebody_else_is_not_waited_for(ask: Ask, shell: Shell) -> None:
    shell.ok("info")  # makes the lock files
    program = [sys.executable, "-m", "tests.store.programs", "hold", str(shell.registry.path), "exclusive"]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        assert ask("untag", "base") == []
        assert values(ask("untag", "--form")) == ["--format"]
        assert time.monotonic() - began < 2
        holder.stdin.close()
    assert values(ask("untag", "base")) == ["baseline"]


def test_a_writer_that_waits_for_the_gate_goes_first(ask: Ask, shell: Shell) -> None:
    shell.ok("info")
    gate = lock.Held(shell.registry.path.with_name("experiments.duckdb.gate"), os.O_RDWR)
    try:
        import fcntl

        fcntl.flock(gate, fcntl.LOCK_EX)
        assert ask("untag", "base") == []
    finally:
        gate.release()


def test_an_older_registry_is_not_taken_forward(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("old") / "x.duckdb"
    path.write_bytes(gzip.decompress((ROOT / "tests" / "data" / "schema-1.duckdb.gz").read_bytes()))
    before = path.read_bytes()
    assert values(ask("--db", str(path), "show", "af9d")) == ["af9db563735a"]
    assert listing(path.parent).keys() == {".", "x.duckdb"}
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" + b"x" * 100, b"text", b"\0" * 8 + b"DUCK" + b"\xff" * 9000]
)
def test_what_is_no_registry_offers_nothing_and_says_nothing(ask: Ask, shell: Shell, content: bytes) -> None:
    shell.registry.path.unlink()
    shell.registry.path.write_bytes(content)
    assert ask("show", "c") == []
    assert values(ask("show", "--form")) == ["--format"]


def test_a_question_that_takes_too_long_is_given_up(shell: Shell) -> None:
    from registry.errors import RegistryError
    from registry.offering import offering

    began = time.monotonic()
    with offering(shell.registry.path, patience=0.2) as offers, pytest.raises((RegistryError, RuntimeError)):
        offers.session.rows("SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b")
    assert time.monotonic() - began < 10
