"""What the README shows of commands is what they print."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell
from tests.printed import printed, shown


@pytest.mark.parametrize("kind", ["demo", pytest.param("sweep", marks=pytest.mark.full)])
def test_the_readme_shows_what_is_printed(kind: str, empty: Shell) -> None:
    assert shown(kind).splitlines() == printed(kind, empty).splitlines(), "make outputs prints it anew"
