"""test_rules.py with what is learned in SQLite."""

import os
import runpy

os.environ["WEIR_COUNTS"] = "sqlite"
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "test_rules.py"),
               run_name="__main__")
