"""What is read before any of it may be written: kept on the disk, so that its number does not matter."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from typing import IO, Generic, Self, TypeVar

from registry.errors import full_temporary_folder

T = TypeVar("T")


class Held(Generic[T]):
    """Things put aside in a nameless temporary file, to be gone through once, in the order they came."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def __bool__(self) -> bool:
        return self._count > 0

    def add(self, thing: T) -> None:
        """Put one aside.

        Raises:
            ExchangeError: the disk has no room for it.
        """
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="experiment-registry-")  # noqa: SIM115 - closed at the end
            pickle.dump(thing, self._file, pickle.HIGHEST_PROTOCOL)
            self._file.flush()
        except OSError as error:
            raise full_temporary_folder(error) from None
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        if self._file is not None:
            self._file.seek(0)
            for _ in range(self._count):
                yield pickle.load(self._file)  # written here, and by nobody else
