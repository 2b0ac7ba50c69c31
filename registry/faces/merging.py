"""Experiments from files, and two registries brought together."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from registry.faces.aliasing import Aliasing

if TYPE_CHECKING:
    from registry.exchange.importing import Progress
    from registry.exchange.mapping import Mapping
    from registry.exchange.merging import MergeReport
    from registry.exchange.report import ImportReport
    from registry.store.registration import ImportMetadata


class Merging(Aliasing):
    """What brings experiments from elsewhere into this registry, and moves aliases if asked."""

    def import_files(
        self,
        *files: str | os.PathLike[str],
        mapping: Mapping | dict[str, Any] | str | os.PathLike[str] | None = None,
        metadata: ImportMetadata = "fill",
        dry_run: bool = False,
        atomic: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> ImportReport:
        """Bring in the experiments in files, folders and patterns; repeating it changes nothing.

        The files are exports, tables and hand-kept ones, or with a `mapping` those of another system: a mapping file,
        what such a file says as a dict, or a `Mapping`; `report.first` then tells what the first record became. A
        record that can't be taken is refused in the report and loses none of the others, unless `atomic`: then one
        refusal keeps everything out. `metadata` says what becomes of tags and description of an experiment that is
        there: `fill` unites and fills, `replace` takes those of the record. A `dry_run` reports the same and changes
        nothing.

        Raises:
            ExchangeError: the mapping can't be read or says what means nothing; or `atomic`, and no room for what is
                held back until all is read.
            MissingLibraryError: a file is YAML, and PyYAML is not installed; nothing was taken in.
            StoreError: the registry can't be used. What came in before stays; the import can be repeated.
        """
        from registry.exchange.importing import import_sources
        from registry.exchange.mapping import Mapping

        if isinstance(mapping, dict):
            mapping = Mapping.from_dict(mapping)
        elif mapping is not None and not isinstance(mapping, Mapping):
            mapping = Mapping.read(mapping)
        return import_sources(
            self._store, files, metadata=metadata, dry_run=dry_run, atomic=atomic, mapping=mapping, progress=progress
        )

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
