"""Every screen of the app as text: what it says and how every cell of it looks, a file for each screen and size.

`make snapshots` draws them anew; what then differs in the files is what a change did to the screens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

ENVIRONMENT: Final = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "TEXTUAL_ANIMATIONS": "none",
    "TZ": "UTC",
}
"""What a terminal says of itself where snapshots are drawn."""


def file_of(name: str, size: tuple[int, int]) -> Path:
    """Return the file of a screen at a size."""
    return FOLDER / f"{size[0]}x{size[1]}" / f"{name}.txt"


def files() -> set[Path]:
    """Return the files there are."""
    return set(FOLDER.glob("*/*.txt"))
