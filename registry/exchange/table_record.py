"""One experiment of a table, put together cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from registry.canonical import show
from registry.config import HASH_LENGTH, ExperimentConfig, parse_json
from registry.errors import InvalidConfigError
from registry.exchange.report import Record
from registry.exchange.table_form import OWN, OWN_KIND, Kind
from registry.marks import INFERRED

FIELDS: dict[Kind, str] = {
    "weight": "feature_weights",
    "transformation": "feature_transformations",
    "hyperparameter": "hyperparameters",
}
Text = Callable[[Any], Any]
"""Returns the text that a cell stands for."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII).fullmatch
_YES_OR_NO = {"true": True, "false": False, True: True, False: False}


class Collected:
    """One experiment, as its cells come."""

    def __init__(self) -> None:
        self.own: dict[str, Any] = {}
        self._values: dict[str, dict[str, Any]] = {field: {} for field in FIELDS.values()}

    def add(self, kind: Kind, name: str, cell: Any, where: str, text: Text) -> None:
        """Take in one cell that is not empty.

        Raises:
            InvalidConfigError: it can't be read; the message begins with `where`.
        """
        if kind == "metric":
            return
        try:
            value = _value(kind, name, cell, text)
        except InvalidConfigError as error:
            raise InvalidConfigError(f"{where}: {error}") from None
        if kind == "own":
            self.own[name] = value
            return
        values = self._values[FIELDS[kind]]
        if name in values:
            raise InvalidConfigError(f"{where}: the {kind} {show(name)} stands there a second time; keep one")
        values[name] = value

    def add_long(self, kind: Any, called: Any, value: Any, text: Text) -> None:
        """Take in one row of a long table.

        Raises:
            InvalidConfigError: it can't be read.
        """
        if not isinstance(kind, str):
            raise InvalidConfigError(f"column kind: {show(kind)} is no text")
        if called is not None and not isinstance(called, str):
            raise InvalidConfigError(f"column name: {show(called)} is no text")
        if kind == OWN_KIND:
            if called not in (*OWN, INFERRED) or called == "config_hash":
                raise InvalidConfigError(f"column name: {show(called)} is no field of an experiment ({', '.join(OWN)})")
            kind, name = "own", called
            if name in self.own:
                raise InvalidConfigError(f"column name: {name} stands there a second time; keep one")
        elif kind in FIELDS:
            if called is None:
                raise InvalidConfigError('column name: empty; an empty name is written ""')
            name = text(called)
        else:
            raise InvalidConfigError(f"column kind: {show(kind)} is none of {', '.join((OWN_KIND, *FIELDS))}, metric")
        if value is not None:
            self.add(kind, name, value, "column value", text)

    def record(self, place: str) -> Record:
        """Return the experiment that was read at `place`.

        Raises:
            InvalidConfigError: its content has no canonical form, there is none, or its hash is another one.
        """
        own = dict(self.own)
        inferred = own.pop(INFERRED, False)
        return Record(place, self._config(own), inferred=inferred and own.get("parent") is not None)

    def _config(self, own: dict[str, Any]) -> ExperimentConfig:
        weights = self._values["feature_weights"]
        names = own.pop("features", None)
        given = own.pop("config_hash", None)
        if given is None and names is None and not weights:
            raise InvalidConfigError("it has no weights; fill in a w. column")
        config = ExperimentConfig.from_dict(
            {"feature_names": list(weights) if names is None else names, **self._values, **own}
        )
        if given is None or given == config.config_hash:
            return config
        if len(str(given)) == HASH_LENGTH:
            raise InvalidConfigError(
                f"column config_hash: {given} does not match the content, whose hash is {config.config_hash}; the row"
                " was altered, or empty that cell to take the content as it is"
            )
        raise InvalidConfigError(f"column config_hash: {show(given)} is not a hash (64 lower-case hex digits)")


def _value(kind: Kind, name: str, cell: Any, text: Text) -> Any:
    if kind == "own" and name == INFERRED:
        try:
            return _YES_OR_NO[cell.strip().lower() if isinstance(cell, str) else cell]
        except (KeyError, TypeError):
            raise InvalidConfigError(f"{show(cell)} is neither true nor false") from None
    if not isinstance(cell, str):
        return cell
    if kind == "weight":
        if not _NUMBER(cell.strip()):
            raise InvalidConfigError(f"{show(cell)} is not a number")
        return float(cell)
    if kind == "hyperparameter":
        try:
            return parse_json(cell)
        except InvalidConfigError as error:
            raise InvalidConfigError(f'{show(cell)} is {error}; a text is written in quotes, as "zscore"') from None
    if name in ("tags", "features") and kind == "own":
        return parse_json(cell) if cell.lstrip().startswith("[") else [each.strip() for each in cell.split(",")]
    return text(cell) if kind == "transformation" or name == "description" else cell
