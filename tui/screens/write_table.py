"""Where to write a comparison to: a file whose name says the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from registry.report.gather import SUFFIXES
from tui.screens.export import write_report
from tui.screens.path_dialog import PathScreen
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.comparison import Comparison


class WriteTableScreen(PathScreen):
    """Writes the comparison as it is shown."""

    FORMS = "NAME.csv  NAME.md (Markdown)  NAME.json: the table\nNAME.html: a report"
    YES = "Write"

    def __init__(self, workspace: Workspace, comparison: Comparison, *, transposed: bool, left_out: int) -> None:
        """`left_out` is how many equal rows are folded and so not in `comparison`."""
        rows = len(comparison.rows)
        what = f"{rows:,} row{'' if rows == 1 else 's'} of {len(comparison.hashes):,} experiments"
        if left_out:
            what += f"; {left_out:,} equal left out"
        super().__init__(f"Write the table to ({what})", "comparison.csv")
        self._workspace = workspace
        self._comparison = comparison
        self._transposed = transposed

    def write(self, target: Path, *, force: bool) -> str:
        """Write the table, or a report on the experiments in it."""
        if SUFFIXES.get(target.suffix.lower()) == "html":
            hashes, reference = self._comparison.hashes, self._comparison.against
            return write_report(self._workspace, hashes, target, against=reference, force=force)
        path = self._comparison.write(target, transposed=self._transposed, force=force)
        return f"Wrote the table to {path}."
