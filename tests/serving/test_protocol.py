"""Who is let in and who is not, and that nothing stays behind: a real server, real sockets, real processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentRegistry
from tests.serving.serving import COUNT, Served, config, serving
from tests.test_readme import README

pytestmark = pytest.mark.full

READY = f"{COUNT} experiments"
"""What the list says once it was read."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as made:
        yield made


@contextlib.asynccontextmanager
async def browser(served: Served, *, token: str | None = "") -> AsyncIterator[Any]:
    """Yield a client that has opened the page, as a browser does; without a token with `token` None."""
    import aiohttp

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        if token is not None:
            async with session.get(f"{served.origin}/?token={token or served.token}") as answer:
                assert answer.status == (200 if not token else 403)
        yield session


@contextlib.asynccontextmanager
async def visiting(session: Any, served: Served, origin: str | None = "", **more: Any) -> AsyncIterator[Any]:
    headers = {} if origin is None else {"Origin": origin or served.origin}
    async with session.ws_connect(f"{served.origin}/ws?width=100&height=30", headers=headers, **more) as socket:
        yield socket


async def shown(socket: Any, text: str, seconds: float = 20) -> str:
    """Return what was drawn, once it holds a text."""
    drawn = ""
    async with asyncio.timeout(seconds):
        while text not in drawn:
            message = await socket.receive()
            assert isinstance(message.data, (bytes, str)), (message, drawn[-500:])
            drawn += message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else ""
    return drawn


async def status_of(session: Any, served: Served, **more: Any) -> int:
    import aiohttp

    try:
        async with visiting(session, served, **more):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return int(error.status)


async def test_who_brings_the_token_sees_the_app(served: Served) -> None:
    async with browser(served) as session, visiting(session, served) as socket:
        await shown(socket, READY)
        await socket.send_json(["stdin", "/w.b > 0.5\r"])
        await shown(socket, "1 of 6")
        await socket.send_json(["ping", 7])
        while True:
            message = await socket.receive()
            if message.data == '["pong", 7]' or message.data == '["pong",7]':
                break
        served.wait_for(1)
    served.wait_for(0)


