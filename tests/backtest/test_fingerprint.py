"""The fingerprint is of content: the same in any order and any file, another one after any change."""

from __future__ import annotations

import hashlib
import struct
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.backtest.digests import asset_keys, day_digests
from registry.backtest.panel import Panel, load_panel
from tests.backtest.making import DATA, write_csv, write_parquet
from tests.strategies import examples

Rows = list[tuple[Any, ...]]
FEATURES = ["x", "X y"]
COLUMNS = ["date", "asset", "price", *FEATURES]
END = date(2030, 1, 1)

assets = st.sampled_from(["a", "A", "b", "é", "007", "a b", "'"])
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9).map(float), st.none())
prices = st.floats(1e-6, 1e6)


@st.composite
def panels(draw: st.DrawFn) -> Rows:
    keys = draw(st.lists(st.tuples(st.integers(0, 4), assets), min_size=1, max_size=8, unique=True))
    days = [(date(2020, 2, 27) + timedelta(days=day)).isoformat() for day, _ in keys]
    return [
        (day, asset, draw(prices), draw(numbers), draw(numbers)) for day, (_, asset) in zip(days, keys, strict=True)
    ]


def panel_of(rows: Rows, kind: str = "csv", columns: list[str] = COLUMNS) -> Panel:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"p.{kind}")
        if kind == "parquet":
            return load_panel(write_parquet(file, rows, columns), features=FEATURES)
        return load_panel(write_csv(file, rows, columns), features=FEATURES)


def fingerprint(panel: Panel, last: date = END) -> str:
    return panel.fingerprint(FEATURES, last)


@examples(12, 60)
@given(panels(), st.randoms(use_true_random=False), st.sampled_from(["csv", "csv.gz", "parquet"]))
def test_the_same_content_in_any_order_and_file(rows: Rows, chance: Any, kind: str) -> None:
    order = list(range(5))
    chance.shuffle(order)
    shuffled = [tuple(row[i] for i in order) for row in chance.sample(rows, len(rows))]
    one, other = panel_of(rows), panel_of(shuffled, kind, [COLUMNS[i] for i in order])
    assert fingerprint(one) == fingerprint(other)
    assert {n: d.tolist() for n, d in one.digests(FEATURES).items()} == {
        n: d.tolist() for n, d in other.digests(FEATURES).items()
    }


