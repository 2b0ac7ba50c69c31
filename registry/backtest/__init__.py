"""Walk-forward backtests: panel, calendar, scores, picks, metrics, baselines, suggestion, artifacts.

numpy is imported by the modules in here (and in `registry.statistics`) and by no other part of
the registry, so import these modules where a backtest is about to happen.
"""
