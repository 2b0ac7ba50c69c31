"""`report`: a page or Markdown, by the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import BASE, VARIANT, Shell


def test_the_name_says_the_format(shell: Shell) -> None:
    assert shell.ok("report", BASE, VARIANT, "-o", "r.html") == "wrote a report on 2 experiments to r.html\n"
    assert Path("r.html").read_text().startswith("<!doctype html>")
    again = shell("report", BASE, VARIANT, "-o", "r.html")
    assert again.code == 2 and "--force" in again.err
    shell.ok("report", BASE, "-o", "r.md")
    assert Path("r.md").read_text() == shell.ok("report", BASE, "-o", "-")
    assert shell.ok("report", BASE, VARIANT, "-o", "-", "--format", "html") == Path("r.html").read_text()


def test_a_filter_and_a_reference(shell: Shell) -> None:
    told = shell.ok("report", "--filter", "tag:sweep-1", "--top", "3", "--against", BASE, "-o", "r.md")
    assert told == "wrote a report on 4 experiments to r.md\n"
    assert f"- `{BASE}`" in Path("r.md").read_text() and "the reference" in Path("r.md").read_text()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([BASE, "-o", "r.pdf"], 2, "end its name in .html or .md"),
        ([BASE, "-o", "r.html", "--format", "html"], 2, "leave out --format"),
        (["-o", "r.html"], 2, "say which experiments"),
        ([BASE, "--top", "3", "-o", "r.html"], 2, "--filter"),
        (["feedfeed", "-o", "r.html"], 3, "feedfeed"),
        (["--filter", "tag:none", "-o", "r.html"], 1, "nothing matches tag:none"),
        (["--filter", "tag:none", "--by", "created", "-o", "r.html"], 1, "nothing matches tag:none"),
        (["--filter", "tag:sweep-1", "--by", "m.nix", "-o", "r.html"], 1, "none of the 6 that match has m.nix"),
    ],
)
def test_refusals_write_nothing(shell: Shell, args: list[str], code: int, said: str) -> None:
    ran = shell("report", *args)
    assert ran.code == code and said in ran.err, ran
    assert not list(Path().glob("r.*"))
