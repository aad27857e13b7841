"""Each model on data whose truth is planted: it finds it, its intervals hold it as often as claimed, or it refuses."""

import math
from typing import Any

import numpy as np
import pytest
import synthetic
from planted import BLOCKS, SIZES, covers, holds, numpy_s, scan_s, sweep
from synthetic import QUIET, Noise

from results.models import Answer, log_ratio, measured, rays
from results.models_calls import break_even, break_evens
from results.models_crossovers import crossings, crossover_of, crossovers, saturations
from results.models_scaling import scalings, slope

DRAWS = 400


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
