"""The tables and views of runs, panels, trials and aliases: what schema 2 added."""

from __future__ import annotations

from typing import Final

TABLES: Final[dict[str, str]] = {
    "run": """
        run_id VARCHAR PRIMARY KEY,
        seq BIGINT NOT NULL,                -- order of recording
        id BIGINT NOT NULL,                 -- of the experiment
        panel_id BIGINT NOT NULL,
        panel VARCHAR NOT NULL,             -- its name
        fingerprint VARCHAR,
        panel_key VARCHAR,
        source VARCHAR,
        survivorship_suspect BOOLEAN,
        period_start DATE NOT NULL,
        period_end DATE NOT NULL,           -- inside
        options VARCHAR NOT NULL,           -- JSON
        options_key VARCHAR NOT NULL,       -- equal for equal options
        engine VARCHAR NOT NULL,
        details VARCHAR NOT NULL,           -- JSON
        environment VARCHAR NOT NULL,       -- JSON
        duration DOUBLE,                    -- seconds
        recorded_at TIMESTAMP NOT NULL      -- UTC
    """,
    "run_metric": "run_id VARCHAR NOT NULL, id BIGINT NOT NULL, metric VARCHAR NOT NULL, value DOUBLE",
    "run_window": """
        run_id VARCHAR NOT NULL, id BIGINT NOT NULL, number INTEGER NOT NULL, train_start DATE, train_end DATE,
        test_start DATE NOT NULL, test_end DATE NOT NULL, partial BOOLEAN NOT NULL
    """,
    "window_metric": """
        run_id VARCHAR NOT NULL, id BIGINT NOT NULL, number INTEGER NOT NULL, metric VARCHAR NOT NULL, value DOUBLE
    """,
    # one row for each run and metric: a value a rebalance date
    "run_series": """
        run_id VARCHAR NOT NULL, id BIGINT NOT NULL, metric VARCHAR NOT NULL, dates DATE[] NOT NULL,
        vals DOUBLE[] NOT NULL
    """,
    "panel": "panel_id BIGINT NOT NULL, name VARCHAR NOT NULL, first_seen TIMESTAMP NOT NULL",
    "panel_key": "panel_id BIGINT NOT NULL, key VARCHAR NOT NULL",  # contents known to be of this panel
    "panel_column": """
        panel_id BIGINT NOT NULL, name VARCHAR NOT NULL, dates DATE[] NOT NULL, digests UINTEGER[] NOT NULL
    """,
    "metric": "name VARCHAR NOT NULL, unit VARCHAR NOT NULL, direction VARCHAR NOT NULL, definition VARCHAR NOT NULL",
    # whatever is deleted or was not tracked: the honest number of configurations tried
    "trial": """
        config_hash VARCHAR NOT NULL, panel VARCHAR NOT NULL, panel_id BIGINT NOT NULL, period_start DATE NOT NULL,
        period_end DATE NOT NULL,
        ranking VARCHAR NOT NULL,           -- equal for weightings that rank alike
        tried_at TIMESTAMP NOT NULL
    """,
    "alias_move": """
        alias VARCHAR NOT NULL, version INTEGER NOT NULL, kind VARCHAR NOT NULL, config_hash VARCHAR NOT NULL,
        from_hash VARCHAR, moved_at TIMESTAMP NOT NULL, who VARCHAR NOT NULL, why VARCHAR NOT NULL
    """,
}

OF_EXPERIMENTS: Final = ("run", "run_metric", "run_window", "window_metric", "run_series")
"""Tables whose rows belong to an experiment by its id."""

OF_RUNS: Final = OF_EXPERIMENTS[1:]
"""Those of them whose rows belong to a run."""

_LIVE = "JOIN @experiment e ON e.id = r.id WHERE e.deleted_at IS NULL"

VIEWS: Final[dict[str, str]] = {
    "runs": f"""
        SELECT r.run_id, e.config_hash, r.panel, r.panel_id, r.fingerprint, r.period_start, r.period_end, r.recorded_at,
               r.engine, r.options, r.duration, r.survivorship_suspect
        FROM @run r {_LIVE}
    """,
    "run_metrics": f"SELECT r.run_id, e.config_hash, r.metric, r.value FROM @run_metric r {_LIVE}",
    "run_windows": f"""
        SELECT r.run_id, e.config_hash, r.number, r.train_start, r.train_end, r.test_start, r.test_end, r.partial,
               m.metric, m.value
        FROM @run_window r LEFT JOIN @window_metric m ON m.run_id = r.run_id AND m.number = r.number {_LIVE}
    """,
    "run_dates": f"""
        SELECT run_id, config_hash, unnest(dates) AS date, metric, unnest(vals) AS value
        FROM (SELECT r.run_id, e.config_hash, r.dates, r.metric, r.vals FROM @run_series r {_LIVE})
    """,
    "trials": "SELECT config_hash, panel, panel_id, period_start, period_end, ranking, tried_at FROM @trial",
    "aliases": """
        SELECT alias, version, config_hash, moved_at, who, why FROM @alias_move
        QUALIFY row_number() OVER (PARTITION BY alias ORDER BY version DESC) = 1
    """,
}
"""Documented views; `@` stands for where the base tables are."""
