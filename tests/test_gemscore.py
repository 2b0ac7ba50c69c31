"""GemScore: one asset in Python and a whole panel in SQL come to the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import PanelError
from registry.gemscore import WEIGHTS, gem_missing_sql, gem_score, gem_score_sql

values = st.one_of(st.none(), st.floats(-0.5, 1.5), st.floats(), st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf]))
rows = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, values))


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def in_sql(engine: duckdb.DuckDBPyConnection, row: dict[str, float | None], score: str) -> tuple[float, int]:
    columns = ", ".join(f'?::DOUBLE AS "{name}"' for name in row)
    asked = f"SELECT {score}, {gem_missing_sql()} FROM (SELECT {columns})"
    found = engine.execute(asked, list(row.values())).fetchone()
    assert found is not None
    return found[0], found[1]


@given(rows)
def test_sql_and_python_agree(engine: duckdb.DuckDBPyConnection, row: dict[str, float | None]) -> None:
    ours = gem_score(row)
    score, missing = in_sql(engine, row, gem_score_sql())
    assert score == pytest.approx(ours.score, rel=1e-12, abs=1e-9)
    assert missing == len(ours.missing)


@given(rows)
def test_the_contributions_add_up_and_every_feature_is_there_or_missing(row: dict[str, float | None]) -> None:
    found = gem_score(row)
    assert 0 <= found.score <= 100
    assert math.fsum(found.contributions.values()) == pytest.approx(found.score, abs=1e-9)
    assert sorted([*found.contributions, *found.missing]) == sorted(WEIGHTS)
    assert set(found.missing) == {name for name, x in row.items() if x is None or not math.isfinite(x)}
    json.dumps(found.contributions)


def test_known_scores() -> None:
    assert gem_score(dict.fromkeys(WEIGHTS, 1.0)).score == 100
    assert gem_score(dict.fromkeys(WEIGHTS, 0.5)).score == 50
    assert gem_score({}).score == 0
    assert gem_score({}).missing == list(WEIGHTS)
    assert gem_score({"SentimentScore": 0.4, "ContractSafety": -3, "TokenomicsRisk": 7}).contributions == pytest.approx(
        {"SentimentScore": 6.0, "ContractSafety": 0.0, "TokenomicsRisk": 12.0}
    )


def test_columns_may_have_other_names(engine: duckdb.DuckDBPyConnection) -> None:
    names = {"SentimentScore": 'sent"iment; --', "ContractSafety": "safe ty"}
    row = dict.fromkeys(WEIGHTS, 0.25)
    shown = ", ".join('0.25 AS "' + names.get(name, name).replace('"', '""') + '"' for name in row)
    found = engine.execute(f"SELECT {gem_score_sql(names)} FROM (SELECT {shown})").fetchone()
    assert found == (25.0,)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(PanelError, match='feature SentimentScore: "high" is not a number'):
        gem_score({"SentimentScore": "high"})  # type: ignore[dict-item]
    with pytest.raises(PanelError, match="feature ContractSafety: True is not a number"):
        gem_score({"ContractSafety": True})
    with pytest.raises(PanelError, match='no feature "Sentiment"'):
        gem_score_sql({"Sentiment": "x"})
