"""What hosts are called, and who can reach them."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
"""A name or address with or without a port, and nothing that could go on in a header."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host by this name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_address(name: str) -> bool:
    """Tell whether a name is an IP address, which nobody else can bind to another machine."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def names_of(host: str) -> set[str]:
    """Return what this machine is called, beside the host it serves on."""
    names = {host, "localhost", socket.gethostname(), socket.getfqdn()}
    return {name.lower() for name in names}


def split_host(host: str) -> tuple[str, int | None]:
    """Return name and port of what a browser says it asked for; empty where that is nothing of the kind."""
    if not _HOST.fullmatch(host):
        return "", None
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None
