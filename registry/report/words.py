"""What a report says in words, on a page and in Markdown alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry.analysis.sentences import decisive, interval, sentence
from registry.config import SHORT_HASH
from registry.numbers import best_of, of_them, show_p
from registry.report.elements import one_line

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate
    from registry.report.gather import Member, Report
    from registry.runs.record import Window


def heading(report: Report) -> str:
    """Return the title."""
    first = report.members[0]
    if len(report.members) == 1:
        said = one_line(first.config.description, 80)
        return f"Experiment {str(first.config.config_hash)[:SHORT_HASH]}" + (f": {said}" if said else "")
    return f"{of_them(len(report.members))} compared"


def describe(member: Member) -> str:
    """Return an experiment's short hash and how its description begins."""
    said = one_line(member.config.description, 60)
    return f"{str(member.config.config_hash)[:SHORT_HASH]}{' ' if said else ''}{said}"


def where_read(report: Report) -> str:
    """Return where the metrics are from, and of how many tries these are some."""
    basis = report.comparison.basis
    if basis is None:
        return sentence(one_line(report.comparison.metrics_note or "no metrics: none of them has a run"))
    return f"Metrics on {one_line(basis.panel)}, {basis.period}{best_of(report.tried)}."


def remarks(report: Report) -> Iterator[str]:
    """Yield what keeps the numbers from meaning more than they do."""
    note = report.comparison.metrics_note
    if report.comparison.basis is not None and note is not None:
        yield sentence(one_line(note))
    runs = [member.run for member in report.members if member.run is not None]
    if any(run.panel.survivorship_suspect for run in runs):
        yield (
            "Every asset of the panel is there on its last date: survivors only, it seems, which flatters every result."
        )
    lacking = [member for member in report.members if member.run is None]
    if runs and lacking:
        named = ", ".join(str(member.config.config_hash)[:SHORT_HASH] for member in lacking)
        yield f"No run there: {named}."


def figures(each: Candidate) -> tuple[str, str, str, str]:
    """Return of a verdict the difference, its interval, the p-value it rests on and the number of differences."""
    verdict = each.verdict
    difference = "" if verdict.difference is None else f"{verdict.difference:+.4g}"
    return difference, interval(verdict), show_p(decisive(each)), f"{verdict.n:,}"


def no_verdict(report: Report) -> str | None:
    """Return why there is no verdict, when there is more than one experiment."""
    if len(report.members) == 1:
        return None
    why = report.untried or "no two of them have a run on the same panel and period"
    return f"Cannot tell: {one_line(why)}."


def span(windows: Sequence[Window]) -> str:
    """Return the first and the last day tested."""
    return f"{windows[0].test_start} to {windows[-1].test_end}"


def command(report: Report) -> str:
    """Return the command that makes this report from the same registry."""
    words = ["experiments", "report", *(str(member.config.config_hash) for member in report.members)]
    if report.metric != "edge":
        words += ["--metric", report.metric]
    if (basis := report.comparison.basis) is not None:
        words += ["--panel", basis.panel, "--period", basis.period]
    return one_line(shlex.join([*words, "-o", "report.html"]))
