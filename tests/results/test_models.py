"""Each model on data whose truth is planted: it finds it, its intervals hold it as often as claimed, or it refuses."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic
from made import as_run
from synthetic import QUIET, Noise, Truth

from results.frame import from_runs
from results.models import Answer, log_ratio, measured, rays
from results.models_calls import break_even, break_evens
from results.models_cost import ARITHMETIC, CALL, FIXED, OVERHEAD, cost_models, fit
from results.models_crossovers import crossings, crossover_of, crossovers, saturations
from results.models_scaling import scalings, slope

SIZES = (100, 1_000, 10_000, 100_000)
DRAWS = 400
BLOCKS = 10


def sweep(
    truths: dict[str, Callable[..., float]],
    places: list[dict[str, int]],
    *,
    noise: Noise = QUIET,
    compile_s: float = 0.06,
    seed: int = 0,
    **of: Any,
) -> pd.DataFrame:
    """A run of these cases at these places; each truth is seconds a call of the workload; the first is the baseline."""
    records = [synthetic.header(), synthetic.environment()]
    for place in places:
        workload = synthetic.workload(**of) | place
        cases = [
            Truth(name, "analytic", time_s(workload), compile_s=compile_s if name.startswith("jax") else None)
            for name, time_s in truths.items()
        ]
        records += synthetic.blocks_of(cases, of=workload, blocks=BLOCKS, noise=noise, seed=seed)
    return from_runs(as_run(records))


def numpy_s(w: dict[str, Any]) -> float:
    return 3e-6 + float(w["steps"]) * (2e-6 + 0.5e-9 * w["samples"] * w["features"])


def scan_s(w: dict[str, Any]) -> float:
    return 20e-6 + float(w["steps"]) * (0.2e-6 + 0.9e-9 * w["samples"] * w["features"])


def holds(answer: Answer, truth: float) -> bool:
    assert answer.low is not None, answer.why
    assert answer.high is not None
    return answer.low <= truth <= answer.high


def covers(hits: int, draws: int, *, least: float = 0.93) -> None:
    """At least the 95% that are claimed, within what so many draws can tell."""
    assert hits / draws >= least - 2 * math.sqrt(0.05 * 0.95 / draws), hits / draws


def test_a_planted_crossover_is_found_with_who_leads_on_which_side() -> None:
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, [{"samples": n} for n in SIZES])
    (found,) = crossovers(frame, "samples")
    # 3 + 100 (2 + 0.001 n) = 20 + 100 (0.2 + 0.0018 n), in microseconds
    truth = (3 + 200 - 20 - 20) / (0.18 - 0.1)
    assert (found.below, found.above, found.leads) == ("jax_scan analytic", "numpy_loop analytic", True)
    assert holds(found.at, truth)
    assert found.at.value == pytest.approx(truth, rel=0.1)
    assert found.at.high / found.at.low < 4


def test_no_crossover_is_told_where_the_sizes_do_not_reach_it() -> None:
    far = [{"samples": n} for n in (10_000, 100_000)]
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, far)
    assert crossovers(frame, "samples") == []
    assert crossovers(frame, "batch") == []
    (ray,) = rays(measured(frame), "samples")
    answer = crossover_of(ray, "numpy_loop analytic", "jax_scan analytic")
    assert isinstance(answer, Answer)
    assert answer.why == "not in range: numpy_loop analytic is faster at every size"


@pytest.mark.parametrize("power", [False, True], ids=["straight lines", "power laws"])
def test_crossover_intervals_hold_the_truth_whichever_way_times_go_between_sizes(power: bool) -> None:
    rng = np.random.default_rng(7)
    sizes = np.array([100.0, 1_000.0, 10_000.0, 100_000.0])
    if power:
        one, other, truth = 1e-6 * sizes**0.9, 1e-4 * sizes**0.3, 100 ** (1 / 0.6)
    else:
        one, other = 1e-5 + 2e-8 * sizes, 1.3e-4 + 1e-8 * sizes
        truth = 12_000.0
    hits = 0
    for _ in range(DRAWS):
        ratios = np.log(one / other) + 0.05 * rng.standard_normal((BLOCKS, 4))
        error = ratios.std(axis=0, ddof=1) / math.sqrt(BLOCKS)
        (found,) = crossings(sizes, ratios.mean(axis=0), error, other, BLOCKS - 1)
        hits += holds(found.at, truth)
    covers(hits, DRAWS)


def test_exponents_are_those_planted_and_a_bend_is_no_single_one() -> None:
    def straight(w: dict[str, Any]) -> float:
        return 1e-7 * float(w["samples"]) ** 0.7

    frame = sweep({"numpy_loop": numpy_s, "numpy_stacked": straight}, [{"samples": n} for n in SIZES], noise=QUIET)
    by_name = {found.name: found for found in scalings(frame, "samples")}
    line = by_name["numpy_stacked analytic"]
    assert line.whole.value == pytest.approx(0.7, abs=0.01)
    assert line.regime == "between"
    bent = by_name["numpy_loop analytic"]
    assert bent.whole.why == "not in range: no single exponent: the line bends"
    assert bent.small.value is not None
    assert bent.large.value is not None
    assert bent.small.value < 0.4 < 0.9 < bent.large.value
    assert bent.regime == "work"
    assert scalings(frame, "features") == []


def test_exponent_intervals_hold_the_truth_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(3)
    hits = told = 0
    for _ in range(DRAWS):
        logs = np.log(1e-7) + 0.8 * np.log(SIZES) + 0.03 * rng.standard_normal((BLOCKS, 4))
        error = logs.std(axis=0, ddof=1) / math.sqrt(BLOCKS)
        answer = slope(SIZES, np.exp(logs.mean(axis=0)), error, [BLOCKS] * 4)
        if answer.known:  # a false alarm of a bend is a refusal, not a miss
            told += 1
            hits += holds(answer, 0.8)
    assert told >= 0.9 * DRAWS
    covers(hits, told)


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
    assert set(scan.parts) == {FIXED, ARITHMETIC}
    assert scan.parts[FIXED].value == pytest.approx(40e-6, rel=0.05)
    assert cost_models(sweep({"numpy_loop": numpy_s}, [{"samples": n} for n in (100, 1_000)])) == []


def test_a_part_that_is_never_felt_is_not_in_range() -> None:
    def work_alone(w: dict[str, Any]) -> float:
        return float(w["steps"]) * 1e-9 * w["samples"] * w["features"]

    frame = sweep({"numpy_loop": numpy_s, "numpy_stacked": work_alone}, GRID, noise=QUIET)
    model = next(model for model in cost_models(frame) if model.name == "numpy_stacked analytic")
    assert model.parts[ARITHMETIC].value == pytest.approx(1e-9, rel=0.03)
    assert model.parts[CALL].why.startswith("not in range")


@pytest.mark.parametrize("outliers", [0, 3], ids=["clean", "three sizes off by half"])
def test_cost_intervals_hold_the_truth_as_often_as_they_claim(outliers: int) -> None:
    rng = np.random.default_rng(11)
    steps, work = (np.array([w["steps"] * factor(w) for w in GRID], dtype=float) for factor in (_one, _elements))
    terms = np.column_stack([np.ones_like(steps), steps, work])
    truth = np.array([20e-6, 0.2e-6, 0.9e-9])
    hits = np.zeros(3)
    draws = 200
    for _ in range(draws):
        times = terms @ truth * np.exp(0.05 * rng.standard_normal(len(GRID)))
        times[rng.choice(len(GRID), outliers, replace=False)] *= 1.5
        costs, half_width, residual = fit(terms, times)
        hits += np.abs(np.log(costs / truth)) <= half_width
        assert residual.shape == times.shape
    covers(int(hits.min()), draws, least=0.93 if not outliers else 0.9)


def _one(_: dict[str, int]) -> int:
    return 1


def _elements(w: dict[str, int]) -> int:
    return w["samples"] * w["features"]


def test_break_even_is_where_the_sums_meet() -> None:
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, [{"samples": n} for n in SIZES])
    small, *_, large = break_evens(frame)
    of = synthetic.workload()
    # the first call takes 1.2 ms and the transfer 20 us in either, and both sides have them
    truth = 1 + (0.06 + 0.012 + 0.02) / (numpy_s(of) - scan_s(of))
    assert small.names == ("jax_scan analytic", "numpy_loop analytic")
    assert holds(small.calls, truth)
    assert large.calls.why == "not in range: never: each further call is slower"


def test_break_even_refuses_where_the_gain_is_not_sure() -> None:
    assert break_even(0.1, 0.01, 1e-6, 1e-6, 9).why == "not in range: whether a call is faster at all is not sure"
    assert break_even(-0.1, 0.01, 1e-6, 1e-8, 9) == Answer(1.0, 1.0, 1.0)


def test_break_even_intervals_hold_the_truth_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(DRAWS):
        price = 0.09 + 0.02 * rng.standard_normal(BLOCKS)
        gain = 1e-4 + 2e-5 * rng.standard_normal(BLOCKS)
        errors = (part.std(ddof=1) / math.sqrt(BLOCKS) for part in (price, gain))
        price_error, gain_error = errors
        hits += holds(break_even(price.mean(), price_error, gain.mean(), gain_error, BLOCKS - 1), 901.0)
    covers(hits, DRAWS)


def test_throughput_saturates_where_planted_and_says_when_it_still_rises() -> None:
    def batched(w: dict[str, Any]) -> float:
        return 50e-6 + 5e-6 * float(w["batch"])

    def rising(w: dict[str, Any]) -> float:
        return 10e-3 + 1e-6 * float(w["batch"])

    places = [{"batch": b} for b in (1, 16, 128, 1_024, 8_192)]
    frame = sweep({"numpy_loop": numpy_s, "jax_vmap": batched, "numpy_stacked": rising}, places)
    by_name = {found.name: found for found in saturations(frame)}
    per_problem = batched({"batch": 8_192}) / 8_192
    truth = 50e-6 / (per_problem / 0.9 - 5e-6)
    vmap = by_name["jax_vmap analytic"]
    assert holds(vmap.saturation_batch, truth)
    assert holds(vmap.best_per_s, 1 / per_problem)
    assert vmap.best_batch == 8_192
    assert by_name["numpy_stacked analytic"].saturation_batch.why.startswith("not in range: throughput still rises")


def test_ratios_are_the_paired_ones_where_there_are_any() -> None:
    noisy = Noise(process=0.02, sample=0.002, drift=0.3, busy_share=0.5, busy=0.5)
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, [{"samples": 100}], noise=noisy)
    base, scan = measured(frame)
    value, error = log_ratio(base, scan)
    assert value == pytest.approx(-math.log(scan["winner_ratio"]) if base["verdict"] == "winner" else value)
    assert value == pytest.approx(math.log(scan["ratio"]), abs=0.02)
    assert error < 0.05
    assert log_ratio(scan, base) == (pytest.approx(-value), pytest.approx(error))
