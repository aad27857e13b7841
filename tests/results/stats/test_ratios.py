"""Ratios from measurements with known truth: against which baseline, through which group, by which rounds."""

import pytest
import synthetic
from made import BASE, estimates_of, parsed
from synthetic import QUIET, Noise, Truth

from linregbench.results.stats.estimates import estimate, label, ratio_between

SCAN = Truth("jax_scan", "analytic", 5e-4, compile_s=0.06)


def test_without_a_baseline_there_are_no_ratios_but_lstsq_stands_in_for_least_squares() -> None:
    failed = Truth("numpy_loop", "solve", 1.0, status="wrong", reason="singular")
    rows = estimates_of(failed, SCAN)
    assert (rows["jax_scan analytic"].versus_baseline, rows["jax_scan analytic"].baseline) == (None, None)
    assert rows["jax_scan analytic"].versus_winner
    of = synthetic.workload(method="ols", steps=None)
    rows = estimates_of(failed, Truth("numpy_loop", "lstsq", 1e-3), Truth("jax_scan", "solve", 5e-4), of=of)
    ratio = rows["jax_scan solve"].versus_baseline
    assert ratio
    assert rows["jax_scan solve"].baseline == "numpy_loop lstsq"
    assert ratio.ratio == pytest.approx(2.0, rel=0.02)
    assert ratio.floor is None
    assert ratio.delta == pytest.approx(0.03)
    base = rows["numpy_loop lstsq"].versus_baseline
    assert base
    assert base.verdict == "baseline"


def test_ratios_stay_inside_a_problem_and_an_environment() -> None:
    records = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(samples=100))
    records += synthetic.blocks_of(
        [Truth("numpy_loop", "analytic", 4e-3), Truth("jax_scan", "analytic", 1e-3)], of=synthetic.workload(samples=200)
    )
    elsewhere = [
        {**record, "environment": "ref"}
        for record in synthetic.blocks_of([BASE], of=synthetic.workload(), seed=5)
        if record["record"] == "measurement" and record["role"] == "baseline"
    ]
    rows = estimate(*parsed(records + [{**record, "role": "case"} for record in elsewhere]))
    ratios = [row.versus_baseline and round(row.versus_baseline.ratio, 1) for row in rows]
    assert ratios == [1.0, 2.0, None, 1.0, 4.0]
    assert [row.case.environment for row in rows] == ["here", "here", "ref", "here", "here"]


def test_another_dtype_of_the_problem_is_compared_with_its_own_baseline_or_the_only_one() -> None:
    double = synthetic.workload(dtype="float64")
    single = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload())
    extra = [
        record
        for record in synthetic.blocks_of([Truth("numpy_loop", "analytic", 2e-3), SCAN], of=double)
        if record["record"] == "measurement"
    ]
    both = estimate(*parsed(single + extra))
    assert [round(row.versus_baseline.ratio, 1) for row in both if row.versus_baseline] == [1.0, 2.0, 1.0, 4.0]
    one = estimate(*parsed(single + [record for record in extra if record["role"] == "case"]))
    assert [round(row.versus_baseline.ratio, 1) for row in one if row.versus_baseline] == [1.0, 2.0, 2.0]


def test_a_baseline_of_another_dtype_goes_before_a_stand_in() -> None:
    of = synthetic.workload(method="ols", steps=None)
    records = synthetic.blocks_of([Truth("numpy_loop", "solve", 1e-3)], of=of)
    double = synthetic.blocks_of([Truth("numpy_loop", "lstsq", 3e-3)], of={**of, "dtype": "float64"})
    measurements, blocks = parsed(
        records + [{**r, "role": "case"} for r in double if r["record"] == "measurement" and r["role"] == "baseline"]
    )
    assert [row.baseline for row in estimate(measurements, blocks)] == ["numpy_loop solve"] * 2


def test_the_winner_is_who_wins_in_pairs_where_times_mislead() -> None:
    """Quiet in other rounds, a case can show the lower time and still lose every round that it shares."""
    records = synthetic.blocks_of([BASE, Truth("jax_scan", "analytic", 1e-3 / 1.1)], of=synthetic.workload(), rounds=8)
    for record in records:
        if record["record"] == "measurement":
            drifted = record["strategy"] == "jax_scan"
            keep = range(4, 8) if drifted else range(8)
            slow = [1.0 if n < 4 else 1.5 for n in range(8)]
            record["samples_s"] = [record["samples_s"][n] * slow[n] for n in keep]
            record["rounds"] = list(keep)
    base, scan = estimate(*parsed(records), limits={})
    assert base.time_s is not None
    assert scan.time_s is not None
    assert base.time_s < scan.time_s
    assert scan.versus_winner
    assert scan.versus_winner.verdict == "winner"
    assert base.winner == "jax_scan analytic"


