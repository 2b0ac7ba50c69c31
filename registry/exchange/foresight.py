"""What would become of records: the very rules that bring them in, run on what is there without writing.

Used for dry runs, and to tell the fate of each record where one chunk holds the same experiment twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry.store import Session
from registry.store.apply import Events, State, ends_of, merge, new_state, present, refuse_cycles
from registry.store.edges import ancestry
from registry.store.registration import NO_CONTENT, ImportMetadata, Outcome, Registration


class Foresight:
    """Remembers what it was shown, so that records of several chunks meet each other."""

    def __init__(self, metadata: ImportMetadata) -> None:
        self._metadata = metadata
        self._states: dict[str, State] = {}
        self._edges: dict[str, str] = {}
        """Hash to parent, of what is there and what would be."""

    def outcomes(self, session: Session, registrations: Sequence[Registration]) -> list[Outcome]:
        """Return what would become of each registration, one after another."""
        hashes = [registration.config_hash for registration in registrations]
        self._states |= present(session, [config_hash for config_hash in hashes if config_hash not in self._states])
        self._refuse_cycles(session, registrations)
        unsaid = Events()
        made = [self._outcome(registration, unsaid) for registration in registrations]
        for config_hash in hashes:
            if (parent := self._states[config_hash].parent) is not None:
                self._edges[config_hash] = parent
        return made

    def _refuse_cycles(self, session: Session, registrations: Sequence[Registration]) -> None:
        derived = [registration for registration in registrations if registration.parent is not None]
        if derived:
            for config_hash, parent in ancestry(session, ends_of(derived)).items():
                self._edges.setdefault(config_hash, parent)
            refuse_cycles(self._edges, registrations, self._states)

    def _outcome(self, registration: Registration, unsaid: Events) -> Outcome:
        config_hash = registration.config_hash
        state = self._states.get(config_hash)
        if state is not None:
            state.outcome = "unchanged"
            merge(state, registration, config_hash, self._metadata, unsaid, {})
            return state.outcome
        state = self._states[config_hash] = new_state(0, registration, "")
        state.content = NO_CONTENT  # it will not be written, and a great many may come
        return "new"
