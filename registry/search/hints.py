"""What to say when a filter is right but finds nothing: most often a tag was mistyped.

Tags, texts and hashes are values, not names, so an unknown one is no error; a hint says it anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.search import values
from registry.search.ast import Absent, Among, Compare, Match, Text, terms
from registry.search.names import KnownNames, nearest
from registry.search.parser import parse
from registry.search.words import ATTRIBUTES, NUMBER, printable, short, shown, write_name, write_value

if TYPE_CHECKING:
    from registry.store import Session


def hint(text: str, session: Session, *, trashed: bool = False) -> str | None:
    """Return one sentence on why the filter `text` may have found nothing, or None; `trashed`: in the trash.

    Raises:
        FilterError: it is not a filter.
    """
    known = KnownNames(session, trashed)
    whom = "no experiment in the trash" if trashed else "no experiment"
    for term in terms(parse(text)):
        if isinstance(term, Match) and (term.name.prefix, term.name.text) == ("", "tag"):
            said = _about_tag(term.value.text, known, whom)
        elif isinstance(term, Match) and (term.name.prefix, term.name.text) == ("", "alias"):
            said = None if known.aliases() or known.empty() else "nothing was promoted yet, so there is no alias"
        elif isinstance(term, (Compare, Among, Absent)) and term.name.prefix == "m":
            said = None if known.has_runs() or known.empty() else f"{whom} has a run, so none has metrics"
        elif isinstance(term, (Compare, Among)):
            said = _about_weight(term, text, known)
        else:
            said = _about_text(term.text, known) if isinstance(term, Text) else None
        if said is not None:
            return printable(said)
    return None


def _about_weight(term: Compare | Among, text: str, known: KnownNames) -> str | None:
    """Return what is to be said of a weight compared with what is no number, which never holds."""
    name = term.name
    if name.prefix not in ("", "w") or name.text in ATTRIBUTES or not known.feature(name.text):
        return None
    if not name.prefix and known.hyperparameter(name.text, name.path):
        return None
    for value in term.values if isinstance(term, Among) else [term.value]:
        if values.read_number(value, text) is None:
            advice = f"{short(write_name(name.text, 'w'))} is a number"
            if NUMBER.fullmatch(value.text.strip()):
                advice = f"write {value.text.strip()} without quotes"
            elif value.text.lower() in ("absent", "null", "none"):
                advice = f"write {short(write_name(name.text, 'w'))} is absent"
            return f"no weight equals {shown(value.text)}; {advice}"
    return None


def _about_tag(tag: str, known: KnownNames, whom: str) -> str | None:
    if known.tag(tag) or known.empty():
        return None
    near = nearest(tag, known.tags())
    asked = "" if near is None else f"; did you mean tag:{short(write_value(near))}?"
    return f"{whom} has the tag {shown(tag)}{asked}"


def _about_text(text: str, known: KnownNames) -> str | None:
    if known.feature(text):
        meant = f"feature, which text search leaves out; write feature:{short(write_value(text))}"
    elif known.hyperparameter(text, None):
        meant = f"hyperparameter, which text search leaves out; write {short(write_name(text, 'hp'))} is present"
    elif known.metric(text):
        meant = f"metric, which text search leaves out; write {short(write_name(text, 'm'))} is present"
    elif text in ATTRIBUTES:
        return f"{shown(text)} was searched for as text; write a comparison to ask for the attribute"
    else:
        return None
    return f"{shown(text)} is a {meant}"
