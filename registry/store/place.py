"""What can be told of a registry's place without the engine: is it ours, can it be written, is it local."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from functools import lru_cache
from pathlib import Path

from registry.errors import NotARegistryError, ReadOnlyError, StoreError, UnsupportedPlaceError

_LONGEST_NAME = 200
_RESERVED = "store"
"""The engine names an open file after its first word, and the schema of the tables is called that, too."""

_NETWORK = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "afpfs",
        "webdav",
        "davfs",
        "fuse.sshfs",
        "fuse.davfs2",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "afs",
        "ceph",
        "fuse.ceph",
        "fuse.glusterfs",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "orangefs",
        "ncpfs",
    ]
)


def sniff(path: Path) -> str:
    """Tell what lies at `path`: `missing`, `empty` or `duckdb`.

    Raises:
        NotARegistryError: a folder, a device, a SQLite database or any other file.
        StoreError: the file can't be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise NotARegistryError(f"{path} is a device, a pipe or a socket; name a file")
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        return "missing"
    except IsADirectoryError:
        raise NotARegistryError(f"{path} is a folder; name a file, such as {path / 'experiments.duckdb'}") from None
    except NotADirectoryError:
        raise NotARegistryError(f"{path}: {path.parent} is a file, not a folder") from None
    except OSError as error:
        raise StoreError(f"{path} can't be read: {error.strerror}") from None
    if not head:
        return "empty"
    if head.startswith(b"SQLite format 3\0"):
        raise NotARegistryError(
            f"{path} is a SQLite database, not a registry; bring it in with: experiments import {path}"
        )
    if head[8:12] != b"DUCK":
        raise NotARegistryError(f"{path} is not a registry: it is not a DuckDB database")
    return "duckdb"


def check_name(path: Path) -> None:
    """Refuse names that the engine, or the files beside the registry, can't do with.

    Raises:
        UnsupportedPlaceError: the sentence tells which part of the name.
    """
    name = os.fspath(path)
    for sign in "?\\":
        if sign in name:
            raise UnsupportedPlaceError(f"{path}: the engine can't open a path with {sign} in it; choose another name")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UnsupportedPlaceError(f"{name!a}: the path is not UTF-8; choose another name") from None
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise UnsupportedPlaceError(
            f"{path}: the name is longer than {_LONGEST_NAME} bytes, which leaves no room for the files beside it"
        )
    if path.name.lstrip(".").partition(".")[0].lower() == _RESERVED:
        raise UnsupportedPlaceError(
            f"{path}: a registry can't be called {_RESERVED}, the engine mixes that up with the tables in it;"
            " choose another name"
        )


def check_local(path: Path) -> None:
    """Refuse places where locks can't be trusted.

    Raises:
        UnsupportedPlaceError: a network disk, or a system other than Linux and macOS.
    """
    if sys.platform not in ("linux", "darwin"):
        raise UnsupportedPlaceError(
            f"registries work on Linux and macOS; {sys.platform} has no lock that can be trusted"
        )
    kind = _filesystem(_existing_parent(path))
    if kind in _NETWORK:
        raise UnsupportedPlaceError(
            f"{path} lies on a network disk ({kind}), where locks can't be trusted; keep the registry on a local disk"
        )


def file_system(path: Path) -> str:
    """Return the type of the file system that `path` lies or would lie on, or "" where it can't be told."""
    return _filesystem(_existing_parent(path))


def check_writable(path: Path) -> None:
    """Raise `ReadOnlyError` or `StoreError` when nothing could be written beside or into `path`."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreError(f"the folder {folder} does not exist; make it first, or name another file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ReadOnlyError(f"{folder} can't be written; the registry there is read-only")
    if path.exists() and not os.access(path, os.W_OK):
        raise ReadOnlyError(f"{path} can't be written: permission denied")


def is_writable(path: Path) -> bool:
    """Tell whether the registry at `path` could be written by this user."""
    try:
        check_writable(path)
    except StoreError:
        return False
    return True


def _existing_parent(path: Path) -> Path:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


@lru_cache(maxsize=64)
def _filesystem(folder: Path) -> str:
    """Return the type of the file system `folder` lies on, or "" where it can't be told."""
    best, kind = "", ""
    with contextlib.suppress(OSError, IndexError, ValueError):
        where = str(folder)
        if sys.platform == "linux":
            for line in Path("/proc/self/mountinfo").read_text().splitlines():
                left, _, right = line.partition(" - ")
                mount = left.split()[4].replace("\\040", " ")
                if len(mount) >= len(best) and (where == mount or where.startswith(mount.rstrip("/") + "/")):
                    best, kind = mount, right.split()[0]
        else:
            import subprocess

            listing = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False, timeout=5).stdout
            for line in listing.splitlines():
                mount, _, rest = line.partition(" on ")[2].rpartition(" (")
                if len(mount) >= len(best) and (where == mount or where.startswith(mount.rstrip("/") + "/")):
                    best, kind = mount, rest.partition(",")[0].rstrip(")")
    return kind
