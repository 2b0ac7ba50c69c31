"""What draws the app into a pipe, at whose other end a browser is; it ends when that end does.

Textual's own waits for input that never comes once the server is gone, and takes a whole processor for it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from codecs import getincrementaldecoder
from typing import Any, Final

from textual import messages
from textual._xterm_parser import XTermParser
from textual.drivers._byte_stream import ByteStream
from textual.drivers.web_driver import WebDriver

GRACE: Final = 5.0
"""Seconds that the app has for leaving in order, once nobody is there any more."""

_LOOK: Final = 0.1
"""Seconds between two looks whether a key that may begin an escape sequence was one by itself."""

_MOST: Final = 1 << 16


class ServedDriver(WebDriver):
    """Draws for a browser, as long as one is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._one_at_a_time = threading.Lock()
        self._write = self._write_whole  # type: ignore[assignment]

    def run_input_thread(self) -> None:
        """Hand on what comes, until nothing can come any more."""
        parser = XTermParser(debug=self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        packets = ByteStream()
        source = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
        try:
            while not self.exit_event.is_set():
                if select.select([source], [], [], _LOOK)[0]:
                    data = os.read(source, _MOST)
                    if not data:
                        break
                    for kind, payload in packets.feed(data):
                        if kind == "D":
                            # to the parser no text is the end of all input
                            for event in parser.feed(text) if (text := decode(payload)) else ():
                                self.process_message(event)
                        elif not self._told(payload):
                            return
                for event in parser.tick():
                    self.process_message(event)
        except Exception:  # noqa: BLE001 - nothing that could be read comes from there, so nobody is there
            pass
        if not self.exit_event.is_set():
            self._leave()

    def _told(self, payload: bytes) -> bool:
        """Do what the server says; return whether there will be more."""
        said = json.loads(payload)
        if not isinstance(said, dict) or said.get("type") == "exit":
            return False
        self.on_meta(str(said.get("type")), said)
        return True

    def _leave(self) -> None:
        """End the app in order, or at once when it does not."""
        last = threading.Timer(GRACE, os._exit, (1,))
        last.daemon = True
        last.start()
        self._app.call_from_thread(self._app.post_message, messages.ExitApp())

    def _write_whole(self, packet: bytes) -> None:
        """Write one packet; where nobody reads it any more, the app ends.

        What is drawn and what is downloaded come from two threads: a pipe would mix packets larger than it takes at
        once.
        """
        rest = memoryview(packet)
        try:
            with self._one_at_a_time:
                while rest:
                    rest = rest[os.write(self.fileno, rest) :]
        except OSError:
            if not self.exit_event.is_set():
                self.exit_event.set()
                self._app.call_later(self._app.post_message, messages.ExitApp())
