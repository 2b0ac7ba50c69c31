"""A registry by its place: what every part of `ExperimentRegistry` stands on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from registry.errors import NotFoundError

if TYPE_CHECKING:
    from registry.store import Store


class Base:
    """Where the registry is, and the store underneath."""

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, wait: float = 10.0, read_only: bool = False
    ) -> None:
        """Name a registry; nothing is opened yet.

        `wait` is how many seconds a call waits, at most, while other processes use the file. With `read_only` every
        change is refused with a `ReadOnlyError`.
        """
        from registry.location import default_path
        from registry.store import Store

        self._store = Store(
            Path(path).expanduser() if path is not None else default_path(), wait=wait, read_only=read_only
        )

    @property
    def path(self) -> Path:
        """The full path of the file."""
        return self._store.path

    @property
    def read_only(self) -> bool:
        """Whether it was opened for looking only."""
        return self._store.read_only

    @property
    def store(self) -> Store:
        """The store underneath, for code that brings in or hands out many experiments at once."""
        return self._store

    def exists(self) -> bool:
        """Tell whether the registry is there: its file, or registrations waiting beside it."""
        return self._store.exists()

    def sync(self) -> int:
        """Bring waiting registrations into the file now; return how many there were."""
        return self._store.sync()

    def changed_stamp(self) -> tuple[object, ...]:
        """Return a value that differs once the registry may have changed; cheap enough to ask every second."""
        return self._store.stamp()

    def interrupt(self) -> bool:
        """Stop what other threads are asking, each with an error; return whether anybody was. Changes go on."""
        return self._store.interrupt()

    @contextmanager
    def reading(self, linger: float = 0.0) -> Iterator[Callable[[], None]]:
        """Answer every question of a body from one state of the registry, whose file is then opened once.

        Nothing can be changed in it, and writers wait until it ends, so it should be short. With `linger` the
        file stays open for that many seconds more, so that the next question costs a fraction; whoever waits
        to change it still gets it at once. What the block is given stops what it asks, from another thread:
        the question ends with an error, and nothing else does.

        Raises:
            StoreError: the registry can't be read.
        """
        with self._store.read(linger) as session:

            def interrupt() -> None:
                with suppress(Exception):  # it has just been closed
                    session.interrupt()

            yield interrupt

    def close(self) -> None:
        """Bring in what this process registered, if that needs no waiting. The registry stays usable."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ExperimentRegistry({str(self.path)!r})"

    def _require(self) -> None:
        """Keep a change that names an experiment from making an empty registry."""
        if not self.exists():
            raise NotFoundError(f"there is no registry at {self.path} yet; import or register experiments first")
