"""Every action of the app, once: bindings, footer, help and palette are all made from this table.

An action's `id` is also the id of its binding, so a key map by id can move it to other keys. Which class
binds it is its `owner`; which screens show it in footer and help is `screens`. Imports nothing of textual
at import time beyond what a table needs, so that documentation can be made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.binding import BindingType

LIST, DETAIL, COMPARE, SEARCH, RUN, VARIANT = "list", "detail", "compare", "search", "run", "variant"
TRASH, TRASHED, LOG = "trash", "in the trash", "log"
"""The trash, the detail of an experiment in it, and what happened when."""

ALIASES = "aliases"

VERDICT, SCATTER, IMPORTANCE = "verdict", "scatter", "importance"
"""Did it help; a weight against a metric; what goes with a metric."""

LINEAGE, NEAREST = "lineage", "nearest"
"""The family of an experiment; those that are similar to it."""

EVERYWHERE: Final = (
    LIST, DETAIL, COMPARE, SEARCH, RUN, VARIANT, TRASH, TRASHED, LOG, ALIASES, VERDICT, SCATTER, IMPORTANCE,
    LINEAGE, NEAREST,
)  # fmt: skip
ON_EXPERIMENTS: Final = (LIST, DETAIL, SEARCH)
"""The screens where something is done to experiments."""

LIVE: Final = (LIST, SEARCH)
"""The screens that hold a list of experiments outside the trash."""

BROWSING: Final = (*LIVE, TRASH)
"""The screens that hold a list of experiments."""

ROWED: Final = (*BROWSING, LOG)
"""The screens that are rows under a filter."""

DETAILS: Final = (DETAIL, TRASHED)
"""The screens that show one experiment."""

SCROLLED: Final = (*DETAILS, RUN)
"""The screens that are one long page."""

RELATED: Final = (LINEAGE, NEAREST)
"""The screens of relatives of one experiment."""

JUDGED: Final = (VERDICT, IMPORTANCE, *RELATED)
"""The screens that are lines of computed results."""

LEARNING: Final = (LIST, SEARCH, COMPARE)
"""The screens with many experiments to learn from."""

APP, SCREEN, ROWS, TABLE, INPUT, DRAFT, MOVES = "app", "screen", "rows", "table", "input", "draft", "moves"
"""Who binds an action: the app, the screen, the list, the table of compare, the filter's input, the draft of a
variant, the moves of aliases."""

RESULTS, POINTS = "results", "points"
"""The lines of computed results; the points of a scatter."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do: its keys, where, what it is called, and the command that does the same."""

    id: str
    keys: tuple[str, ...]
    screens: tuple[str, ...]
    owner: str
    action: str
    """What Textual runs on the owner."""
    label: str
    """One or two words for the footer."""
    description: str
    """A sentence's worth, for help and palette."""
    group: str = "Here"
    """The heading under which help shows it."""
    command: str = ""
    """The headless equal, if there is one."""
    footer: int = 0
    """Rank in the footer, 1 first; 0 keeps it out."""
    priority: bool = False
    """Whether it is done before the next key is handed on: for what moves the focus, so that type-ahead
    lands where it is meant."""
    footer_keys: str = ""
    """What the footer shows for keys when it speaks for a neighbouring action too (`[ ]`)."""


CHANGING: Final = frozenset(
    ("describe", "tag", "note", "delete", "restore", "purge", "promote", "rollback", "register")
)
"""What Textual runs for actions that change the registry."""

MOVE, LOOK, CHANGE, GO, APPLICATION = "Move", "Look", "Change", "Go", "Application"

_DOWN, _UP, _TOP, _BOTTOM = ("down", "j"), ("up", "k"), ("home", "g"), ("end", "G")
_PAGE_DOWN, _PAGE_UP = ("pagedown", "ctrl+f"), ("pageup", "ctrl+b")


