"""Advice: right where it was measured, honest between, silent beyond."""

import re
from typing import Any

import ladders
import numpy as np
import pytest
import synthetic
from made import as_run
from synthetic import QUIET, Noise, Truth

from linregbench.results.frame import from_runs
from linregbench.results.models.advise import Advice, Wish, advise, in_words

PLACES = [(n, d, b) for n in (100, 1_000, 10_000) for d in (2, 16) for b in (1, 128)]


def numpy_s(n: int, d: int, b: int) -> float:
    return b * (2e-4 + 100 * 0.4e-9 * n * d)


def vmap_s(n: int, d: int, b: int) -> float:
    return 1e-4 + b * 100 * 0.9e-9 * n * d


@pytest.fixture(scope="module")
def frame() -> Any:
    records = [synthetic.header(), synthetic.environment()]
    for n, d, b in PLACES:
        truths = [
            Truth("numpy_loop", "analytic", numpy_s(n, d, b)),
            Truth("jax_vmap", "analytic", vmap_s(n, d, b), compile_s=0.05, fields={"error": 1e-3}),
        ]
        of = synthetic.workload(samples=n, features=d, batch=b)
        records += synthetic.blocks_of(truths, of=of, noise=QUIET, blocks=10)
    return from_runs(as_run(records))


def test_at_a_measured_size_it_is_the_table(frame: Any) -> None:
    found = advise(frame, Wish(1_000, 2, 128))
    best, other = found.candidates
    row = frame[(frame["samples"] == 1_000) & (frame["features"] == 2) & (frame["batch"] == 128)]
    assert best.name == "jax_vmap analytic"
    assert best.time_s.value == pytest.approx(row[row["strategy"] == "jax_vmap"]["time_s"].item())
    assert best.time_s.low == pytest.approx(row[row["strategy"] == "jax_vmap"]["time_low_s"].item(), rel=1e-3)
    assert other.name == "numpy_loop analytic"
    assert in_words(found)[-1].startswith("measured at this very size")


def test_between_sizes_the_interval_holds_the_truth(frame: Any) -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        n, d, b = (int(np.exp(rng.uniform(np.log(low), np.log(high)))) for low, high in ((100, 1e4), (2, 16), (1, 128)))
        found = advise(frame, Wish(n, d, b))
        for candidate in found.candidates:
            truth = (vmap_s if candidate.name.startswith("jax") else numpy_s)(n, d, b)
            assert candidate.time_s.low <= truth * 1.002, (n, d, b)
            assert candidate.time_s.high >= truth * 0.998, (n, d, b)
    assert "interpolated in run" in in_words(advise(frame, Wish(500, 5, 10)))[-1]


def test_few_calls_pay_for_no_compile(frame: Any) -> None:
    def first(wish: Wish) -> str:
        return advise(frame, wish).candidates[0].name

    assert first(Wish(500, 2, calls=2)) == "numpy_loop analytic"
    assert first(Wish(500, 2, calls=1_000_000)) == first(Wish(500, 2)) == "jax_vmap analytic"


def test_accuracy_excludes_who_does_not_have_it(frame: Any) -> None:
    found = advise(frame, Wish(500, 2, accuracy=1e-5))
    assert [candidate.name for candidate in found.candidates] == ["numpy_loop analytic"]
    none: Advice = advise(frame, Wish(500, 2, accuracy=1e-12))
    assert in_words(none) == ["not in range: no way is known to be as accurate as 1e-12 around this size"]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(100_000, 2), "n = 100,000, but samples measured are 100 to 10,000"),
        (Wish(50, 2), "n = 50, but samples measured are 100 to 10,000"),
        (Wish(500, 64), "d = 64, but features measured are 2 to 16"),
        (Wish(500, 2, 4_096), "b = 4,096, but batch measured are 1 to 128"),
        (Wish(500, 2, steps=7), "the runs hold nothing for gd, float32, 1, 7 steps"),
        (Wish(500, 2, method="ols"), "the runs hold nothing for ols"),
        (Wish(500, 2, dtype="float64"), "the runs hold nothing for gd, float64"),
    ],
)
def test_it_never_extrapolates(frame: Any, wish: Wish, why: str) -> None:
    found = advise(frame, wish)
    assert found.candidates == ()
    (line,) = in_words(found)
    assert line.startswith("not in range")
    assert why in line


def test_a_gap_in_the_grid_is_no_box() -> None:
    records = [synthetic.header(), synthetic.environment()]
    for n, b in ((100, 1), (1_000, 1), (100, 16)):
        of = synthetic.workload(samples=n, batch=b)
        records += synthetic.blocks_of([Truth("numpy_loop", "analytic", 1e-3)], of=of)
    found = advise(from_runs(as_run(records)), Wish(500, 2, 8))
    assert "no box of measured sizes" in in_words(found)[0]


LOOP, SCAN, VMAP = ("numpy_loop", "analytic"), ("jax_scan", "autodiff"), ("jax_vmap", "autodiff")
COLUMNS = ("jax_scan", "columns")
Times = dict[tuple[str, str], float]


def advised(places: dict[int, Times], samples: int, noise: Noise = QUIET, **wish: Any) -> list[str]:
    """The advice of a run along samples: at each size the times of these cases, the baseline first."""
    records = [synthetic.header(), synthetic.environment()]
    for n, times in places.items():
        truths = [
            Truth(*case, time_s, compile_s=None if case is LOOP else 0.05 + (case is COLUMNS))
            for case, time_s in times.items()
        ]
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=n), blocks=10, noise=noise)
    return in_words(advise(from_runs(as_run(records)), Wish(samples, 2, **wish)))