def test_any_two_cases_are_compared_directly_or_through_the_baseline() -> None:
    vmap = Truth("jax_vmap", "analytic", 4e-4)
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN, vmap], of=synthetic.workload(), blocks=6))
    cases = {label(m.case): m.case for m in measurements}
    direct = ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], measurements, blocks)
    assert direct
    assert (direct.verdict, direct.rounds, direct.blocks) == ("faster", "quiet", 6)
    assert direct.ratio == pytest.approx(1.25, rel=0.01)
    turned = ratio_between(cases["jax_scan analytic"], cases["jax_vmap analytic"], measurements, blocks)
    assert turned
    assert (turned.verdict, turned.ratio) == ("slower", pytest.approx(1 / direct.ratio))
    split = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6)
    other = synthetic.blocks_of([BASE, vmap], of=synthetic.workload(), blocks=6, seed=3)
    measurements, blocks = parsed(split + [{**record, "group": 1} for record in other])
    through = ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], measurements, blocks)
    assert through
    assert (through.verdict, through.blocks) == ("faster", 6)
    assert through.ratio == pytest.approx(1.25, rel=0.01)
    rows = {label(row.case): row for row in estimate(measurements, blocks)}
    assert rows["numpy_loop analytic"].blocks == 6
    assert rows["jax_scan analytic"].winner == "jax_vmap analytic"
    split_only, its_blocks = parsed(split)
    assert ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], split_only, its_blocks) is None


def test_the_same_code_is_judged_by_quiet_samples_as_any_other() -> None:
    records = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6)
    other = [
        {**record, "environment": "ref", "role": "case"}
        for record in records
        if record["record"] == "measurement" and record["role"] != "twin"
    ]
    measurements, blocks = parsed(records + other)
    here, ref = (
        next(m.case for m in measurements if m.strategy == "jax_scan" and m.environment == name)
        for name in ("here", "ref")
    )
    ratio = ratio_between(here, ref, measurements, blocks)
    assert ratio
    assert (ratio.ratio, ratio.rounds, ratio.verdict) == (1.0, "quiet", "same")


def test_the_floor_is_that_of_the_pair_and_delta_not_under_it() -> None:
    noisy = estimates_of(BASE, SCAN, blocks=10, noise=Noise(process=0.05))["jax_scan analytic"].versus_baseline
    calm = estimates_of(BASE, SCAN, blocks=10, noise=QUIET)["jax_scan analytic"].versus_baseline
    assert noisy
    assert calm
    assert noisy.floor is not None
    assert noisy.floor > 0.01
    assert noisy.delta == noisy.floor
    assert calm.floor is not None
    assert calm.floor < 0.01
    assert calm.delta == pytest.approx(0.01)


def test_false_discovery_control_softens_verdicts_of_a_grid() -> None:
    """Cases 2.5% faster, just clear of delta: alone some pass, among many that are not faster fewer do."""
    alone, grid = 0, 0
    for seed in range(20):
        near = Truth("jax_scan", "analytic", 1e-3 / 1.022)
        equal = [Truth(f"same_{n}", "analytic", 1e-3) for n in range(15)]
        noise = Noise(process=0.004, sample=0.001, drift=0.0, spike_share=0.0, busy_share=0.0, sentinel=0.001)
        measurements, blocks = parsed(
            synthetic.blocks_of([BASE, near, *equal], of=synthetic.workload(), blocks=6, noise=noise, seed=seed)
        )
        pair = [m for m in measurements if not m.strategy.startswith("same")]
        for counted, of in ((0, pair), (1, measurements)):
            row = next(row for row in estimate(of, blocks) if row.case.strategy == "jax_scan")
            faster = row.versus_baseline is not None and row.versus_baseline.verdict == "faster"
            alone, grid = alone + (faster and not counted), grid + (faster and bool(counted))
    assert 0 < grid < alone