@examples(20, 80)
@given(panels(), st.data())
def test_one_change_is_another_panel(rows: Rows, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    what = data.draw(st.integers(0, 4))
    row = list(rows[at])
    if what == 0:
        row[0] = (date.fromisoformat(row[0]) + timedelta(days=data.draw(st.integers(5, 9)))).isoformat()
    elif what == 1:
        row[1] = data.draw(assets)
    elif what == 2:
        row[2] = float(np.nextafter(row[2], np.inf))
    else:
        row[what] = data.draw(numbers)
    assume(row != list(rows[at]))
    changed = [*rows[:at], tuple(row), *rows[at + 1 :]]
    assume(len({row[:2] for row in changed}) == len(changed))
    one, other = panel_of(rows), panel_of(changed)
    assert fingerprint(one) != fingerprint(other)
    if what > 1:
        changes = [
            name for name, digests in one.digests(FEATURES).items() if (digests != other.digests(FEATURES)[name]).any()
        ]
        assert changes == ["price" if what == 2 else f"feature {COLUMNS[what]}"]
        day = one.dates.tolist().index(date.fromisoformat(row[0]))
        assert np.flatnonzero(one.digests(FEATURES)[changes[0]] != other.digests(FEATURES)[changes[0]]).tolist() == [
            day
        ]


@examples(10, 40)
@given(panels(), panels())
def test_days_after_the_last_one_do_not_count(rows: Rows, more: Rows) -> None:
    last = max(date.fromisoformat(row[0]) for row in rows)
    later = [((date.fromisoformat(row[0]) + timedelta(days=9)).isoformat(), *row[1:]) for row in more]
    longer = panel_of([*later, *rows])
    assert fingerprint(longer, last) == fingerprint(panel_of(rows), last) == fingerprint(panel_of(rows))
    assert fingerprint(longer) != fingerprint(longer, last)


def test_an_asset_that_appears_or_vanishes_is_another_panel() -> None:
    rows = [("2020-01-01", "a", 1.0, 1.0, 1.0), ("2020-01-01", "b", 1.0, 1.0, 1.0)]
    swapped = [("2020-01-01", "a", 1.0, 2.0, 1.0), ("2020-01-01", "b", 1.0, 1.0, 2.0)]
    mirrored = [("2020-01-01", "b", 1.0, 2.0, 1.0), ("2020-01-01", "a", 1.0, 1.0, 2.0)]
    assert fingerprint(panel_of(rows)) != fingerprint(panel_of(rows[:1]))
    assert fingerprint(panel_of(swapped)) != fingerprint(panel_of(mirrored))


def test_features_that_are_not_used_do_not_count() -> None:
    rows = [("2020-01-01", "a", 1.0, 1.0, 1.0)]
    other = [("2020-01-01", "a", 1.0, 1.0, 2.0)]
    assert panel_of(rows).fingerprint(["x"], END) == panel_of(other).fingerprint(["x"], END)
    assert panel_of(rows).fingerprint(["x"], END) != panel_of(rows).fingerprint(FEATURES, END)
    assert panel_of(rows).fingerprint(["x", "X y"], END) == panel_of(rows).fingerprint(["X y", "x"], END)


def test_a_universe_of_everything_is_none(tmp_path: Path) -> None:
    columns = ["date", "asset", "price", "x", "in"]
    rows = [("2020-01-01", "a", 1.0, 1.0, 1), ("2020-01-01", "b", 1.0, 1.0, 1)]
    file = write_csv(tmp_path / "p.csv", rows, columns)
    plain = load_panel(file, features=["x"]).fingerprint(["x"], END)
    assert load_panel(file, features=["x"], universe_column="in").fingerprint(["x"], END) == plain
    write_csv(file, [rows[0], (*rows[1][:4], 0)], columns)
    assert load_panel(file, features=["x"], universe_column="in").fingerprint(["x"], END) != plain


def test_missing_is_missing_and_zero_is_zero() -> None:
    def digest(values: list[float]) -> list[int]:
        dates, offsets = np.array(["2020-01-01"], "datetime64[D]"), np.array([0, len(values)])
        return day_digests(dates, offsets, asset_keys(["a", "b"]), [np.array(values)]).tolist()

    other_nan = float(np.array([0x7FF8000000000123], np.uint64).view(np.float64)[0])
    assert digest([np.nan, 1.0]) == digest([other_nan, 1.0]) == digest([-np.nan, 1.0]) != digest([0.0, 1.0])
    assert digest([-0.0, 1.0]) == digest([0.0, 1.0])


def test_digests_are_what_they_always_were() -> None:
    """Registries hold these numbers; a change here makes every panel look changed."""
    panel = panel_of([("2020-01-02", "a", 1.5, None, 2.0), ("2020-01-01", "é", 2.0, -0.0, 1e300)])
    assert {name: digests.tolist() for name, digests in panel.digests(FEATURES).items()} == GOLDEN_DIGESTS
    assert fingerprint(panel) == GOLDEN
    real = load_panel(DATA / "sp500_20_panel.parquet")
    assert real.fingerprint(["mom_12_1", "rev_5"], date(2022, 12, 28)) == GOLDEN_REAL


GOLDEN_DIGESTS: dict[str, list[int]] = {
    "price": [927147768, 1152009387],
    "feature X y": [2868673148, 3412544471],
    "feature x": [3364167466, 3905311895],
}
GOLDEN = "3ee5a6dcda8105eb3e88ffaef982aa4d469070651c167cfda3f34715f7ac4745"
GOLDEN_REAL = "97548819c48c2bde0fc0a36eee6ad3519c579705eebe82673fba9394019ad49d"


def test_digests_follow_their_definition() -> None:
    """The formula of the module's docstring, in plain integers."""

    def mix(word: int) -> int:
        word = (word + 0x9E3779B97F4A7C15) % 2**64
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB % 2**64
        return word ^ (word >> 31)

    def row(asset: str, value: float) -> int:
        bits = int.from_bytes(struct.pack(">d", value), "big")
        key = int.from_bytes(hashlib.sha256(asset.encode()).digest()[:8], "big")
        return mix((key + 0x9E3779B97F4A7C15 * bits) % 2**64)

    days = {"2020-01-01": [("é", 2.0)], "2020-01-02": [("b", -7.25), ("a", 1.5)], "1969-12-30": [("a", 0.1)]}
    expected = []
    for day in sorted(days):
        number = (date.fromisoformat(day) - date(1970, 1, 1)).days % 2**64
        digest = mix((sum(row(*each) for each in days[day]) + mix(number)) % 2**64)
        expected.append((digest ^ (digest >> 32)) % 2**32)
    rows = [(day, asset, value, 1.0, 1.0) for day, each in days.items() for asset, value in each if value > 0]
    features = [(day, asset, 1.0, value, 1.0) for day, each in days.items() for asset, value in each]
    assert panel_of(features).digests(["x"])["feature x"].tolist() == expected
    prices = panel_of(rows).digests([])["price"].tolist()
    assert [prices[0], prices[1]] == expected[:2]


def test_digests_by_blocks_are_digests_by_dates() -> None:
    """Dates larger and smaller than what is worked on at a time."""
    sizes = [1, 70_000, 3, 32_768, 1, 1, 40_000]
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    dates = np.datetime64("2020-01-01") + np.arange(len(sizes))
    random = np.random.Generator(np.random.PCG64(1))
    keys = random.integers(0, 2**63, offsets[-1]).astype(np.uint64)
    values = random.standard_normal(offsets[-1])
    together = day_digests(dates, offsets, keys, [values])
    for i in range(len(sizes)):
        rows = slice(offsets[i], offsets[i + 1])
        alone = day_digests(dates[i : i + 1], np.array([0, sizes[i]]), keys[rows], [values[rows]])
        assert alone.tolist() == [together[i]]
