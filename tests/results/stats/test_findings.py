"""Findings: one that makes a time false withholds it, the others warn, and a case that changes its pace is found."""

import numpy as np
import pytest
import shown
import synthetic
from made import BASE, as_run
from synthetic import QUIET, Noise, Truth

from linregbench.results.formats.load import of_runs
from linregbench.results.runfile.read import Run
from linregbench.results.stats.estimates import Estimate, estimate, estimate_run, label, ratio_between
from linregbench.results.stats.findings import FINDINGS, explained, falsifying, withheld
from linregbench.results.stats.lockstep import Lockstep, half_drift, unsteady

FALSE = ("compile", "retrace", "inputs_changed", "remembered", "closed_over_data")


def scan(*findings: str, time_s: float = 1e-4) -> Truth:
    return Truth("jax_scan", "analytic", time_s, compile_s=0.05, fields={"findings": list(findings)})


def rows_of(*truths: Truth, noise: Noise = QUIET, blocks: int = 5, method: str = "gd") -> dict[str, Estimate]:
    of = synthetic.workload(method=method)
    records = synthetic.blocks_of(truths, of=of, noise=noise, blocks=blocks)
    run = as_run([synthetic.header(), *records])
    return {label(row.case): row for row in estimate_run(run)}


def test_which_findings_make_a_time_false() -> None:
    assert falsifying(FINDINGS) == FALSE
    assert falsifying(["more_threads", "not known here"]) == ()
    assert withheld(["host_transfer", "coarse_timer"]) is None
    assert withheld(["loop_overhead", "remembered"]) == f"no time is shown: {explained('remembered')}"
    assert explained("\x1b[31m") == "\\x1b[31m"


@pytest.mark.parametrize("finding", FALSE)
def test_a_false_time_is_not_shown_has_no_ratio_and_cannot_win(finding: str) -> None:
    rows = rows_of(BASE, scan(finding), Truth("jax_vmap", "analytic", 5e-4))
    row = rows["jax_scan analytic"]
    assert (row.status, row.findings) == ("ok", (finding,))
    assert row.reason == f"no time is shown: {finding} ({FINDINGS[finding]})"
    times = (row.time_s, row.time_low_s, row.time_all_s, row.time_min_s, row.measured["dispatch_s"])
    assert times == (None,) * 5
    assert (row.versus_baseline, row.versus_winner, row.winner) == (None, None, None)
    assert row.measured["compile_s"] == 0.05
    assert rows["numpy_loop analytic"].winner == "jax_vmap analytic"


@pytest.mark.parametrize("finding", [name for name in FINDINGS if name not in FALSE])
def test_a_warning_leaves_the_time(finding: str) -> None:
    row = rows_of(BASE, scan(finding))["jax_scan analytic"]
    assert row.time_s == pytest.approx(1e-4, rel=0.01)
    assert row.reason is None
    assert row.findings == (finding,)


def test_a_false_baseline_serves_no_ratio() -> None:
    false = Truth("numpy_loop", "analytic", 1e-3, fields={"findings": ["inputs_changed"]})
    rows = rows_of(false, scan())
    assert (rows["jax_scan analytic"].baseline, rows["jax_scan analytic"].versus_baseline) == (None, None)
    solve = Truth("numpy_loop", "solve", 1e-3, fields={"findings": ["inputs_changed"]})
    rows = rows_of(solve, Truth("numpy_loop", "lstsq", 3e-3), scan(), method="ols")
    assert rows["jax_scan analytic"].baseline == "numpy_loop lstsq"


def test_no_ratio_is_taken_with_a_false_time() -> None:
    run = as_run([synthetic.header(), *synthetic.blocks_of([BASE, scan("retrace")], of=synthetic.workload())])
    base, other = (row.case for row in estimate(run.measurements, run.blocks))
    assert ratio_between(base, other, run.measurements, run.blocks) is None


def test_tables_say_what_was_found() -> None:
    truths = [BASE, scan("remembered", "coarse_timer"), Truth("jax_vmap", "analytic", 5e-4)]
    truths.append(Truth("jax_eager", "analytic", 5e-3, fields={"findings": ["more_threads"]}))
    run = as_run([synthetic.header(), *synthetic.blocks_of(truths, of=synthetic.workload())])
    loaded = of_runs(run)
    text = shown.cases(loaded)
    for line in (
        "  no time is shown: jax_scan analytic: remembered (repeated inputs are answered faster than fresh",
        "  * jax_eager analytic: more_threads",
        "more_threads: more CPU time is used than the threads asked for have.",
    ):
        assert line in text.splitlines()
    assert "coarse_timer:" not in text
    assert "- no time is shown: jax_scan analytic" in shown.cases(loaded, "markdown")
    assert ",remembered; coarse_timer," in shown.cases(loaded, "csv")


