"""When a contest has been measured enough: on precision, never on significance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.plan import Limits
from results.estimates import estimate
from results.records import Block, Measurement

NEAR = 2.0
NEAR_HALF_WIDTH = 0.01
FAR_HALF_WIDTH = 0.05


def reason(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    done: int,
    quiet_limits: Mapping[str, float],
    limits: Limits,
) -> str | None:
    """Why a contest is not measured any further, or None: then it is.

    Every ratio within 2x of the winner needs a half-width of 1%, the others 5%. Looking after every block and stopping
    when it is enough lowers the interval's coverage a little: tests/studies simulates by how much.
    """
    fewest, most = limits.blocks
    if blocks and not any(m.status == "ok" for m in measurements if m.block == done - 1):
        return "no case left"
    if done < fewest:
        return None
    if fewest == most:
        return f"{done} blocks, as asked"
    worst, needed = _widest(measurements, blocks, quiet_limits)
    if worst <= needed:
        return f"half-width {worst:.1%} after {done} blocks"
    if done >= most:
        return f"{done} blocks, the most; half-width {worst:.1%}"
    return None


def _widest(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float]
) -> tuple[float, float]:
    """The half-width that is furthest from what is asked of it, and what is asked."""
    found = [(0.0, FAR_HALF_WIDTH)]
    for row in estimate(measurements, blocks, limits=quiet_limits):
        ratio, to_winner = row.versus_baseline, row.versus_winner
        if ratio is None or ratio.verdict == "baseline":
            continue
        near = to_winner is None or to_winner.ratio >= 1 / NEAR
        found.append((ratio.half_width, NEAR_HALF_WIDTH if near else FAR_HALF_WIDTH))
    return max(found, key=lambda pair: pair[0] / pair[1])