async def test_nobody_else_does(served: Served) -> None:
    async with browser(served, token="wrong" * 5) as session:
        assert await status_of(session, served) == 403
        for path in ("/", "/static/js/textual.js", "/page/page.js", "/download/x"):
            async with session.get(served.origin + path) as answer:
                assert answer.status == 403
                assert "token" in await answer.text()
    async with browser(served) as session:
        for origin in (None, "http://evil.example", "null", f"http://127.0.0.1:{served.port + 1}", "http://localhost"):
            assert await status_of(session, served, origin=origin) == 403, origin
        for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1:1", "[", ""):
            async with session.get(f"{served.origin}/", headers={"Host": host}) as answer:
                assert answer.status == 400, host
        async with session.get(f"{served.origin}/", headers={"Host": f"localhost:{served.port}"}) as answer:
            assert answer.status in (200, 403)
    assert served.visitors() == []


async def test_what_the_page_may_do_and_what_lies_about(served: Served) -> None:
    async with browser(served) as session:
        async with session.get(f"{served.origin}/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            text = await answer.text()
            assert "https://" not in text and served.token not in text
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        async with session.get(f"{served.origin}/static/js/textual.js") as answer:
            assert answer.status == 200
        for path in (
            "/static/",
            "/static/js/",
            "/page/server.py",
            "/page/..%2fserver.py",
            "/static/..%2f..%2fserver.py",
        ):
            async with session.get(served.origin + path) as answer:
                assert answer.status in (403, 404), path
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_no_message_ends_the_visit_and_nothing_else(served: Served) -> None:
    async with browser(served) as session:
        for said in (
            "{",
            "[]",
            '["stdin"]',
            '["stdin", 5]',
            '["resize", {}]',
            '["resize", {"width": "x", "height": 1}]',
            "5",
        ):
            async with visiting(session, served) as socket:
                await socket.send_str(said)
                async with asyncio.timeout(20):
                    while not (await socket.receive()).type.name.startswith(("CLOS", "ERROR")):
                        pass
        async with visiting(session, served) as socket:
            await socket.send_json(["resize", {"width": 10**9, "height": -5}])
            await socket.send_json(["resize", {"width": 100, "height": 30}])
            await shown(socket, READY)
    served.wait_for(0)


async def test_only_so_many_at_a_time(tmp_path: Path) -> None:
    with serving(tmp_path, "--limit", "2") as served:
        async with browser(served) as session:
            async with visiting(session, served) as one, visiting(session, served) as two:
                await shown(one, READY)
                await shown(two, READY)
                assert await status_of(session, served) == 503
                async with session.get(f"{served.origin}/") as answer:
                    assert answer.status == 503 and "--limit" in await answer.text()
            served.wait_for(0)
            async with visiting(session, served) as three:
                await shown(three, READY)


async def test_fifty_pages_opened_and_abandoned_leave_no_process(tmp_path: Path) -> None:
    with serving(tmp_path, "--limit", "50") as served:
        async with browser(served) as session:

            async def come_and_go(number: int) -> None:
                async with visiting(session, served) as socket:
                    if number % 3:
                        await socket.receive()
                    if number % 3 == 2:  # gone without a word
                        socket._response.connection.transport.abort()

            for start in range(0, 50, 10):
                await asyncio.gather(*(come_and_go(number) for number in range(start, start + 10)))
        served.wait_for(0, 60)
        async with browser(served) as session, visiting(session, served) as socket:
            await shown(socket, READY)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_however_the_server_ends_no_visitor_stays(served: Served, number: signal.Signals) -> None:
    async with browser(served) as session, visiting(session, served) as one, visiting(session, served) as two:
        await shown(one, READY)
        await shown(two, READY)
        served.process.send_signal(number)
        code = await asyncio.to_thread(served.process.wait, 30)
        assert code == (-number if number is signal.SIGKILL else 0)
        await asyncio.to_thread(served.wait_for, 0)


async def test_a_visitor_that_does_not_listen_is_killed(served: Served) -> None:
    import os

    async with browser(served) as session, visiting(session, served) as socket:
        await shown(socket, READY)
        (visitor,) = served.visitors()
        os.kill(visitor, signal.SIGSTOP)  # neither asked nor told it can leave
    await asyncio.to_thread(served.wait_for, 0)


async def test_no_key_changes_a_registry_that_is_only_looked_at(served: Served) -> None:
    from tui.actions import ACTIONS

    before = served.registry.path.read_bytes()
    keys = sorted({key for action in ACTIONS for key in action.keys if len(key) == 1 and key not in "q"})
    async with browser(served) as session, visiting(session, served) as socket:
        await shown(socket, "(read only)")
        for enter in ("", "\r", "\r"):  # on the list, on the detail, on what that opens
            await socket.send_json(["stdin", enter])
            for key in keys:
                await socket.send_json(["stdin", key])
                await socket.send_json(["stdin", "\r"])
                await socket.send_json(["stdin", "\x1b"])
                await asyncio.sleep(0.02)
        await asyncio.sleep(1)
    served.wait_for(0)
    assert served.registry.path.read_bytes() == before
    assert served.registry.store.spool.names() == []


async def test_with_write_a_visitor_may_change_it(tmp_path: Path) -> None:
    with serving(tmp_path, "--write") as served:
        async with browser(served) as session, visiting(session, served) as socket:
            await shown(socket, READY)
            await socket.send_json(["stdin", "D"])
            await shown(socket, "trash")
            await socket.send_json(["stdin", "y"])
            async with asyncio.timeout(20):
                while served.registry.count() == COUNT:
                    await asyncio.sleep(0.1)


async def test_an_export_is_a_download(served: Served, tmp_path: Path) -> None:
    async with browser(served) as session, visiting(session, served) as socket:
        await shown(socket, READY)
        await socket.send_json(["stdin", "x"])
        await shown(socket, "Export")
        await socket.send_json(["stdin", "\r"])
        async with asyncio.timeout(20):
            while True:
                message = await socket.receive()
                if isinstance(message.data, str) and message.data.startswith('["deliver'):
                    key = json.loads(message.data)[1]
                    break
        async with session.get(f"{served.origin}/download/{key}") as answer:
            assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
            assert len((await answer.text()).splitlines()) == COUNT
        async with session.get(f"{served.origin}/download/{key}x") as answer:
            assert answer.status == 404
    assert not list(tmp_path.glob("*.ndjson"))


def test_the_line_in_the_readme(tmp_path: Path) -> None:
    (line,) = re.findall(r"^\$ (experiments serve .*)$", README, re.MULTILINE)
    ExperimentRegistry(tmp_path / "experiments.duckdb").register(config(1))
    program = Path(sys.executable).with_name("experiments")
    process = subprocess.Popen([program, *line.split()[1:]], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:8123/?token=")
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
