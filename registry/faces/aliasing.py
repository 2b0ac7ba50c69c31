"""Aliases: promoting, rolling back, and the files that follow them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.alias_files import FileState
    from registry.aliases import Move, Rollback, VersionWeights
    from registry.guard import Guarded
    from registry.marks import CarriedAlias, Unmoved
    from registry.store import WriteSession


class Aliasing(Base):
    """What moves aliases and tells where they were."""

    def promote(
        self, reference: str, alias: str, why: str = "", *, write: str | None = None, force: bool = False
    ) -> Move:
        """Move an alias to an experiment, as its next version; where it points there already, nothing moves.

        `write` names a file that from now on follows the alias: it holds the configuration, and is replaced on
        every promote and rollback. It is on the disk before the alias moves, and where it can't be written the
        alias does not move. A file that we did not write, or that was changed since, is replaced only with `force`.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one
                experiment, or the alias could be taken for a hash.
            AliasFileError: the file can't be written, or is not ours to replace.
            SettingsError: which file follows the alias can't be read or remembered.
        """
        from registry import aliases, references

        name = aliases.check_alias(alias)
        self._require()
        return self._moved(
            lambda session: aliases.promote(session, name, references.resolve(session, reference)[1], why, _who()),
            write,
            force,
        )

    def plan_rollback(self, alias: str, to: str | None = None) -> Rollback:
        """Return what `rollback` would do, for somebody to look at.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: as `rollback`.
        """
        from registry import aliases

        with self._store.read() as session:
            return aliases.plan_rollback(session, alias, to)

    def rollback(
        self,
        alias: str,
        to: str | None = None,
        why: str = "",
        *,
        force: bool = False,
        plan: Rollback | None = None,
    ) -> Move:
        """Move an alias back to what was in force before, or to an earlier version (`v3`) or hash; never forth.

        It is a version of its own. Again, it goes further back. The file that follows the alias is replaced as in
        `promote`. With `plan` it is done only when the alias has not been moved since that was made.

        Raises:
            NotFoundError, AmbiguousHashError: no such alias or version, nothing before it, or the experiment is gone.
            InvalidReferenceError: what is named is in force, or came later.
            AliasMovedError: the alias was moved since the plan was made.
            AliasFileError, SettingsError: as `promote`.
        """
        from registry import aliases

        self._require()
        return self._moved(
            lambda session: aliases.roll_back(session, plan or aliases.plan_rollback(session, alias, to), why, _who()),
            None,
            force,
        )

    def guard(
        self,
        alias: str,
        panel: Any,
        *,
        metric: str = "edge",
        drop: float = 0.0,
        since: str | date | None = None,
        against: str | None = None,
        rollback: bool = False,
        test: bool = True,
        columns: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Guarded:
        """Tell whether the version in force does worse than the one before it, on the dates after its promotion.

        `panel` and `columns` are those of `run_backtest`; `options` are fields of `Options` for what the
        experiments' hyperparameters leave open. Nothing is recorded. The paired test decides, or without `test` the
        bare difference. `drop` is the least that counts, in the metric's unit: a smaller one is fine, and where one
        of that size could have gone unseen it can't be told, with how many more dates it needs. `against` names
        another experiment to compare with; where nothing was before the version in force and none is named, it can't be
        told either. With `rollback` a version that regressed is rolled back, to `against` when that was a version:
        never twice without a promotion between, and never to a version that was rolled back from.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is no such alias, or `against` is
                not exactly one experiment (with `rollback`: one of its versions).
            BacktestError, PanelError: it can't be evaluated on this panel, or the metric can't be tested.
            AliasMovedError, AliasFileError, SettingsError: as `rollback`.
        """
        from registry.guard import guard

        return guard(
            self, alias, panel, metric=metric, drop=drop, since=since, against=against, rollback=rollback, test=test,  # type: ignore[arg-type]
            columns=columns, **options,
        )  # fmt: skip

    def history(self, alias: str) -> list[Move]:
        """Return every move of an alias, oldest first.

        Raises:
            NotFoundError: there is no such alias.
        """
        from registry import aliases

        with self._store.read() as session:
            return aliases.history(session, alias)

    def version_weights(self, alias: str) -> VersionWeights:
        """Return the weights of every promoted version of an alias, side by side.

        Raises:
            NotFoundError: there is no such alias.
        """
        from registry import aliases

        with self._store.read() as session:
            return aliases.version_weights(session, alias)

    def aliases(self) -> list[Move]:
        """Return the last move of every alias: where it points, since when, by whom and why."""
        from registry import aliases

        with self._store.read() as session:
            return aliases.current(session)

    def alias_files(self) -> list[FileState]:
        """Return the files that follow aliases, each with how it is: fine, missing, changed by hand, behind.

        Raises:
            SettingsError: the settings can't be read.
        """
        from registry import aliases
        from registry.alias_files import AliasFiles

        with self._store.read() as session:
            moves = {move.alias: move for move in aliases.current(session)}
            return AliasFiles(session).states(moves)

    def forget_alias_file(self, alias: str) -> str | None:
        """Let no file follow an alias any more; return the one that did. The file stays as it is.

        Raises:
            SettingsError: the settings can't be read or written.
        """
        from registry.alias_files import AliasFiles

        with self._store.read() as session:
            return AliasFiles(session).forget(alias.strip())

    def aliases_of(self, hashes: Iterable[str]) -> dict[str, list[str]]:
        """Return full hash to aliases, of those of these experiments (full hashes) that have any."""
        from registry import aliases

        with self._store.read() as session:
            return aliases.of_experiments(session, hashes)

    def marks_to_carry(self, hashes: Iterable[str], *, aliases: bool = False) -> dict[str, dict[str, Any]]:
        """Return, by full hash, what an export tells beside the records: guessed parents, and aliases if asked."""
        from registry import marks

        with self._store.read() as session:
            return marks.marks(session, hashes, aliases=aliases)

    def take_aliases(self, carried: Sequence[CarriedAlias], *, force: bool = False) -> tuple[list[Move], list[Unmoved]]:
        """Move aliases as imported records say, each to where it was moved last; one that is there already stays.

        Returns the moves that were made, and the aliases that could not be moved, which keeps no other from moving.
        With `force` files that follow them are replaced also where they were changed by hand.
        """
        from registry.errors import RegistryError
        from registry.marks import Unmoved, newest

        here = {move.alias: move.config_hash for move in self.aliases()} if self.exists() else {}
        moves, unmoved = [], []
        for each in newest(carried):
            if here.get(each.alias) == each.config_hash:
                continue
            try:
                moves.append(self.promote(each.config_hash, each.alias, each.reason, force=force))
            except RegistryError as error:
                unmoved.append(Unmoved(each.alias, str(error)))
        return moves, unmoved

    def foresee_aliases(self, carried: Sequence[CarriedAlias], *, force: bool = False) -> list[Unmoved]:
        """Return which of these `take_aliases` could not move, as far as the files that follow them tell.

        Raises:
            SettingsError: which files follow aliases can't be read.
        """
        from registry.alias_files import AliasFiles
        from registry.aliases import current
        from registry.marks import Unmoved, newest

        if force or not self.exists():
            return []
        with self._store.read() as session:
            here = {move.alias: move for move in current(session)}
            states = {state.alias: state for state in AliasFiles(session).states(here)}
        return [
            Unmoved(each.alias, states[each.alias].sentence)
            for each in newest(carried)
            if each.alias in here
            and here[each.alias].config_hash != each.config_hash
            and each.alias in states
            and states[each.alias].state in ("changed", "unreadable")
        ]

    def _moved(self, move: Callable[[WriteSession], Move], write: str | None, force: bool) -> Move:
        """Make a move, its file first: on the disk before the move is, and as it was when the move fails."""
        from registry import references, rows
        from registry.alias_files import AliasFiles, Undo

        undo: Undo | None = None
        moved: Move | None = None
        try:
            with self._store.write() as session:
                moved = move(session)
                found = references.find(session, moved.config_hash)
                assert found is not None
                config = rows.configs(session, [found[0]])[0]
                undo = AliasFiles(session).write(moved.alias, config, write, force=force)
        except BaseException:
            # an interrupt may come when the move is on the disk already
            if undo is not None and moved is not None and not self._is_made(moved):
                undo()
            raise
        return moved

    def _is_made(self, moved: Move) -> bool:
        from registry.errors import StoreError

        try:
            return moved in self.aliases()
        except StoreError:
            return False


def _who() -> str:
    """Return the name of the user; nothing where the system knows none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
