"""Runs: evaluations of experiments on panels, and how they are read from the tables."""
