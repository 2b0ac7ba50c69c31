"""A real server of a real registry, visitors' processes counted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from registry import ExperimentConfig, ExperimentRegistry

COUNT = 6


def config(number: int) -> ExperimentConfig:
    return ExperimentConfig(["a", "b"], {"a": 0.5, "b": number / 8}, {"k": number}, description=f"number {number}")


class Served:
    """A server, its address, and what belongs to it."""

    def __init__(self, process: subprocess.Popen[str], address: str, registry: ExperimentRegistry) -> None:
        self.process = process
        self.address = address
        self.registry = registry
        parts = urlsplit(address)
        self.port = int(parts.port or 0)
        self.origin = f"http://127.0.0.1:{self.port}"
        self.token = parse_qs(parts.query)["token"][0]

    def visitors(self) -> list[int]:
        """Return the processes of apps on this registry that are there, however they were left."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if b"tui" in words and os.fsencode(self.registry.path) in words and b"serve" not in words:
                    found.append(int(entry.name))
        return found

    def wait_for(self, count: int, seconds: float = 30) -> None:
        """Wait until so many visitors are there."""
        deadline = time.monotonic() + seconds
        while len(found := self.visitors()) != count:
            assert time.monotonic() < deadline, f"{len(found)} visitors, not {count}"
            time.sleep(0.05)


@contextlib.contextmanager
def serving(folder: Path, *options: str, start: Sequence[str] = (sys.executable, "-m", "tui")) -> Iterator[Served]:
    """Serve a registry of six for the length of a block."""
    registry = ExperimentRegistry(folder / "experiments.duckdb")
    for number in range(COUNT):
        registry.register(config(number))
    registry.sync()
    process = subprocess.Popen(
        [*start, "--db", str(registry.path), "serve", "--port", "0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield Served(process, address, registry)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()
