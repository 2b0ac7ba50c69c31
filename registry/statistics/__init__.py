"""Statistics that tell whether a difference is one: paired tests, intervals, many comparisons, verdicts."""
