"""The options of `backtest`, `try` and `sweep`: the panel, the period, and how an experiment is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.options import carry

if TYPE_CHECKING:
    from registry.backtest.panel import Panel
    from registry.config import ExperimentConfig

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PanelChoice:
    """The panel and the period that were asked for."""

    source: str
    start: str
    end: str
    columns: dict[str, Any]

    def load(self, *configs: ExperimentConfig) -> Panel:
        """Return the panel with the features these experiments name; no other column is read.

        Raises:
            PanelError: it can't be read as a panel, or lacks a feature.
        """
        from registry.backtest.panel import load_panel

        return load_panel(self.source, features=_named(configs), **self.columns)

    def load_for_many(self, configs: Sequence[ExperimentConfig]) -> Panel:
        """Return the panel with those features of any of these experiments that it has.

        Raises:
            PanelError: it can't be read as a panel.
        """
        from registry.backtest.panel import load_panel

        return load_panel(self.source, among=_named(configs), **self.columns)


def _named(configs: Iterable[ExperimentConfig]) -> list[str]:
    from registry.backtest.scoring import named_features

    return sorted({name for config in configs for name in named_features(config)})


_PANEL = (
    click.option("--data", metavar="PANEL", required=True, help="Parquet, CSV (also .gz) or a .sql query."),
    click.option("--start", metavar="DATE", required=True, help="First day of the period."),
    click.option("--end", metavar="DATE", required=True, help="Last day of the period."),
    click.option("--panel-name", metavar="NAME", help="What the panel is called [default: the file's name]."),
    click.option("--date-column", metavar="NAME", default="date", show_default=True),
    click.option("--asset-column", metavar="NAME", default="asset", show_default=True),
    click.option("--price-column", metavar="NAME", default="price", show_default=True),
    click.option("--forward-column", metavar="NAME", help="A forward return, in place of prices."),
    click.option("--forward-horizon", metavar="N", type=click.IntRange(min=1), help="Panel dates it looks ahead."),
    click.option("--cap-column", metavar="NAME", help="Capitalisation, for the baselines that need it."),
    click.option("--universe-column", metavar="NAME", help="True where the asset could be traded that date."),
)

_EVALUATION = (
    click.option("--walk", metavar="30d|4w", help="Length of a test window [default: 30d]."),
    click.option("--k", type=click.IntRange(min=1), metavar="K", help="Assets to pick on a date [default: 10]."),
    click.option("--horizons", metavar="N,N…", help="Forward returns in panel dates; the first decides [7,14,30]."),
    click.option("--train", metavar="365d|52w", help="What a window trains on, for the suggested weights [365d]."),
    click.option("--expanding", is_flag=True, default=None, help="Train from the start of the period on."),
    click.option("--lag", type=click.IntRange(min=0), metavar="N", help="Dates from the score to the entry [1]."),
    click.option("--embargo", type=click.IntRange(min=0), metavar="N", help="Dates left out before a test window [0]."),
    click.option("--missing", type=click.Choice(["drop", "neutral", "renorm"]), help="Where a feature is missing."),
    click.option("--delist", type=click.Choice(["last", "loss", "drop"]), help="Where a price ends before the exit."),
    click.option("--cost-bps", type=float, metavar="BPS", help="Costs of a trade, in basis points [0]."),
    click.option("--hit", type=float, metavar="RETURN", help="A pick is right above this forward return [0]."),
    click.option("--min-assets", type=click.IntRange(min=1), metavar="N", help="Skip dates with fewer [K]."),
    click.option("--threshold", type=float, metavar="SCORE", help="Pick only what scores at least this."),
    click.option("--tranches", is_flag=True, default=None, help="Hold one tranche for each date of the horizon."),
    click.option("--risk-free-rate", type=float, metavar="RATE", help="A year, as a fraction [0]."),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of every random number [13]."),
    click.option("--compare-baselines", is_flag=True, default=None, help="Evaluate the baselines too."),
    click.option("--no-bootstrap-ci", is_flag=True, help="Leave the bootstrap intervals out."),
    click.option("--n-bootstrap", type=click.IntRange(min=100), metavar="N", help="Draws of the bootstrap [10000]."),
    click.option("--method", type=click.Choice(["nnridge", "ic", "icir"]), help="How weights are suggested [nnridge]."),
    click.option("--shrink", type=click.FloatRange(0, 1), metavar="SHARE", help="Share of what was fitted [1]."),
    click.option("--min-test-dates", type=click.IntRange(min=1), metavar="N", help="Leave shorter windows out [1]."),
    click.option("--periods-per-year", type=float, metavar="N", help="Rebalances a year [counted in the panel]."),
)

_MEASURING = ("k", "horizons", "lag", "missing", "delist", "cost_bps", "hit", "min_assets", "threshold", "tranches")
_RENAMED = {"compare_baselines": "baselines"}
_DAYS = {"walk": "walk_days", "train": "train_days"}


def panel_options(function: Function) -> Function:
    """Add the options that say which panel and period; the command gets them as `panel`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in ("data", "start", "end")}
        columns = _taken(kwargs)
        return function(*args, panel=PanelChoice(given["data"], given["start"], given["end"], columns), **kwargs)

    return carry(function, wrapped, _PANEL)


