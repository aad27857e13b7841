"""Makes the documents that other tests write by hand importable here."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "results"), str(TESTS / "results" / "formats"), str(TESTS / "faults")]
