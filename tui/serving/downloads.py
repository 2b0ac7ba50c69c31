"""What visitors download: whole or broken off, and forgotten when they go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from textual_serve.download_manager import DOWNLOAD_CHUNK_SIZE, Download, DownloadManager

PATIENCE: Final = 30.0
"""Seconds that an app has for the next piece of a file."""


class BrokenOff(ConnectionError):
    """The app went, or gave no more, before the file was whole."""


class Downloads(DownloadManager):
    """The files that apps have for their visitors.

    What `textual-serve` does when an app is slow or goes looks like a whole file to the browser.
    """

    def find(self, key: str) -> Download | None:
        """Return what goes by a key, as long as it is there to be had."""
        return self._active_downloads.get(key)

    async def download(self, delivery_key: str) -> AsyncGenerator[bytes, None]:
        """Yield a file piece by piece; it can be had once.

        Raises:
            BrokenOff: it ends before it is whole.
        """
        download = self._active_downloads[delivery_key]
        wanted: dict[str, str | int | bool | None] = {
            "type": "deliver_chunk_request",
            "key": delivery_key,
            "size": DOWNLOAD_CHUNK_SIZE,
            "name": download.name,
        }
        try:
            while True:
                try:
                    asked = await download.app_service.send_meta(wanted)
                    piece = await asyncio.wait_for(download.incoming_chunks.get(), PATIENCE) if asked else None
                except TimeoutError:
                    piece = None
                if piece is None:
                    raise BrokenOff(delivery_key)
                if not piece:
                    return
                yield piece
        finally:
            self._active_downloads.pop(delivery_key, None)

    async def cancel_app_downloads(self, app_service_id: str) -> None:
        """Break off and forget what an app had for its visitor."""
        await super().cancel_app_downloads(app_service_id)
        for key, download in list(self._active_downloads.items()):
            if download.app_service.app_service_id == app_service_id:
                del self._active_downloads[key]
