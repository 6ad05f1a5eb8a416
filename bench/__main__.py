"""`make bench`: every benchmark, one after the other; `python -m bench interpreter` runs one."""

import importlib
import sys

ALL = ("interpreter", "growth", "delivery", "ingest", "segments", "pages", "backtest", "directory", "builder")

for name in sys.argv[1:] or ALL:
    importlib.import_module(f"bench.{name}").main()
