"""What a backtest tells a person: the numbers beside their base rates, and the honest verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from registry.config import SHORT_HASH
from registry.numbers import against_base, percent, shown, sparkline
from registry.results import Results
from tui import recorded
from tui.cli import output
from tui.cli.table import ABSENT, Column, layout, number, text
from tui.safe import safe

if TYPE_CHECKING:
    from registry.backtest.comparing import Against
    from registry.backtest.identity import Meant
    from registry.backtest.many import Done
    from registry.backtest.running import Backtest
    from registry.runs.record import Run


def told(this: Meant, done: Backtest, against: Against | None, *, known: bool, tracked: bool) -> Iterator[str]:
    """Yield the lines that tell about one backtest."""
    run = done.run
    hash_ = output.paint(run.config_hash[:SHORT_HASH], "cyan")
    yield f"experiment  {hash_}  {safe(done.config.description)}".rstrip()
    if this.variant_of is not None:
        edits = ", ".join(f"{safe(name)} {before} → {now}" for name, (before, now) in (this.changes or {}).items())
        yield f"            a variant of {this.variant_of[:SHORT_HASH]}: {edits}"
    state = "there already, the same results" if known else "recorded" if tracked else "not recorded"
    yield f"run         {run.run_id}  ({state})"
    yield from run_lines(run)
    if run.details["baselines"]:
        yield ""
        yield from _baselines(run)
    yield ""
    yield from _suggestion(done)
    if against is not None:
        yield ""
        yield from comparison_lines(against)
    for warning in [*run.details["remarks"], *run.details["warnings"]]:
        yield output.paint(f"! {safe(warning)}", "yellow")


def run_lines(run: Run) -> Iterator[str]:
    """Yield the lines that tell about a run: panel and period, metrics, windows."""
    metrics, counts = run.metrics, recorded.counts(run)
    walk, k, horizon = recorded.whole(run, "walk_days"), recorded.whole(run, "k"), recorded.horizon(run)
    suspect = ", survivors only?" if run.panel.survivorship_suspect else ""
    yield f"panel       {safe(run.panel.name)}, {run.period}{suspect}"
    parts = [f"{len(run.windows)} windows" + (f" of {walk} days" if walk else "")] if run.windows else []
    parts += [f"{counts[key]:,} {what}" for key, what in _MEASURED if key in counts]
    parts += [f"{counts[key]:,} {what}" for key, what in _LEFT_OUT if counts.get(key)]
    if horizon:
        parts.append(f"returns {horizon} dates ahead")
    if parts:
        yield f"            {', '.join(parts)}"
    yield ""
    rows = []
    if metrics.get("precision_at_k") is not None:
        label = f"precision@{k}" if k else "precision"
        precision = against_base(metrics)
        rows.append((label, precision, _edge_interval(run, recorded.interval(run, "edge"))))
    if metrics.get("rank_ic") is not None:
        beside = f"t {shown('rank_ic_t', metrics.get('rank_ic_t'))}, ICIR {shown('icir', metrics.get('rank_icir'))}"
        rows.append(("rank IC", shown("rank_ic", metrics["rank_ic"]), beside))
    if metrics.get("forward_return") is not None:
        rows.append(
            ("return", percent(metrics["forward_return"]), f"all eligible {percent(metrics.get('universe_return'))}")
        )
    if metrics.get("sharpe") is not None or metrics.get("cagr") is not None:
        beside = f"CAGR {percent(metrics.get('cagr'))}, max drawdown {percent(metrics.get('max_drawdown'))}, turnover"
        rows.append(("Sharpe", shown("sharpe", metrics.get("sharpe")), f"{beside} {percent(metrics.get('turnover'))}"))
    named = {"precision_at_k", "base_rate", "edge", "rank_ic", "rank_ic_t", "rank_icir", "forward_return",
             "universe_return", "sharpe", "cagr", "max_drawdown", "turnover"}  # fmt: skip
    if run.engine != "experiments":
        rows += [(safe(name), shown(name, value), "") for name, value in metrics.items() if name not in named]
    wide = max((len(row[0]) for row in rows), default=0)
    middle = max((len(row[1]) for row in rows), default=0)
    for label, value, beside in rows:
        yield f"{label.ljust(max(10, wide))}  {value.ljust(middle)}  {beside}".rstrip()
    yield from _windows(run)


_MEASURED = (("evaluated_dates", "dates"), ("rebalance_dates", "rebalances"))
_LEFT_OUT = (
    ("skipped_dates", "dates skipped for want of assets"),
    ("censored_dates", "dates without a return yet"),
    ("delisted_picks", "delisted picks"),
    ("unentered_picks", "picks without an entry price"),
    ("unmeasured_picks", "picks without a forward return"),
)


def _edge_interval(run: Run, bounds: Sequence[float] | None) -> str:
    """Return the edge on rebalance dates with its interval; the mean over all dates is another number."""
    values = [value for value in run.dates.values.get("edge", []) if value is not None]
    if not bounds or not values:
        return ""
    mean = sum(values) / len(values)
    return f"edge on rebalance dates {mean:+.3f}, 95 % {bounds[0]:+.3f} … {bounds[1]:+.3f}"


def _windows(run: Run) -> Iterator[str]:
    edges = [window.metrics.get("edge") for window in run.windows]
    known = [edge for edge in edges if edge is not None]
    if not known:
        return
    above = sum(edge > 0 for edge in known)
    yield f"windows     {sparkline(edges)}"
    yield f"            edge {min(known):+.3f} … {max(known):+.3f}, above 0 in {above} of {len(known)}"


def _baselines(run: Run) -> list[str]:
    rows: list[list[Any]] = []
    for name, found in run.details["baselines"].items():
        metrics = found.get("metrics")
        if metrics is None:
            rows.append([name, ABSENT, ABSENT, ABSENT, ABSENT, safe(found["reason"])])
            continue
        band = found["band"].get("precision_at_k")
        rows.append(
            [
                name,
                against_base(metrics),
                percent(metrics.get("forward_return")),
                shown("sharpe", metrics.get("sharpe")),
                percent(metrics.get("max_drawdown")),
                _band(run, band) if band else "",
            ]
        )
    columns = [
        Column("BASELINE", text), Column("PRECISION", text), Column("RETURN", text, right=True),
        Column("SHARPE", text, right=True), Column("DRAWDOWN", text, right=True), Column("", text),
    ]  # fmt: skip
    return list(layout(columns, rows, None, output.style("bold")))


def _band(run: Run, band: Sequence[float]) -> str:
    """Return the band of random draws beside the picks on the same dates, those of the rebalances."""
    known = list(run.dates.of("precision_at_k").values())
    mine = f", these picks {sum(known) / len(known):.3f}" if known else ""
    return f"on rebalance dates 90 % of draws {band[0]:.3f} … {band[1]:.3f}{mine}"


def _suggestion(done: Backtest) -> Iterator[str]:
    suggested = done.suggested
    if suggested is None:
        return
    if suggested.weights is None:
        yield f"no weights are suggested: {suggested.reason}"
        return
    sides = (done.config.feature_weights, suggested.weights, suggested.spread)
    rows = [[name, *(_rounded(side.get(name)) for side in sides)] for name in suggested.weights]
    columns = [
        Column("FEATURE", text), Column("WEIGHT", number, right=True), Column("SUGGESTED", number, right=True),
        Column("± OVER WINDOWS", number, right=True),
    ]  # fmt: skip
    yield from layout(columns, rows, None, output.style("bold"))
    beside = done.beside
    if beside is not None:
        said = beside["verdict"]
        theirs, mine = (shown("edge", beside[side]["edge"]) for side in ("suggested", "present"))
        numbers = f"edge {theirs} with them, {mine} with the present ones"
        p = "" if said["p"] is None else f" (p {said['p']:.3f}, n {said['n']})"
        yield f"on dates they were not fitted on: {numbers}: {said['verdict']}{p}"


def _rounded(weight: float | None) -> float | None:
    return None if weight is None else round(weight, 4)


COLOURS = {"better": "green", "worse": "red"}


def comparison_lines(against: Against) -> Iterator[str]:
    """Yield the lines that set a run against its reference."""
    reference = against.reference
    short = output.paint(reference.config_hash[:SHORT_HASH], "cyan")
    yield f"against {short} ({against.because}), run {reference.run_id}"
    for name, sides in against.weights.items():
        yield f"  {safe(name)}: {number(sides['config1'])} → {number(sides['config2'])}"
    rows = [
        [name, shown(name, before), shown(name, now), _difference(name, before, now)]
        for name, (before, now) in against.metrics.items()
    ]
    columns = [
        Column("  METRIC", text), Column("BEFORE", text, right=True), Column("NOW", text, right=True),
        Column("CHANGE", text, right=True),
    ]  # fmt: skip
    if rows:
        yield from layout(columns, [["  " + row[0], *row[1:]] for row in rows], None, output.style("bold"))
    verdict = against.verdict
    sentence = safe(verdict.sentence())
    colour = COLOURS.get(verdict.verdict)
    yield f"verdict: {output.paint(sentence, colour) if colour else sentence}"
    if against.tried > 2:
        yield f"{against.tried:,} configurations were tried on this panel and period: the best of many flatters itself"


def _difference(name: str, before: float | None, now: float | None) -> str:
    if before is None or now is None:
        return ABSENT
    made = shown(name, now - before)
    return made if made.startswith(("-", "+")) else f"+{made}"


def ranking(done: Sequence[Done]) -> Iterator[str]:
    """Yield a table of many runs, the best edge first, and what became of all."""
    evaluated = [each for each in done if each.run is not None]
    evaluated.sort(key=lambda each: -(_edge(each.run)))
    names = ("precision_at_k", "base_rate", "edge", "rank_ic", "sharpe", "turnover")
    rows = []
    limit = 20 if output.is_terminal() else None
    for each in evaluated[:limit]:
        assert each.run is not None
        rows.append(
            (each.config.config_hash, each.run.run_id, *(shown(name, each.run.metrics.get(name)) for name in names),
             each.config.description)
        )  # fmt: skip
    found = Results(["config_hash", "run", *names, "description"], rows)
    columns = [
        Column("HASH", output.short_hash, style=output.style("cyan")), Column("RUN", text),
        *(Column(name.upper(), text, right=True) for name in names), Column("DESCRIPTION", text, shrinks=True),
    ]  # fmt: skip
    width = output.terminal_width() if output.is_terminal() else None
    yield from layout(columns, found.rows, width, output.style("bold"))
    if limit is not None and len(evaluated) > limit:
        yield f"… and {len(evaluated) - limit:,} more"
    counts = {kind: sum(each.outcome == kind for each in done) for kind in ("evaluated", "there already", "failed")}
    yield ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)


def _edge(run: Run | None) -> float:
    edge = None if run is None else run.metrics.get("edge")
    return float("-inf") if edge is None else edge
