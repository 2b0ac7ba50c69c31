"""One verdict in full sentences: what was found, what it rests on, and what could have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widgets.cells import of_them
from tui.widgets.verdict_table import decisive, show_p

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate, Trial


class VerdictCard(Static):
    """The card."""

    DEFAULT_CSS = """
    VerdictCard { height: auto; max-height: 60%; padding: 0 1; background: $surface; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, trial: Trial | None, candidate: Candidate | None) -> None:
        """Tell a verdict, or nothing."""
        if trial is None or candidate is None:
            self.update("")
            return
        first, *rest = told(trial, candidate)
        self.update(
            Content("\n").join([Content.assemble((safe(first), "bold")), *(Content(safe(line)) for line in rest)])
        )


def told(trial: Trial, candidate: Candidate) -> list[str]:
    """Return the sentences about a candidate: the verdict first."""
    verdict = candidate.verdict
    names = f"{candidate.config_hash[:SHORT_HASH]} against {trial.control[:SHORT_HASH]}"
    lines = [f"{verdict.verdict}: {names}"]
    if verdict.reason:
        lines.append(f"{verdict.reason[0].upper()}{verdict.reason[1:]}.")
    if verdict.difference is not None:
        lines.append(_effect(candidate))
        lines.append(_tests(trial, candidate))
    seen = []
    if verdict.smallest_seen is not None:
        seen.append(f"a difference of {verdict.smallest_seen:.4g} would be seen in 80 of 100 such comparisons")
    if verdict.underpowered and verdict.n:
        seen.append("underpowered: fewer than 20 dates that do not overlap")
    if seen:
        lines.append("; ".join(seen)[0].upper() + "; ".join(seen)[1:] + ".")
    lines.append(
        f"{of_them(trial.evaluated)} evaluated with the same panel, period and options,"
        f" {trial.tried:,} ever tried there."
    )
    return lines


def _effect(candidate: Candidate) -> str:
    verdict = candidate.verdict
    said = f"{verdict.metric} {verdict.difference:+.4g}"
    if verdict.low is not None:
        said += f" (95 % {verdict.low:+.4g} … {verdict.high:+.4g})"
    said += f" over {of_them(verdict.n, 'difference')} that do not overlap"
    if verdict.share_won is not None:
        said += f"; won {verdict.share_won * 100:.0f} % of those that differ"
    return said + "."


def _tests(trial: Trial, candidate: Candidate) -> str:
    verdict = candidate.verdict
    parts = [f"p {show_p(verdict.p)} alone"]
    if len(trial.candidates) > 1:
        named = f"the {len(trial.candidates):,} named"
        parts.append(f"{show_p(candidate.p_holm)} among {named} (Holm)")
    if candidate.p_best is not None:
        parts.append(f"{show_p(candidate.p_best)} for being the best of all {trial.evaluated:,} (max-T)")
    rests = f"; the verdict rests on {show_p(decisive(candidate))}" if len(parts) > 1 else ""
    return ", ".join(parts) + rests + "."
