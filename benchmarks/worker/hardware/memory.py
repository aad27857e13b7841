"""What memory this process holds, and a limit so that a solver without end takes only itself down.

A forked child starts with its parent's pages, and `ru_maxrss` survives them; VmHWM and Private_Dirty tell the truth on
Linux. Elsewhere the peak is what getrusage says, and the growth is not known.
"""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path

SHUFFLE_BLOCKS, SHUFFLE_BYTES = 64, 4096

_STATUS = Path("/proc/self/status")
_SMAPS = Path("/proc/self/smaps_rollup")


def _kilobytes(path: Path, field: str) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")), None)


def peak_rss_bytes() -> int:
    """The most memory that this process has held at once, pages shared with its parent included."""
    peak = _kilobytes(_STATUS, "VmHWM")
    if peak is not None:
        return peak
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024


def private_bytes() -> int | None:
    """Memory that this process alone has written; None where the system does not tell."""
    return _kilobytes(_SMAPS, "Private_Dirty")


def shuffle_heap(layout: int) -> list[bytes]:
    """Allocate blocks of sizes that `layout` tells, to be kept, so that later arrays lie elsewhere in each layout.

    Forked siblings inherit one heap, and would place their arrays alike in every block: an alignment that is good or
    bad by some percent would look like a property of the code. So each block of a contest has its own layout, and its
    workers share it: for the same code it then cancels in the ratio, and over the blocks it is averaged.
    """
    dice = random.Random(layout)
    return [bytes(dice.randrange(16, SHUFFLE_BYTES)) for _ in range(SHUFFLE_BLOCKS)]


def limit_growth(allowance_bytes: int) -> None:
    """Let the private writable memory of this process grow by so much and no more; allocations past it fail."""
    held = _kilobytes(_STATUS, "VmData")
    if held is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = held + allowance_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
