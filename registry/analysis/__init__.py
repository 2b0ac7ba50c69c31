"""Questions across many experiments: the nearest, what goes with a metric, how weights are spread, what is best.

Each is a module of its own and is imported when it is asked; every answer that names a best one says how many
were tried.
"""
