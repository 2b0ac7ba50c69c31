"""Records of other systems as experiments, by a mapping (`registry.exchange.mapping`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from registry.canonical import show
from registry.config import ExperimentConfig
from registry.errors import InvalidConfigError, InvalidRunError
from registry.exchange import mapped_values as told
from registry.exchange.paths import ALL, BESIDE, FILE, MISSING, ROOT, Path, Trail, leaves, left_of
from registry.exchange.report import Record
from registry.metrics import metric as known_metric

if TYPE_CHECKING:
    from registry.exchange.mapping import Group, Mapping, Metrics, Part
    from registry.runs.record import Run

_OPTIONAL = "if that may be missing, say optional = true in the mapping"
ENGINE = "other"
"""What the engine of a mapped run is called where the mapping does not say."""


@dataclass(slots=True)
class View:
    """One record of another system, with what else paths may lead to, and what of it was used."""

    record: Any
    root: Any = None
    """The whole value of the file it is in."""
    file: Table[str, str] = field(default_factory=dict)
    cells: bool = False
    """Its values are texts of a table, where 10 may be a number."""
    beside: Callable[[str], list[Any] | None] | None = None
    """Returns the values in another file of its folder, None where there is no such file."""
    used: set[Trail] = field(default_factory=set)

    def find(self, path: Path) -> Any:
        """Return what a path leads to, `MISSING` where nothing is; a cell that is empty is nothing."""
        value, trail = self.locate(path)
        if value is not MISSING and trail is not None:
            self.used.add(trail)
        return MISSING if self.cells and value == "" else value

    def locate(self, path: Path) -> tuple[Any, Trail | None]:
        """Return what a path leads to and the way there in the record; None for a way that is not in it."""
        first, rest = path.segments[:1], path.segments[1:]
        if first == (FILE,):
            return Path(path.text, rest).find(self.file)[0], None
        if first == (ROOT,):
            return Path(path.text, rest).find(self.root)[0], None
        if first == (BESIDE,):
            found = self.beside(str(rest[0])) if self.beside is not None else None
            if found is None:
                return MISSING, None
            whole = len(found) != 1 or (len(rest) > 1 and (rest[1] == ALL or isinstance(rest[1], int)))
            return Path(path.text, rest[1:]).find(found if whole else found[0])[0], None
        return path.find(self.record)

    def unused(self) -> list[str]:
        """Return the paths of what nothing was made of."""
        return list(leaves(self.record, self.used)) if self.record else []

    def gives_text(self, path: Path | None) -> bool:
        """Tell whether what a path leads to is a text, whatever it stands for; None is the record itself."""
        first = path.segments[0] if path is not None and path.segments else None
        return first == FILE or (self.cells and first != BESIDE)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a record became."""

    record: Record
    remarks: list[str]
    unused: list[str]
    undefined: set[str]
    """Metrics that were left out, since nobody said what they mean."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists, for somebody to look whether the mapping is right."""
        return {
            "source": self.record.source,
            "experiment": self.record.config.to_dict(),
            "runs": [run.summary() for run in self.record.runs],
            "not_used": self.unused,
        }


def map_record(mapping: Mapping, view: View, source: str) -> Mapped:
    """Return the experiment in a record, and what is to be said of it.

    Raises:
        InvalidConfigError: a path leads to nothing, or to what can't be that part; the sentence names the key.
    """
    if not isinstance(view.record, dict):
        raise InvalidConfigError(f"{told.kind(view.record)}, where an object was expected; see records in the mapping")
    names = _part(mapping.names, view)
    weights = _values(mapping.weights, view, told.weight)
    made: dict[str, Any] = {
        "feature_names": list(weights) if names is MISSING else told.names_in(names, mapping.separator),
        "feature_weights": weights,
    }
    if mapping.transformations is not None:
        made["feature_transformations"] = _values(mapping.transformations, view, told.transformation)
    for key in ("description", "parent"):
        value = _part(getattr(mapping, key), view)
        if value is not MISSING and value is not None:
            made[key] = told.text(value, key)
    tags = _part(mapping.tags, view)
    made["tags"] = list(dict.fromkeys([*told.tags_in(tags, mapping.separator), *mapping.always]))
    time = _part(mapping.time, view)
    if time is not MISSING and time is not None:
        made["created_at"] = told.time_of(time, mapping.time_format)
    measured = None if mapping.metrics is None else _measured(mapping.metrics, view)
    if mapping.hyperparameters is not None:  # the last, since it may take what nothing else took
        made["hyperparameters"] = _values(mapping.hyperparameters, view, told.plain)
    if not made["feature_names"]:
        raise InvalidConfigError(f"weights: there are none{_at(mapping.weights)}, nor names of features")
    config = ExperimentConfig.from_dict(made)
    remarks: list[str] = []
    undefined: set[str] = set()
    runs: tuple[Run, ...] = ()
    if mapping.metrics is not None and measured is not None:
        strange = {name for name in measured["metrics"] if known_metric(name) is None}
        undefined = strange - set(mapping.metrics.define)
        runs, said = _run(measured, config, mapping.metrics, undefined, made.get("created_at"))
        remarks += said
    return Mapped(Record(source, config, runs=runs), remarks, view.unused(), undefined)


