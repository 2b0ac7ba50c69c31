"""Names in a filter against the names in the registry: which are there, which one was meant.

A name that is there costs one `SELECT 1 … LIMIT 1`; the full lists are only read to suggest one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from registry.errors import FilterError
from registry.search.words import ATTRIBUTES, Name, short, shown, trouble, write_name

if TYPE_CHECKING:
    from registry.store import Session

MAX_LISTED = 5_000
"""So many names are looked through for a suggestion; difflib takes 50 microseconds for each."""


_OF_ALL = ("metric", "panel", "alias_move")
"""Tables whose rows belong to no single experiment."""


class KnownNames:
    """The names in the registry a session has open: of live experiments, of those in the trash, or (None) of both."""

    def __init__(self, session: Session, trashed: bool | None = False) -> None:
        self._rows = session.once
        self._trashed = trashed

    @cached_property
    def _theirs(self) -> str:
        """The condition on `id` that keeps the names of the experiments asked about.

        Most registries have an empty trash, and none of them needs a condition.
        """
        trash = "SELECT id FROM experiment WHERE deleted_at IS NOT NULL"
        if self._trashed:
            return f" AND id IN ({trash})"
        if self._trashed is None or not self._rows(f"{trash} LIMIT 1"):
            return ""
        return f" AND id NOT IN ({trash})"

    def _any(self, table: str, where: str = "TRUE", *parameters: object) -> bool:
        whose = "" if table in _OF_ALL else self._theirs
        return bool(self._rows(f"SELECT 1 FROM {table} WHERE ({where}){whose} LIMIT 1", parameters))

    def _all(self, table: str, column: str) -> list[str]:
        whose = "" if table in _OF_ALL else self._theirs
        found = self._rows(
            f"SELECT DISTINCT {column} FROM {table} WHERE TRUE{whose} ORDER BY {column} LIMIT {MAX_LISTED}"
        )
        return [row[0] for row in found]

    def empty(self) -> bool:
        """Say whether there are no experiments."""
        return not self._any("experiment")

    def feature(self, name: str) -> bool:
        """Say whether any experiment has a feature, weight or transformation of that name."""
        return self._any("feature", "feature = ?", name)

    def matches(self, pattern: str) -> bool:
        """Say whether a feature's name matches a LIKE pattern."""
        return self._any("feature", r"feature LIKE ? ESCAPE '\'", pattern)

    def hyperparameter(self, name: str, path: Sequence[str] | None) -> bool:
        """Say whether any experiment has that hyperparameter."""
        where, parameter = hyperparameter_is(name, path)
        return self._any("hyperparameter", where, parameter)

    def tag(self, name: str) -> bool:
        """Say whether any experiment has that tag."""
        return self._any("tag", "tag = ?", name)

    def features(self) -> list[str]:
        """Return the names of all features."""
        return self._all("feature", "feature")

    def hyperparameters(self) -> list[str]:
        """Return the names of all hyperparameters."""
        return self._all("hyperparameter", "name")

    def tags(self) -> list[str]:
        """Return all tags."""
        return self._all("tag", "tag")

    def has_runs(self) -> bool:
        """Say whether any experiment has a run."""
        return self._any("run")

    def metric(self, name: str) -> bool:
        """Say whether any run has that metric, or a user defined it."""
        return any(
            self._any(table, f"{column} = ?", name)
            for table, column in (("run_metric", "metric"), ("window_metric", "metric"), ("metric", "name"))
        )

    def metrics(self) -> list[str]:
        """Return the names of all metrics."""
        found = (("run_metric", "metric"), ("window_metric", "metric"), ("metric", "name"))
        return sorted({name for table, column in found for name in self._all(table, column)})

    def alias(self, name: str) -> bool:
        """Say whether there is an alias of that name."""
        return self._any("alias_move", "alias = ?", name)

    def aliases(self) -> list[str]:
        """Return the names of all aliases."""
        return self._all("alias_move", "alias")

    def panels(self) -> list[str]:
        """Return the names of all panels."""
        return self._all("panel", "name")


def hyperparameter_is(name: str, path: Sequence[str] | None) -> tuple[str, str]:
    """Return the condition on the table `hyperparameter` that picks this one, and its parameter."""
    return ("name = ?", name) if path is None else ("path = ?", json.dumps(list(path)))