def source_options(function: Function) -> Function:
    """Add those of them that say which panel; the command gets its path as `data` and `columns`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, columns=_taken(kwargs), **kwargs)

    return carry(function, wrapped, (_PANEL[0], *_PANEL[3:]))


def _taken(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take the names of columns out of what was given, and return them as `load_panel` has them."""
    columns = {name: kwargs.pop(name) for name in _columns()}
    columns["name"] = columns.pop("panel_name")
    if columns["forward_column"] is not None and columns["price_column"] == "price":
        columns["price_column"] = None
    return columns


def _columns() -> list[str]:
    return [
        "panel_name", "date_column", "asset_column", "price_column", "forward_column", "forward_horizon",
        "cap_column", "universe_column",
    ]  # fmt: skip


def evaluation_options(function: Function) -> Function:
    """Add the options that say how to evaluate; the command gets those that were given as `explicit`."""
    return _evaluating(function, _EVALUATION)


def measuring_options(function: Function) -> Function:
    """Add those of them that say what is picked and by what it is measured; the command gets `explicit`."""
    wanted = [option for option in _EVALUATION if _parameters((option,))[0].name in _MEASURING]
    return _evaluating(function, tuple(wanted))


def _evaluating(function: Function, options: tuple[Function, ...]) -> Function:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from registry.backtest.options import read_days, read_horizons

        names = [parameter.name for parameter in _parameters(options)]
        given = {name: kwargs.pop(name) for name in names}
        explicit: dict[str, Any] = {}
        if given.pop("no_bootstrap_ci", False):
            explicit["bootstrap"] = False
        for name, value in given.items():
            if value is None:
                continue
            if name in _DAYS:
                explicit[_DAYS[name]] = read_days(value, name)
            elif name == "horizons":
                explicit[name] = read_horizons(value)
            else:
                explicit[_RENAMED.get(name, name)] = value
        return function(*args, explicit=explicit, **kwargs)

    return carry(function, wrapped, options)


def _parameters(options: tuple[Function, ...]) -> list[click.Parameter]:
    def bare() -> None: ...

    for option in options:
        option(bare)
    found: list[click.Parameter] = bare.__click_params__  # type: ignore[attr-defined]
    return found


def output_option(function: Function) -> Function:
    """Add `--output`; the command gets it as `folder`."""
    return click.option(
        "--output",
        "folder",
        type=click.Path(path_type=Path),
        default=Path("reports/backtests"),
        show_default=True,
        metavar="DIR",
        help="Where the report's folder goes, named after the day.",
    )(function)