def test_what_was_not_looked_for_is_said_and_convicts_nobody() -> None:
    left = Truth("jax_scan", "analytic", 4e-4, compile_s=0.05, fields={"guards_left_out": ["retrace", "remembered"]})
    run = as_run([synthetic.header(), *synthetic.blocks_of([BASE, left], of=synthetic.workload())])
    loaded = of_runs(run)
    text = " ".join(shown.cases(loaded).split())
    assert (
        "not looked for in 1 case, since it would have taken longer than the samples did: retrace and remembered."
    ) in text
    frame = loaded.frame.set_index("strategy")
    assert frame.loc["jax_scan", "guards_left_out"] == "retrace; remembered"
    assert frame.loc["jax_scan", "time_s"] > 0
    assert frame["guards_left_out"].isna()["numpy_loop"]
    assert "not looked for" not in shown.cases(of_runs(run_of(BASE)))


def run_of(*truths: Truth) -> Run:
    return as_run([synthetic.header(), *synthetic.blocks_of(truths, of=synthetic.workload())])


def lockstep_of(
    seed: int, *, rows: int = 10, blocks: int = 10, rounds: int = 20, noise: Noise = QUIET, gain: float = 0.0
) -> Lockstep:
    """Cases hit unlike by neighbours who come and go within a block, and getting faster by `gain` from end to end."""
    rng = np.random.default_rng(seed)
    number = np.arange(rounds)
    start, length = rng.integers(-rounds, rounds, (blocks, 1)), rng.integers(1, 2 * rounds, (blocks, 1))
    there = (number >= start) & (number < start + length) & (rng.random((blocks, 1)) < noise.busy_share)
    busy = noise.busy * (1 + rng.exponential(size=(blocks, 1))) * there
    drift = noise.drift * rng.standard_normal((blocks, 1)) * np.linspace(0, 1, rounds)
    shape = (rows, blocks, rounds)
    spikes = noise.spike * rng.exponential(size=shape) * (rng.random(shape) < noise.spike_share)
    own = noise.process * rng.standard_normal((*shape[:2], 1)) + noise.sample * rng.standard_normal(shape)
    log_s = own + spikes + drift + rng.uniform(0.5, 1.5, (rows, 1, 1)) * busy
    log_s -= np.log1p(gain) * np.linspace(0, 1, rounds)
    sentinel = noise.sentinel * rng.standard_normal((blocks, rounds)) + drift + busy
    whole = np.full(blocks, float(rounds))
    flags = np.ones((blocks, rounds), bool), np.zeros((rows, blocks), bool)
    return Lockstep({}, log_s, *flags, sentinel, whole, np.zeros(rows, bool), np.eye(blocks))


@pytest.mark.parametrize("blocks", [3, 5, 10])
def test_honest_noise_is_steady(blocks: int) -> None:
    noisy = Noise(process=0.03, sample=0.02, drift=0.1, spike_share=0.05, busy_share=0.6, busy=0.2, sentinel=0.01)
    flags = [
        unsteady(lockstep_of(seed, blocks=blocks, noise=noise)) for noise in (Noise(), noisy) for seed in range(150)
    ]
    assert np.mean(flags) <= 0.001


@pytest.mark.parametrize("blocks", [5, 10])
def test_a_case_that_gets_a_fifth_faster_in_its_blocks_is_found(blocks: int) -> None:
    quieter = Noise(busy_share=0.1, busy=0.1)
    flags = [unsteady(lockstep_of(seed, blocks=blocks, noise=quieter, gain=0.2)) for seed in range(50)]
    assert np.mean(flags) >= 0.9


def test_a_small_drift_and_too_few_samples_are_no_finding() -> None:
    assert not np.any([unsteady(lockstep_of(seed, noise=QUIET, gain=0.06)) for seed in range(20)])
    assert np.isnan(half_drift([[1.0, 2.0, 3.0, 4.0, 5.0]], [5])).all()
    assert half_drift([[1.0, 1.0, 1.0, 3.0, 3.0, 3.0, np.nan]], [6]).tolist() == [2.0]


def test_an_unsteady_case_is_found_by_name_also_where_the_baseline_is_unsteady_too() -> None:
    records = synthetic.blocks_of([BASE, scan(), Truth("jax_vmap", "analytic", 5e-4)], of=synthetic.workload())
    for record in records:
        if record["record"] == "measurement" and record["strategy"] != "jax_vmap":
            record["samples_s"] = [seconds / (1 + 0.3 * n / 20) for n, seconds in enumerate(record["samples_s"])]
    rows = estimate_run(as_run([synthetic.header(), *records]))
    assert [row.findings for row in rows] == [("not_steady",), ("not_steady",), ()]
    assert all(row.time_s is not None for row in rows)
