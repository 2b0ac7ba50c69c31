"""Records of other systems as experiments, by a mapping (`registry.exchange.mapping`)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from registry.canonical import show
from registry.config import ExperimentConfig, parse_json
from registry.errors import InvalidConfigError, InvalidRunError
from registry.exchange.paths import FILE, MISSING, ROOT, Path, Trail, leaves
from registry.exchange.report import Record
from registry.metrics import metric as known_metric

if TYPE_CHECKING:
    from registry.exchange.mapping import Group, Mapping, Metrics, Part
    from registry.runs.record import Run

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII).fullmatch
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
    used: set[Trail] = field(default_factory=set)

    def find(self, path: Path) -> Any:
        """Return what a path leads to, `MISSING` where nothing is; a cell that is empty is nothing."""
        first, rest = path.segments[:1], path.segments[1:]
        if first == (FILE,):
            return Path(path.text, rest).find(self.file)[0]
        if first == (ROOT,):
            return Path(path.text, rest).find(self.root)[0]
        value, trail = path.find(self.record)
        if value is not MISSING:
            self.used.add(trail)
        return MISSING if self.cells and value == "" else value

    def unused(self) -> list[str]:
        """Return the paths of what nothing was made of."""
        return list(leaves(self.record, self.used)) if self.record else []


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
        raise InvalidConfigError(f"{_kind(view.record)}, where an object was expected; see records in the mapping")
    names = _part(mapping.names, view)
    weights = _values(mapping.weights, view, _weight)
    made: dict[str, Any] = {
        "feature_names": list(weights) if names is MISSING else _names(names, mapping.separator),
        "feature_weights": weights,
    }
    if mapping.transformations is not None:
        made["feature_transformations"] = _values(mapping.transformations, view, _transformation)
    for key in ("description", "parent"):
        value = _part(getattr(mapping, key), view)
        if value is not MISSING and value is not None:
            made[key] = _text(value, key)
    tags = _part(mapping.tags, view)
    made["tags"] = list(dict.fromkeys([*_tags(tags, mapping.separator), *mapping.always]))
    time = _part(mapping.time, view)
    if time is not MISSING and time is not None:
        made["created_at"] = _time(time, mapping.time_format)
    measured = None if mapping.metrics is None else _measured(mapping.metrics, view)
    if mapping.hyperparameters is not None:  # the last, since it may take what nothing else took
        made["hyperparameters"] = _values(mapping.hyperparameters, view, _cell if view.cells else _plain)
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


def _nothing(where: str, path: Path) -> InvalidConfigError:
    return InvalidConfigError(f"{where}: nothing at {path.text}; {_OPTIONAL}")


def _values(group: Group, view: View, read: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return values by name, each as `read` takes it; what it takes for nothing is absent.

    Raises:
        InvalidConfigError: there are none, a name is there twice, or a value is of the wrong kind.
    """
    found: dict[str, Any] = {}
    for name, value in _pairs(group, view):
        if name in found:
            raise InvalidConfigError(f"{group.where}: {show(name)} stands there a second time; keep one")
        found[name] = value
    for name, part in group.set.items():
        value = _part(part, view)
        if value is not MISSING:
            found[name] = value
    made = {name: read(value, f"{group.where}: {show(name)}") for name, value in found.items()}
    return {name: value for name, value in made.items() if value is not MISSING}


