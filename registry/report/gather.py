"""What a report tells, as plain data: the experiments, how they differ, their runs in one place, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from registry.errors import ExchangeError, RegistryError
from registry.metrics import Metric
from registry.search.words import split_name

if TYPE_CHECKING:
    import os

    from registry.analysis.ab import Trial
    from registry.comparison import Comparison
    from registry.config import ExperimentConfig
    from registry.experiments import ExperimentRegistry
    from registry.runs.record import Run
    from registry.search.basis import Basis

ReportForm = Literal["html", "markdown"]
SUFFIXES: Final[dict[str, ReportForm]] = {".html": "html", ".htm": "html", ".md": "markdown"}
"""What the end of a file's name says about its format."""
MOST: Final = 200
"""A report of more experiments is no page to read."""
_OF_WINDOWS: Final = ("edge", "precision_at_k", "rank_ic", "net_return")


@dataclass(frozen=True, slots=True)
class Member:
    """One experiment of a report."""

    config: ExperimentConfig
    aliases: list[str]
    run: Run | None
    """Its latest run on the panel and period in force, with windows and values by date."""


@dataclass(frozen=True)
class Report:
    """Some experiments, the reference first."""

    members: list[Member]
    comparison: Comparison
    """In the order of `members`; its metrics are from their runs, all on its one panel and period, if there is one."""
    metric: str
    """What verdicts and windows are about."""
    trial: Trial | None
    """Whether the others are better than the reference."""
    untried: str | None
    """Why there is no verdict; one sentence."""
    tried: int
    """Configurations ever tried on the panel and period, whatever was deleted or untracked."""
    definitions: dict[str, Metric]
    """What the metrics in the comparison mean, by their names in filters, `m.edge`."""

    @property
    def windows_of(self) -> str | None:
        """The metric whose values by window are shown: the one asked for, or one that the runs have."""
        known = {name for member in self.members if member.run for w in member.run.windows for name in w.metrics}
        return next((name for name in (self.metric, *_OF_WINDOWS) if name in known), None)

    def html(self) -> str:
        """Return one page that needs nothing else: no network, no other file."""
        from registry.report.page import page

        return page(self)

    def markdown(self) -> str:
        """Return the same as Markdown with GitHub's tables."""
        from registry.report.markdown import markdown

        return markdown(self)

    def write(self, target: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the report to a file whose name ends in .html or .md; return its path.

        Raises:
            FileExistsRefusal: the file is there, and `force` was not given; it is untouched.
            ExchangeError: the name says neither format, or the file can't be written.
        """
        from registry.exchange.files import writing

        text = self.html() if report_form(target) == "html" else self.markdown()
        with writing(target, force=force) as stream:
            stream.write(text)
        return Path(target)


def report_form(target: str | os.PathLike[str]) -> ReportForm:
    """Return the format that a file's name ends in.

    Raises:
        ExchangeError: it says none.
    """
    form = SUFFIXES.get(Path(target).suffix.lower())
    if form is None:
        raise ExchangeError(f"{target} can't be a report; end its name in .html or .md")
    return form


def gather(
    registry: ExperimentRegistry,
    references: Sequence[str],
    *,
    against: str | None = None,
    metric: str = "edge",
    panel: str | None = None,
    period: str | None = None,
) -> Report:
    """Return a report; `against` is the reference, by default the first experiment.

    Raises:
        NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
        ExchangeError: there are more than 200.
        FilterError: there is no such panel or period.
    """
    with registry.reading():
        full = registry.resolve_many(list(references))
        if len({*full, *([] if against is None else [against])}) > MOST:
            raise ExchangeError(f"a report of {len(full):,} experiments is no page to read; name at most {MOST}")
        comparison = registry.compare_many(full, against=against, panel=panel, period=period)
        comparison = comparison.seen_from(comparison.reference)
        hashes, basis = comparison.hashes, comparison.basis
        named = registry.aliases_of(hashes)
        configs = {config.config_hash: config for config in registry.configs(hashes)}
        members = [Member(configs[each], named.get(each, []), _latest(registry, each, basis)) for each in hashes]
        names = {row.name: split_name(row.name).text for row in comparison.rows if row.section == "metric"}
        known = {written: registry.metric(name) for written, name in names.items()}
        tried = 0 if basis is None else registry.trials(basis.panel, basis.period)
    # it takes its time, for which nobody is kept from changing the registry
    trial, untried = _trial(registry, hashes, metric, basis)
    return Report(
        members,
        comparison,
        metric.removeprefix("m."),
        trial,
        untried,
        tried,
        {written: found for written, found in known.items() if found is not None},
    )


def _latest(registry: ExperimentRegistry, config_hash: str, basis: Basis | None) -> Run | None:
    if basis is None:
        return None
    return next(iter(registry.runs(config_hash, panel=basis.panel, period=basis.period, limit=1, full=True)), None)


def _trial(
    registry: ExperimentRegistry, hashes: Sequence[str], metric: str, basis: Basis | None
) -> tuple[Trial | None, str | None]:
    if len(hashes) < 2 or basis is None:
        return None, None
    try:
        return registry.ab(hashes[0], hashes[1:], metric, panel=basis.panel, period=basis.period), None
    except RegistryError as error:
        return None, str(error)
