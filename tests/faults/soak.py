"""Small runs in a row, each ended at a random moment and gone on with; and as many inside of one process.

    python tests/faults/soak.py --runs 200

Every file must be whole at the end, no process left, and descriptors and memory of the one process flat.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from faults import tally
from faults.test_file import goes_on
from faults.test_seal import SIZES, Going
from faults.test_zoo import PATIENCE_S, marked

import linregbench

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LONGEST_S = 4.0
LEAVES_S = 5.0
WARM_UP = 3
"""Runs inside of the process until what is kept for good is there."""
GROWTH = 1.1


def killed(folder: Path, draw: random.Random) -> str | None:
    """A run ended by a drawn signal after a drawn time, and gone on with; in words, what went wrong."""
    number, delay_s = draw.choice(SIGNALS), draw.uniform(0.0, LONGEST_S)
    with Going(folder, *SIZES, blocks=2) as going:
        time.sleep(delay_s)
        blocks = len(going.records("block"))
        going.popen.send_signal(number)
        going.popen.wait(PATIENCE_S)
    until = time.monotonic() + LEAVES_S
    while (left := tuple(marked(going.mark))) and time.monotonic() < until:
        time.sleep(0.05)
    begun = going.path.exists() and going.path.stat().st_size
    said = "Traceback" in (folder / "err").read_text()
    if not left and not said and (not begun or goes_on(folder, blocks)):
        return None
    return f"{number.name} after {delay_s:.2f} s: left {left}, traceback {said}, in {folder}"


def kept_after(folder: Path, number: int) -> tuple[int, int]:
    """Descriptors and bytes that this process has after one more run inside of it."""
    linregbench.run(
        method="gd",
        strategy="numpy_loop",
        variant="analytic",
        samples=100,
        features=2,
        batch=1,
        steps=20,
        blocks=2,
        output=folder / f"inside-{number}.jsonl",
    )
    me = psutil.Process()
    return me.num_fds(), me.memory_info().rss


def main() -> int:
    """Exit status 1 where anything was lost, left or grew."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    wrong, kept = [], []
    with tempfile.TemporaryDirectory() as name:
        for number in range(asked.runs):
            folder = Path(name) / str(number)
            folder.mkdir()
            wrong += filter(None, [killed(folder, draw)])
            kept.append(kept_after(folder, number))
            print(f"{number + 1}: {len(wrong)} wrong, descriptors {kept[-1][0]}, {kept[-1][1] >> 20} MiB", flush=True)
    first, last = kept[min(WARM_UP, len(kept) - 1)], kept[-1]
    flat = last[0] <= first[0] and last[1] <= GROWTH * first[1]
    tally.record("soak", "a run killed at random, then resumed", asked.runs, asked.runs - len(wrong))
    tally.record("soak", "runs in one process: descriptors and memory flat", 1, int(flat), f"{first} to {last}")
    print(*wrong, "flat" if flat else f"grew: {first} to {last}", sep=os.linesep)
    return int(bool(wrong) or not flat)


if __name__ == "__main__":
    sys.exit(main())
