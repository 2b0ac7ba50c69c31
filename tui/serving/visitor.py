"""One visitor's app: a process that begins when a browser comes and is gone, for certain, when it goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from typing import Any, Final

from textual_serve.app_service import AppService

from tui.safe import safe

DRIVER: Final = "tui.serving.driver:ServedDriver"

LEAVING: Final = 2.0
"""Seconds for leaving when asked to, and again when told to; then the process is killed."""

LARGEST: Final = (1000, 400)
"""Columns and lines that a browser may ask for."""

STUCK: Final = 10.0
"""Seconds after which an app that takes nothing of what is typed, and has no room for more, is given up."""

_READY: Final = b"__GANGLION__\n"
"""The line with which Textual begins to draw."""

_LAST_WORDS: Final = 2000
"""Bytes of what the app writes as it fails that are kept."""

_BY_SIGNAL: Final = 128
"""From here on an exit code is that of a program which was told to end."""


class Visitor(AppService):
    """The app's process for one browser."""

    def __init__(self, command: Sequence[str], *, complain: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(" ".join(command), **kwargs)
        self._words = list(command)
        self._complain = complain
        self._said = b""
        """The last of what the app wrote beside what it drew."""

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(*_within(width, height))
        environment["TEXTUAL_DRIVER"] = DRIVER
        # of no shell, and leader of its own group: what it starts ends with it
        self._process = process = await asyncio.create_subprocess_exec(
            *self._words, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
        )
        assert process.stdin is not None
        self._stdin = process.stdin
        return process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the app how large the browser's terminal is."""
        await super().set_terminal_size(*_within(width, height))

    async def send_bytes(self, data: bytes) -> bool:
        """Hand on what is typed.

        Raises:
            TimeoutError: the app takes nothing any more. It must not keep us from noticing that the browser went.
        """
        return await asyncio.wait_for(super().send_bytes(data), STUCK)

    async def send_meta(self, data: dict[str, str | int | bool | None]) -> bool:
        """Tell the app something.

        Raises:
            TimeoutError: it takes nothing any more.
        """
        return await asyncio.wait_for(super().send_meta(data), STUCK)

    def kill(self) -> None:
        """End the app and what it started at once; for the end of the server, that waits for nobody."""
        if self._process is not None:
            _signal(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End the app, whatever state it is in, and wait until it is gone."""
        process, task = self._process, self._task
        if process is None:
            return
        with contextlib.suppress(Exception):
            await asyncio.wait_for(
                self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id), LEAVING
            )
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.send_meta({"type": "quit"}), LEAVING)
        if self._stdin is not None:
            self._stdin.close()
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                _signal(process.pid, number)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), LEAVING)
                break
        _signal(process.pid, signal.SIGKILL)  # what it may have started
        if task is not None:
            task.cancel()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await task
        self._process = self._task = None

    async def run(self) -> None:
        """Hand on what the app draws until it ends, then let the browser know."""
        process = self._process
        assert process is not None and process.stdout is not None and process.stderr is not None
        beside = asyncio.ensure_future(self._listen(process.stderr))
        try:
            with contextlib.suppress(Exception):
                await self._hand_on(process.stdout)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(asyncio.gather(beside, process.wait()), LEAVING)
            await self._tell_why(process.returncode)
        finally:
            beside.cancel()
        with contextlib.suppress(Exception):
            await self.remote_close()

    async def _hand_on(self, drawn: StreamReader) -> None:
        while await drawn.readline() != _READY:
            if drawn.at_eof():
                return
        kinds = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            head = await drawn.readexactly(5)
            await kinds[head[:1]](await drawn.readexactly(int.from_bytes(head[1:], "big")))

    async def _listen(self, beside: StreamReader) -> None:
        """Read what the app writes beside what it draws: a pipe that nobody reads would stop it."""
        while said := await beside.read(_LAST_WORDS):
            self._said = (self._said + said)[-_LAST_WORDS:]

    async def _tell_why(self, code: int | None) -> None:
        """Say why the app failed, if it did: to who serves it, and on the page."""
        said = safe(self._said.decode("utf-8", "replace").strip(), lines=True)
        if not said or code is None or not 0 < code < _BY_SIGNAL:
            return
        self._complain(f"a visitor's app ended: {said}")
        with contextlib.suppress(Exception):
            await self.remote_write_bytes(b"\x1b[?1049l\x1b[2J\x1b[H" + said.replace("\n", "\r\n").encode() + b"\r\n")


def _within(width: int, height: int) -> tuple[int, int]:
    return max(1, min(int(width), LARGEST[0])), max(1, min(int(height), LARGEST[1]))


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def app_command(db: str, wait: float, *, write: bool) -> list[str]:
    """Return the words that start the app on a registry."""
    # -P: nothing is imported from the folder that happens to be the current one
    words = [sys.executable, "-P", "-m", "tui", "--db", db, "--wait", str(wait)]
    return words if write else [*words, "--read-only"]
