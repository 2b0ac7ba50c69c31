"""The click classes of the commands: help with examples, and arguments that may start with `-`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

_MARK = "\x00"
"""Put before an argument that starts with `-` while click parses, so that it is not taken for options."""

_LONG = re.compile(r"--[a-z][a-z-]*(=.*)?\Z", re.DOTALL)


class Command(click.Command):
    """A command whose help ends with examples.

    With `dashes`, an argument such as `-tag:x` is an argument, not a row of one-letter options: filters and
    texts start like that. Options it knows stay options, and a misspelt `--option` is still refused.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), dashes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = list(examples)
        self.dashes = dashes

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with arguments that start with `-` kept whole."""
        if not self.dashes:
            return super().parse_args(ctx, args)
        rest = super().parse_args(ctx, self._marked(ctx, args))
        for name, value in ctx.params.items():
            ctx.params[name] = _unmarked(value)
        return rest

    def _marked(self, ctx: click.Context, args: list[str]) -> list[str]:
        takes_value: dict[str, bool] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option):
                takes = not (parameter.is_flag or parameter.count)
                takes_value.update(dict.fromkeys([*parameter.opts, *parameter.secondary_opts], takes))
        made: list[str] = []
        waiting = list(args)
        while waiting:
            arg = waiting.pop(0)
            if arg == "--":
                return [*made, arg, *waiting]
            if arg in takes_value:
                made.append(arg)
                if takes_value[arg] and waiting:
                    made.append(waiting.pop(0))
            elif len(arg) > 1 and arg.startswith("-") and not _LONG.match(arg):
                made.append(_MARK + arg)
            else:
                made.append(arg)
        return made


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_MARK)
    return tuple(_unmarked(item) for item in value) if isinstance(value, tuple) else value
