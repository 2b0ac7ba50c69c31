"""Where to export experiments to: a file or a folder, whose name says the form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.errors import NotFoundError
from registry.numbers import of_them
from tui.screens.path_dialog import PathScreen, Tick
from tui.selection import on_usual_panel
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.results import Results


def write_report(
    workspace: Workspace, hashes: Sequence[str], target: Path, *, against: str | None = None, force: bool
) -> str:
    """Write a report with the metrics on the panel in force; return the sentence that says so.

    Raises:
        FileExistsRefusal: there is such a file, and `force` was not given.
        RegistryError: it can't be gathered or written.
    """
    ask = partial(workspace.registry.report, hashes, against=against)
    report = on_usual_panel(ask, workspace.read_on)
    return f"Wrote a report on {of_them(len(report.members))} to {report.write(target, force=force)}."


class ExportScreen(PathScreen):
    """Exports experiments, with their runs if wanted."""

    FORMS = (
        "NAME.json: one array  NAME.ndjson: a line each\nNAME.csv, NAME.parquet: a table  a folder: a file each\n"
        "NAME.html, NAME.md: a report"
    )
    YES = "Export"

    def __init__(self, workspace: Workspace, hashes: Sequence[str], what: str) -> None:
        name = f"{hashes[0][:SHORT_HASH]}.json" if len(hashes) == 1 else "experiments.ndjson"
        super().__init__(f"Export {what} to", name)
        self._workspace = workspace
        self._hashes = hashes

    def more(self) -> Iterable[Widget]:
        """Yield the choice of runs."""
        yield Tick(Content("with their runs"), compact=True)

    def write(self, target: Path, *, force: bool) -> str:
        """Export them; a path that ends with a slash is a folder."""
        from registry.exchange import export_many, export_one
        from registry.exchange.table_form import table_suffix
        from registry.report.gather import SUFFIXES

        if target.suffix.lower() in SUFFIXES:
            return write_report(self._workspace, self._hashes, target, force=force)
        registry = self._workspace.registry
        where = str(target) + ("/" if self.field.value.rstrip().endswith("/") else "")
        runs = registry.carrier() if self.query_one(Tick).value else None
        marks = registry.marks_to_carry(self._hashes)
        if len(self._hashes) > 1 or table_suffix(where):
            metrics = self._metrics() if table_suffix(where) else None
            report = export_many(
                registry.configs(self._hashes), where, force=force, runs=runs, marks=marks, metrics=metrics
            )
        elif (config := next(iter(registry.configs(self._hashes)), None)) is None:
            raise NotFoundError("it is no longer in the registry")
        else:
            report = export_one(config, where, force=force, runs=runs, marks=marks)
        return f"Wrote {of_them(report.count)} to {report.path}."

    def _metrics(self) -> Results:
        """Return what a table tells of their runs: all metrics on the panel in force."""
        return on_usual_panel(partial(self._workspace.registry.metrics_of, self._hashes), self._workspace.read_on)
