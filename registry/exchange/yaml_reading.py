"""YAML documents as plain values, by PyYAML, of which only the safe part is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from registry.canonical import show
from registry.errors import MissingLibraryError
from registry.exchange.record import Fault
from registry.exchange.text import Meter, Place

MOST_VALUES = 1_000_000
"""Values that one document may have once its aliases are written out."""

MOST_BYTES = 64 << 20
"""Of a file, unpacked: YAML is read whole, at some seconds a megabyte."""

# YAML 1.1 takes 1e-3 for text; everybody else, and YAML 1.2, for a number
_FLOAT = re.compile(
    r"""[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.\d[\d_]*(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))$
      |\.(?:nan|NaN|NAN)$""",
    re.VERBOSE,
)


def check_library() -> None:
    """Tell whether YAML can be read.

    Raises:
        MissingLibraryError: PyYAML is not installed.
    """
    try:
        import yaml  # noqa: F401
    except ImportError:
        raise MissingLibraryError(
            "reading YAML needs PyYAML, which is not installed: pip install 'experiment-registry[yaml]'"
        ) from None


def read_documents(stream: IO[bytes], name: str, meter: Meter) -> Iterator[Place]:
    """Yield the documents in a file, each item of one that is a list, with their places.

    Raises:
        MissingLibraryError: PyYAML is not installed.
    """
    check_library()
    import yaml

    data = stream.read(MOST_BYTES + 1)
    meter.done += len(data)
    if len(data) > MOST_BYTES:
        yield (
            name,
            Fault(f"more than {MOST_BYTES >> 20} MB of YAML, which is read whole; write large results as NDJSON"),
        )
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield name, Fault("not UTF-8 text; save it as UTF-8")
        return
    try:
        documents = [document for document in yaml.load_all(text, _loader()) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        yield name, Fault(f"not YAML: {error.problem or error.context}{where}")
        return
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        yield name, Fault(f"not YAML: {str(error).splitlines()[0]}")
        return
    except RecursionError:
        yield name, Fault("not readable: the YAML is nested too deep")
        return
    if not documents:
        yield name, Fault("empty; nothing to import")
    for number, document in enumerate(documents, 1):
        place = name if len(documents) == 1 else f"{name} (document {number})"
        fault = _fault(document)
        if fault is not None:
            yield place, fault
        elif isinstance(document, list):
            yield from ((f"{place} (item {item})", value) for item, value in enumerate(document, 1))
        else:
            yield place, document


def _loader() -> Any:
    import yaml

    refused, merge = yaml.constructor.ConstructorError, "tag:yaml.org,2002:merge"

    class Loader(yaml.SafeLoader):
        """Knows numbers as everybody writes them, and takes keys as they are written, none of them twice.

        A key is the name of a feature or of a hyperparameter: `no` and `1` are names here, not false and a number.
        """

        _merged = 0

        def text(self, node: Any) -> str:
            """Return what a text says."""
            return _joined(str(self.construct_scalar(node)))

        def table(self, node: Any) -> dict[str, Any]:
            """Return what a mapping holds, with the keys that it merges in behind its own."""
            if not isinstance(node, yaml.MappingNode):
                raise refused(None, None, "an object was expected", node.start_mark)
            made: dict[str, Any] = {}
            merged: list[Any] = []
            for key, value in node.value:
                if key.tag == merge:
                    merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                elif not isinstance(key, yaml.ScalarNode):
                    raise refused(None, None, "a key is no text", key.start_mark)
                elif (name := _joined(key.value)) in made:
                    raise refused(None, None, f"the key {show(key.value)} stands there more than once", key.start_mark)
                else:
                    made[name] = self.construct_object(value, deep=True)
            for each in merged:
                if not isinstance(each, yaml.MappingNode):
                    raise refused(None, None, "<< merges objects only", each.start_mark)
                there = self.construct_object(each, deep=True)
                self._merged += len(there)
                if self._merged > MOST_VALUES:
                    raise refused(None, None, f"<< makes more than {MOST_VALUES:,} values of it", each.start_mark)
                for name, value in there.items():
                    made.setdefault(name, value)
            return made

    Loader.add_constructor("tag:yaml.org,2002:map", Loader.table)
    Loader.add_constructor("tag:yaml.org,2002:str", Loader.text)
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    return Loader


def _joined(text: str) -> str:
    """Return a text whose surrogates, which JSON writes in pairs, are the characters they stand for."""
    if text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _fault(document: Any) -> Fault | None:
    """Return why a document is too much: aliases can make a few lines stand for more than any memory holds."""
    count, waiting = 0, [document]
    while waiting:
        value = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            return Fault(f"its aliases make more than {MOST_VALUES:,} values of it")
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple, set)):
            waiting += value
    return None
