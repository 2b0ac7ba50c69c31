"""A report as Markdown with GitHub's tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from registry.analysis.sentences import told
from registry.config import SHORT_HASH
from registry.exchange.comparisons import comparison_text, escape_markdown, markdown_line
from registry.numbers import percent, sparkline
from registry.report.words import command, describe, figures, heading, no_verdict, remarks, span, where_read
from registry.runs.equity import levels

if TYPE_CHECKING:
    from registry.report.gather import Report


def markdown(report: Report) -> str:
    """Return the report."""
    lines = [f"# {escape_markdown(heading(report))}", "", escape_markdown(where_read(report))]
    for remark in remarks(report):
        lines += ["", escape_markdown(remark)]
    lines += ["", "## What differs", "", comparison_text(report.comparison, "markdown").rstrip("\n")]
    verdicts = list(_verdicts(report))
    if verdicts:
        lines += ["", "## Did it help?", "", *verdicts]
    fared = list(_fared(report))
    if fared:
        lines += ["", "## Equity and windows", "", *fared]
    return "\n".join([*lines, "", f"Made with `{command(report).replace('`', '')}`", ""])


def _verdicts(report: Report) -> Iterator[str]:
    trial = report.trial
    if trial is None:
        if (reason := no_verdict(report)) is not None:
            yield escape_markdown(reason)
        return
    yield f"Against `{trial.control[:SHORT_HASH]}`, by the paired differences of {escape_markdown(trial.metric)}."
    yield ""
    yield markdown_line(["experiment", "verdict", "difference", "95 %", "p", "n"])
    yield markdown_line(["---", "---", "---:", "---:", "---:", "---:"])
    for each in trial.candidates:
        yield markdown_line(
            [
                f"`{each.config_hash[:SHORT_HASH]}`",
                each.verdict.verdict,
                *map(escape_markdown, figures(each)),
            ]
        )
    yield ""
    for each in trial.candidates:
        first, *rest = told(trial, each)
        yield f"- **{escape_markdown(first)}.** {escape_markdown(' '.join(rest))}"


def _fared(report: Report) -> Iterator[str]:
    metric = report.windows_of
    rows = []
    for member in report.members:
        if member.run is None:
            continue
        found = list(levels(member.run))
        deepest = min((level.drawdown for level in found), default=None)
        windows = member.run.windows if metric is not None else []
        values = [window.metrics.get(metric or "") for window in windows]
        rows.append(
            [
                escape_markdown(describe(member)),
                f"{found[-1].equity:.2f}" if found else "",
                percent(deepest) if found else "",
                sparkline(values, 30),
                span(windows) if windows else "",
            ]
        )
    if any(any(row[1:]) for row in rows):
        head = escape_markdown(metric) if metric is not None else ""
        yield markdown_line(["experiment", "1.00 became", "deepest fall", f"{head} by window", "tested"])
        yield markdown_line(["---", "---:", "---:", "---", "---"])
        yield from map(markdown_line, rows)
