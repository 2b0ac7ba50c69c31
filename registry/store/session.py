"""A session: one open connection, with the few verbs the rest of the core needs.

Unqualified names find the base tables (`experiment`, `feature` …). Lists are handed over as one JSON text
and taken apart in SQL: binding Python lists is a hundred times slower on duckdb 1.5.
"""

from __future__ import annotations

import json
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from registry.store.connection import Connection, explain, explained

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

_encode = json.JSONEncoder(check_circular=False).encode

TEXTS = "(SELECT unnest(from_json(?, '[\"VARCHAR\"]')))"
"""A set of texts for `IN`; bind it with `as_list`."""

INTEGERS = "(SELECT unnest(from_json(?, '[\"BIGINT\"]')))"
"""A set of integers for `IN`; bind it with `as_list`."""


def as_list(values: Iterable[object]) -> str:
    """Return `values` as the JSON text that `TEXTS`, `INTEGERS` and `unnest_columns` take apart."""
    return _encode(list(values))


def unnest_columns(types: Mapping[str, Any]) -> str:
    """Return a FROM item `c` with these columns, from one bound JSON object of equally long lists.

    A type is its name; of a column of lists, a list of one name.
    """
    shape = json.dumps({name: [kind] for name, kind in types.items()})
    columns = ", ".join(f"unnest(j.{name}) AS {name}" for name in types)
    return f"(SELECT {columns} FROM (SELECT from_json(?, '{shape}') AS j)) c"


def unnest_lists(types: Mapping[str, Any]) -> str:
    """Return a FROM item `c` with these columns, from one bound `as_list` each, all equally long.

    For many rows: with a dozen columns it takes half the time of `unnest_columns`.
    """
    columns = ", ".join(f"unnest(from_json(?, '{json.dumps([kind])}')) AS {name}" for name, kind in types.items())
    return f"(SELECT {columns}) c"


class Session:
    """An open registry inside its lock. Sessions come from `Store.read()`; use one in one thread only."""

    writable = False

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._unread: list[tuple[Any, ...]] | None = None
        self.kept: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        """Answers of `once`; sessions share it for as long as the file stays as it is."""
        with explained(path):
            connection.execute("SET search_path = 'store,main'")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return all its rows.

        Raises:
            StoreError: the engine failed (damaged file, full disk); the sentence says what to do.
        """
        with explained(self.path):
            self._finish_stream()
            return self.connection.execute(sql, list(parameters)).fetchall()

    def once(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As `rows`, for small answers that every question needs: asked again only when the file has changed."""
        asked = (sql, *parameters)
        found = self.kept.get(asked)
        if found is None:
            found = self.kept[asked] = self.rows(sql, parameters)
        return found

    def arrays(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, NDArray[Any]]:
        """Run one statement and return its columns as numpy arrays, those with gaps masked; a list is an array itself.

        For hundreds of thousands of rows: no object is made of each value.
        """
        with explained(self.path):
            self._finish_stream()
            return self.connection.execute(sql, list(parameters)).fetchnumpy()

    def integers(self, sql: str, parameters: Sequence[Any] = ()) -> array[int]:
        """Run one statement whose first column is a BIGINT without gaps, and return that column.

        For ids by the hundred thousand: other threads run meanwhile, and no object is made of each. Raises as `rows`.
        """
        from registry.store import packed

        with explained(self.path):
            self._finish_stream()
            try:
                return packed.integers(self.connection, sql, parameters)
            except packed.StreamError as error:
                raise explain(error, self.path) from error

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Run one statement and return its first row, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Run one statement and return the first value of its first row, or None."""
        found = self.one(sql, parameters)
        return found[0] if found else None

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement for its effect."""
        self.rows(sql, parameters)

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = 2000) -> Iterator[tuple[Any, ...]]:
        """Run one statement and yield its rows without holding them all.

        Other statements may run meanwhile; the first of them has the rest of the rows fetched.
        """
        with explained(self.path):
            self._finish_stream()
            self.connection.execute(sql, list(parameters))
        unread = self._unread = []
        try:
            while self._unread is unread:
                with explained(self.path):
                    batch = self.connection.fetchmany(size)
                if not batch:
                    return
                yield from batch
            yield from unread
        finally:
            if self._unread is unread:
                self._unread = None

    def _finish_stream(self) -> None:
        """Fetch what a stream has not yet read: the next statement on the connection would drop it."""
        unread, self._unread = self._unread, None
        if unread is not None:
            unread += self.connection.fetchall()

    def interruptibly(self, work: Callable[[], T]) -> T:
        """Do `work`, which takes this session only, so that an interrupt (Ctrl-C) ends it at once.

        In another thread: duckdb 2.0 may look for an interrupt of the main thread only when a query is
        through, while `interrupt` is heeded immediately.
        """
        if threading.current_thread() is not threading.main_thread():
            return work()
        done: list[T] = []
        failed: list[BaseException] = []
        ended = threading.Event()  # an interrupted `join` takes the thread for ended

        def run() -> None:
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
                failed.append(error)
            finally:
                ended.set()

        threading.Thread(target=run, daemon=True).start()
        try:
            ended.wait()
        except BaseException:
            self.interrupt()
            while not ended.wait(0.1):
                self.interrupt()  # the statement may not have begun the first time
            raise
        if failed:
            raise failed.pop()
        return done.pop()

    def interrupt(self) -> None:
        """Stop the statement this session is running; may be called from another thread."""
        self.connection.interrupt()


class WriteSession(Session):
    """A session inside a transaction, under the exclusive lock. Comes from `Store.write()`."""

    writable = True

    def __init__(
        self,
        connection: Connection,
        path: Path,
        prefix: str = "store.",
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(connection, path)
        self.prefix = prefix
        self._committed = committed

    def once(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As `rows`: here the answer may be another one every time."""
        return self.rows(sql, parameters)

    def commit(self) -> None:
        """End the transaction and make it durable."""
        self.connection.execute("COMMIT")
        self._committed()

    def table(self, name: str) -> str:
        """Return the name a changing statement uses for the base table `name`."""
        return self.prefix + name

    def insert(self, table: str, types: Mapping[str, Any], columns: Mapping[str, Sequence[Any] | str]) -> None:
        """Insert equally long columns of values, lists or the texts `as_list` makes of them, in one statement."""
        if next(iter(columns.values())):
            names = ", ".join(types)
            self.run(
                f"INSERT INTO {self.table(table)} ({names}) SELECT {names} FROM {unnest_lists(types)}",
                [made if isinstance(made := columns[name], str) else as_list(made) for name in types],
            )
