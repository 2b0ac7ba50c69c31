"""Lists and dicts that equal plain ones but can't be changed.

A configuration must not drift from its hash, yet people compare its fields with plain lists and dicts and
hand them to `json.dumps`, pickle and worker processes. Subclasses give both; `MappingProxyType` and
tuples would not (neither equals its plain twin nor serialises everywhere).

They are made by `frozen_dict` and `frozen_list`, because calling a class ends in `__init__`, and that one
called again would change what was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError(
        "a configuration can't be changed after it was made; derive a changed copy with config.variant(...)"
    )


class FrozenDict(dict[K, V]):
    """A dict whose mutators raise `TypeError`; made by `frozen_dict`."""

    __slots__ = ()
    __init__ = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, tuple[dict[K, V]]]:
        return frozen_dict, (dict(self),)

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: object) -> FrozenDict[K, V]:
        return self

    def copy(self) -> dict[K, V]:
        """Return a plain dict that may be changed (its nested collections stay frozen)."""
        return dict(self)


class FrozenList(list[V]):
    """A list whose mutators raise `TypeError`; made by `frozen_list`."""

    __slots__ = ()
    __init__ = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse

    def __reduce__(self) -> tuple[Any, tuple[list[V]]]:
        return frozen_list, (list(self),)

    def __copy__(self) -> FrozenList[V]:
        return self

    def __deepcopy__(self, memo: object) -> FrozenList[V]:
        return self

    def copy(self) -> list[V]:
        """Return a plain list that may be changed (its nested collections stay frozen)."""
        return list(self)


def frozen_dict(items: Mapping[K, V]) -> FrozenDict[K, V]:
    """Return a frozen dict of these items."""
    made: FrozenDict[K, V] = dict.__new__(FrozenDict)
    dict.update(made, items)
    return made


def frozen_list(items: Iterable[V] = ()) -> FrozenList[V]:
    """Return a frozen list of these items."""
    made: FrozenList[V] = list.__new__(FrozenList)
    list.extend(made, items)
    return made


def thaw(value: Any) -> Any:
    """Return `value` with every frozen collection in it replaced by a plain one, at every depth."""
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thaw(item) for item in value]
    return value


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (path, value) of every value reachable through dicts; a dict itself is yielded too, before its items."""
    for key, item in value.items():
        here = (*path, key)
        yield here, item
        if isinstance(item, dict):
            yield from leaves(item, here)