Kind = Literal["attribute", "weight", "hyperparameter", "transformation", "metric"]
_KINDS: dict[str, Kind] = {"w": "weight", "hp": "hyperparameter", "transform": "transformation", "m": "metric"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a name turned out to be."""

    kind: Kind
    name: str
    path: tuple[str, ...] | None
    at: int
    over: str = ""
    """Of a metric: what is asked of it over the windows of the run."""

    @property
    def written(self) -> str:
        """The name as one would type it without doubt."""
        if self.over:
            return f"{self.over}({replace(self, over='').written})"
        prefix = next((prefix for prefix, kind in _KINDS.items() if kind == self.kind), "")
        if self.path is None or len(self.path) == 1:
            return write_name(self.name, prefix) if prefix else self.name
        return ".".join([prefix, *(f'"{part}"' for part in self.path)])


def resolve(name: Name, known: KnownNames, text: str, attributes: Iterable[str] = ATTRIBUTES) -> Target:
    """Return what `name` means: an attribute first, else what its prefix says, else what has that name.

    Raises:
        FilterError: nothing has that name, or both a weight and a hyperparameter have.
    """
    if name.prefix:
        if name.prefix == "m":
            if not known.metric(name.text) and known.has_runs():
                raise unknown(name, known, text, attributes)
            return Target("metric", name.text, None, name.at, name.over)
        target = Target(_KINDS[name.prefix], name.text, name.path, name.at)
        if target.kind == "hyperparameter":
            there = known.hyperparameter(name.text, name.path)
        else:
            there = known.feature(name.text)
        if not there and not known.empty():
            raise unknown(name, known, text, attributes)
        return target
    if name.text in attributes:
        return Target("attribute", name.text, None, name.at)
    is_weight, is_parameter = known.feature(name.text), known.hyperparameter(name.text, name.path)
    if is_weight and is_parameter:
        either = " or ".join(short(write_name(name.text, prefix)) for prefix in ("w", "hp"))
        raise trouble(text, name.at, f"{shown(name.text)} is both a weight and a hyperparameter", f"write {either}")
    if not is_weight and not is_parameter and not known.empty():
        raise unknown(name, known, text, attributes)
    return Target("hyperparameter" if is_parameter else "weight", name.text, name.path, name.at)


def unknown(name: Name, known: KnownNames, text: str, attributes: Iterable[str] = ATTRIBUTES) -> FilterError:
    """Return the error for a name that nothing has, with the nearest one that something has."""
    what = f"unknown {_KINDS[name.prefix] if name.prefix else 'name'} {shown(name.text)}"
    features, parameters = set(known.features()), set(known.hyperparameters())
    metrics = set(known.metrics())
    own = {"w": features, "transform": features, "hp": parameters, "m": metrics}.get(name.prefix, set())
    # behind a prefix stands the name of something, so an attribute is not meant, unless it is that very word
    forms = {attribute: attribute for attribute in attributes if not name.prefix or attribute == name.text}
    for prefix, names in (("hp", parameters), ("w", features)):
        for each in names - forms.keys() if prefix == "hp" else names - set(attributes):
            # the suggestion must work as it stands: the prefix where the bare name could be two things
            doubtful = bool(name.prefix) or (each in features and each in parameters)
            forms[each] = write_name(each, prefix) if doubtful else write_name(each)
    for each in metrics - forms.keys():
        forms[each] = write_name(each, "m")
    if name.prefix == "transform":  # any feature may have one; nothing else is meant
        forms = {each: form for each, form in forms.items() if each == name.text}
    if (name.text not in forms or name.prefix == "m") and (near := nearest(name.text, own)) is not None:
        suggestion = write_name(near, name.prefix)
        return trouble(text, name.at, what, suggestion=f"{name.over}({suggestion})" if name.over else suggestion)
    if (near := nearest(name.text, forms)) is not None:
        return trouble(text, name.at, what, suggestion=forms[near])
    if name.prefix:
        return trouble(text, name.at, what, f"no {'run' if name.prefix == 'm' else 'experiment'} has it")
    there = f"the attributes are {', '.join(attributes)}"
    return trouble(
        text, name.at, what, f"{there}; w.NAME, hp.NAME, transform.NAME and m.NAME are what experiments have"
    )


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or like the beginning it may be; None when none is."""
    from difflib import get_close_matches

    candidates = sorted(candidates)
    folded = name.casefold()
    for candidate in candidates:
        if candidate.casefold() == folded:
            return candidate
    close = get_close_matches(name, candidates, 1)
    if close or len(name) < 4:
        return close[0] if close else None
    beginnings = {candidate.casefold()[: len(folded)]: candidate for candidate in reversed(candidates)}
    begun = get_close_matches(folded, beginnings, 1, 0.75)
    return beginnings[begun[0]] if begun else None
