"""Lets the tests of this room import their neighbour `synthetic`, which importlib mode leaves off the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
