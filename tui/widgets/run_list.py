"""The runs of an experiment: a few lines each, and each can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from registry.config import SHORT_HASH
from registry.numbers import against_base, percent, shown, sparkline
from tui.safe import safe
from tui.widgets.open_list import OpenList

if TYPE_CHECKING:
    from registry.rows import Details
    from registry.runs.record import Run

_SPARKS = 40


class RunList(OpenList):
    """One option for each run, newest first; the option's id is the run's."""

    DEFAULT_CSS = "RunList { max-height: 24; }"

    def show(self, details: Details) -> None:
        """Show the runs of another experiment."""
        self.clear_options()
        options = [Option(lines(run), id=run.run_id) for run in details.runs]
        hidden = details.run_count - len(details.runs)
        if hidden > 0:
            options.append(Option(Content(f"and {hidden:,} more: experiments runs HASH"), disabled=True))
        if not options and details.deleted_at:
            options.append(Option(Content.styled("none", "$quiet italic"), disabled=True))
        elif not options:
            short = str(details.config.config_hash)[:SHORT_HASH]
            command = f"experiments backtest {short} --data PANEL --start DATE --end DATE"
            options.append(
                Option(Content.assemble(("none yet; make one with\n", "$quiet italic"), command), disabled=True)
            )
        self.add_options(options)
        self.highlighted = None if options[0].disabled else 0


def lines(run: Run) -> Content:
    """Return what a list tells of a run: where, how good beside its base rate, its windows."""
    metrics = run.metrics
    suspect = ("  survivors only?", "$warning") if run.panel.survivorship_suspect else ("", "")
    made = [Content.assemble((safe(run.panel.name), "bold"), ("  " + run.period, "$quiet"), suspect)]
    parts = [""]
    if metrics.get("precision_at_k") is not None:
        parts = ["precision " + against_base(metrics)]
    others = [f"{label} {shown(name, metrics[name])}" for name, label in _SHOWN if metrics.get(name) is not None]
    if metrics.get("max_drawdown") is not None:
        others.append(f"drawdown {percent(metrics['max_drawdown'])}")
    if not others and not parts[0]:
        others = [f"{safe(name)} {shown(name, value)}" for name, value in list(metrics.items())[:4]]
    # two lines that each fit a narrow window, for a line that is broken loses its indent
    made += [Content("  " + line) for line in (*parts, "  ".join(others)) if line]
    edges = [window.metrics.get("edge") for window in run.windows]
    if any(edge is not None for edge in edges):
        made.append(Content.assemble(("  edge by window ", "$quiet"), (sparkline(edges, _SPARKS), "$bar")))
    return Content("\n").join(made)


_SHOWN = (("rank_ic", "rank IC"), ("sharpe", "Sharpe"))
