"""The cost model of gradient descent on planted costs: it splits them, holds them, or says it cannot."""

from typing import Any

import pytest
from planted import SIZES, numpy_s, scan_s, sweep
from synthetic import QUIET

from linregbench.results.models.cost import ARITHMETIC, CALL, CALL_AND_OVERHEAD, OVERHEAD, cost_models

GRID = [
    {"samples": n, "features": d, "steps": steps} for n in SIZES for d in (2, 16, 128) for steps in (10, 100, 1_000)
]


def test_the_cost_model_splits_call_steps_and_arithmetic() -> None:
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, GRID)
    by_name = {model.name: model for model in cost_models(frame)}
    scan = by_name["jax_scan analytic"]
    for part, truth in ((CALL, 20e-6), (OVERHEAD, 0.2e-6), (ARITHMETIC, 0.9e-9)):
        assert scan.parts[part].value == pytest.approx(truth, rel=0.05), part
    assert scan.worst_residual < 0.02
    largest = max(scan.sizes, key=lambda size: float(size.row["time_s"]))
    assert (largest.regime, largest.shares[ARITHMETIC] > 0.99) == (ARITHMETIC, True)
    smallest = min(scan.sizes, key=lambda size: float(size.row["time_s"]))
    assert smallest.regime == CALL
    # 3 us is never a tenth of NumPy's 10 steps and more of 2 us each... but nearly; the step's overhead is clear
    assert by_name["numpy_loop analytic"].parts[OVERHEAD].value == pytest.approx(2e-6, rel=0.1)


def test_one_number_of_steps_leaves_two_costs_in_one_and_few_sizes_leave_no_model() -> None:
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, [{"samples": n} for n in SIZES])
    scan = next(model for model in cost_models(frame) if model.name == "jax_scan analytic")
    assert set(scan.parts) == {CALL_AND_OVERHEAD, ARITHMETIC}
    assert scan.parts[CALL_AND_OVERHEAD].value == pytest.approx(40e-6, rel=0.05)
    assert cost_models(sweep({"numpy_loop": numpy_s}, [{"samples": n} for n in (100, 1_000)])) == []


def test_a_part_that_is_never_felt_is_not_in_range() -> None:
    def work_alone(w: dict[str, Any]) -> float:
        return float(w["steps"]) * 1e-9 * w["samples"] * w["features"]

    frame = sweep({"numpy_loop": numpy_s, "numpy_stacked": work_alone}, GRID, noise=QUIET)
    model = next(model for model in cost_models(frame) if model.name == "numpy_stacked analytic")
    assert model.parts[ARITHMETIC].value == pytest.approx(1e-9, rel=0.03)
    assert model.parts[CALL].why.startswith("not in range")
