"""The app in a real browser: Chromium opens it, filters, compares and goes, and asks nobody else for anything."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.serving import COUNT, serving

pytestmark = pytest.mark.full

KEYS = {"Enter": 13, "Escape": 27}


class Tab:
    """A page in Chromium, driven over its debugging protocol: what it was drawn, what it asked for, what went wrong."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.drawn = ""
        self.asked: list[str] = []
        self.errors: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Network.webSocketFrameReceived":
                frame = params["response"]
                if frame["opcode"] == 2:
                    self.drawn += base64.b64decode(frame["payloadData"]).decode("utf-8", "replace")
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(str(params))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(str(params))

    async def evaluate(self, expression: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=expression, returnByValue=True))["result"].get("value")

    async def type(self, text: str) -> None:
        for character in text:
            await self.call("Input.dispatchKeyEvent", type="char", text=character)

    async def press(self, key: str) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            code = KEYS[key]
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    async def sees(self, text: str, seconds: float = 30) -> None:
        """Wait until the app drew a text, and forget what it drew."""
        async with asyncio.timeout(seconds):
            while text not in self.drawn:
                await self.evaluate("1")
                await asyncio.sleep(0.05)
        self.drawn = ""


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Tab]:
    """Yield a tab of a Chromium of its own."""
    import aiohttp

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "Chromium is needed: apt install chromium"
    process = subprocess.Popen(
        [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            f"--user-data-dir={folder / 'profile'}", "--window-size=1200,800", "about:blank",
        ],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "DevTools listening on" in line).split()[-1]
        port = told.split(":")[2].partition("/")[0]
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
                address = (await answer.json())["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=1 << 26) as socket:
                tab = Tab(socket)
                for domain in ("Runtime", "Log", "Network", "Page"):
                    await tab.call(f"{domain}.enable")
                yield tab
    finally:
        process.terminate()
        process.communicate(timeout=30)


async def test_it_opens_filters_compares_and_closes(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with chromium(tmp_path) as tab:
            await tab.call("Page.navigate", url=served.address)
            await tab.sees(f"{COUNT} experiments")
            assert await tab.evaluate("location.href") == f"{served.origin}/", "the token left the address bar"
            assert await tab.evaluate("document.body.classList.contains('-first-byte')")
            await tab.type("/w.b > 0.4")  # without a click before
            await tab.press("Enter")
            await tab.sees(f"2 of {COUNT}")
            await tab.type(" j c")
            await tab.sees("compare 2")
            await tab.press("Escape")
            await tab.sees("DESCRIPTION")
            picture = base64.b64decode((await tab.call("Page.captureScreenshot", format="png"))["data"])
            assert len(picture) > 10_000, "something is drawn"
            await tab.type("D")
            await tab.sees("Read only")
            assert tab.errors == []
            outside = [url for url in tab.asked if not url.startswith((f"{served.origin}/", "data:"))]
            assert outside == [] and any("RobotoMono" in url for url in tab.asked)
            served.wait_for(1)
            await tab.press("Escape")
            await tab.sees(f"{COUNT} experiments")  # a key at once after it would be another one
            await tab.type("q")
            async with asyncio.timeout(30):
                while not await tab.evaluate("document.body.classList.contains('-closed')"):
                    await asyncio.sleep(0.1)
            await asyncio.to_thread(served.wait_for, 0)
            await tab.evaluate("document.getElementById('again').click()")
            await tab.sees(f"{COUNT} experiments")
            served.wait_for(1)
        await asyncio.to_thread(served.wait_for, 0)


@pytest.mark.parametrize("allowed", [True, False])
async def test_what_is_copied_goes_to_the_clipboard_also_where_the_browser_does_not_offer_it(
    tmp_path: Path, allowed: bool
) -> None:
    with serving(tmp_path) as served:
        async with chromium(tmp_path) as tab:
            if not allowed:  # as over plain HTTP from another machine
                none = "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
                await tab.call("Page.addScriptToEvaluateOnNewDocument", source=none)
            await tab.call("Page.navigate", url=served.address)
            await tab.sees(f"{COUNT} experiments")
            await tab.evaluate("document.addEventListener('copy', event => { window.copied = event.target.value })")
            for kind in ("mousePressed", "mouseReleased"):  # browsers copy for who has touched the page
                await tab.call("Input.dispatchMouseEvent", type=kind, x=600, y=500, button="left", clickCount=1)
            await tab.type("y")
            await tab.sees("Copied")
            if not allowed:
                async with asyncio.timeout(10):
                    while not await tab.evaluate("window.copied"):
                        await asyncio.sleep(0.1)
                assert len(await tab.evaluate("window.copied")) == 64
            assert await tab.evaluate("document.activeElement.className") == "xterm-helper-textarea"
            await tab.type("/w.b > 0.4")
            await tab.sees(f"2 of {COUNT}")
            assert tab.errors == []


async def test_another_page_cannot_open_it(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with chromium(tmp_path) as tab:
            await tab.call("Page.navigate", url=served.address)
            await tab.sees(f"{COUNT} experiments")
            # from now on the browser has the cookie
            await tab.call("Page.navigate", url="data:text/html,<title>evil</title>")
            closed = (
                f"new Promise(done => {{ const socket = new WebSocket('ws://127.0.0.1:{served.port}/ws?width=80&height=24');"
                " socket.onopen = () => done('opened'); socket.onerror = () => done('refused') })"
            )
            found = await tab.call("Runtime.evaluate", expression=closed, awaitPromise=True, returnByValue=True)
            assert found["result"]["value"] == "refused"
        await asyncio.to_thread(served.wait_for, 0)
