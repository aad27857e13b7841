"""Each model on data whose truth is planted: it finds it, or it refuses."""

import math
from typing import Any

import pytest
import synthetic
from made import as_run
from planted import SIZES, holds, numpy_s, scan_s, sweep
from synthetic import QUIET, Noise, Truth

from linregbench.results.frame import from_runs
from linregbench.results.models.calls import break_even, break_evens
from linregbench.results.models.crossovers import crossovers, saturations
from linregbench.results.models.rays import Answer, log_ratio, measured
from linregbench.results.models.scaling import scalings


def test_a_planted_crossover_is_found_with_who_leads_on_which_side() -> None:
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, [{"samples": n} for n in SIZES])
    (found,) = crossovers(frame, "samples")
    # 3 + 100 (2 + 0.001 n) = 20 + 100 (0.2 + 0.0018 n), in microseconds
    truth = (3 + 200 - 20 - 20) / (0.18 - 0.1)
    assert (found.below, found.above, found.leads) == ("jax_scan analytic", "numpy_loop analytic", True)
    assert holds(found.at, truth)
    assert found.at.value == pytest.approx(truth, rel=0.1)
    assert found.at.high / found.at.low < 4


def variants(places: dict[int, dict[tuple[str, str], float]]) -> Any:
    """A run along samples: at each size the times of these cases, the baseline first."""
    records = [synthetic.header(), synthetic.environment()]
    for samples, times in places.items():
        truths = [Truth(*case, time_s) for case, time_s in times.items()]
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=samples), blocks=10)
    return from_runs(as_run(records))


LOOP, SCAN, COLUMNS = ("numpy_loop", "analytic"), ("jax_scan", "autodiff"), ("jax_scan", "columns")


def test_a_case_that_falls_behind_takes_no_lead_where_a_variant_of_its_strategy_stays_ahead() -> None:
    frame = variants({n: {LOOP: 1e-3, SCAN: n * 2.5e-6, COLUMNS: n * 2.5e-7} for n in (100, 1_000)})
    (found,) = crossovers(frame, "samples")
    assert (found.below, found.above, found.leads) == ("jax_scan autodiff", "numpy_loop analytic", False)
    assert holds(found.at, 400)


def test_a_crossover_of_strategies_names_the_variant_at_each_size_and_is_told_once() -> None:
    times = {n: {LOOP: 1e-3, SCAN: 2e-6 * n + 4e-4, COLUMNS: 6e-4 + n * 1e-6} for n in (100, 1_000, 10_000)}
    strategies, *cases = crossovers(variants(times), "samples")
    assert strategies.below == "jax_scan (columns, autodiff at n = 100)"
    assert (strategies.above, strategies.leads) == ("numpy_loop analytic", True)
    # between 100 and 1,000 the best changes its variant, so nothing finer is known
    assert (strategies.at.low, strategies.at.high) == (100, 1_000)
    assert {(case.below, case.above, case.leads) for case in cases} == {
        ("jax_scan autodiff", "numpy_loop analytic", False),
        ("jax_scan columns", "numpy_loop analytic", False),
        ("jax_scan autodiff", "jax_scan columns", False),
    }


def test_no_crossover_is_told_where_the_sizes_do_not_reach_it() -> None:
    far = [{"samples": n} for n in (10_000, 100_000)]
    frame = sweep({"numpy_loop": numpy_s, "jax_scan": scan_s}, far)
    assert crossovers(frame, "samples") == []
    assert crossovers(frame, "batch") == []


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
    assert break_even(0.1, 0.01, 1e-6, 1e-6, 9).why == "not sure that a call is faster at all; likely 100,000 calls"
    assert break_even(0.1, 0.01, -1e-7, 1e-6, 9).why == "not sure that a call is faster at all; likely never"
    assert break_even(-0.1, 0.01, 1e-6, 1e-8, 9) == Answer(1.0, 1.0, 1.0)


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
