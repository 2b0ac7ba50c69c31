"""Lineage: who was derived from whom, and parents that are guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.lineage import Lineage


class Relating(Base):
    """What tells where an experiment comes from and what came of it."""

    def lineage(
        self,
        reference: str,
        metric: str | None = None,
        *,
        panel: str | None = None,
        period: str | None = None,
        infer: bool = False,
        limit: int | None = None,
    ) -> Lineage:
        """Return the family of an experiment as a tree, from its oldest ancestor on, with the edit on each edge.

        With `metric`, such as `m.edge`, also that of each and its change: on one panel and period, those chosen or
        those that most of the family have a run on. Ancestors that are in the trash, purged or were never here
        stay as stubs. `infer` guesses parents for experiments that have none (see `registry.inference`), marks
        them so and records nothing; `save_inferred` does. At most `limit` (200) are drawn.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one experiment.
            FilterError: `metric` is no metric, or there is no such panel or period.
        """
        from registry import lineage, references

        with self._store.read() as session:
            found = references.find(session, reference, trashed=True) if reference.strip() else None
            config_hash = found[1] if found else references.resolve(session, reference)[1]
            return lineage.lineage(
                session, config_hash, metric, panel=panel, period=period, infer=infer,
                limit=lineage.LIMIT if limit is None else limit,
            )  # fmt: skip

    def save_inferred(self, family: Lineage) -> list[str]:
        """Record the parents that were guessed for a family, marked as guesses; return who got one.

        One that is learnt later, from a program or an import, takes the place of a guess.
        """
        from registry import inference

        self._require()
        with self._store.write() as session:
            return inference.save(session, list(family.proposals.items()))

    def forget_inferred(self, family: Lineage) -> list[str]:
        """Take the guessed parents of those of a family that are drawn off again; return who lost one."""
        from registry import inference

        self._require()
        with self._store.write() as session:
            return inference.forget(session, [node.config_hash for node in family.root.walk()])
