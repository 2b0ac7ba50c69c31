"""A column of integers out of the engine as one array, without a Python object for each of its rows.

Of 100,000 rows `fetchall` makes 200,000 objects, while no other thread can run. The engine also hands over its
results by the Arrow C stream interface, in memory that needs no library to be read:
https://arrow.apache.org/docs/format/CStreamInterface.html
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from registry.store.connection import Connection

_INT64: Final = b"l"
"""What Arrow calls a BIGINT."""


class _Schema(Structure):
    pass


class _Array(Structure):
    pass


class _Stream(Structure):
    pass


_Schema._fields_ = [
    ("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64), ("n_children", c_int64),
    ("children", POINTER(POINTER(_Schema))), ("dictionary", c_void_p),
    ("release", CFUNCTYPE(None, POINTER(_Schema))), ("private_data", c_void_p),
]  # fmt: skip
_Array._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64), ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(_Array))), ("dictionary", c_void_p),
    ("release", CFUNCTYPE(None, POINTER(_Array))), ("private_data", c_void_p),
]  # fmt: skip
_Stream._fields_ = [
    ("get_schema", CFUNCTYPE(c_int, POINTER(_Stream), POINTER(_Schema))),
    ("get_next", CFUNCTYPE(c_int, POINTER(_Stream), POINTER(_Array))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(_Stream))),
    ("release", c_void_p), ("private_data", c_void_p),
]  # fmt: skip

_pointer_of = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


class StreamError(Exception):
    """The engine could not go on with a result; the message is its own."""


def integers(connection: Connection, sql: str, parameters: Sequence[Any]) -> array[int]:
    """Run a query and return its first column, of BIGINTs without gaps.

    Raises:
        StreamError: the engine failed after it had begun.
    """
    capsule = connection.sql(sql, params=list(parameters)).__arrow_c_stream__()
    address = _pointer_of(capsule, b"arrow_array_stream")
    assert address is not None
    stream = _Stream.from_address(address)
    with _read(stream, stream.get_schema, _Schema()) as schema:
        column = schema.children[0].contents.format
    if column != _INT64:
        raise TypeError(f"the column is no BIGINT but {column!r}")
    found = array("q")
    while True:
        with _read(stream, stream.get_next, _Array()) as batch:
            if not batch.release:
                return found
            values = batch.children[0].contents
            start = values.buffers[1] + 8 * (batch.offset + values.offset)
            found.frombytes(ctypes.string_at(start, 8 * batch.length))


@contextmanager
def _read(stream: _Stream, ask: Any, into: Any) -> Iterator[Any]:
    """Have the stream fill a structure, and release it afterwards."""
    if ask(byref(stream), byref(into)):
        told = stream.get_last_error(byref(stream))
        raise StreamError((told or b"the engine gives no reason").decode(errors="replace"))
    try:
        yield into
    finally:
        if into.release:
            into.release(byref(into))
