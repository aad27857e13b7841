"""When a contest has been measured enough: on precision, never on significance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from linregbench.results.runfile.identity import Case as Row
from linregbench.results.runfile.identity import problem_key
from linregbench.results.runfile.read import Block, Measurement
from linregbench.results.stats.estimates import estimate, ratio_between

from ..grid.cases import Case
from .plan import Limits

NEAR = 2.0
NEAR_HALF_WIDTH = 0.01
FAR_HALF_WIDTH = 0.05


def reason(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    pairs: Sequence[tuple[Case, Case]],
    quiet_limits: Mapping[str, float],
    limits: Limits,
) -> str | None:
    """Why a contest is not measured any further, or None: then it is.

    Every ratio within 2x of the winner needs a half-width of 1%, the others 5%; where cases stand in pairs, each pair
    needs 1%. Looking after every block and stopping when it is enough lowers the interval's coverage a little:
    tests/studies simulates by how much.
    """
    fewest, most = limits.blocks
    done = 1 + max((block.block for block in blocks), default=-1)
    if done and not any(m.status == "ok" for m in measurements if m.block == done - 1):
        return "no case left"
    if done < fewest:
        return None
    if fewest == most:
        return f"{done} blocks, as asked"
    widths = _of_pairs if pairs else _of_ratios
    asked = widths(measurements, blocks, quiet_limits, pairs)
    worst, needed = max(asked, key=lambda pair: pair[0] / pair[1], default=(0.0, 1.0))
    if worst <= needed:
        return f"half-width {worst:.1%} after {done} blocks"
    if done >= most:
        return f"{done} blocks, the most; half-width {worst:.1%}"
    return None


def row_of(case: Case) -> Row:
    """The case as the results know it."""
    workload = case.workload.as_dict()
    return Row(
        problem=problem_key(workload),
        dtype=case.workload.dtype,
        precision=case.precision,
        strategy=case.solver.strategy,
        variant=case.solver.variant,
        device=case.device,
        threads=case.threads,
        environment=case.environment,
    )


def _of_ratios(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    quiet_limits: Mapping[str, float],
    _: Sequence[tuple[Case, Case]],
) -> Iterator[tuple[float, float]]:
    """The half-width of each case's ratio to the baseline, and what is asked of it."""
    for row in estimate(measurements, blocks, limits=quiet_limits):
        ratio, to_winner = row.versus_baseline, row.versus_winner
        if ratio is not None and ratio.verdict != "baseline":
            near = to_winner is None or to_winner.ratio >= 1 / NEAR
            yield ratio.half_width, NEAR_HALF_WIDTH if near else FAR_HALF_WIDTH


def _of_pairs(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    quiet_limits: Mapping[str, float],
    pairs: Sequence[tuple[Case, Case]],
) -> Iterator[tuple[float, float]]:
    """The half-width of each pair's ratio, and what is asked of it; a pair that failed asks nothing."""
    for base, new in pairs:
        ratio = ratio_between(row_of(new), row_of(base), measurements, blocks, limits=quiet_limits)
        if ratio is not None:
            yield ratio.half_width, NEAR_HALF_WIDTH
