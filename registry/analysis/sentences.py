"""One verdict in full sentences: what was found, what it rests on, and what could have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.config import SHORT_HASH
from registry.numbers import of_them, show_p

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate, Trial
    from registry.statistics.verdict import Verdict


def decisive(each: Candidate, *, screened: bool = False) -> float | None:
    """Return the p-value a verdict rests on: the largest of those that count."""
    counted = (each.p_screen if screened else each.p_holm, each.p_best)
    return max((p for p in counted if p is not None), default=None)


def sentence(text: str) -> str:
    """Return a remark as a sentence: a capital letter, and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def interval(verdict: Verdict) -> str:
    """Return the 95 % interval of the difference; nothing where there is none."""
    return "" if verdict.low is None else f"{verdict.low:+.4g} … {verdict.high:+.4g}"


def told(trial: Trial, candidate: Candidate) -> list[str]:
    """Return the sentences about a candidate: the verdict first."""
    verdict = candidate.verdict
    names = f"{candidate.config_hash[:SHORT_HASH]} against {trial.control[:SHORT_HASH]}"
    lines = [f"{verdict.verdict}: {names}"]
    if verdict.reason:
        lines.append(sentence(verdict.reason))
    if verdict.difference is not None:
        lines.append(_effect(candidate))
        lines.append(_tests(trial, candidate))
    seen = []
    if verdict.smallest_seen is not None:
        seen.append(f"a difference of {verdict.smallest_seen:.4g} would be seen in 80 of 100 such comparisons")
    if verdict.underpowered and verdict.n:
        seen.append("underpowered: fewer than 20 dates that do not overlap")
    if seen:
        lines.append(sentence("; ".join(seen)))
    lines.append(
        f"{of_them(trial.evaluated)} evaluated with the same panel, period and options,"
        f" {trial.tried:,} ever tried there."
    )
    return lines


def _effect(candidate: Candidate) -> str:
    verdict = candidate.verdict
    said = f"{verdict.metric} {verdict.difference:+.4g}"
    if verdict.low is not None:
        said += f" (95 % {interval(verdict)})"
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