def _pairs(group: Group, view: View) -> Iterable[tuple[str, Any]]:
    if group.rest:
        taken = {trail[0] for trail in view.used if trail}
        there = [key for key in view.record if key not in taken and key not in group.without]
        view.used |= {(key,) for key in there}
        return [(str(key), view.record[key]) for key in there]
    if group.names is not None and group.values is not None:
        names, values = view.find(group.names), view.find(group.values)
        for path, value in ((group.names, names), (group.values, values)):
            if value is MISSING and not group.optional:
                raise _nothing(group.where, path)
        if names is MISSING or values is MISSING:
            return []
        if not isinstance(names, list) or not isinstance(values, list) or len(names) != len(values):
            raise InvalidConfigError(f"{group.where}: the names and the values are no two lists of one length")
        return _chosen(group, [(_text(name, group.where), value) for name, value in zip(names, values, strict=True)])
    if group.path is None and group.prefix is None and group.only is None:
        return []
    base: Any = view.record
    trail: Trail = ()
    if group.path is not None:
        base = view.find(group.path)
        if base is MISSING or base is None:
            if group.optional:
                return []
            raise _nothing(group.where, group.path)
        trail = group.path.find(view.record)[1]
        if group.prefix is not None or group.only is not None or group.without:
            view.used.discard(trail)  # only those that are taken
    if isinstance(base, str):  # a cell or a text that holds JSON
        base = _from_json(base, group.where)
    if isinstance(base, list):
        view.used.add(trail)
        return _chosen(group, [_named(item, group) for item in base])
    if not isinstance(base, dict):
        raise InvalidConfigError(f"{group.where}: {_kind(base)}, where an object or a list was expected")
    prefix = group.prefix or ""
    keys = [key for key in base if isinstance(key, str) and key.startswith(prefix) and len(key) > len(prefix)]
    pairs = _chosen(group, [(key[len(prefix) :], base[key]) for key in keys])
    if trail not in view.used:
        view.used |= {(*trail, prefix + name) for name, _ in pairs}
    if not pairs and not group.optional and (group.prefix is not None or group.only is not None):
        what = (
            f"no key begins with {show(prefix)}" if group.prefix else f"none of {', '.join(group.only or ())} is there"
        )
        raise InvalidConfigError(f"{group.where}: {what}; {_OPTIONAL}")
    return pairs


def _chosen(group: Group, pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in pairs
        if (group.only is None or name in group.only) and name not in group.without
    ]


def _named(item: object, group: Group) -> tuple[str, Any]:
    if isinstance(item, dict) and group.name in item and group.value in item:
        return _text(item[group.name], group.where), item[group.value]
    if isinstance(item, list) and len(item) == 2:
        return _text(item[0], group.where), item[1]
    raise InvalidConfigError(
        f"{group.where}: {show(item)} is no object with {show(group.name)} and {show(group.value)}, nor a pair"
    )


# values


def _weight(value: Any, where: str) -> Any:
    if value is None or value == "":
        return MISSING
    if isinstance(value, str):
        if not NUMBER(value):
            raise InvalidConfigError(f"{where}: {show(value)} is not a number")
        return float(value)
    return value


def _transformation(value: Any, where: str) -> Any:
    return MISSING if value is None or value == "" else _text(value, where)


def _plain(value: Any, where: str) -> Any:
    return value


def _cell(value: Any, where: str) -> Any:
    """Return what a cell of a foreign table stands for: JSON where it is some, else the text itself."""
    if not isinstance(value, str):
        return value
    if value == "":
        return MISSING
    try:
        return parse_json(value)
    except InvalidConfigError:
        return value


def _text(value: Any, where: str) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InvalidConfigError(f"{where}: {_kind(value)}, where text was expected")
    return value


def _names(value: Any, separator: str) -> Any:
    return [each.strip() for each in value.split(separator)] if isinstance(value, str) else value


def _tags(value: Any, separator: str) -> list[str]:
    if value is MISSING or value is None:
        return []
    if isinstance(value, str):
        value = _from_json(value, "tags") if value.lstrip().startswith("[") else value.split(separator)
    if not isinstance(value, list):
        raise InvalidConfigError(f"tags: {_kind(value)}, where a list or text was expected")
    return [tag for each in value if (tag := _text(each, "tags").strip())]


def _from_json(text: str, where: str) -> Any:
    try:
        return parse_json(text)
    except InvalidConfigError as error:
        raise InvalidConfigError(f"{where}: {show(text)} is {error}") from None


def _time(value: Any, form: str) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    try:
        if form in ("epoch", "epoch_ms"):
            seconds = float(value) / (1000 if form == "epoch_ms" else 1)
            return datetime.fromtimestamp(seconds, UTC)
        if form != "iso":
            return datetime.strptime(str(value), form)
    except (ValueError, TypeError, OverflowError, OSError):
        raise InvalidConfigError(f"time: {show(value)} is not as time.format says, {form}") from None
    if not isinstance(value, str):
        raise InvalidConfigError(f"time: {show(value)} is no ISO date and time; say time.format, such as epoch")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return (
        f"the text {show(value)}"
        if isinstance(value, str)
        else f"the number {value}"
        if isinstance(value, (int, float))
        else show(value)
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
        if not NUMBER(value):
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
