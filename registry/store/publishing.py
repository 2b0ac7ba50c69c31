"""Giving a finished file its name, without ever taking it from another one unasked."""

from __future__ import annotations

import errno
from pathlib import Path

from registry.errors import ExchangeError, FileExistsRefusal


def check_free(path: Path, name: str, *, force: bool) -> None:
    """Refuse to write a file over a folder, over what is no file, or without `force` over a file.

    Raises:
        FileExistsRefusal: there is a file.
        ExchangeError: there is something else.
    """
    if path.is_dir():
        raise ExchangeError(f"{name} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise ExchangeError(f"{name} is not an ordinary file; name another one")
    if path.exists() and not force:
        raise FileExistsRefusal(f"{name} exists; name another file, or say that it may be replaced")


def publish(temporary: Path, path: Path, name: str, *, force: bool) -> None:
    """Give the finished `temporary` its name; without `force` never over another file.

    Raises:
        FileExistsRefusal: the name was taken meanwhile.
    """
    if force:
        temporary.replace(path)
        return
    try:
        path.hardlink_to(temporary)  # a rename would replace, a link does not
    except FileExistsError:
        raise FileExistsRefusal(f"{name} exists; name another file, or say that it may be replaced") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # a file system without links
        check_free(path, name, force=False)
        temporary.replace(path)
