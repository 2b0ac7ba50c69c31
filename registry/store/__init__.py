"""The registry's file: the only part that opens duckdb, the lock and the spool."""

from registry.store.session import Session, WriteSession
from registry.store.store import Store

__all__ = ["Session", "Store", "WriteSession"]