def _moving(family: str, screens: tuple[str, ...], owner: str, thing: str, *, half: bool = True) -> Iterator[Action]:
    """Yield what moves a cursor over rows, each a `thing`."""

    def moves(name: str, keys: tuple[str, ...], action: str, told: str) -> Action:
        return Action(f"{family}.{name}", keys, screens, owner, action, name.replace("-", " "), told, MOVE)

    yield moves("down", _DOWN, "move(1)", f"next {thing}")
    yield moves("up", _UP, "move(-1)", f"previous {thing}")
    yield moves("page-down", _PAGE_DOWN, "page(1)", "a page down")
    yield moves("page-up", _PAGE_UP, "page(-1)", "a page up")
    if half:
        yield moves("half-down", ("ctrl+d",), "half(1)", "half a page down")
        yield moves("half-up", ("ctrl+u",), "half(-1)", "half a page up")
    yield moves("top", _TOP, "edge(-1)", f"first {thing}")
    yield moves("bottom", _BOTTOM, "edge(1)", f"last {thing}")


def _scrolling(family: str, screens: tuple[str, ...]) -> Iterator[Action]:
    """Yield what scrolls a long page."""

    def scrolls(name: str, keys: tuple[str, ...], action: str, told: str) -> Action:
        return Action(f"{family}.{name}", keys, screens, SCREEN, action, name.replace("-", " "), told, MOVE)

    yield scrolls("down", _DOWN, "scroll(1)", "scroll down")
    yield scrolls("up", _UP, "scroll(-1)", "scroll up")
    yield scrolls("page-down", (*_PAGE_DOWN, "space"), "scroll_page(1)", "a page down")
    yield scrolls("page-up", _PAGE_UP, "scroll_page(-1)", "a page up")
    yield scrolls("top", _TOP, "scroll_edge(-1)", "to the top")
    yield scrolls("bottom", _BOTTOM, "scroll_edge(1)", "to the end")


