"""Lets the tests of the doors import `door_files` beside them, and the synthetic runs of the results' tests."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "results")]
