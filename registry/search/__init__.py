"""The filter language: one grammar for Python, the commands and the app.

    SentimentScore > 0.2 and tag:baseline -draft

`compile_filter` makes SQL of a filter, `compile_listing` of columns and an order; `REFERENCE` is the card
that explains the language. Nothing here runs that SQL. Each part is loaded when first used: a plain list
needs columns and no filter, and the parser library is the dearest of all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.search.basis import Basis, Metrics
    from registry.search.columns import DEFAULT_COLUMNS, DEFAULT_SORT, Listing, compile_listing, only_metrics
    from registry.search.compile import Compiled, compile_filter
    from registry.search.completion import Completion, complete
    from registry.search.hints import hint
    from registry.search.parser import parse
    from registry.search.reference import REFERENCE
    from registry.search.words import caret, write_name, write_value

__all__ = [
    "DEFAULT_COLUMNS",
    "DEFAULT_SORT",
    "REFERENCE",
    "Basis",
    "Compiled",
    "Completion",
    "Listing",
    "Metrics",
    "caret",
    "compile_filter",
    "compile_listing",
    "complete",
    "hint",
    "only_metrics",
    "parse",
    "write_name",
    "write_value",
]

_HOMES = {
    "basis": ("Basis", "Metrics"),
    "columns": ("DEFAULT_COLUMNS", "DEFAULT_SORT", "Listing", "compile_listing", "only_metrics"),
    "compile": ("Compiled", "compile_filter"),
    "completion": ("Completion", "complete"),
    "hints": ("hint",),
    "parser": ("parse",),
    "reference": ("REFERENCE",),
    "words": ("caret", "write_name", "write_value"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