FAMILY = {LOOP: 4e-3, SCAN: 1e-3, VMAP: 1e-3}


@pytest.mark.parametrize(
    ("places", "samples"),
    [({100: FAMILY}, 100), ({100: FAMILY, 1_000: {case: 10 * time_s for case, time_s in FAMILY.items()}}, 300)],
    ids=["measured there", "between"],
)
def test_a_tie_inside_a_family_is_an_answer(places: dict[int, Times], samples: int) -> None:
    use, runner_up, *_ = advised(places, samples)
    assert re.match(
        r"use jit \(scan or vmap\): .* a call; jax_\w+ autodiff and jax_\w+ autodiff tie to within 0\.\d%$", use
    )
    assert re.match(r"runner-up: numpy_loop analytic: .*, (4\.0|3\.9)\d*x \(.*\) as long$", runner_up)


def test_a_family_whose_members_may_differ_by_much_is_no_tie() -> None:
    noisy = Noise(process=0.15, sample=0.01, drift=0, spike_share=0, busy_share=0)
    use, *_ = advised({100: {LOOP: 9e-3, SCAN: 1e-3, VMAP: 1.05e-3}}, 100, noise=noisy)
    assert re.search(
        r"; which of jax_\w+ autodiff and jax_\w+ autodiff is the fastest is not sure, within \d\d\.\d%$", use
    )


def test_a_lead_is_of_ratios_whatever_the_times_vary_by() -> None:
    # the neighbour slows all by up to a half, block by block, so that every interval of a time overlaps
    drift = Noise(process=0.002, sample=0.002, drift=0.4, spike_share=0, busy_share=0)
    use, runner_up, *_ = advised({100: {LOOP: 1.15e-3, SCAN: 1e-3}}, 100, noise=drift)
    assert use.startswith("use jax_scan autodiff: ")
    assert re.match(r"runner-up: numpy_loop analytic: .*, 1\.1\d*x \(1\.1.*\) as long$", runner_up)


def test_only_between_families_it_is_too_close_to_call() -> None:
    first, *rest = advised({100: {LOOP: 1e-3, SCAN: 1e-3, ("jax_eager", "autodiff"): 1.0}}, 100)
    assert re.match(r"too close to call: \S+ \w+: .* a call, or \S+ \w+: .*, 1\.0\d*x \(0\.99.*\) as long$", first)
    assert "loop" in first
    assert "scan" in first
    assert rest[0].startswith("runner-up: jax_eager autodiff: ")


def test_every_strategy_stands_by_its_best_variant_for_what_is_asked() -> None:
    places = {n: {LOOP: n * 1e-5, SCAN: n * 2e-5, COLUMNS: n * 5e-6} for n in (100, 10_000)}
    assert advised(places, 1_000)[0].startswith("use jax_scan columns: ")
    # compiling it takes a second more
    few = advised(places, 1_000, calls=10)
    assert [line.split(":")[0] for line in few[:1]] == ["use numpy_loop analytic"]
    assert few[1].startswith("runner-up: jax_scan autodiff: ")


@pytest.mark.parametrize(
    ("samples", "line"),
    [
        (100, None),
        (1_000, "not measured at this size, though elsewhere: jax_scan columns and qr"),
        (300, "not measured at every one of these sizes, though elsewhere: jax_scan columns and qr"),
    ],
)
def test_variants_that_were_left_out_are_named(samples: int, line: str | None) -> None:
    every = {LOOP: 1e-3, SCAN: 2e-3, COLUMNS: 5e-4, ("jax_scan", "qr"): 1e-3, ("mine", "secret"): 1.0}
    told = advised({100: every, 1_000: {LOOP: 1e-3, SCAN: 2e-3}}, samples)
    assert [each for each in told if "elsewhere" in each] == ([line] if line else [])


def test_a_variant_that_was_tried_and_has_no_time_was_not_left_out() -> None:
    records = [synthetic.header(), synthetic.environment()]
    for n, status in ((100, "ok"), (1_000, "skipped")):
        truths = [Truth(*LOOP, 1e-3), Truth("numpy_loop", "finite", 1.0, status=status, reason="predicted 9 s a call")]
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=n))
    assert not any("elsewhere" in line for line in in_words(advise(from_runs(as_run(records)), Wish(1_000, 2))))


@pytest.mark.parametrize(
    ("time_s", "ends", "delta", "first"),
    [
        # the loop has the shorter time and lost to the scan in the same rounds
        (0.9e-3, (0.75, 0.85), 0.03, "use jax_scan autodiff: "),
        (1.1e-3, (0.88, 0.92), 0.03, "use jax_scan autodiff: "),
        # surely longer, by less than is called a difference
        (1.03e-3, (0.96, 0.98), 0.05, "too close to call: jax_scan autodiff: "),
    ],
)
def test_at_a_measured_size_it_agrees_with_the_verdicts(
    time_s: float, ends: tuple[float, float], delta: float, first: str
) -> None:
    low, high = ends
    paired = {"winner_ratio": (low * high) ** 0.5, "winner_ratio_low": low, "winner_ratio_high": high}
    place = {"steps": 100, "delta": delta, "dtype": "float32"}
    rows = [
        ladders.row(
            strategy="numpy_loop", variant="analytic", time_s=time_s, winner_verdict="slower", **paired, **place
        ),
        ladders.row(time_s=1e-3, winner_verdict="winner", winner_ratio=1.0, **place),
    ]
    assert in_words(advise(rows, Wish(1_000, 16)))[0].startswith(first)