# fmt: off
ACTIONS: Final[tuple[Action, ...]] = (
    *_moving("rows", ROWED, ROWS, "row"),
    Action("rows.left", ("left", "h"), BROWSING, ROWS, "column(-1)", "column",
           "column to the left", MOVE),
    Action("rows.right", ("right", "l"), BROWSING, ROWS, "column(1)", "column",
           "column to the right", MOVE),
    Action("rows.open", ("enter",), ROWED, ROWS, "open", "open",
           "open the experiment under the cursor", LOOK, "experiments show HASH", footer=1),
    Action("browse.filter", ("/",), LIVE, SCREEN, "filter", "filter",
           "filter as you type", LOOK, "experiments list --filter FILTER", footer=2, priority=True),
    Action("trash.filter", ("/",), (TRASH,), SCREEN, "filter", "filter",
           "filter as you type", LOOK, "experiments trash --filter FILTER", footer=2, priority=True),
    Action("log.filter", ("/",), (LOG,), SCREEN, "filter", "filter",
           "keep what has a text in it, as you type", LOOK, "experiments log --text TEXT", footer=2, priority=True),
    Action("rows.ascending", ("[",), BROWSING, ROWS, "sort(False)", "ascending",
           "sort by this column, smallest first", LOOK, "experiments list --sort created"),
    Action("rows.descending", ("]",), BROWSING, ROWS, "sort(True)", "descending",
           "sort by this column, largest first", LOOK, "experiments list --sort -created"),
    Action("browse.sort", ("s",), BROWSING, SCREEN, "sort_menu", "sort",
           "choose what to sort by, weights included", LOOK, "experiments list --sort w.NAME", footer=5),
    Action("browse.columns", ("C",), LIVE, SCREEN, "columns", "columns",
           "choose the columns and their order", LOOK, "experiments list --columns hash,m.edge,w.NAME", footer=13),
    Action("browse.fold", ("z",), LIVE, SCREEN, "fold", "fold",
           "fold each sweep into one line with its best, or unfold them", LOOK, footer=16),
    Action("browse.panel", ("P",), LIVE, SCREEN, "panel", "panel",
           "choose the panel and period that metrics are read on", LOOK,
           "experiments list --panel NAME --period A..B", footer=17),
    Action("list.preview", ("p",), (LIST,), SCREEN, "preview", "preview",
           "show or hide the experiment under the cursor beside the list", LOOK, footer=18),
    Action("browse.searches", ("R",), LIVE, SCREEN, "searches", "searches",
           "choose one of the saved and recent searches", LOOK, footer=19),
    Action("browse.save-search", ("S",), LIVE, SCREEN, "save_search", "save search",
           "save the filter under a name", LOOK, footer=19),
    Action("input.searches", ("ctrl+r",), LIVE, INPUT, "screen.searches", "searches",
           "choose one of the saved and recent searches", LOOK, footer=3),
    Action("rows.mark", ("space",), BROWSING, ROWS, "mark", "mark",
           "mark or unmark, and go to the next row", LOOK, footer=3),
    Action("rows.range", ("v",), BROWSING, ROWS, "range", "range",
           "mark everything between here and where v is pressed again", LOOK, footer=9),
    Action("rows.all", ("a",), BROWSING, ROWS, "mark_all", "mark all",
           "mark every row of this list", LOOK),
    Action("browse.unmark", ("u",), BROWSING, SCREEN, "unmark", "unmark",
           "take all marks off", LOOK, footer=11),
    Action("browse.compare", ("c",), LIVE, SCREEN, "compare", "compare",
           "compare the marked experiments, or this one with the reference", LOOK,
           "experiments compare A B [C …]", footer=4),
    Action("browse.compare-found", ("f",), LIVE, SCREEN, "compare_found", "compare found",
           "compare all that the filter finds, the best of it by a metric when that is too much", LOOK,
           "experiments compare --filter FILTER --top 200 --by m.edge", footer=12),
    Action("browse.reference", ("b",), LIVE, SCREEN, "reference", "reference",
           "make this experiment the reference others are compared with", LOOK,
           "experiments compare A B --against A", footer=12),
    Action("detail.next", ("]",), DETAILS, SCREEN, "neighbour(1)", "next",
           "next experiment in the list's order", MOVE),
    Action("detail.previous", ("[",), DETAILS, SCREEN, "neighbour(-1)", "neighbour",
           "previous experiment in the list's order", MOVE, footer=1, footer_keys="[ ]"),
    *_scrolling("detail", SCROLLED),
    Action("detail.order", ("s",), DETAILS, SCREEN, "order", "order",
           "order the weights by name or by size", LOOK, footer=12),
    Action("detail.parent", ("p",), DETAILS, SCREEN, "parent", "parent",
           "open the parent", LOOK, "experiments show HASH", footer=5),
    Action("detail.lineage", ("tab",), DETAILS, SCREEN, "lineage", "runs, lineage",
           "go to the runs, then to parent and children; enter opens one", LOOK, footer=7),
    Action("detail.compare", ("c",), (DETAIL,), SCREEN, "compare", "compare",
           "compare with the reference, or with the parent", LOOK, "experiments compare A B", footer=2),
    Action("detail.reference", ("b",), (DETAIL,), SCREEN, "reference", "reference",
           "make this experiment the reference others are compared with", LOOK,
           "experiments compare A B --against A", footer=7),
    *_moving("table", (COMPARE,), TABLE, "row"),
    Action("table.right", ("right", "l"), (COMPARE,), TABLE, "column(1)", "column",
           "column to the right", MOVE),
    Action("table.left", ("left", "h"), (COMPARE,), TABLE, "column(-1)", "column",
           "column to the left", MOVE, footer=1, footer_keys="←→"),
    Action("table.next", ("n",), (COMPARE,), TABLE, "difference(1)", "next",
           "next difference of this experiment; on the reference, of any", MOVE, footer=4),
    Action("table.previous", ("N",), (COMPARE,), TABLE, "difference(-1)", "previous",
           "previous difference", MOVE),
    Action("compare.reference", ("b",), (COMPARE,), SCREEN, "reference", "reference",
           "make this experiment the reference: pinned, and what the others differ from", LOOK,
           "experiments compare A B C --against B", footer=2),
    Action("table.equal", ("=",), (COMPARE,), TABLE, "equal", "equal",
           "show or fold what is equal in all experiments", LOOK, "experiments compare A B --all", footer=3),
    Action("table.order", ("s",), (COMPARE,), TABLE, "order", "order",
           "order by spread or by name", LOOK, footer=7),
    Action("table.transpose", ("t",), (COMPARE,), TABLE, "transpose", "transpose",
           "experiments as rows and features as columns, or back", LOOK,
           "experiments compare A B -o FILE.csv --transpose", footer=4),
    Action("compare.metric", ("M",), (COMPARE,), SCREEN, "metric", "metric",
           "choose the metric by which the best of a filter are chosen", LOOK,
           "experiments compare --filter FILTER --by METRIC", footer=9),
    Action("compare.verdict", ("V",), (COMPARE,), SCREEN, "verdict", "did it help",
           "did it help: this experiment against the reference, on the reference all of them", LOOK,
           "experiments ab A B", footer=3),
    Action("learn.scatter", ("w",), LEARNING, SCREEN, "scatter", "weight, metric",
           "a weight against a metric: of the marked or compared ones, else of all that the filter finds", LOOK,
           "experiments list --filter FILTER --columns hash,w.NAME,m.edge", footer=18),
    Action("learn.importance", ("i",), (*LEARNING, SCATTER), SCREEN, "importance", "importance",
           "which weights go with a metric: of the marked or compared ones, else of all that the filter finds", LOOK,
           "experiments importance --metric m.edge --filter FILTER", footer=18),
    *_moving("results", JUDGED, RESULTS, "line", half=False),
    Action("verdict.open", ("enter",), (VERDICT,), RESULTS, "open", "open",
           "open this experiment", LOOK, "experiments show HASH", footer=1),
    Action("verdict.all", ("a",), (VERDICT,), SCREEN, "all", "all or one",
           "judge all that are compared, or only this one", LOOK, "experiments ab A B C", footer=3),
    Action("importance.open", ("enter",), (IMPORTANCE,), RESULTS, "open", "scatter",
           "this weight against the metric, experiment by experiment", LOOK,
           "experiments list --filter FILTER --columns hash,w.NAME,m.edge", footer=1),
    Action("related.open", ("enter",), RELATED, RESULTS, "open", "open",
           "open this experiment", LOOK, "experiments show HASH", footer=1),
    Action("lineage.right", ("right", "l"), (LINEAGE,), RESULTS, "branch(1)", "branch",
           "unfold a branch, or go into it", MOVE),
    Action("lineage.left", ("left", "h"), (LINEAGE,), RESULTS, "branch(-1)", "branch",
           "fold a branch, or go to the parent", MOVE, footer=3, footer_keys="←→"),
    Action("lineage.compare", ("c",), (LINEAGE,), SCREEN, "compare", "compare",
           "compare this experiment with its parent", LOOK, "experiments compare A B", footer=4),
    Action("nearest.compare", ("c",), (NEAREST,), SCREEN, "compare", "compare",
           "compare this experiment with the one it is near to", LOOK, "experiments compare A B", footer=4),
    Action("nearest.distance", ("d",), (NEAREST,), SCREEN, "distance", "distance",
           "measure by Euclidean or by cosine distance", LOOK, "experiments nearest HASH --distance cosine", footer=3),
    Action("related.mark", ("space",), RELATED, SCREEN, "mark", "mark",
           "mark or unmark, and go to the next one", LOOK, footer=5),
    Action("screen.family", ("L",), (*ON_EXPERIMENTS, NEAREST), SCREEN, "family", "lineage",
           "the family as a tree: where this one comes from, what came of it, and what each edit did", LOOK,
           "experiments lineage HASH --metric m.edge", footer=16),
    Action("screen.nearest", ("N",), (*ON_EXPERIMENTS, LINEAGE), SCREEN, "nearest", "similar",
           "the experiments nearest to this one, and the nearest better ones", LOOK,
           "experiments nearest HASH --better m.edge", footer=16),
    Action("points.next", ("down", "j"), (SCATTER,), POINTS, "step(1)", "down",
           "the experiment with the next lower metric", MOVE),
    Action("points.previous", ("up", "k"), (SCATTER,), POINTS, "step(-1)", "point",
           "the experiment with the next higher metric", MOVE, footer=3, footer_keys="↑↓"),
    Action("points.page-down", ("pagedown", "ctrl+f"), (SCATTER,), POINTS, "step(10)", "ten on",
           "ten experiments on", MOVE),
    Action("points.page-up", ("pageup", "ctrl+b"), (SCATTER,), POINTS, "step(-10)", "ten back",
           "ten experiments back", MOVE),
    Action("points.top", ("home", "g"), (SCATTER,), POINTS, "edge(-1)", "highest",
           "the experiment with the highest metric", MOVE),
    Action("points.bottom", ("end", "G"), (SCATTER,), POINTS, "edge(1)", "lowest",
           "the experiment with the lowest metric", MOVE),
    Action("scatter.right", ("right", "l"), (SCATTER,), SCREEN, "feature(1)", "feature",
           "the next feature or hyperparameter", MOVE),
    Action("scatter.left", ("left", "h"), (SCATTER,), SCREEN, "feature(-1)", "feature",
           "the feature or hyperparameter before", MOVE, footer=3, footer_keys="←→"),
    Action("scatter.features", ("f",), (SCATTER,), SCREEN, "features", "features",
           "choose the feature or hyperparameter", LOOK, footer=4),
    Action("scatter.open", ("enter",), (SCATTER,), POINTS, "open", "open",
           "open the experiment of this point", LOOK, "experiments show HASH", footer=1),
    Action("scatter.mark", ("space",), (SCATTER,), SCREEN, "mark", "mark",
           "mark or unmark the experiment of this point", LOOK, footer=5),
    Action("learn.metric", ("M",), (*JUDGED, SCATTER), SCREEN, "metric", "metric",
           "choose the metric", LOOK, "experiments importance --metric METRIC", footer=4),
    Action("compare.write", ("x",), (COMPARE,), SCREEN, "write", "write",
           "write the table or a report", CHANGE, "experiments compare A B -o FILE.csv", footer=10),
    Action("compare.copy-table", ("Y",), (COMPARE,), SCREEN, "copy_table", "copy table",
           "copy the table as Markdown", CHANGE, "experiments compare A B -o FILE.md", footer=11),
    Action("compare.drop", ("X",), (COMPARE,), SCREEN, "drop", "drop",
           "take this experiment out of the comparison", LOOK, footer=8),
    Action("compare.open", ("enter",), (COMPARE,), SCREEN, "open", "open",
           "open this experiment", LOOK, "experiments show HASH", footer=5),
    Action("input.keep", ("enter", "down"), ROWED, INPUT, "screen.keep", "to the list",
           "keep the filter and go to the list", LOOK, footer=1),
    Action("input.complete", ("tab",), BROWSING, INPUT, "screen.complete", "complete",
           "complete the name being typed", LOOK, footer=2),
    Action("input.page-down", ("pagedown",), ROWED, INPUT, "screen.page(1)", "page down",
           "a page down, in the list or on the card", MOVE),
    Action("input.page-up", ("pageup",), ROWED, INPUT, "screen.page(-1)", "page up",
           "a page up, in the list or on the card", MOVE),
    *_moving("draft", (VARIANT,), DRAFT, "line", half=False),
    Action("draft.edit", ("enter", "e"), (VARIANT,), DRAFT, "open", "edit",
           "type another value", CHANGE, footer=1),
    Action("draft.more", ("plus", "right", "l"), (VARIANT,), DRAFT, "step(1)", "more",
           "a weight 0.01 larger, a whole number 1 larger", CHANGE),
    Action("draft.less", ("minus", "left", "h"), (VARIANT,), DRAFT, "step(-1)", "change",
           "a weight 0.01 smaller, a whole number 1 smaller", CHANGE, footer=2, footer_keys="+ -"),
    Action("draft.add", ("a",), (VARIANT,), SCREEN, "add", "add",
           "add a weight, a hyperparameter or a transformation", CHANGE, footer=4),
    Action("draft.remove", ("x",), (VARIANT,), DRAFT, "remove", "remove",
           "take this line out", CHANGE, footer=5),
    Action("draft.revert", ("backspace", "u"), (VARIANT,), DRAFT, "revert", "revert",
           "have this line as the parent has it", CHANGE, footer=7),
    Action("draft.rescale", ("R",), (VARIANT,), SCREEN, "rescale", "rescale",
           "scale all weights to the parent's sum", CHANGE, footer=8),
    Action("draft.register", ("s", "ctrl+s"), (VARIANT,), SCREEN, "register", "register",
           "register the variant, after asking", CHANGE, "experiments variant HASH NAME=VALUE…", footer=3),
    *_moving("moves", (ALIASES,), MOVES, "version", half=False),
    Action("moves.open", ("enter",), (ALIASES,), MOVES, "open", "open",
           "open the experiment of this version", LOOK, "experiments show HASH", footer=1),
    Action("moves.rollback", ("B",), (ALIASES,), SCREEN, "rollback", "roll back",
           "roll the alias back to the version before, or to the earlier one under the cursor, after asking", CHANGE,
           "experiments rollback ALIAS --to v3", footer=3),
    Action("moves.promote", ("m",), (ALIASES,), SCREEN, "promote", "promote",
           "promote the experiment one came from", CHANGE, "experiments promote HASH ALIAS", footer=4),
    Action("screen.promote", ("m",), ON_EXPERIMENTS, SCREEN, "promote", "promote",
           "let an alias such as production point to this experiment", CHANGE, "experiments promote HASH ALIAS",
           footer=14),
    Action("app.aliases", ("A",), EVERYWHERE, APP, "go('aliases')", "aliases",
           "to the aliases and their history", GO, "experiments aliases", footer=18),
    Action("screen.describe", ("e",), ON_EXPERIMENTS, SCREEN, "describe", "describe",
           "edit the description", CHANGE, "experiments describe HASH TEXT", footer=6),
    Action("screen.tag", ("t",), ON_EXPERIMENTS, SCREEN, "tag", "tag",
           "edit the tags: of the marked ones, or of this one", CHANGE, "experiments tag TAG,… HASH", footer=5),
    Action("detail.note", ("n",), (DETAIL,), SCREEN, "note", "note",
           "add a dated note", CHANGE, "experiments note HASH TEXT", footer=10),
    Action("detail.variant", ("v",), (DETAIL,), SCREEN, "variant", "variant",
           "make a variant by changing weights and the rest", CHANGE, "experiments variant HASH NAME=VALUE…", footer=3),
    Action("screen.export", ("x",), ON_EXPERIMENTS, SCREEN, "export", "export",
           "export to files: the marked ones, else what is listed, or this one", CHANGE,
           "experiments export HASH… FILE", footer=14),
    Action("screen.copy-as", ("Y",), ON_EXPERIMENTS, SCREEN, "copy_as", "copy as",
           "copy as JSON, as Python, the weights, or the command", CHANGE, "experiments show HASH --json", footer=15),
    Action("screen.copy", ("y",), (*ON_EXPERIMENTS, COMPARE, TRASH, TRASHED, LOG, ALIASES, VERDICT, SCATTER, *RELATED),
           SCREEN, "copy", "copy hash",
           "copy the full hash of the experiment", CHANGE, "experiments list --ids", footer=8),
    Action("run.copy", ("y",), (RUN,), SCREEN, "copy", "copy id",
           "copy the id of the run", CHANGE, "experiments runs --ids", footer=8),
    Action("screen.delete", ("D",), ON_EXPERIMENTS, SCREEN, "delete", "delete",
           "move to the trash, after asking: the marked ones, or this one", CHANGE,
           "experiments delete HASH", footer=7),
    Action("trash.restore", ("R",), (TRASH,), SCREEN, "restore", "restore",
           "bring the marked ones, or this one, back from the trash", CHANGE, "experiments restore HASH",
           footer=1),
    Action("trash.purge", ("D",), (TRASH,), SCREEN, "purge", "purge",
           "remove the marked ones, or this one, for good, after asking", CHANGE, "experiments purge HASH",
           footer=6),
    Action("app.undo", ("U",), EVERYWHERE, APP, "undo", "undo",
           "undo the last delete, restore, tag, description, variant or promotion, or bring cleared marks back",
           CHANGE, "experiments restore HASH",
           footer=10),
    Action("app.list", ("1",), EVERYWHERE, APP, "go('list')", "list",
           "to the list", GO, "experiments list"),
    Action("app.search", ("2",), EVERYWHERE, APP, "go('search')", "search",
           "to the search screen", GO, "experiments search FILTER", footer=13),
    Action("app.compare", ("3",), EVERYWHERE, APP, "go('compare')", "comparison",
           "compare what is marked", GO, "experiments compare A B [C …]"),
    Action("app.trash", ("4",), EVERYWHERE, APP, "go('trash')", "trash",
           "to the trash", GO, "experiments trash", footer=16),
    Action("app.log", ("5",), EVERYWHERE, APP, "go('log')", "log",
           "to the log: what happened when", GO, "experiments log", footer=17),
    Action("list.back", ("escape",), (LIST,), SCREEN, "back", "back",
           "one step back: out of a range, out of the filter; never out of the app", GO, footer=20, priority=True),
    Action("screen.back", ("escape",), tuple(where for where in EVERYWHERE if where != LIST), SCREEN,
           "back", "back", "one step back: clear the filter, then to the screen before", GO, footer=2, priority=True),
    Action("screen.leave", ("q",), EVERYWHERE, SCREEN, "leave", "quit",
           "to the screen before; from the first one, quit", GO, footer=15),
    Action("app.help", ("?", "f1"), EVERYWHERE, APP, "help", "help",
           "the keys of this screen", APPLICATION, "experiments --help", footer=99),
    Action("app.palette", (":", "ctrl+p"), EVERYWHERE, APP, "command_palette", "commands",
           "find an action by its name", APPLICATION),
    Action("screen.refresh", ("r",), EVERYWHERE, SCREEN, "refresh_now", "refresh",
           "read the registry again", APPLICATION),
    Action("app.theme", ("T",), EVERYWHERE, APP, "next_theme", "theme",
           "light or dark", APPLICATION, footer=14),
    Action("app.themes", ("ctrl+t",), EVERYWHERE, APP, "choose_theme", "themes",
           "choose one of all themes", APPLICATION),
    Action("app.suspend", ("ctrl+z",), EVERYWHERE, APP, "suspend_process", "suspend",
           "back to the shell for a while", APPLICATION),
    Action("app.quit", ("ctrl+q",), EVERYWHERE, APP, "quit", "quit",
           "quit at once", APPLICATION),
)
# fmt: on
"""Every action; help shows them in this order."""

