"""Writing results to a file: whole or not at all, and never over another file unasked."""

from __future__ import annotations

from pathlib import Path

from registry.exchange.files import resolve_target, writing
from registry.results import Results
from registry.store.publishing import check_free
from tui.cli import output


def write_results(found: Results, file: Path, form: str, *, force: bool) -> None:
    """Write rows as csv, json, ndjson or parquet.

    Raises:
        FileExistsRefusal: the file is there, and `force` was not given.
        ExchangeError: it can't be written.
    """
    if form != "parquet":
        with writing(file, force=force) as stream:
            output.serialise(found, form, stream)
        return
    from registry.store.tables import write_parquet

    path = resolve_target(file)
    check_free(path, str(file), force=force)
    write_parquet(found, path)
