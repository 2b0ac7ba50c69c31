"""Writing a file so that whoever looks sees all of it or nothing, and nobody's file is lost by accident.

The text goes into a temporary file in the same folder, is brought to the disk, and then takes its name. A
name that is taken is only replaced when that was asked for, also when it was taken a moment ago.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from registry.errors import ExchangeError
from registry.store.publishing import check_free, publish
from registry.store.spool import sync_folder

Target = str | os.PathLike[str]


def resolve_target(target: Target) -> Path:
    """Return the path that is written: links are followed, as `>` in a shell does.

    Raises:
        ExchangeError: its folder is missing, or the name is empty.
    """
    name = os.fspath(target)
    if not name:
        raise ExchangeError("an empty file name; name a file to write")
    try:
        path = Path(os.path.realpath(name))
        if path.is_symlink():
            raise ExchangeError(f"{name} is a link that leads nowhere; remove it or name another file")
        if not path.parent.is_dir():
            what = "is not a folder" if path.parent.exists() else "does not exist; make it first"
            raise ExchangeError(f"{name} can't be written: the folder {path.parent} {what}")
    except ExchangeError:
        raise  # it is a ValueError, too
    except (OSError, ValueError) as error:
        raise ExchangeError(f"{name!r} can't be a file's name: {error}") from None
    return path


@contextlib.contextmanager
def writing(target: Target, *, force: bool = False) -> Iterator[TextIO]:
    """Yield a text stream whose content becomes the file `target` when the body ends without an error.

    Raises as `writing_path`.
    """
    with writing_path(target, force=force) as temporary:
        made = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(made, "w", encoding="utf-8", newline="\n") as stream:
            yield stream


@contextlib.contextmanager
def writing_path(target: Target, *, force: bool = False) -> Iterator[Path]:
    """Yield a path beside `target` to write to; it becomes that file when the body ends without an error.

    Raises:
        FileExistsRefusal: the file exists and `force` was not given; it is untouched.
        ExchangeError: it can't be written; a sentence says why, and nothing is left behind.
    """
    name = os.fspath(target)
    path = resolve_target(target)
    temporary = path.with_name(f".{path.name[:50]}.{secrets.token_hex(6)}.tmp")
    with explained(name):
        check_free(path, name, force=force)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        try:
            yield temporary
            with temporary.open("rb") as file:
                if mode is not None:
                    with contextlib.suppress(OSError):
                        os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            publish(temporary, path, name, force=force)
            try_sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def try_sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where its file system can: an export is none the worse without."""
    with contextlib.suppress(OSError):
        sync_folder(folder)


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the system says into a sentence about `name`."""
    try:
        yield
    except OSError as error:
        why = {
            errno.EACCES: "permission denied",
            errno.EPERM: "permission denied",
            errno.EROFS: "the disk is read-only",
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.ENAMETOOLONG: "the name is too long",
        }.get(error.errno or 0, error.strerror or str(error))
        raise ExchangeError(f"{name} can't be written: {why}") from None
