"""What strangers and failing apps do to the server: nothing, and it tells what its owner has to know in one line."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.serving import Served, serving
from tests.serving.test_protocol import READY, browser, served, shown, visiting

__all__ = ["served"]

pytestmark = pytest.mark.full


def ended(served: Served) -> tuple[str, str]:
    """End the server; return what it wrote after its first line, to stdout and to stderr."""
    served.process.send_signal(signal.SIGTERM)
    return served.process.communicate(timeout=40)


def asked(served: Served, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), 10) as line:
        line.sendall(sent)
        return line.recv(100).split(b"\r\n")[0]


async def test_what_is_no_request_of_a_browser_is_refused_and_fills_no_terminal(served: Served) -> None:
    host = b"Host: 127.0.0.1:%d\r\n" % served.port
    for sent, code in (
        (b"GET / HTTP/1.1\r\n" + host + b"Cookie: experiments-%d=\xff\xfe\r\n\r\n" % served.port, b"403"),
        (b"GET /?token=%ff HTTP/1.1\r\n" + host + b"\r\n", b"403"),
        (b"GET / HTTP/1.0\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET /\x1b]0;evil\x07 HTTP/1.1\r\n" + host + b"\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x;script-src *;@127.0.0.1:%d\r\n\r\n" % served.port, b"400"),
    ):
        assert asked(served, sent).split()[1] == code, sent
    out, err = ended(served)
    assert out == "" and len(err.splitlines()) == 1, err


@pytest.mark.parametrize("said", ['["resize", {"width": Infinity, "height": 1}]', "[" * 200_000])
async def test_a_message_that_cannot_be_read_ends_the_visit_alone(served: Served, said: str) -> None:
    async with browser(served) as session:
        async with visiting(session, served) as socket, asyncio.timeout(30):
            await socket.send_str(said)
            while not (await socket.receive()).type.name.startswith(("CLOS", "ERROR")):
                pass
        async with visiting(session, served) as socket:
            await shown(socket, READY)
    assert len(ended(served)[1].splitlines()) == 1


async def test_an_empty_text_does_not_leave_the_app_deaf(served: Served) -> None:
    async with browser(served) as session, visiting(session, served) as socket:
        await shown(socket, READY)
        await socket.send_json(["stdin", ""])
        await socket.send_json(["stdin", "/w.b > 0.5\r"])
        await shown(socket, "1 of 6")


async def test_a_registry_that_cannot_be_opened_is_told_on_the_page_and_once_beside_it(served: Served) -> None:
    served.registry.close()
    served.registry.path.write_bytes(b"\x1b]0;evil\x07 no registry" * 500)
    async with browser(served) as session, visiting(session, served) as socket:
        drawn = await shown(socket, "is not a registry")
        assert "Traceback" not in drawn
    out, err = ended(served)
    assert out == "" and err.count("is not a registry") == 1 and "\x1b" not in err


async def test_an_app_that_takes_nothing_is_given_up_when_its_browser_went(served: Served) -> None:
    async with browser(served) as session, visiting(session, served) as line:
        await shown(line, READY)
        (visitor,) = served.visitors()
        os.kill(visitor, signal.SIGSTOP)
        for _ in range(100):  # more than the pipe and what waits before it take
            await line.send_json(["stdin", "\x1b[<35;10;10M" * 1000])
    await asyncio.to_thread(served.wait_for, 0, 60)


async def test_a_modules_name_in_the_current_folder_is_not_imported(tmp_path: Path) -> None:
    for name in ("tui.py", "duckdb.py"):
        (tmp_path / name).write_text("raise SystemExit('taken from the folder')")
    command = "import sys; sys.path = [p for p in sys.path if p]; from tui.__main__ import main; main()"
    (tmp_path / "bin").mkdir()
    start = tmp_path / "bin" / "experiments"
    start.write_text(command)
    with serving(tmp_path, start=[sys.executable, str(start)]) as served:
        async with browser(served) as session, visiting(session, served) as socket:
            await shown(socket, READY)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "nosuch.invalid"], "nosuch.invalid"),
        (["--host", "a" * 70], "no name of a host"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
        (["--port", "TAKEN"], "in use"),
    ],
)
def test_what_cannot_be_served_on_is_one_sentence(served: Served, options: list[str], said: str) -> None:
    words = [str(served.port) if option == "TAKEN" else option for option in options]
    port = [] if "--port" in words else ["--port", "0"]
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "--db", str(served.registry.path), "serve", *words, *port, "--token", "x" * 32],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 4 and said in ran.stderr and len(ran.stderr.splitlines()) == 1 and ran.stdout == ""
