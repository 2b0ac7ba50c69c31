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

# YAML 1.1 takes 1e-3 for text; everybody else, and YAML 1.2, for a number
_FLOAT = re.compile(
    r"""[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.\d[\d_]*(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))$
      |\.(?:nan|NaN|NAN)$""",
    re.VERBOSE,
)


def read_documents(stream: IO[bytes], name: str, meter: Meter) -> Iterator[Place]:
    """Yield the documents in a file, each item of one that is a list, with their places.

    Raises:
        MissingLibraryError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingLibraryError(
            "reading YAML needs PyYAML, which is not installed: pip install 'experiment-registry[yaml]'"
        ) from None
    data = stream.read()
    meter.done += len(data)
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

    class Loader(yaml.SafeLoader):
        """Knows numbers as everybody writes them, and takes no key twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[object] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, (str, int, float, bool, type(None))):
                    raise yaml.constructor.ConstructorError(
                        None, None, f"a key is {show(key)}, not text", key_node.start_mark
                    )
                if key in seen and key_node.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {show(key)} stands there more than once", key_node.start_mark
                    )
                seen.add(key)
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    return Loader


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
