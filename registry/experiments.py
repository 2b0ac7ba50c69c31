"""`ExperimentRegistry`: the face of the core."""

from __future__ import annotations

from registry.faces.analysing import Analysing
from registry.faces.changing import Changing
from registry.faces.evaluating import Evaluating
from registry.faces.keeping import Keeping
from registry.faces.relating import Relating
from registry.faces.tracking import Tracking


class ExperimentRegistry(Evaluating, Changing, Tracking, Relating, Analysing, Keeping):
    """A registry of experiments in one DuckDB file.

    The file is opened for each call and closed again, so any number of processes can share it. Where it
    is: `path`, else `EXPERIMENTS_DB`, else the nearest `experiments.duckdb` from the working folder up to
    the root of the git repository, else that name in the working folder. A missing file is an empty
    registry; the first registration makes it.

    >>> import tempfile
    >>> from registry import ExperimentConfig, ExperimentRegistry
    >>> folder = tempfile.TemporaryDirectory()
    >>> with ExperimentRegistry(folder.name + "/experiments.duckdb") as registry:
    ...     config = ExperimentConfig(["price", "volume"], {"price": 0.6, "volume": 0.4}, tags=["baseline"])
    ...     config_hash = registry.register(config)
    ...     registry.get(config_hash[:6]) == config
    ...     [found.tags for found in registry.search_by_tag("baseline")]
    True
    [['baseline']]
    >>> folder.cleanup()
    """
