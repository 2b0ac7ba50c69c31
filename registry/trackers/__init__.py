"""Experiments handed to trackers that others keep, MLflow and W&B, and brought in from there.

What is handed over is decided once, in `content`; each tracker's module says only how its library is told.
The libraries are extras, loaded when something is pushed or pulled.
"""
