"""Tags as people write several of them: with commas between, quoted as in CSV where a tag holds one."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TAG = re.compile(r'\s*+(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>(?!")[^,]*?))\s*(?P<end>,|\Z)', re.S)


def split_tags(text: str) -> list[str]:
    """Return the tags in a comma-separated list, each once; in quotes as in CSV a tag may hold commas.

    >>> split_tags('one, "a,b","5"" disk"')
    ['one', 'a,b', '5" disk']

    Raises:
        ValueError: a quote is left open, or a tag is empty.
    """
    names: list[str] = []
    position, end = 0, ","
    while end:
        found = _TAG.match(text, position)
        if found is None:
            raise ValueError(f'{text}: a quoted tag ends with a quote and a comma, as in "a,b",c')
        quoted = found["quoted"]
        name = found["plain"] if quoted is None else quoted.replace('""', '"')
        if not name.strip():
            raise ValueError(f"'{text}' has an empty tag; write TAG or TAG,TAG")
        names.append(name)
        position, end = found.end(), found["end"]
    return list(dict.fromkeys(names))


def join_tags(tags: Iterable[str]) -> str:
    """Return tags as `split_tags` reads them.

    >>> join_tags(["one", "a,b", '5" disk'])
    'one, "a,b", 5" disk'
    """
    return ", ".join(_quoted(tag) if "," in tag or tag[:1] in ('"', "-") or tag != tag.strip() else tag for tag in tags)


def _quoted(tag: str) -> str:
    return '"' + tag.replace('"', '""') + '"'
