"""The model confidence set: which of several can't be told from the best.

Hansen, Lunde & Nason, The model confidence set, Econometrica 79 (2011).

Computed by `arch`, an extra. It holds the best with the probability 1 - size, and more of the others the less the
data can tell.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from registry.results import require
from registry.statistics.bootstrap import optimal_block_length

SIZE: Final = 0.10
REPS: Final = 1_000

_PAIRS_UP_TO: Final = 50
"""Of so many all pairs are compared (T_R); of more, each with the mean of all (T_max), which takes less memory."""


def confidence_set(matrix: npt.ArrayLike, *, size: float = SIZE, reps: int = REPS, seed: int = 13) -> list[float]:
    """Return the p-value of each column, a date a row, larger values better: `size` or more is in the set.

    By the stationary bootstrap of dates, its blocks as long as the most persistent difference asks for.

    Raises:
        MissingLibraryError: arch is not installed.
        ValueError: fewer than two columns or dates, or a value is not finite.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2 or not np.isfinite(values).all():
        raise ValueError("a confidence set needs two columns and two dates or more, all finite")
    multiple = require("arch.bootstrap", "the model confidence set")
    # columns that are equal have no difference to be tested by; one stands for all of them
    distinct, where = np.unique(values, axis=1, return_inverse=True)
    count = distinct.shape[1]
    if count < 2:
        return [1.0] * values.shape[1]
    block = max(optimal_block_length(distinct[:, at] - distinct.mean(axis=1)) for at in range(count))
    found = multiple.MCS(
        -distinct,
        size,
        reps=reps,
        block_size=math.ceil(block),
        method="R" if count <= _PAIRS_UP_TO else "max",
        bootstrap="stationary",
        seed=seed,
    )
    found.compute()
    # columns that are eliminated together share a line of the table
    lines = zip(found.pvalues.index, found.pvalues["Pvalue"].tolist(), strict=True)
    known = {int(at): float(p) for together, p in lines for at in np.ravel(together)}
    return [known[int(at)] for at in np.ravel(where)]
