"""Experiments into the registry and out of it: files, folders, streams, the earlier system's registry.

    from registry.exchange import export_many, import_sources

Names are loaded when first used: exporting needs none of what importing needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.exchange.comparisons import comparison_text, write_comparison
    from registry.exchange.exporting import ExportReport, export_many, export_one
    from registry.exchange.importing import Progress, import_sources
    from registry.exchange.report import Imported, ImportReport, Refusal, Remark

_HOME = {
    "ExportReport": "exporting",
    "ImportReport": "report",
    "Imported": "report",
    "Progress": "importing",
    "Refusal": "report",
    "Remark": "report",
    "comparison_text": "comparisons",
    "export_many": "exporting",
    "export_one": "exporting",
    "import_sources": "importing",
    "write_comparison": "comparisons",
}

__all__ = [
    "ExportReport",
    "ImportReport",
    "Imported",
    "Progress",
    "Refusal",
    "Remark",
    "comparison_text",
    "export_many",
    "export_one",
    "import_sources",
    "write_comparison",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"registry.exchange.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
