"""Benchmarks: `make bench` prints one table of ratios, each against a rival or a limit measured in the same run."""
