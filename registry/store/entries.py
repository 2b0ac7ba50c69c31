"""Spool entries: what a registration looks like as a file, and how a batch of files is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from registry.canonical import now_text, utc_text
from registry.config import ExperimentConfig, check_full_hash
from registry.errors import InvalidConfigError, InvalidRunError
from registry.store import run_entries
from registry.store.apply import take_in
from registry.store.registration import Registration
from registry.store.run_entries import RunItem
from registry.store.session import WriteSession
from registry.store.spool import Entry

REGISTER = "register"
VERSION = 1
_KINDS = (REGISTER, run_entries.RUN, run_entries.PANEL, run_entries.TRIAL)

Refuse = Callable[[str, str], None]

Item = Registration | RunItem
Parsed = Sequence[tuple[str, list[Item]]]
"""Names of entries, and what each brings."""


def register_entry(config: ExperimentConfig) -> dict[str, Any]:
    """Return the spool entry that registers `config`."""
    entry: dict[str, Any] = {"type": REGISTER, "version": VERSION, "at": now_text(), "record": config.to_dict()}
    if config.former_hash is not None:
        entry["old_hashes"] = [config.former_hash]
    return entry


def parse(entries: Sequence[Entry], refuse: Refuse) -> list[tuple[str, list[Item]]]:
    """Return (name, items) of every entry that can be applied; the others go to `refuse(name, reason)`."""
    parsed = []
    for entry in entries:
        try:
            parsed.append((entry.name, _parse(entry)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            reason = (
                str(error)
                if isinstance(error, InvalidConfigError | InvalidRunError)
                else f"not a spool entry ({error})"
            )
            refuse(entry.name, reason)
    return parsed


def _parse(entry: Entry) -> list[Item]:
    content = entry.content()
    kind = content.get("type")
    if (
        kind not in (REGISTER, run_entries.RUN, run_entries.PANEL, run_entries.TRIAL)
        or content.get("version") != VERSION
    ):
        raise InvalidConfigError(
            f"an entry of type {kind!r}, version {content.get('version')!r}: written by a newer"
            " program; upgrade, then move the file back into the spool"
        )
    return [_registration(content)] if kind == REGISTER else [*run_entries.parse(content)]


def _registration(content: dict[str, Any]) -> Registration:
    old_hashes = content.get("old_hashes", [])
    if not isinstance(old_hashes, list):
        raise InvalidConfigError("old_hashes: not a list of hashes")
    checked = tuple(check_full_hash(old, "old_hashes") for old in old_hashes)
    return Registration(ExperimentConfig.from_dict(content["record"]), checked, utc_text(content["at"], "at"))


def apply(session: WriteSession, parsed: Parsed, *, strict: bool = True) -> None:
    """Apply parsed entries in their order: registrations, then what is about them.

    Raises:
        NotFoundError: a run's experiment is not here (only with `strict`; else that run is left out).
    """
    items = [item for _, brought in parsed for item in brought]
    registrations = [item for item in items if isinstance(item, Registration)]
    others = [item for item in items if not isinstance(item, Registration)]
    if registrations:
        take_in(session, registrations, metadata="register", kind="registered")
    if others:
        run_entries.take_in_runs(session, others, strict=strict)
