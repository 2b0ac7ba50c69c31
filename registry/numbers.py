"""Metrics as people read them: shares and returns in percent or points, ratios with a sign where it matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry.metrics import Metric
from registry.metrics import metric as defined

ABSENT = "-"
BLOCKS = "▁▂▃▄▅▆▇█"


def shown(metric: Metric | str, value: float | None) -> str:
    """Return a metric's value in the form its unit asks for."""
    found = defined(metric) if isinstance(metric, str) else metric
    if value is None:
        return ABSENT
    unit = found.unit if found else ""
    if unit == "count":
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    if unit == "return":
        return percent(value)
    if unit == "correlation":
        return f"{value:+.4f}"
    if unit in ("ratio", "t"):
        return f"{value:.2f}"
    name = found.name if found else ""
    return f"{value:+.3f}" if name.startswith("edge") else f"{value:.3f}" if unit == "share" else f"{value:.6g}"


def signed(metric: Metric | str, change: float | None) -> str:
    """Return the difference of two values of a metric, always with its sign; nothing where there is none."""
    if change is None:
        return ""
    told = shown(metric, change)
    return f"+{told}" if change > 0 and not told.startswith("+") else told


def percent(value: float | None, signed: bool = False) -> str:
    """Return a fraction in percent."""
    if value is None:
        return ABSENT
    return f"{value * 100:+.2f} %" if signed else f"{value * 100:.2f} %"


_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in _UNITS[:-1]:
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {_UNITS[-1]}"


def against_base(metrics: Mapping[str, float | None]) -> str:
    """Return the precision among metrics beside its base rate and edge: `0.553 (base 0.536, +0.017)`."""
    value, base, edge = (metrics.get(name) for name in ("precision_at_k", "base_rate", "edge"))
    if value is None:
        return ABSENT
    if base is None:
        return f"{value:.3f}"
    return f"{value:.3f} (base {base:.3f}, {value - base if edge is None else edge:+.3f})"


def bars(counts: Sequence[int]) -> str:
    """Return a histogram: a block for each count, as high as it is large; none is blank."""
    most = max(counts, default=0)
    return "".join((" " + BLOCKS)[-(-len(BLOCKS) * count // most)] for count in counts) if most else ""


def sparkline(values: Sequence[float | None], cells: int = 60) -> str:
    """Return values as blocks, at most `cells` of them; several fall into one as their mean, absent is a dot."""
    if not values:
        return ""
    size = max(1, -(-len(values) // cells))
    means = []
    for start in range(0, len(values), size):
        part = [value for value in values[start : start + size] if value is not None]
        means.append(sum(part) / len(part) if part else None)
    known = [value for value in means if value is not None]
    if not known:
        return "·" * len(means)
    low, high = min(known), max(known)
    span = high - low
    return "".join(
        "·" if value is None else BLOCKS[round((value - low) / span * (len(BLOCKS) - 1)) if span else 3]
        for value in means
    )


def of_them(count: int, what: str = "experiment") -> str:
    """Return a count with its noun: `1 experiment`, `49,000 experiments`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def show_p(p: float | None) -> str:
    """Return a p-value."""
    return ABSENT if p is None else "<0.0001" if p < 1e-4 else f"{p:.4f}"


def best_of(tried: int) -> str:
    """Return what stands behind a panel and period where a best is shown: of how many it is the best."""
    return f", where {tried:,} configurations were tried: the best of many flatters itself" if tried > 1 else ""
