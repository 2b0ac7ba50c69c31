"""What would become of records: the very rules that bring them in, run on what is there without writing.

Used for dry runs, and to tell the fate of each record where one chunk holds the same experiment twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from registry.exchange.report import Outcome
from registry.store import Session
from registry.store.apply import Events, Registration, State, merge, present


class Foresight:
    """Remembers what it was shown, so that records of several chunks meet each other."""

    def __init__(self, metadata: Literal["fill", "replace"]) -> None:
        self._metadata = metadata
        self._states: dict[str, State] = {}

    def outcomes(self, session: Session, registrations: Sequence[Registration]) -> list[Outcome]:
        """Return what would become of each registration, one after another."""
        hashes = [str(registration.config.config_hash) for registration in registrations]
        self._states |= present(session, [config_hash for config_hash in hashes if config_hash not in self._states])
        unsaid = Events()
        return [
            self._outcome(config_hash, registration, unsaid)
            for config_hash, registration in zip(hashes, registrations, strict=True)
        ]

    def _outcome(self, config_hash: str, registration: Registration, unsaid: Events) -> Outcome:
        state = self._states.get(config_hash)
        if state is not None:
            state.outcome = "unchanged"
            merge(state, registration, config_hash, self._metadata, unsaid, {})
            return state.outcome
        config = registration.config
        self._states[config_hash] = State(
            0, None, config.description, list(config.tags), config.parent, False,
            old_hashes=list(registration.all_old_hashes()), outcome="new",
        )  # fmt: skip
        return "new"
