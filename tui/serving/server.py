"""The server: it lets in who has the token, from its own page alone, and keeps count of the visitors.

What `textual-serve` leaves open is closed here: a page of another site could drive the app through a websocket
(no Origin or Host is checked), anybody on the machine could open it (no token), the page asks a font of an outside
host, the command is a shell's, and a visitor's process may outlive its browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import re
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import textual_serve
from aiohttp import WSCloseCode, web
from textual_serve.server import Server, to_int

from tui.safe import safe
from tui.serving.downloads import BrokenOff, Downloads
from tui.serving.hosts import is_address, is_loopback, names_of, split_host
from tui.serving.visitor import Visitor

TOKEN: Final = "token"
LONGEST_MESSAGE: Final = 1 << 20
"""Bytes of one message from a browser: what may be pasted at once."""

_HEARTBEAT: Final = 10.0
"""Seconds after which a browser that went away without a word is noticed, twice."""

_SHUTDOWN: Final = 10.0
"""Seconds that visitors' processes have to end when the server does."""

_CLOSING: Final = 3.0
"""Seconds that a browser has for answering that a page is closed."""

_STATIC: Final = Path(textual_serve.__file__).parent / "static"
_KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".html": "text/html"}
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AppServer(Server):
    """Serves the app that `command` starts, a process for each visitor."""

    def __init__(
        self,
        command: Sequence[str],
        host: str,
        port: int,
        *,
        token: str,
        limit: int,
        public_url: str | None = None,
        complain: Callable[[str], None],
    ) -> None:
        super().__init__(" ".join(command), host=host, port=port, title="Experiments", public_url=public_url)
        self._words = list(command)
        self._token = token
        self._limit = limit
        self._complain = complain
        self._public = None if public_url is None else urlsplit(public_url)
        self._names: set[str] = set()
        self._listening: list[socket.socket] = []
        self._sockets: set[web.WebSocketResponse] = set()
        self._apps: set[Visitor] = set()
        self.download_manager: Downloads = Downloads()
        self.visitors = 0

    # who is let in

    @property
    def _cookie(self) -> str:
        return f"experiments-{self.port}"  # browsers keep one jar for all ports of a host

    def _is_ours(self, host: str | None) -> bool:
        """Tell whether a Host is one that this server is known by: not one that a foreign name was bound to."""
        if host is None:
            return False
        if self._public is not None and host.lower() == self._public.netloc.lower():
            return True
        name, port = split_host(host)
        if port not in (self.port, None if self.port == 80 else self.port):
            return False
        if is_loopback(self.host):
            return is_loopback(name) or name == self.host.lower()
        return name in self._names or is_address(name)

    def _may_enter(self, request: web.Request) -> bool:
        given = (request.query.get(TOKEN), request.cookies.get(self._cookie))
        return any(
            each is not None and secrets.compare_digest(each.encode("utf-8", "replace"), self._token.encode())
            for each in given
        )

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host")  # request.host would ask the name service where a client says none
        ours = self._is_ours(host)
        if not ours:
            response: web.StreamResponse = _refusal(400, "This is not the address of this server.")
        elif not self._may_enter(request):
            response = _refusal(403, "Open the whole address that `experiments serve` printed, with its token.")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = _refusal(error.status, error.reason)
            except Exception as error:  # noqa: BLE001 - one visitor's trouble, told in one line
                self._complain(f"a visitor could not be answered: {safe(f'{type(error).__name__}: {error}')}")
                response = _refusal(500, "That went wrong here; the server goes on.")
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers[name] = value
            sockets = f"ws://{host} wss://{host}" if ours else ""
            response.headers["Content-Security-Policy"] = _POLICY.format(sockets=sockets)
        return response

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=LONGEST_MESSAGE)
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/page/{name}", self._own_file),
                web.get("/ws", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.static("/static", _STATIC, show_index=False, follow_symlinks=False),
            ]
        )
        return app

    # what there is

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if self.visitors >= self._limit:
            return _refusal(503, f"{self._limit} are looking already; close another page, or start with --limit.")
        secure = self._public is not None and self._public.scheme == "https"
        text = resources.files("tui.serving").joinpath("page.html").read_text("utf-8")
        size = max(6, min(to_int(request.query.get("fontsize", "16"), 16), 60))
        response = web.Response(text=text.replace("{size}", str(size)), content_type="text/html")
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict", secure=secure, path="/")
        return response

    async def _own_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in ("page.css", "page.js"):
            raise web.HTTPNotFound
        text = resources.files("tui.serving").joinpath(name).read_text("utf-8")
        return web.Response(text=text, content_type=_KINDS[Path(name).suffix])

    async def handle_websocket(self, request: web.Request) -> Any:
        """Run the app for one browser, as long as the two are there.

        A browser says which page opened the socket; only our own may.
        """
        origin = urlsplit(request.headers.get("Origin", ""))
        if origin.scheme not in ("http", "https") or not self._same(origin.netloc, request.host):
            raise web.HTTPForbidden
        if self.visitors >= self._limit:
            raise web.HTTPServiceUnavailable
        self.visitors += 1
        try:
            return await self._visit(request)
        finally:
            self.visitors -= 1

    def _same(self, origin: str, host: str) -> bool:
        public = "" if self._public is None else self._public.netloc
        return origin.lower() == host.lower() or bool(public and origin.lower() == public.lower())

    async def _visit(self, request: web.Request) -> web.WebSocketResponse:
        there = web.WebSocketResponse(timeout=_CLOSING, heartbeat=_HEARTBEAT, max_msg_size=LONGEST_MESSAGE)
        await there.prepare(request)
        self._sockets.add(there)
        visitor = Visitor(
            self._words,
            write_bytes=there.send_bytes,
            write_str=there.send_str,
            close=there.close,
            download_manager=self.download_manager,
            complain=self._complain,
        )
        self._apps.add(visitor)
        try:
            wanted = (to_int(request.query.get(name, ""), usual) for name, usual in (("width", 80), ("height", 24)))
            try:
                await visitor.start(*wanted)
            except OSError as error:
                self._complain(f"the app can't be started for a visitor: {error.strerror or error}")
            else:
                # what is no message of the page's own ends the visit, whatever it is
                with contextlib.suppress(Exception):
                    await self._process_messages(there, visitor)
        finally:
            # also when the server ends in the middle of it
            await asyncio.shield(asyncio.ensure_future(visitor.stop()))
            self._apps.discard(visitor)
            self._sockets.discard(there)
            with contextlib.suppress(Exception):
                await there.close()
        return there

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """Hand out a file that the app delivers, never to be shown by the browser as a page of ours."""
        found = self.download_manager.find(request.match_info["key"])
        if found is None:
            raise web.HTTPNotFound
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(found.file_name).name)[-100:] or "download"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        for header, value in _HEADERS.items():
            response.headers[header] = value
        await response.prepare(request)
        try:
            async for chunk in self.download_manager.download(found.delivery_key):
                await response.write(chunk)
            await response.write_eof()
        except BrokenOff:
            if request.transport is not None:  # else a part would look like the whole
                request.transport.abort()
        return response

    # from beginning to end

    def take_address(self) -> None:
        """Listen where `run` will serve; nobody is answered yet.

        Raises:
            OSError, UnicodeError: the address can't be taken.
        """
        self._listening = _bound(self.host, self.port)
        self.port = self._listening[0].getsockname()[1]
        if not is_loopback(self.host):
            self._names = names_of(self.host)

    async def run(self, told: Callable[[str], None]) -> None:
        """Serve until a signal ends it; `told` gets the address once it can be opened."""
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has one ignored
                asyncio.get_running_loop().add_signal_handler(number, ended.set)
        # what strangers send that is no request of a browser's is nothing to fill a terminal with
        quiet = logging.Logger("serve", logging.CRITICAL + 1)
        runner = web.AppRunner(await self._make_app(), access_log=None, logger=quiet, shutdown_timeout=_SHUTDOWN)
        await runner.setup()
        try:
            for each in self._listening:
                await web.SockSite(runner, each).start()
            told(self.address)
            await ended.wait()
            closing = (there.close(code=WSCloseCode.GOING_AWAY) for there in list(self._sockets))
            await asyncio.gather(*closing, return_exceptions=True)
        finally:
            await runner.cleanup()
            for each in self._listening:
                each.close()
            for visitor in self._apps:
                visitor.kill()

    @property
    def address(self) -> str:
        """What is opened in a browser, with the token."""
        if self._public is not None:
            base = self._public.geturl().rstrip("/")
        else:
            name = f"[{self.host}]" if ":" in self.host else self.host
            name = socket.gethostname() if self.host in ("0.0.0.0", "::") else name
            base = f"http://{name}:{self.port}"
        return f"{base}/?{urlencode({TOKEN: self._token})}"


def _bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on all addresses of a host that this machine has, on one port."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    if is_loopback(host) and not all(is_loopback(str(each[4][0])) for each in found):
        raise OSError(errno.EADDRNOTAVAIL, "others can reach what goes by that name here")
    made: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            taken = made[0].getsockname()[1] if made else port
            try:
                made.append(_listening(family, (address[0], taken, *address[2:])))
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                missing = error  # such as ::1 of localhost where there is no IPv6
        if not made:
            raise missing or OSError(errno.EADDRNOTAVAIL, "it has no address")
    except BaseException:
        for one in made:
            one.close()
        raise
    return made


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(128)
    except BaseException:
        one.close()
        raise
    return one


def _refusal(status: int, said: str) -> web.Response:
    return web.Response(status=status, text=f"{said}\n", content_type="text/plain")
