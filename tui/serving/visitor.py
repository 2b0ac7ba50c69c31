"""One visitor's app: a process that begins when a browser comes and is gone, for certain, when it goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any, Final

from textual_serve.app_service import AppService

DRIVER: Final = "tui.serving.driver:ServedDriver"

LEAVING: Final = 2.0
"""Seconds for leaving when asked to, and again when told to; then the process is killed."""

LARGEST: Final = (1000, 400)
"""Columns and lines that a browser may ask for."""

_LAST_WORDS: Final = 2000
"""Bytes of what the app writes as it fails that are kept."""


class Visitor(AppService):
    """The app's process for one browser."""

    def __init__(self, command: Sequence[str], **kwargs: Any) -> None:
        super().__init__(" ".join(command), **kwargs)
        self._words = list(command)

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
        with contextlib.suppress(Exception):
            await super().run()
        with contextlib.suppress(Exception):
            await self.remote_close()


def _within(width: int, height: int) -> tuple[int, int]:
    return max(1, min(int(width), LARGEST[0])), max(1, min(int(height), LARGEST[1]))


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def app_command(db: str, wait: float, *, write: bool) -> list[str]:
    """Return the words that start the app on a registry."""
    words = [sys.executable, "-m", "tui", "--db", db, "--wait", str(wait)]
    return words if write else [*words, "--read-only"]
