"""Lets the tests of other programs' files import `door_files` beside them, which importlib mode leaves off the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
