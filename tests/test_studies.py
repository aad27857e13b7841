"""The studies start: what they import is there, and what they take is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("study", sorted((ROOT / "tests/studies").glob("*.py")), ids=lambda path: path.stem)
def test_it_tells_what_it_does(study: Path) -> None:
    done = subprocess.run(
        [sys.executable, study, "--help"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert study.name in done.stdout
