"""The line that says what went wrong with the registry and what happens next; it replaces a crash."""

from __future__ import annotations

from textual.widgets import Static

from tui.safe import safe


class Banner(Static):
    """Hidden while all is well."""

    DEFAULT_CSS = """
    Banner {
        height: auto; max-height: 4; padding: 0 1; display: none;
        background: $panel; color: $error; text-style: bold; border-left: outer $error;
    }
    Banner.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    @property
    def text(self) -> str:
        """What is shown now; empty when all is well."""
        return str(self.content) if self.has_class("-shown") else ""

    def say(self, problem: str) -> None:
        """Show a problem and what is done about it."""
        text = safe(problem.rstrip(".")) + ". What is shown is from before; trying again, r tries at once."
        if text != self.text:
            self.update(text)
            self.add_class("-shown")

    def clear(self) -> None:
        """All is well again."""
        self.remove_class("-shown")
