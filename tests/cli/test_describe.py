"""`describe` and `note`: words, also such that look like options."""

from __future__ import annotations

from tests.cli.conftest import BASE, Shell


def test_a_description_is_replaced_and_the_old_one_stays_in_the_log(shell: Shell) -> None:
    before = shell.registry.config(BASE).description
    assert shell.ok("describe", BASE, "a new", "text") == f"described {BASE}\n"
    assert shell.registry.config(BASE).description == "a new text"
    assert shell.registry.log(reference=BASE)[-1].detail == {"old": before, "new": "a new text"}
    assert "already" in shell.ok("describe", BASE, "a new text")
    shell.ok("describe", BASE, "")
    assert shell.registry.config(BASE).description == ""


def test_words_that_start_with_a_dash(shell: Shell) -> None:
    shell.ok("note", BASE, "-0.02 at k=5")
    shell.ok("note", BASE, "--", "--really")
    shell.ok("describe", BASE, "-x")
    assert [note.note for note in shell.registry.details(BASE).notes][-2:] == ["-0.02 at k=5", "--really"]
    assert shell.registry.config(BASE).description == "-x"
    assert shell("note", BASE, "--really").code == 2


def test_text_from_stdin(shell: Shell) -> None:
    shell.ok("note", "latest", "-", stdin="two\nlines\n")
    shell.ok("describe", "latest", "-", stdin="from a pipe\n")
    details = shell.registry.details("latest")
    assert details.notes[-1].note == "two\nlines"
    assert details.config.description == "from a pipe"


def test_a_pipe_that_brings_nothing_wipes_nothing(shell: Shell) -> None:
    before = shell.registry.config(BASE).description
    assert shell("describe", BASE, "-", stdin="").code == 2
    assert shell.registry.config(BASE).description == before
    shell.ok("describe", BASE, "")
    assert shell.registry.config(BASE).description == ""
