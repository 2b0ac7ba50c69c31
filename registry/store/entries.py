"""Spool entries: what a registration looks like as a file, and how a batch of files is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from registry.canonical import now_text, utc_text
from registry.config import ExperimentConfig, check_full_hash
from registry.errors import InvalidConfigError
from registry.store.apply import take_in
from registry.store.registration import Registration
from registry.store.session import WriteSession
from registry.store.spool import Entry

REGISTER = "register"
VERSION = 1

Refuse = Callable[[str, str], None]


def register_entry(config: ExperimentConfig) -> dict[str, Any]:
    """Return the spool entry that registers `config`."""
    entry: dict[str, Any] = {"type": REGISTER, "version": VERSION, "at": now_text(), "record": config.to_dict()}
    if config.former_hash is not None:
        entry["old_hashes"] = [config.former_hash]
    return entry


def parse(entries: Sequence[Entry], refuse: Refuse) -> list[tuple[str, Registration]]:
    """Return (name, registration) of every entry that can be applied; the others go to `refuse(name, reason)`."""
    parsed = []
    for entry in entries:
        try:
            parsed.append((entry.name, _parse(entry)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            reason = str(error) if isinstance(error, InvalidConfigError) else f"not a spool entry ({error})"
            refuse(entry.name, reason)
    return parsed


def _parse(entry: Entry) -> Registration:
    content = entry.content()
    if content.get("type") != REGISTER or content.get("version") != VERSION:
        raise InvalidConfigError(
            f"an entry of type {content.get('type')!r}, version {content.get('version')!r}: written by a newer"
            " program; upgrade, then move the file back into the spool"
        )
    old_hashes = content.get("old_hashes", [])
    if not isinstance(old_hashes, list):
        raise InvalidConfigError("old_hashes: not a list of hashes")
    checked = tuple(check_full_hash(old, "old_hashes") for old in old_hashes)
    return Registration(ExperimentConfig.from_dict(content["record"]), checked, utc_text(content["at"], "at"))


def apply(session: WriteSession, parsed: Sequence[tuple[str, Registration]]) -> None:
    """Apply parsed entries in their order."""
    if parsed:
        take_in(session, [registration for _, registration in parsed], metadata="register", kind="registered")
