"""A workbench: an empty database in memory that may read files, for other people's data.

It never sees the registry's file. Nothing is installed or loaded into the engine, and what does not fit into
memory goes to the system's temporary folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.store.connection import Connection, Engine, is_engine_error, raise_interrupt
from registry.store.tables import literal, quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EngineRefusal", "Workbench", "literal", "one_file", "quote", "workbench"]


def one_file(path: Path) -> str:
    """Return what the engine takes for this one file, whatever signs its name has; bind it or quote it.

    >>> one_file(Path("/data/best?[1].csv"))
    '/data/best[?][[]1].csv'
    """
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.absolute()))


class EngineRefusal(Exception):
    """The engine could not do it; the text is the engine's own. Callers say what it means for the user."""

    @property
    def line(self) -> str:
        """The first line, without the kind of error before it."""
        lines = str(self).strip().splitlines()
        return lines[0].partition("Error: ")[2] or lines[0] if lines else "unknown"


class Workbench:
    """The verbs for reading data; get one from `workbench()`. Rows keep the order of their source."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return all its rows.

        Raises:
            EngineRefusal: the statement, or what it reads, is at fault.
        """
        with _refused():
            return self._connection.execute(sql, list(parameters)).fetchall()

    def parquet_columns(self, path: Path) -> list[str]:
        """Return the names of a Parquet file's columns as they stand there; the engine renames some that are alike.

        Raises:
            EngineRefusal: it can't be read.
        """
        nodes = self.rows("SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)", [one_file(path)])
        names, below = [], 0
        for name, children in nodes[1:]:  # in depth-first order, the root first
            if not below:
                names.append(name)
                below = 1
            below += children - 1
        return names

    def batches(self, sql: str, parameters: Sequence[Any] = (), size: int = 1000) -> Iterator[list[tuple[Any, ...]]]:
        """Run one statement and yield its rows, `size` at a time; no other statement may run meanwhile.

        Raises:
            EngineRefusal: the statement, or what it reads, is at fault.
        """
        with _refused():
            self._connection.execute(sql, list(parameters))
        while True:
            with _refused():
                rows = self._connection.fetchmany(size)
            if not rows:
                return
            yield rows

    def arrays(self, sql: str) -> dict[str, NDArray[Any]]:
        """Run one statement and return its columns as numpy arrays.

        Raises:
            EngineRefusal: the statement, or what it reads, is at fault.
        """
        with _refused():
            return self._connection.execute(sql).fetchnumpy()

    def register(self, name: str, columns: Mapping[str, NDArray[Any]]) -> None:
        """Make numpy columns of one length readable as the table `name`."""
        with _refused():
            self._connection.register(name, dict(columns))

    def only_query(self, sql: str) -> str | None:
        """Return the one query in `sql`, which may have comments around it; None when there is anything else.

        Raises:
            EngineRefusal: it can't be parsed.
        """
        with _refused():
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type.name != "SELECT":
                return None
            query = statements[0].query
            # what follows the last semicolon outside comments and quotes holds no statement
            ends = [i for i, character in enumerate(query) if character == ";"]
            return next((query[:i] for i in ends if self._is_whole(query[:i], query[i + 1 :])), query)

    def _is_whole(self, query: str, rest: str) -> bool:
        try:
            return len(self._connection.extract_statements(query)) == 1 and not self._connection.extract_statements(
                rest
            )
        except Exception as error:
            if not is_engine_error(error):
                raise
            return False


@contextlib.contextmanager
def workbench(folder: Path | None = None) -> Iterator[Workbench]:
    """Open a workbench for the length of a block; relative names in SQL are also looked for in `folder`."""
    with Engine() as engine:
        yield Workbench(engine.workbench(folder))


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise_interrupt(error)
        raise
    except Exception as error:
        if not is_engine_error(error):
            raise
        raise EngineRefusal(str(error)) from error
