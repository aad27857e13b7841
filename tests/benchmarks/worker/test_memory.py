"""Memory of a process, measured and limited."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from linregbench.benchmarks.worker.hardware import memory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process alone has written")
def test_memory_that_is_written_is_counted() -> None:
    before = memory.private_bytes()
    held = np.ones(20_000_000)
    after = memory.private_bytes()
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(held.nbytes, rel=0.1)
    assert memory.peak_rss_bytes() >= after


def test_a_peak_is_told_also_where_the_kernel_has_no_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(memory, "_SMAPS", tmp_path / "none")
    assert memory.peak_rss_bytes() > 1_000_000
    assert memory.private_bytes() is None
    memory.limit_growth(1)  # does nothing where what is held is not known


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_growth_past_the_limit_is_a_memory_error() -> None:
    program = """if True:
        import numpy as np
        from linregbench.benchmarks.worker.hardware import memory
        memory.limit_growth(200_000_000)
        small = np.ones(10_000_000)
        try:
            large = np.ones(100_000_000)
        except MemoryError:
            print("refused")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "refused\n", done.stderr
