"""What is installed, and whether it is what this program asks for: without importing any of it."""

from __future__ import annotations

import platform
import re
import sqlite3
from collections.abc import Iterator
from importlib import metadata
from typing import Final

from registry import __version__
from registry.checkup import PACKAGE, Finding

_USES: Final = {
    "alphalens-reloaded": "checks and benchmarks against it",
    "arch": "ab, report: confidence sets and tests that allow for dependence",
    "empyrical-reloaded": "checks and benchmarks against it",
    "mlflow-skinny": "push to MLflow and pull from it",
    "pandas": "data frames in and out of Python, other libraries' file formats",
    "pyyaml": "import --map of YAML",
    "polars": "data frames in and out of Python",
    "pyarrow": "Arrow tables in and out of Python",
    "scikit-learn": "importance: which weights go with a metric",
    "scipy": "statistics of importance and overfitting",
    "skfolio": "checks against it",
    "statsmodels": "statistics by date",
    "textual-serve": "serve: the app in a browser",
    "wandb": "push to Weights & Biases",
}
"""What an optional library is for."""

_NOT_FOR_USERS: Final = ("dev",)
_ASKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?P<range>[^;]*)(?:;.*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"])?")
_BOUND = re.compile(r"(?P<sign>>=|<=|==|<|>)\s*(?P<version>[0-9][0-9.]*)")


def versions() -> Iterator[Finding]:
    """Say which versions run, and which of them this program can't do with."""
    said = {PACKAGE: __version__, "Python": platform.python_version()}
    wrong = []
    for name, asked in _required(None):
        found = _installed(name)
        said[name] = found or "not installed"
        if found is None:
            wrong.append(f"{name} is not installed")
        elif not _fits(found, asked):
            wrong.append(f"{name} {found} is installed, {asked} is needed")
    said["sqlite"] = sqlite3.sqlite_version
    facts = {**said, "system": platform.platform()}
    told = ", ".join(f"{name} {version}" for name, version in said.items())
    if wrong:
        yield Finding("versions", "problem", "; ".join(wrong), f"pip install --upgrade {PACKAGE}", facts)
    elif _installed(PACKAGE) is None:
        yield Finding("versions", "warning", f"{told}; not installed as a package", f"pip install {PACKAGE}", facts)
    else:
        yield Finding("versions", "ok", told, facts=facts)


def extras() -> Iterator[Finding]:
    """Say of each group of optional libraries which are there, what they are for, and how to install it."""
    try:
        names = metadata.metadata(PACKAGE).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return
    for extra in sorted(name for name in names if name not in _NOT_FOR_USERS):
        libraries, missing, old = [], [], []
        for name, asked in _required(extra):
            found = _installed(name)
            use = _USES.get(name.lower(), "")
            libraries.append({"name": name, "version": found, "asked": asked, "for": use})
            told = f"{name} ({use})" if use and extra != "full" else name
            if found is None:
                missing.append(told)
            elif not _fits(found, asked):
                old.append(f"{name} {found}, where {asked} is needed")
        facts = {"libraries": libraries, "installed": not missing and not old}
        how = f"pip install '{PACKAGE}[{extra}]'"
        if old:
            yield Finding(f"extra {extra}", "warning", "; ".join(old), f"{how} --upgrade", facts)
        elif missing:
            yield Finding(f"extra {extra}", "ok", f"not installed: {', '.join(missing)}", f"{how}, if wanted", facts)
        else:
            there = ", ".join(f"{each['name']} {each['version']}" for each in libraries)
            yield Finding(f"extra {extra}", "ok", f"installed: {there}", facts=facts)


def _required(extra: str | None) -> Iterator[tuple[str, str]]:
    """Yield the libraries that this program asks for, always or for an extra, with the versions it can do with."""
    try:
        asked = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        asked = [] if extra else ["duckdb>=1.5,<3", "textual", "click", "lark", "numpy", "platformdirs"]
    for line in asked:
        found = _ASKED.match(line)
        if found and found["extra"] == extra:
            yield found["name"], ",".join(sorted(found["range"].strip().split(","), reverse=True))


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _fits(version: str, asked: str) -> bool:
    """Tell whether a version is in a range such as `>=1.5,<3`; what follows the numbers does not count."""
    have = _numbers(version)
    for bound in _BOUND.finditer(asked):
        want = _numbers(bound["version"])
        width = max(len(have), len(want))
        mine, its = ([*each, *[0] * (width - len(each))] for each in (have, want))
        fits = {">=": mine >= its, "<=": mine <= its, "<": mine < its, ">": mine > its, "==": mine == its}
        if not fits[bound["sign"]]:
            return False
    return True


def _numbers(version: str) -> list[int]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return [int(part) for part in found[0].split(".")] if found else []
