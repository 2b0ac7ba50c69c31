"""The way to an MLflow tracking server or store: quiet, with few retries, and with errors that are one sentence.

MLflow prints and logs to the terminal, reports its use to its makers and retries for minutes by default. All that
is turned off for as long as a link is open, by the environment variables that it reads; those set already stay.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from registry.canonical import show
from registry.errors import ExchangeError, MissingLibraryError, RegistryError, TrackerError

URI_VARIABLE: Final = "MLFLOW_TRACKING_URI"
EXPERIMENT: Final = "experiment-registry"
"""The MLflow experiment that is pushed to and pulled from, unless another one is named."""

_SECRETS: Final = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_PATIENCE: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
_FIRST: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}
"""For the first question: a server that isn't there is told at once."""

_SQLITE: Final = "sqlite:///"
_PAGE: Final = 1000


class Refused(RegistryError):
    """The server did not take one request; others may still go through."""


def tracking_uri(given: str | None) -> str:
    """Return the tracking URI that was given, or that of the environment.

    Raises:
        ExchangeError: there is none, or it is a path, which MLflow would make a folder of.
    """
    uri = (given if given is not None else os.environ.get(URI_VARIABLE, "")).strip()
    if not uri:
        raise ExchangeError(
            f"say where MLflow is: --tracking-uri http://HOST:PORT or sqlite:///FILE (or set {URI_VARIABLE})"
        )
    if not re.match(r"[a-z][a-z0-9+.-]*:|databricks\Z", uri, re.IGNORECASE):
        raise ExchangeError(f"{show(uri)} is no tracking URI; write sqlite:///{uri} for a file, http://… for a server")
    if uri.startswith(_SQLITE) and not sqlite_file(uri):
        raise ExchangeError(f"{show(uri)} names no file; write sqlite:///FILE, or sqlite:////FOLDER/FILE")
    return uri


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite store, None for what is no such store."""
    if not uri.startswith(_SQLITE):
        return None
    name = uri.removeprefix(_SQLITE).split("?", 1)[0]
    return Path(name) if name and name != ":memory:" else None


def missing_file(uri: str) -> Path | None:
    """Return the file of a SQLite store that is not there yet; None elsewhere."""
    file = sqlite_file(uri)
    return file if file is not None and not file.exists() else None


def without_credentials(uri: str) -> str:
    """Return a URI as it may be shown."""
    try:
        parts = urlsplit(uri)
        if "@" not in parts.netloc:
            return uri
        return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))
    except ValueError:
        return re.sub(r"//[^/]*@", "//***@", uri)


def hidden(text: str, uri: str) -> str:
    """Return a message of the library's without the secrets that led there."""
    secrets = [os.environ[name] for name in _SECRETS if os.environ.get(name)]
    user_info = re.match(r"[^/]*//([^/]*)@", uri)
    if user_info:
        secrets += [user_info[1], user_info[1].partition(":")[2], unquote(user_info[1].partition(":")[2])]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"(//)[^/\s@']+@", r"\1***@", text)


