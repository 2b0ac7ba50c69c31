"""The click classes of the commands: help with examples, and arguments that may start with `-`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any, Final

import click

_MARK = "\x00"
"""Put before an argument that starts with `-` while click parses, so that it is not taken for options."""

_LONG = re.compile(r"--[a-z][a-z-]*(=.*)?\Z", re.DOTALL)


SETTINGS: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""What all commands have in common."""


class Command(click.Command):
    """A command whose help ends with examples.

    With `dashes`, an argument such as `-tag:x` is an argument, not a row of one-letter options: filters and
    texts start like that. Options it knows stay options, and a misspelt `--option` is still refused.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), dashes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # said by each, not by the group alone: click remembers it from the first context it is asked in
        self.context_settings = {**SETTINGS, **self.context_settings}
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
        given = list(args)  # click takes them away as it goes
        try:
            rest = super().parse_args(ctx, self._marked(ctx, args) if self.dashes else args)
        except click.NoSuchOption as error:
            raise _misplaced(ctx, error.option_name, given) or error from None
        if not self.dashes:
            return rest
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


def _misplaced(ctx: click.Context, name: str, args: Sequence[str]) -> click.UsageError | None:
    """Return what to say of an option that belongs before the command, if `name` is one."""
    above = ctx.parent
    options = [] if above is None else [p for p in above.command.get_params(above) if isinstance(p, click.Option)]
    found = next((option for option in options if name in option.opts), None)
    if above is None or found is None:
        return None
    written = name
    if not found.is_flag:
        position = next(i for i, arg in enumerate(args) if arg.split("=", 1)[0] == name)
        given = args[position].partition("=")[2] or "".join(args[position + 1 : position + 2]) or found.metavar or ""
        written += f" {shlex.quote(given)}"
    return click.UsageError(
        f"no such option {name} here; it goes before the command: {above.info_name} {written} {ctx.info_name}", ctx
    )


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_MARK)
    return tuple(_unmarked(item) for item in value) if isinstance(value, tuple) else value
