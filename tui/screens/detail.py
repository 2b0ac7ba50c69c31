"""One experiment: its sections, the way to its neighbours and relatives, and what one can do with it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.containers import Container, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList

from registry.config import SHORT_HASH
from registry.errors import NotFoundError, RegistryError
from registry.runs.record import is_run_id
from tui import actions
from tui.screens.deleting import Target
from tui.screens.once_read import OnceRead, once_read
from tui.screens.promoting import Promoting
from tui.screens.relating import Relating
from tui.screens.run import RunScreen
from tui.screens.scrolling import Scrolling
from tui.screens.taking import Taking
from tui.widgets.sections import Family, Features, Hyperparameters, Identity, Notes, Runs, Section
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Details


class DetailScreen(Scrolling, OnceRead, Taking, Promoting, Relating):
    """One experiment of a list, and the way to its neighbours; or one by hash."""

    NAME = actions.DETAIL
    CSS_PATH = "detail.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.DETAIL)
    AUTO_FOCUS = "#detail"

    @dataclass
    class Answered(Message):
        """An experiment was read."""

        request: int
        stamp: tuple[object, ...]
        details: Details
        index: int

    PARTS: ClassVar[Sequence[Sequence[type[Section]]]] = ((Features, Runs), (Hyperparameters, Family, Notes))
    """The sections under the identity: parts stand beside each other when there is room, else one after the other."""

    scroller = getters.query_one("#detail", VerticalScroll)

    def __init__(self, workspace: Workspace, ids: array[int], index: int, *, config_hash: str | None = None) -> None:
        super().__init__(workspace)
        self._ids = ids
        self._index = index
        self._wanted = index
        """Where the one that was asked for last stands in the list; `index` is where the one shown does."""
        self._hash = config_hash
        self.details: Details | None = None

    def body(self) -> Iterable[Widget]:
        """Lay out the sections, in parts beside each other when there is room."""
        with VerticalScroll(id="detail"):
            yield Identity()
            with Container(id="parts"):
                for part in self.PARTS:
                    with Vertical(classes="part"):
                        for section in part:
                            yield section()

    def sections(self) -> list[Section]:
        """Return the sections from top to bottom."""
        return list(self.query(Section))

    # reading

    def reload(self) -> None:
        """Read the experiment again, or the neighbour that is still to come."""
        shown = None if self.details is None or self._wanted != self._index else self.details.config.config_hash
        self._read(self.next_request(), self._wanted, self._hash or shown)

    @work(thread=True, exclusive=True, group="details", exit_on_error=False, description="details")
    def _read(self, request: int, index: int, config_hash: str | None) -> None:
        registry = self.workspace.registry
        try:
            stamp = registry.changed_stamp()
            if config_hash is None:
                rows = registry.page(self._ids[index : index + 1])
                if not rows:
                    raise NotFoundError("this experiment is no longer in the registry; esc goes back to the list")
                config_hash = rows[0].config_hash
            details = self.details_of(config_hash)
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, details, index))

    def details_of(self, config_hash: str) -> Details:
        """Read an experiment, away from the screen's thread."""
        return self.workspace.registry.details(config_hash)

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        other = self.details is None or self.details.config.config_hash != event.details.config.config_hash
        self.stamp, self.details = event.stamp, event.details
        self._index = self._wanted = event.index
        self.all_well()
        self._show(event.details)
        if other:
            self.scroller.scroll_home(animate=False)
        self.do_what_waited()

    @property
    def shows_what_was_asked(self) -> bool:
        """Whether the experiment that was asked for last is the one that is shown."""
        return self.details is not None and self._wanted == self._index

    def unread(self) -> None:
        """Stay at the experiment that is shown."""
        self._wanted = self._index
        self.forget_what_waited()

    def _show(self, details: Details) -> None:
        self.top_bar.crumbs = (str(details.config.config_hash)[:SHORT_HASH],)
        count = "" if self._hash is not None else f"{self._index + 1:,} of {len(self._ids):,}"
        if self.workspace.reference == details.config.config_hash:
            count += " ★ reference"
        self.top_bar.count = count.strip()
        for section in self.sections():
            section.show(details)

    # going

    def leave(self) -> None:
        """Go back, and tell the list which experiment was shown last."""
        known = self._hash is None and self._index < len(self._ids)
        self.dismiss(self._ids[self._index] if known else None)

    def step_back(self) -> bool:
        """Leave what is in a section before the screen."""
        if self.focused not in (None, self.scroller):
            self.scroller.focus()
            return True
        return False

    def action_neighbour(self, step: int) -> None:
        """Show the neighbour in the list's order."""
        index = self._wanted + step
        if self._hash is not None or not 0 <= index < len(self._ids):
            self.say("There is no experiment further that way.")
            return
        self._wanted = index
        self.reload()

    def action_lineage(self) -> None:
        """Go to what can be opened in the next section, and after the last one back to scrolling."""
        stops = [self.scroller, *(stop for section in self.sections() if (stop := section.stop) is not None)]
        place = stops.index(self.focused) if self.focused in stops else 0
        stops[(place + 1) % len(stops)].focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_id and is_run_id(event.option_id):
            self.app.push_screen(RunScreen(self.workspace, event.option_id))
        elif event.option_id:
            self._open_hash(event.option_id)

    @once_read
    def action_parent(self) -> None:
        """Open the parent."""
        if self.details is None:
            return
        if self.details.config.parent is None:
            self.say("This experiment has no parent.")
        else:
            self._open_hash(self.details.config.parent)

    def _open_hash(self, config_hash: str) -> None:
        self.app.push_screen(DetailScreen(self.workspace, array("q"), 0, config_hash=config_hash))

    # doing

    @once_read
    def action_copy(self) -> None:
        """Copy the full hash."""
        super().action_copy()

    @once_read
    def action_copy_as(self) -> None:
        """Choose in which form to copy the experiment."""
        super().action_copy_as()

    def action_order(self) -> None:
        """Order the weights by size, or by name."""
        self.query_one(Features).turn_order()

    @once_read
    def action_reference(self) -> None:
        """Make this experiment the reference, or take that back."""
        if self.details is None:
            return
        config_hash = str(self.details.config.config_hash)
        on = self.workspace.reference != config_hash
        self.workspace.reference = config_hash if on else None
        self._show(self.details)
        self.say(f"{config_hash[:SHORT_HASH]} is {'the reference' if on else 'no reference any more'}.")

    @once_read
    def action_compare(self) -> None:
        """Compare with the reference, or with the parent."""
        from tui.screens.compare import CompareScreen

        if self.details is None:
            return
        config_hash = str(self.details.config.config_hash)
        other = self.workspace.reference
        if other is None or other == config_hash:
            other = self.details.config.parent
        if other is None:
            self.say(
                "There is neither a reference nor a parent; b makes an experiment the reference.",
                problem=True,
            )
        else:
            self.app.push_screen(CompareScreen(self.workspace, [other, config_hash], other))

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment shown."""
        return None if self.details is None else str(self.details.config.config_hash)

    @once_read
    def action_export(self) -> None:
        """Export this experiment."""
        if self.taken_hash is not None:
            self.ask_to_export([self.taken_hash])

    @once_read
    def action_promote(self) -> None:
        """Let an alias point to this experiment."""
        if self.taken_hash is not None:
            self.ask_to_promote(self.taken_hash)

    @once_read
    def action_family(self) -> None:
        """Show where this experiment comes from and what came of it."""
        super().action_family()

    @once_read
    def action_nearest(self) -> None:
        """Show the experiments nearest to this one, and the nearest better ones."""
        super().action_nearest()

    @once_read
    def action_describe(self) -> None:
        """Edit the description where it stands."""
        if self.details is not None:
            config = self.details.config
            self._edit_under_identity()
            self.edit_description(str(config.config_hash), config.description, after=self.query_one(Identity))

    @once_read
    def action_tag(self) -> None:
        """Edit the tags where they stand."""
        if self.details is not None:
            config = self.details.config
            self._edit_under_identity()
            self.edit_tags({str(config.config_hash): list(config.tags)}, after=self.query_one(Identity))

    def _edit_under_identity(self) -> None:
        self.scroller.scroll_home(animate=False)

    @once_read
    def action_note(self) -> None:
        """Add a dated note."""
        if self.taken_hash is not None:
            self.add_note(self.taken_hash)

    @once_read
    def action_variant(self) -> None:
        """Make a variant of this experiment."""
        from tui.screens.variant import VariantScreen

        if self.details is not None:
            self.app.push_screen(VariantScreen(self.workspace, self.details.config))

    @once_read
    def action_delete(self) -> None:
        """Move this experiment to the trash, after asking."""
        if self.details is not None:
            config = self.details.config
            self.ask_to_delete([Target(str(config.config_hash), config.description)])

    def after_delete(self, hashes: Sequence[str]) -> None:
        """Go back to the list: what was shown is in the trash."""
        if hashes and self.is_current:
            self.leave()
