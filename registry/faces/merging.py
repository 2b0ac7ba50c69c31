"""Two registries brought together."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry.faces.aliasing import Aliasing

if TYPE_CHECKING:
    from registry.exchange.importing import Progress
    from registry.exchange.merging import MergeReport


class Merging(Aliasing):
    """What brings another registry's content into this one, and moves aliases if asked."""

    def merge(
        self,
        other: str | os.PathLike[str],
        *,
        aliases: bool = False,
        force: bool = False,
        dry_run: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> MergeReport:
        """Bring in what another registry holds, its waiting registrations included; it is not written to.

        The same content stays one experiment, which `created_at`, description and parent here describe: tags, notes,
        old hashes, runs, panels and trials unite, an empty description or a missing or guessed parent is filled, and
        what differs is listed in `conflicts`. Live in either of the two is live; what lies in the trash there alone
        comes into the trash. An edge that would close a circle is left out and listed. Its log stays there.
        With `aliases`, each moves to where it points there, as its next version here; those that can't move are in
        `unmoved`, and `force` replaces files that follow them also where they were changed by hand. Repeating it
        changes nothing.

        Raises:
            ExchangeError: it is this very registry.
            MissingRegistryError: there is none.
            StoreError: one of the two can't be used. What came in before stays; the merge can be repeated.
        """
        from registry.exchange import merging

        report = merging.merge(self._store, other, dry_run=dry_run, progress=progress)
        if not aliases:
            report.moves = []
        elif dry_run:
            report.unmoved = self.foresee_aliases(report.aliases, force=force)
            stay = {each.alias for each in report.unmoved}
            report.moves = [move for move in report.moves if move["alias"] not in stay]
        else:
            moves, report.unmoved = self.take_aliases(report.aliases, force=force)
            report.moves = merging.moved(moves)
        return report
