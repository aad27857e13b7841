"""No time without a right answer: the timed call's own, and one on inputs that were never timed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from linregbench.solvers.accuracy import error_limit, relative_error
from linregbench.solvers.problem import Problem, Workload
from linregbench.solvers.registry import Solver

from . import calls
from .calls import Prepared

COARSE_LIMIT = 5e-3
"""Allowed where an accelerator may cut the factors of float32 products to 10 bits (TF32) or 7 (bfloat16)."""


@dataclass(frozen=True)
class Judgement:
    """Whether an answer is right: the status and reason of its case, the worse relative error, what is allowed."""

    status: str
    reason: str | None
    error: float | None
    error_limit: float
    steps_taken: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the worker's reply."""
        return asdict(self)


def unseen(problem: Problem) -> Problem:
    """The problem with other inputs, whose answer is known: the samples in reverse order, under -y.

    From zero every method is odd in y, and the order of the samples changes nothing. An answer that was remembered, or
    made from an X or y closed over, is wrong here. Views, so that no memory is taken but where they are placed.
    """
    return replace(problem, X=problem.X[:, ::-1], check_y=problem.check_y[:, ::-1])


def excess_loss(first: Any, workload: Workload, problem: Problem, solver: Solver | None = None) -> float | None:
    """Loss of the first timed answer less the least there is, over that of the start at zero; of the worst problem.

    Mean squared error in float64, on the data as rounded to the dtype. Right or wrong, an answer of the right shape has
    one; None where the answer is not finite, where zero is the optimum already, and for `solvers` of a commit that
    does not know the optimum.
    """
    optimum, root = getattr(problem, "optimum", None), getattr(problem, "gram_root", None)
    try:
        weights, _ = calls.answer(first, workload, solver)
    except ValueError:
        return None
    if optimum is None or root is None or not np.isfinite(weights).all():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        # ||X w - y||^2 - ||X w* - y||^2 = ||X (w - w*)||^2: the difference of the losses would lose all its digits
        above, start = (np.square(np.einsum("brd,bd->br", root, v)).sum(axis=1) for v in (weights - optimum, optimum))
    if not (start > 0).all():
        return None
    worst = float(np.max(above / start))
    return worst if np.isfinite(worst) else None


def judge(
    solver: Solver, workload: Workload, problem: Problem, first: Any, fresh: Any, *, coarse: bool = False
) -> Judgement:
    """Judge what the first timed call returned, and the answer to inputs that were never timed (`unseen`).

    `fresh` is None where that was judged already. `coarse` where products were asked for in less than the precision of
    their dtype: the error is then the price that the table shows, and COARSE_LIMIT still tells a step left out of 100
    from that.
    """
    limit = max(error_limit(workload, problem), COARSE_LIMIT if coarse else 0.0)
    try:
        weights, steps = calls.answer(first, workload, solver)
        error = relative_error(weights, problem.reference)
        if fresh is not None:
            error = max(error, relative_error(calls.answer(fresh, workload, solver)[0], problem.check_reference))
    except ValueError as shape:
        return Judgement("wrong", str(shape), None, limit)
    if not np.isfinite(error):
        return Judgement("wrong", "the answer is not a number", None, limit)
    if error > limit:
        return Judgement("wrong", f"relative error {error:.2g}, and {limit:.2g} is allowed", error, limit)
    taken = None if steps is None else int(steps.max())
    if taken is not None and taken >= (workload.max_steps or 0):
        return Judgement("not_converged", f"reached max_steps = {workload.max_steps}", error, limit, taken)
    return Judgement("ok", None, error, limit, taken)


def on_unseen(solver: Solver, workload: Workload, problem: Problem, prepared: Prepared) -> Prepared:
    """The same solver on the inputs that are never timed, which are placed for it."""
    return prepared.on(calls.calls_for(solver, workload, unseen(problem), check=True))
