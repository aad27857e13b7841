"""Lets the tests of this room import `fakes`, `fake_nvml` and `real`, and gives them a clock that they turn."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fakes import FakeClock

from linregbench.benchmarks import clock


@pytest.fixture
def fake_clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The one file that reads a clock reads this one; it stands still until a test advances it."""
    fake = FakeClock()
    monkeypatch.setattr(clock, "time", fake)
    return fake
