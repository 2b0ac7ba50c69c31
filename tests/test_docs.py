"""The examples in the documentation run: docstrings here, README commands in `test_readme`."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import registry

MODULES = [name for _, name, _ in pkgutil.walk_packages(registry.__path__, "registry.")]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_public_names_are_there_and_documented() -> None:
    for name in registry.__all__:
        found = getattr(registry, name)
        assert isinstance(found, str) or found.__doc__, name
    assert set(registry.__all__) <= set(dir(registry))
