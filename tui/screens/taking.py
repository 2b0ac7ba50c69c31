"""Taking experiments out of the app: copied to the clipboard in several forms, or exported to files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.screens.deleting import Deleting

if TYPE_CHECKING:
    from registry.config import ExperimentConfig


class Taking(Deleting):
    """What a screen needs to copy and export."""

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment that is copied."""
        raise NotImplementedError

    def action_copy(self) -> None:
        """Copy the full hash."""
        if self.taken_hash is not None:
            self.copy_hash(self.taken_hash)

    def action_copy_as(self) -> None:
        """Choose in which form to copy the experiment."""
        from tui.screens.choice import Choice, ChoiceScreen

        config_hash = self.taken_hash
        if config_hash is None:
            return
        choices = [Choice(value, label) for value, (label, _) in FORMS.items()]

        def chosen(value: str | None) -> None:
            if value is not None:
                self.find(partial(self.workspace.registry.config, config_hash), partial(self._copy, value))

        self.app.push_screen(ChoiceScreen(f"Copy {config_hash[:SHORT_HASH]} as", choices), chosen)

    def _copy(self, form: str, config: ExperimentConfig) -> None:
        label, write = FORMS[form]
        self.app.copy_to_clipboard(write(config))
        self.say(f"Copied as {label}, by the terminal (OSC 52).")

    def ask_to_export(self, hashes: Sequence[str], which: str = "") -> None:
        """Ask where to, then export these experiments."""
        from tui.screens.export import ExportScreen

        if not hashes:
            self.say("None of them is still there.", problem=True)
            return
        kind = f"{which} experiment" if which else "experiment"

        def done(said: str | None) -> None:
            if said is not None:
                self.say(said)

        self.app.push_screen(ExportScreen(self.workspace, hashes, of_them(len(hashes), kind)), done)


def as_python(config: ExperimentConfig) -> str:
    """Return the code that makes this configuration.

    >>> from registry import ExperimentConfig
    >>> print(as_python(ExperimentConfig(["a"], {"a": 0.5}, {"k": 10})))
    ExperimentConfig(
        feature_names=['a'],
        feature_weights={'a': 0.5},
        hyperparameters={'k': 10},
        feature_transformations={},
        description='',
        tags=[],
    )
    """
    record = config.to_dict()
    fields = ("feature_names", "feature_weights", "hyperparameters", "feature_transformations", "description", "tags")
    lines = [f"    {name}={record[name]!a},\n" for name in fields]
    return f"ExperimentConfig(\n{''.join(lines)})"


FORMS: dict[str, tuple[str, Callable[[ExperimentConfig], str]]] = {
    "hash": ("the full hash", lambda config: str(config.config_hash)),
    "json": ("JSON", lambda config: config.to_json()),
    "python": ("Python", as_python),
    "weights": ("its weights as JSON", lambda config: json.dumps(config.to_dict()["feature_weights"], indent=2)),
    "command": ("the command that shows it", lambda config: f"experiments show {config.config_hash}"),
}
"""What an experiment can be copied as: what that is called, and what makes it."""
