"""`Results`: a sequence of records that also becomes a frame, Arrow and a notebook table."""

from __future__ import annotations

import sys

import pytest

from registry.errors import MissingLibraryError, RegistryError
from registry.results import NOTEBOOK_ROWS, Results

FOUND = Results(["feature", "weight"], [("price", 0.6), ("volume", None)])


def test_it_is_a_sequence_of_records() -> None:
    assert len(FOUND) == 2
    assert FOUND[0] == {"feature": "price", "weight": 0.6}
    assert FOUND[-1]["weight"] is None
    assert [row["feature"] for row in FOUND] == ["price", "volume"]
    assert FOUND == [{"feature": "price", "weight": 0.6}, {"feature": "volume", "weight": None}]
    assert FOUND[:1] == Results(["feature", "weight"], [("price", 0.6)])
    assert FOUND.to_dicts() == list(FOUND)
    assert {"feature": "price", "weight": 0.6} in FOUND


def test_the_total_counts_what_a_limit_cut() -> None:
    assert FOUND.total == 2
    cut = Results(["a"], [(1,)], total=9)
    assert (len(cut), cut.total) == (1, 9)
    assert "1 of 9 rows" in repr(cut)


def test_a_repeated_column_keeps_all_its_values() -> None:
    assert Results(["a", "a", "a_1"], [(1, 2, 3)])[0] == {"a": 1, "a_1": 2, "a_1_1": 3}


def test_a_notebook_shows_escaped_text_and_counts_the_rest() -> None:
    html = Results(["<i>"], [("<script>alert(1)</script>",), (["a", "<b>"],), (None,)])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<i>" not in html
    assert "a, &lt;b&gt;" in html
    long = Results(["n"], [(n,) for n in range(NOTEBOOK_ROWS + 5)])._repr_html_()
    assert long.count("<tr>") == NOTEBOOK_ROWS + 1
    assert "5 more" in long


@pytest.mark.full
def test_a_frame() -> None:
    frame = FOUND.df()
    assert list(frame.columns) == ["feature", "weight"]
    assert frame["weight"].isna().tolist() == [False, True]
    assert list(Results(["a"]).df().columns) == ["a"]


@pytest.mark.full
def test_arrow_with_values_that_share_no_type() -> None:
    table = Results(["k", "n", "t"], [(10, 10**30, ["x"]), ("ten", 1, []), (None, 2, ["y", "z"])]).arrow()
    assert table.column("k").to_pylist() == ["10", "ten", None]
    assert table.column("n").to_pylist() == [str(10**30), "1", "2"]
    assert table.column("t").to_pylist() == [["x"], [], ["y", "z"]]
    assert Results(["a", "b"]).arrow().column_names == ["a", "b"]


@pytest.mark.parametrize(("library", "call"), [("pandas", "df"), ("pyarrow", "arrow")])
def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch, library: str, call: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=f"needs {library}.*pip install {library}") as caught:
        getattr(FOUND, call)()
    assert isinstance(caught.value, (RegistryError, ImportError))
