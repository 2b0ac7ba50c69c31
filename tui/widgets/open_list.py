"""Lines of the detail screen that can be opened; the cursor shows only where the keys go."""

from __future__ import annotations

from textual.widgets import OptionList


class OpenList(OptionList):
    """A list without a frame, as high as its lines; a subclass says how high at most."""

    DEFAULT_CSS = """
    OpenList { height: auto; border: none; padding: 0; background: $background; }
    OpenList:focus { background: $background; }
    OpenList > .option-list--option-highlighted { background: $background; color: $foreground; text-style: none; }
    OpenList:focus > .option-list--option-highlighted {
        background: $cursor-line; color: $foreground; text-style: bold;
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
