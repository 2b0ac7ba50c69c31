"""Data frames as numpy columns: pandas, polars and Arrow tables, without importing any of these libraries.

Columns become float64, int64, bool, datetime64[us] or object arrays of texts and None.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.errors import PanelError

Column = NDArray[Any]


def frame_columns(frame: Any) -> tuple[list[str], list[Callable[[], Column]]] | None:
    """Return the names of a data frame's columns and how to get each; None when it is no data frame.

    Raises:
        PanelError: a column's name is not text.
    """
    library, kind = _family(frame)
    read: Callable[[Any], Column]
    if library == "pandas" and kind == "DataFrame":
        levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
        if levels:  # (date, asset) is often the index
            frame = frame.reset_index(level=levels)
        columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
        names, read = list(frame.columns), _from_pandas
    elif library == "polars" and kind in ("DataFrame", "LazyFrame"):
        if kind == "LazyFrame":
            frame = frame.collect()
        columns, names, read = frame.get_columns(), frame.columns, _from_polars
    elif library == "pyarrow" and kind in ("Table", "RecordBatch", "RecordBatchReader"):
        if kind == "RecordBatchReader":
            frame = frame.read_all()
        columns, names, read = frame.columns, frame.schema.names, _from_arrow
    else:
        return None
    for name in names:
        if not isinstance(name, str):
            raise PanelError(f"the data frame has a column named {name!r}, which is not text; rename it")
    return names, [lambda column=column: read(column) for column in columns]  # type: ignore[misc]


def _family(frame: Any) -> tuple[str, str]:
    """Return the library a data frame belongs to and what it is there, also for subclasses."""
    for kind in type(frame).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in ("pandas", "polars", "pyarrow"):
            return library, kind.__name__
    return "", type(frame).__name__


def _from_pandas(series: Any) -> Column:
    kind = getattr(series.dtype, "kind", "O")
    if kind in "iu" and not series.isna().any():
        return _numbers(series.to_numpy(dtype=series.dtype.kind + "8"))
    if kind in "iuf":
        return _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if kind == "M":
        return _moments(series.to_numpy(dtype="datetime64[us]"))
    missing = series.isna().to_numpy()
    if kind == "b" and not missing.any():
        return np.asarray(series.to_numpy(dtype=bool))
    return _objects(series.to_numpy(dtype=object), missing)


def _from_polars(series: Any) -> Column:
    polars = sys.modules["polars"]
    if series.dtype.is_integer() and not series.null_count():
        return _numbers(series.to_numpy())
    if series.dtype.is_numeric():
        return _numbers(series.cast(polars.Float64).to_numpy())
    if series.dtype in (polars.Date, polars.Datetime):
        return _moments(series.to_numpy())
    if series.dtype == polars.Boolean and not series.null_count():
        return np.asarray(series.to_numpy(), bool)
    return _objects(series.to_list())


def _from_arrow(column: Any) -> Column:
    arrow = sys.modules["pyarrow"]
    kind = column.type
    if arrow.types.is_dictionary(kind):
        return _from_arrow(column.cast(kind.value_type))
    if arrow.types.is_integer(kind) and not column.null_count:
        return _numbers(_array(column))
    if arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_decimal(kind):
        return _numbers(_array(column.cast("float64", safe=False)))
    if arrow.types.is_date(kind) or arrow.types.is_timestamp(kind):
        return _moments(_array(column))
    if arrow.types.is_boolean(kind) and not column.null_count:
        return np.asarray(_array(column), bool)
    return _objects(column.to_pylist())


def _array(column: Any) -> Column:
    """Return an Arrow array, or one in chunks, as numpy; missing numbers are NaN."""
    chunked = hasattr(column, "chunks")
    return np.asarray(column.to_numpy() if chunked else column.to_numpy(zero_copy_only=False))


def _numbers(values: Column) -> Column:
    if values.dtype.kind == "u" and values.dtype.itemsize == 8:
        return np.ascontiguousarray(values)
    return np.ascontiguousarray(values, np.int64 if values.dtype.kind in "iu" else np.float64)


def _moments(values: Column) -> Column:
    return np.ascontiguousarray(values.astype("datetime64[us]"))


def _objects(values: Iterable[Any], missing: Iterable[bool] | None = None) -> Column:
    """Return Python objects as one kind of column: numbers when all are, else their texts."""
    given = list(values)
    empty = list(missing) if missing is not None else [value is None for value in given]
    present = {type(value) for value, gone in zip(given, empty, strict=True) if not gone}
    if present and all(issubclass(kind, Number) and not issubclass(kind, bool | np.bool_) for kind in present):
        numbers = [np.nan if gone else float(value) for value, gone in zip(given, empty, strict=True)]
        return np.array(numbers, np.float64)
    texts = [None if gone else _text(value) for value, gone in zip(given, empty, strict=True)]
    made = np.empty(len(texts), object)
    made[:] = texts
    return made


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
