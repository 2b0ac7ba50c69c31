"""Data frames of the libraries that people have: the same panel as from a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from registry.backtest.panel import load_panel
from registry.errors import PanelError
from tests.backtest.making import ROWS

pytestmark = pytest.mark.full

END = date(2030, 1, 1)
DATA: dict[str, list[Any]] = {
    "date": [date.fromisoformat(row[0]) for row in ROWS],
    "asset": [row[1] for row in ROWS],
    "price": [row[2] for row in ROWS],
    "X": [row[3] for row in ROWS],
    "x": [int(row[4]) for row in ROWS],
}


def frames() -> dict[str, Any]:
    import pandas
    import polars
    import pyarrow

    moments = [datetime(d.year, d.month, d.day, tzinfo=UTC) for d in DATA["date"]]
    plain = pandas.DataFrame(DATA)
    table = pyarrow.table(DATA)
    frame = polars.DataFrame(DATA)
    return {
        "pandas dates": plain,
        "pandas moments": plain.assign(date=pandas.to_datetime(plain["date"])),
        "pandas moments in a zone": plain.assign(date=moments),
        "pandas texts": plain.assign(date=plain["date"].astype(str)),
        "pandas shuffled": plain.sample(frac=1, random_state=1),
        "pandas index": plain.set_index(["date", "asset"]),
        "pandas categories": plain.astype({"asset": "category"}),
        "pandas nullable": plain.convert_dtypes(),
        "pandas arrow": plain.convert_dtypes(dtype_backend="pyarrow"),
        "pandas objects": plain.astype(object),
        "pandas decimals": plain.assign(price=[Decimal(repr(x)) for x in plain["price"]]),
        "polars": frame,
        "polars lazy": frame.lazy(),
        "polars moments": frame.with_columns(polars.col("date").cast(polars.Datetime("ms"))),
        "polars zone": frame.with_columns(polars.col("date").cast(polars.Datetime("us", "UTC"))),
        "polars texts": frame.with_columns(polars.col("date").cast(polars.String)),
        "polars categories": frame.with_columns(polars.col("asset").cast(polars.Categorical)),
        "polars small": frame.with_columns(polars.col("x").cast(polars.UInt8)),
        "arrow": table,
        "arrow chunks": pyarrow.concat_tables([table.slice(0, 2), table.slice(2)]),
        "arrow batch": table.to_batches()[0],
        "arrow reader": table.to_reader(),
        "arrow dictionary": table.set_column(1, "asset", table.column("asset").dictionary_encode()),
        "arrow moments": table.set_column(0, "date", table.column("date").cast(pyarrow.timestamp("ns", "UTC"))),
        "arrow small": table.set_column(4, "x", table.column("x").cast("int16")),
    }


def test_every_frame_is_the_same_panel() -> None:
    import pyarrow

    expected = None
    for kind, frame in frames().items():
        panel = load_panel(frame, features=["X", "x"])
        assert panel.source is None, kind
        assert panel.name == "panel", kind
        assert panel.assets == ["Z", "a", "b"], kind
        assert panel.features["x"].tolist() == [2, 1, 3, 4, 5, 6], kind
        np.testing.assert_array_equal(panel.features["X"], [-0.25, 0.5, np.nan, 0.125, 1e-300, 0.1], kind)
        assert panel.nonfinite == {"price": 0, "X": 1, "x": 0}, kind
        expected = expected or panel.fingerprint(["X", "x"], END)
        assert panel.fingerprint(["X", "x"], END) == expected, kind
    assert load_panel(pyarrow.table(DATA)).features.keys() == {"X", "x"}


def test_a_universe_in_a_frame() -> None:
    import pandas
    import polars

    flags = [True, False, None, True, True, False]
    for frame in (
        pandas.DataFrame({**DATA, "in": pandas.array(flags, dtype="boolean")}),
        pandas.DataFrame({**DATA, "in": flags}),
        polars.DataFrame({**DATA, "in": flags}),
        polars.DataFrame({**DATA, "in": flags}).to_arrow(),
    ):
        panel = load_panel(frame, universe_column="in")
        assert panel.tradable is not None
        assert panel.tradable.tolist() == [False, True, False, True, True, False]
        assert panel.nonfinite["in"] == 1


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_refusals(library: str) -> None:
    def refusal(changes: dict[str, Any], **options: Any) -> str:
        module = pytest.importorskip(library)
        data = {**DATA, **changes}
        with pytest.raises(PanelError) as caught:
            load_panel(module.table(data) if library == "pyarrow" else module.DataFrame(data), **options)
        return str(caught.value)

    assert refusal({"asset": ["a", None, "b", "c", "d", "e"]}) == 'the data frame, column "asset", row 2: no asset'
    assert refusal({"price": ["1", "2", "cheap", "4", "5", "6"]}) == (
        'the data frame, column "price", row 3 (2020-01-02, a): "cheap" is not a number; leave missing values empty'
    )
    assert refusal({"X": [True] * 6}, features=["X"]) == (
        'the data frame: column "X" holds true and false, not numbers; write 1 and 0'
    )
    assert 'lacks a column for the feature "Price" (the nearest is "price")' in refusal({}, features=["Price"])
    assert "rows 1 and 2 are both 2020-01-01, a" in refusal({"date": [date(2020, 1, 1)] * 6, "asset": ["a"] * 6})
    at_noon = [datetime(2020, 1, day, 12) for day in range(1, 7)]
    assert '"2020-01-01 12:00:00" has a time of day' in refusal({"date": at_noon})
    assert refusal({name: [] for name in DATA}, features=[]).startswith("the data frame")


def test_names_that_are_no_text() -> None:
    import pandas

    with pytest.raises(PanelError, match="a column named 5, which is not text"):
        load_panel(pandas.DataFrame({**DATA, 5: 1.0}))
    with pytest.raises(PanelError, match="has no columns"):
        load_panel(pandas.DataFrame())
