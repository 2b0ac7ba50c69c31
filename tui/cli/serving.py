"""`serve`: the app in a browser, for who has the address with its token."""

from __future__ import annotations

import errno
import secrets
from typing import Final
from urllib.parse import urlsplit

import click

from registry.errors import MissingLibraryError
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.safe import safe
from tui.serving.hosts import is_loopback

LOOPBACK: Final = "127.0.0.1"
LIMIT: Final = 8
_SHORTEST: Final = 16
"""Characters of a token that is to keep strangers out."""


@click.command(
    cls=Command,
    examples=[
        "experiments serve",
        "experiments serve --port 8123 --write",
        'experiments serve --host 0.0.0.0 --token "$(openssl rand -hex 16)"',
    ],
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--host", metavar="NAME", default=LOOPBACK, show_default=True, help="Where to listen.")
@click.option("--write", is_flag=True, help="Let visitors change the registry; without it they only look.")
@click.option("--token", metavar="TEXT", help="What visitors must bring; made anew each time when not given.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=LIMIT, show_default=True, help="Most visitors at a time."
)
@click.option("--public-url", metavar="URL", help="What a proxy before it is reached by, such as https://lab.example.")
@pass_app
def serve(app: App, port: int, host: str, write: bool, token: str | None, limit: int, public_url: str | None) -> None:
    """Serve the app to browsers.

    It prints the address to open, with a token in it; who lacks it is not let in, nor is any page of another site.
    Each visitor has an app of their own, of about 120 MB, that ends with their page; without --write it changes
    nothing. Exports are downloads. Ctrl-C ends it.

    The connection is not encrypted: for others than this machine put a proxy with TLS before it (--public-url).
    """
    import asyncio

    if not host.strip():
        raise click.UsageError("--host is empty; give a name or an address of this machine, or leave it out")
    token = _checked(token, host)
    public = _public(public_url)
    try:
        from tui.serving.server import AppServer
        from tui.serving.visitor import app_command
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("textual_serve", "aiohttp", "aiohttp_jinja2", "jinja2"):
            raise
        raise MissingLibraryError(
            "serving the app needs textual-serve, which is not installed: pip install 'experiment-registry[serve]'"
        ) from None
    registry = app.registry(Missing.CREATED if write and app.db is None else Missing.NEEDED)
    may_write = write and not app.read_only
    words = app_command(str(registry.path), app.wait, write=may_write)
    server = AppServer(words, host, port, token=token, limit=limit, public_url=public, complain=output.note)

    def told(address: str) -> None:
        output.line(address)
        looks = "visitors may change it" if may_write else "read only"
        output.note(f"serving {safe(str(registry.path))} ({looks}) to at most {limit}; Ctrl-C ends it")
        if not is_loopback(host):
            output.note(
                "warning: others can reach this machine, and what goes to and fro is not encrypted; whoever gets the"
                " address gets in"
            )

    try:
        server.take_address()
    except (OSError, UnicodeError) as error:
        raise Stop(Exit.UNUSABLE, _cannot(host, port, error)) from None
    asyncio.run(server.run(told))


def _cannot(host: str, port: int, error: OSError | UnicodeError) -> str:
    """Return the sentence for an address that can't be served on."""
    from registry.canonical import show

    if isinstance(error, PermissionError):
        return f"port {port} can't be served on without more rights; give --port one of 1024 or more"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} of {safe(host)} is in use; give another --port, or 0 for any that is free"
    why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is no name of a host"
    return f"--host {show(host)} is nothing that this machine can be reached by: {safe(why)}"


def _checked(token: str | None, host: str) -> str:
    """Return the token that lets visitors in; others than this machine's must have been given one.

    Raises:
        UsageError: it is missing, or too easily guessed.
    """
    from registry.canonical import show

    if token is None:
        if not is_loopback(host):
            raise click.UsageError(
                f"--host {host} lets others than this machine in; say what they must bring with --token"
            )
        return secrets.token_urlsafe(24)
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise click.UsageError(
            f"--token {show(token)} is too easily guessed, or no plain text; give at least {_SHORTEST} letters and"
            " digits"
        )
    return token


def _public(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        fine = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.path in ("", "/")
            and not (parts.query or parts.fragment or "@" in parts.netloc)
        )
        parts.port  # noqa: B018 - raises where it is none
    except ValueError:
        fine = False
    if not fine:
        raise click.UsageError(f"--public-url {url} is no address; write it as https://lab.example")
    return url


commands = {"serve": serve}
