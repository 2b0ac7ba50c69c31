"""Is a difference between two runs more than noise: paired tests, intervals, corrections for many comparisons.

All of it is seeded, and the same numbers give the same bytes on any number of threads. The modules import numpy,
so import them where a test is about to happen; `verdict` alone can be imported at no cost.
"""