_SHOWN: Final = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def show_key(key: str) -> str:
    """Return a key as people know it: `esc`, `^d`, `↑`."""
    return "^" + key.removeprefix("ctrl+") if key.startswith("ctrl+") else _SHOWN.get(key, key)


def keys_of(action: Action, moved: Mapping[str, str]) -> list[str]:
    """Return the keys of an action as people know them; `moved` holds those of the settings, by action's id."""
    keys = moved[action.id].split(",") if action.id in moved else action.keys
    return [show_key(key) for key in keys]


def actions_of(screen: str) -> Iterator[Action]:
    """Yield the actions of one screen in the table's order."""
    return (action for action in ACTIONS if screen in action.screens)


def footer_of(screen: str, *, typing: bool = False) -> list[Action]:
    """Return what the footer of a screen offers, most wanted first; `typing` while an input has the focus."""
    offered = [action for action in actions_of(screen) if action.footer]
    if typing:
        offered = [action for action in offered if action.owner == INPUT or action.action in ("back", "help")]
        # a plain letter goes into the text, so help is offered by its function key alone
        offered = [action for action in offered if action.action != "help"]
    else:
        offered = [action for action in offered if action.owner != INPUT]
    return sorted(offered, key=lambda action: action.footer)


def bindings(owner: str, screen: str | None = None) -> list[BindingType]:
    """Return the bindings of one owner, for its BINDINGS; `screen` narrows those of a screen class."""
    from textual.binding import Binding

    return [
        Binding(
            ",".join(action.keys),
            action.action,
            action.description,
            show=False,
            priority=action.priority or action.owner == INPUT,
            id=action.id,
        )
        for action in ACTIONS
        if action.owner == owner and (screen is None or screen in action.screens)
    ]
