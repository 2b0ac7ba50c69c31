"""One small exception tree: everything the registry raises on purpose is a `RegistryError`.

Every message is one sentence a person can act on: what was wrong, where, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RegistryError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidConfigError(RegistryError, ValueError):
    """A configuration that has no identity: the message names the field and the value."""


class HashMismatchError(InvalidConfigError):
    """A stored hash that does not match the content it came with."""


class FilterError(RegistryError, ValueError):
    """A filter that can't be understood or that names something unknown.

    `position` is the 0-based offset of the trouble in `text`; `suggestion` the nearest name, if any.
    """

    def __init__(self, message: str, text: str = "", position: int = 0, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = position
        self.suggestion = suggestion

    def __reduce__(self) -> tuple[type[FilterError], tuple[str, str, int, str | None]]:
        return type(self), (self.message, self.text, self.position, self.suggestion)


class NoMatchError(FilterError):
    """A filter that is understood, but finds nothing to look at; the message says what is missing."""


class AmbiguousPanelError(FilterError):
    """Metrics were asked for, but the experiments' latest runs are on different panels or periods.

    `choices` holds (panel, period, number of experiments), the most common first.
    """

    def __init__(self, message: str, choices: Sequence[tuple[str, str, int]] = ()) -> None:
        super().__init__(message)
        self.choices = [tuple(choice) for choice in choices]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.choices)


class QueryError(RegistryError, ValueError):
    """An SQL query of the user's that failed."""


class InvalidReferenceError(RegistryError, ValueError):
    """A reference to an experiment that can't name one (empty, or not text)."""


class NotFoundError(RegistryError, LookupError):
    """No experiment, tag or note goes by that name."""


class AmbiguousHashError(NotFoundError):
    """A prefix that several experiments share; `candidates` holds their full hashes."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.candidates = list(candidates)

    def __reduce__(self) -> tuple[type[AmbiguousHashError], tuple[str, list[str]]]:
        return type(self), (self.message, self.candidates)


class AliasedError(RegistryError, ValueError):
    """A change that an alias forbids: what `production` points to can't be deleted."""


class AliasFileError(RegistryError, ValueError):
    """The file that follows an alias can't be written, or is not ours to replace; the alias did not move."""


class AliasMovedError(RegistryError, ValueError):
    """An alias was moved by somebody else since it was looked at; nothing was changed."""


class SettingsError(RegistryError, ValueError):
    """A file of a person's own settings that can't be read or written."""


class ExchangeError(RegistryError, ValueError):
    """A file that can't be read in, or an export that can't be written."""


class FileExistsRefusal(ExchangeError):
    """An export that would have replaced a file it was not told to replace."""


class BacktestError(RegistryError, ValueError):
    """A backtest that can't be done as asked: an option, a period, a transformation, a weighting."""


class SweepError(RegistryError, ValueError):
    """A sweep that can't be made: what is varied can't be read, names nothing, or is too much."""


class InvalidRunError(RegistryError, ValueError):
    """A run that can't be recorded or asked for: the message names the field and the value."""


class PanelError(RegistryError, ValueError):
    """A panel that can't be read as one: the message names the column, the row and the value."""


class TrackerError(RegistryError):
    """A tracker such as MLflow can't be reached, or stopped answering; what was done before stays."""


class MissingLibraryError(RegistryError, ImportError):
    """An optional library that this call needs is not installed."""


class StoreError(RegistryError):
    """The registry's file can't be used."""


class MissingRegistryError(StoreError):
    """There is no registry at that path."""


class NotARegistryError(StoreError):
    """The file is something else: SQLite, another DuckDB database, a folder, text."""


class CorruptRegistryError(StoreError):
    """The file is damaged."""


class NewerSchemaError(StoreError):
    """The file was written by a newer version of this program."""


class LockedError(StoreError):
    """Another process kept the file longer than we were willing to wait."""


class ReadOnlyError(StoreError):
    """The place can be read but not written."""


class UnsupportedPlaceError(StoreError):
    """The file lies where locks can't be trusted (a network disk, or an unknown system)."""


def full_temporary_folder(error: OSError) -> ExchangeError:
    """Return what to raise where rows can't wait in the system's temporary folder until all are known."""
    import tempfile

    try:
        folder = tempfile.gettempdir()
    except OSError:  # none can be written at all
        folder = "the temporary folder"
    return ExchangeError(
        f"{folder}: what was read can't be kept there until all is read ({error.strerror or error}), so nothing was"
        " done; set TMPDIR to a folder with more room"
    )
