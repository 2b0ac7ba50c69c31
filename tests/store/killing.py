"""Processes killed at random moments, for what must survive that."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from registry import ExperimentRegistry
from registry.store import Store
from tests.store.conftest import Start


def killed_at_random(
    start: Start,
    path: Path,
    program: str,
    kills: int,
    dice: random.Random,
    pause: tuple[float, float],
    acknowledged: set[str],
) -> Iterator[int]:
    """Keep three processes at work on the file, and kill the oldest again and again, in the end all of them.

    Yields the number of each kill; what the dead had acknowledged is added to `acknowledged`.
    """
    seed = dice.random()
    going = {n: start(program, path, f"{seed} {n}") for n in range(3)}
    for n in range(kills):
        time.sleep(dice.uniform(*pause))
        acknowledged.update(going.pop(min(going)).killed())
        going[n + 3] = start(program, path, f"{seed} {n + 3}")
        yield n
    for process in going.values():
        acknowledged.update(process.killed())


def nothing_is_lost(path: Path, acknowledged: set[str], present: Callable[[Path], set[str]]) -> None:
    """Assert that a reader sees all that was acknowledged, before and after the spool is brought in."""
    assert acknowledged
    assert acknowledged <= present(path)
    Store(path).sync()
    assert Store(path).spool.names() == []
    assert Store(path).spool.refusals() == []
    assert acknowledged <= present(path)
    assert ExperimentRegistry(path).verify().ok