class Link:
    """An open way to one MLflow experiment's runs; every call of the library goes through `ask`."""

    def __init__(self, client: Any, uri: str) -> None:
        self.client = client
        self.uri = uri

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the client.

        Raises:
            Refused: the server does not take this.
            TrackerError: it can't be reached.
        """
        try:
            return getattr(self.client, method)(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - stores and servers raise whatever their libraries raise
            raise self._explained(error) from None

    def experiment(self, name: str) -> str | None:
        """Return the id of the MLflow experiment of this name; None when there is none.

        Raises:
            ExchangeError: it lies in MLflow's trash.
        """
        found = self.ask("get_experiment_by_name", name)
        if found is None:
            return None
        if found.lifecycle_stage != "active":
            raise ExchangeError(
                f"MLflow's experiment {show(name)} was deleted there; bring it back with"
                f" `mlflow experiments restore --experiment-id {found.experiment_id}`, or name another one"
            )
        return str(found.experiment_id)

    def make_experiment(self, name: str) -> str:
        """Make an MLflow experiment and return its id.

        Files attached to runs of a SQLite store lie beside it: where MLflow would put them is the working folder.
        """
        file = sqlite_file(self.uri)
        where = None if file is None else str(file.absolute().with_name(f"{file.name}-artifacts") / _safe_name(name))
        return str(self.ask("create_experiment", name, artifact_location=where))

    def runs(self, experiment: str, filter: str = "", *, deleted: bool = False) -> Iterator[Any]:
        """Yield the runs of an MLflow experiment that match MLflow's own filter, the oldest first."""
        from mlflow.entities import ViewType

        view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
        token = None
        while True:
            page = self.ask(
                "search_runs", [experiment], filter, view, _PAGE, ["attributes.start_time ASC"], page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _explained(self, error: Exception) -> RegistryError:
        from mlflow.exceptions import MlflowException, RestException

        first = hidden(str(error), self.uri).strip().partition("\n")[0][:300]
        code = str(getattr(error, "error_code", ""))
        if isinstance(error, RestException) or (isinstance(error, MlflowException) and code in _OF_ONE_REQUEST):
            return Refused(first)
        place = without_credentials(self.uri)
        if isinstance(error, MlflowException) and "error code 40" in first:
            return TrackerError(f"MLflow at {place} does not let us in: {first}")
        if "Max retries exceeded" in str(error) or "timed out" in str(error):
            return TrackerError(f"MLflow at {place} can't be reached: {_reason(str(error))}; check --tracking-uri")
        return TrackerError(f"MLflow at {place} can't be used: {type(error).__name__}: {first}")


_OF_ONE_REQUEST: Final = (
    "INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST", "BAD_REQUEST", "INVALID_STATE",
    "RESOURCE_CONFLICT",
)  # fmt: skip


def _reason(text: str) -> str:
    for known in ("Connection refused", "Name or service not known", "nodename nor servname", "timed out", "No route"):
        if known in text:
            return known.lower()
    return "it does not answer"


def _safe_name(name: str) -> str:
    """Return a folder's name for an MLflow experiment, which may be called anything."""
    from hashlib import sha256

    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60]
    return plain if plain == name else f"{plain}-{sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def linked(uri: str, call: str) -> Iterator[Link]:
    """Open the way to a tracking URI for the length of a body; `call` is what needs it, for a sentence.

    The environment of the process has a few more variables for as long as that, so only one at a time.

    Raises:
        MissingLibraryError: mlflow is not installed.
        TrackerError: nothing answers there.
    """
    with _environment({**_PATIENCE, **_QUIET}, over=_QUIET), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client_class = _library(call, sql=sqlite_file(uri) is not None)
        with _silent():  # only now: the library sets its loggers up when it is imported
            with _environment(_FIRST, over=_FIRST):
                link = _open(client_class, uri)
            yield link


def _library(call: str, *, sql: bool) -> Any:
    try:
        if sql:
            import alembic  # noqa: F401
            import sqlalchemy  # noqa: F401
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingLibraryError(
            f"{call} needs mlflow, which can't be imported here ({error}); install it with:"
            " pip install 'experiment-registry[mlflow]'"
        ) from None
    return MlflowClient


def _open(client_class: Any, uri: str) -> Link:
    try:
        link = Link(client_class(tracking_uri=uri), uri)
    except Exception as error:  # noqa: BLE001 - a store that can't be opened raises whatever its library raises
        raise Link(None, uri)._explained(error) from None
    try:
        link.ask("search_experiments", max_results=1)
    except Refused as refusal:
        raise TrackerError(f"MLflow at {without_credentials(uri)} does not answer as one: {refusal}") from None
    return link


@contextmanager
def _environment(values: Mapping[str, str], over: Collection[str]) -> Iterator[None]:
    """Set variables that are not set, and those in `over` in any case."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if before[name] is None or name in over})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what the libraries log from the terminal: what matters is in their errors."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "sqlalchemy", "urllib3")]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
