"""What is said of a portfolio's returns, at the edges of arithmetic."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from registry.backtest.portfolio import Track, summary


@pytest.mark.parametrize(
    ("returns", "periods", "absent"),
    [
        ([8.0, 0.1], 4000.0, {"cagr"}),  # 9.9 ** 2000 a year
        ([1e200, 1e200], 1.0, {"cagr"}),
        ([0.1, -0.2], 1e-300, {"sharpe", "sortino"}),  # the rate of a period of 1e300 years
    ],
)
def test_what_is_beyond_any_number_is_absent(returns: list[float], periods: float, absent: set[str]) -> None:
    track = Track(np.array(returns), np.full(len(returns), np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = summary(track, periods, 0.05)
    assert [found[name] for name in absent] == [None] * len(absent)


def test_costs_beyond_what_there_is_lose_it_all_and_no_more() -> None:
    found = summary(Track(np.array([0.1, -3.0, 0.5, -4.0]), np.full(4, np.nan)), 12.0, 0.0)
    assert (found["max_drawdown"], found["total_return"], found["cagr"]) == (-1.0, -1.0, -1.0)


def test_growth_that_is_constant_but_for_rounding_has_no_sharpe() -> None:
    price = 100 * 1.01 ** np.arange(40)
    returns = price[7::7] / price[:-7:7] - 1
    assert returns.max() > returns.min()
    assert summary(Track(returns, np.full(len(returns), np.nan)), 52.0, 0.0)["sharpe"] is None
