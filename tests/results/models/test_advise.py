"""Advice: right where it was measured, honest between, silent beyond."""

from typing import Any

import numpy as np
import pytest
import synthetic
from made import as_run
from synthetic import QUIET, Truth

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
