import sys,tempfile
from pathlib import Path
from tests.benchmarks.backtests import backtesting
from tests.benchmarks.__main__ import line
with tempfile.TemporaryDirectory() as d:
    backtesting(Path(d), line, False)