# parts


def _part(part: Part | None, view: View) -> Any:
    """Return a part's value; `MISSING` where there is none and need be none.

    Raises:
        InvalidConfigError: there is none, and it is not optional.
    """
    if part is None:
        return MISSING
    if part.path is None:
        return part.value
    value = view.find(part.path)
    if value is MISSING and not part.optional:
        raise _nothing(part.where, part.path)
    return value


def _at(group: Group) -> str:
    return "" if group.path is None else f" at {group.path.text}"


def _nothing(where: str, path: Path) -> InvalidConfigError:
    return InvalidConfigError(f"{where}: nothing at {path.text}; {_OPTIONAL}")


def _values(group: Group, view: View, read: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return values by name, each as `read` takes it; what it takes for nothing is absent.

    Raises:
        InvalidConfigError: there are none, a name is there twice, or a value is of the wrong kind.
    """
    found: dict[str, Any] = {}
    typed = group.where == "hyperparameters"  # where 10 and "10" are two things
    cells = typed and group.path is None and view.gives_text(None)
    for name, value in _pairs(group, view):
        if name in found:
            raise InvalidConfigError(f"{group.where}: {show(name)} stands there a second time; keep one")
        found[name] = told.cell(value) if cells else value
    for name, part in group.set.items():
        value = _part(part, view)
        if value is not MISSING:
            found[name] = told.cell(value) if typed and part.path is not None and view.gives_text(part.path) else value
    made = {name: read(value, f"{group.where}: {show(name)}") for name, value in found.items()}
    return {name: value for name, value in made.items() if value is not MISSING}


def _pairs(group: Group, view: View) -> Iterable[tuple[str, Any]]:
    if group.rest:
        return _rest(group, view)
    if group.names is not None and group.values is not None:
        names, values = (_as_list(view.find(path), group.where) for path in (group.names, group.values))
        for path, value in ((group.names, names), (group.values, values)):
            if value is MISSING and not group.optional:
                raise _nothing(group.where, path)
        if names is MISSING or values is MISSING:
            return []
        if not isinstance(names, list) or not isinstance(values, list) or len(names) != len(values):
            raise InvalidConfigError(f"{group.where}: the names and the values are no two lists of one length")
        return _chosen(
            group, [(told.text(name, group.where), value) for name, value in zip(names, values, strict=True)]
        )
    if group.path is None and group.prefix is None and group.only is None:
        return []
    found = _base(group, view)
    if found is None:
        return []
    base, trail = found
    if isinstance(base, list):
        if trail is not None:
            view.used.add(trail)
        pairs = _chosen(group, [_named(item, group) for item in base])
    else:
        prefix = group.prefix or ""
        keys = [
            key for key in base if isinstance(key, str) and key.startswith(prefix) and (key != prefix or not prefix)
        ]
        pairs = _chosen(group, [(key[len(prefix) :], base[key]) for key in keys])
        if trail is not None and (prefix or group.only is not None or group.without):
            view.used |= {(*trail, prefix + name) for name, _ in pairs}
        elif trail is not None:
            view.used.add(trail)
    if not group.optional:
        there = {name for name, _ in pairs}
        lacking = [name for name in group.only or () if name not in there]
        if lacking:
            raise InvalidConfigError(f"{group.where}: no {', '.join(map(show, lacking))}{_at(group)}; {_OPTIONAL}")
        if not pairs and group.prefix is not None:
            raise InvalidConfigError(f"{group.where}: no key begins with {show(group.prefix)}{_at(group)}; {_OPTIONAL}")
    return pairs


def _as_list(value: Any, where: str) -> Any:
    return told.from_json(value, where) if isinstance(value, str) and value.lstrip().startswith("[") else value


def _base(group: Group, view: View) -> tuple[Any, Trail | None] | None:
    """Return the object or list that a group's values are in, and the way there; None where it need not be."""
    if group.path is None:
        return view.record, ()
    value, trail = view.locate(group.path)
    if value is MISSING or value is None or (view.cells and value == ""):
        if group.optional:
            return None
        raise _nothing(group.where, group.path)
    if isinstance(value, str):  # a cell or a text that holds JSON
        if trail is not None:
            view.used.add(trail)
        value, trail = told.from_json(value, group.where), None
    if not isinstance(value, (dict, list)):
        raise InvalidConfigError(f"{group.where}: {told.kind(value)}, where an object or a list was expected")
    return value, trail


def _rest(group: Group, view: View) -> list[tuple[str, Any]]:
    """Return what nothing else took: also what is left of an object of which something was taken."""
    found = _base(group, view)
    if found is None:
        return []
    base, trail = found
    if not isinstance(base, dict):
        raise InvalidConfigError(f"{group.where}: a list, where an object was expected")
    inner = {way[:end] for way in view.used for end in range(len(way))}
    pairs = []
    prefix = group.prefix or ""
    for key, value in base.items():
        name = str(key)[len(prefix) :]
        if (prefix and not name) or not str(key).startswith(prefix) or name in group.without:
            continue
        left = value if trail is None else left_of(value, view.used, inner, (*trail, key))
        if left is not MISSING:
            pairs.append((name, left))
    if trail is not None:
        view.used |= {(*trail, prefix + name) for name, _ in pairs}
    return pairs


def _chosen(group: Group, pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in pairs
        if (group.only is None or name in group.only) and name not in group.without
    ]


def _named(item: object, group: Group) -> tuple[str, Any]:
    if isinstance(item, dict) and group.name in item and group.value in item:
        return told.text(item[group.name], group.where), item[group.value]
    if isinstance(item, list) and len(item) == 2:
        return told.text(item[0], group.where), item[1]
    raise InvalidConfigError(
        f"{group.where}: {show(item)} is no object with {show(group.name)} and {show(group.value)}, nor a pair"
    )


# metrics


def _measured(metrics: Metrics, view: View) -> dict[str, Any] | None:
    """Return what a run is made of, with the metrics as they are in the record; None where nothing was measured."""
    values = _values(metrics.group, view, _number)
    parts = {
        key: _part(part, view)
        for key in ("panel", "period", "start", "end", "engine")
        if (part := getattr(metrics, key)) is not None
    }
    return {"metrics": values, **parts} if values else None


def _number(value: Any, where: str) -> Any:
    """Return a metric's number; None for one that could not be computed."""
    if isinstance(value, str) and value.strip().lower() in ("", "nan", "none", "null"):
        return None
    if isinstance(value, str):
        if not told.NUMBER(value):
            raise InvalidConfigError(f"{where}: {show(value)} is not a number")
        return float(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _run(
    measured: dict[str, Any], config: ExperimentConfig, metrics: Metrics, undefined: set[str], at: Any
) -> tuple[tuple[Run, ...], list[str]]:
    """Return the run, and why there is none where there is none."""
    from registry.runs.record import Run

    taken = {name: value for name, value in measured["metrics"].items() if name not in undefined}
    if not taken:
        return (), []
    lacking = [key for key in ("panel", "period", "start", "end") if measured.get(key) is MISSING]
    if lacking:
        return (), [f"its metrics were not taken: nothing says the {lacking[0]}"]
    period = measured.get("period")
    start, end = _ends(period) if period is not None else (measured["start"], measured["end"])
    engine = measured.get("engine")
    record = {
        "config_hash": config.config_hash,
        "panel": measured["panel"] if isinstance(measured["panel"], dict) else _name(measured["panel"]),
        "start": _day(start),
        "end": _day(end),
        "metrics": taken,
        "engine": ENGINE if engine is None or engine is MISSING else str(engine),
        "definitions": {name: said for name, said in metrics.define.items() if name in taken},
        "recorded_at": config.created_at if at is not None else None,
    }
    try:
        return (Run.from_dict(record),), []
    except InvalidRunError as error:
        return (), [f"its metrics were not taken: {error}"]


def _ends(period: Any) -> tuple[Any, Any]:
    if isinstance(period, list) and len(period) == 2:
        return period[0], period[1]
    first, dots, last = str(period).partition("..")
    if not dots:
        first, _, last = str(period).partition("/")  # as ISO 8601 writes it
    return first.strip(), last.strip()


def _day(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()[:10]
    return value[:10] if isinstance(value, str) and len(value) > 10 and value[10] in "T " else value


def _name(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
