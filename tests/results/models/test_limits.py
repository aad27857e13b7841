"""Operations and bytes in closed form, checked against what JAX itself would run."""

from typing import Any

import pytest
import shown
from made import END, as_run
from synthetic import Truth, blocks_of, environment, header, workload

from linregbench.results.formats.load import of_runs
from linregbench.results.models.limits import Limit, bytes_of, flops_of, limits, passes_of, reason_of

PEAKS = {"gemm_float32_flops_per_s": 1e11, "gemm_float64_flops_per_s": 5e10, "bandwidth_bytes_per_s": 1e10}


def products_in(jaxpr: Any) -> float:
    """Operations of the matrix products of a jaxpr, loops by how often they go round."""
    total = 0.0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            inner = 1
            for axis in contracted:
                inner *= left[axis]
            out = 1
            for length in equation.outvars[0].aval.shape:
                out *= length
            total += 2.0 * out * inner
        rounds = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        for value in equation.params.values():
            inner_jaxpr = getattr(value, "jaxpr", None)
            if inner_jaxpr is not None:
                total += rounds * products_in(getattr(inner_jaxpr, "jaxpr", inner_jaxpr))
    return total


def test_the_closed_forms_agree_with_a_walk_through_the_program() -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    from linregbench.solvers import gradients

    n, d, steps = 50, 7, 20

    def descend(X: Any, y: Any, w: Any) -> Any:
        return jax.lax.scan(lambda v, _: (v - 0.1 * gradients.analytic(X, y, v), None), w, None, length=steps)[0]

    shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((n, d), (n,), (d,))]
    walked = products_in(jax.make_jaxpr(descend)(*shapes).jaxpr)
    assert walked == flops_of("gd", "analytic", n, d, steps=steps)
    gram = products_in(jax.make_jaxpr(lambda X: X.T @ X)(shapes[0]).jaxpr)
    right_side = products_in(jax.make_jaxpr(lambda X, y: X.T @ y)(*shapes[:2]).jaxpr)
    assert flops_of("ols", "cholesky", n, d) == pytest.approx(gram + right_side + d**3 / 3)
    assert flops_of("ols", "solve", n, d, batch=3) == pytest.approx(3 * (gram + right_side + 2 * d**3 / 3))


def test_what_has_no_closed_form_has_none() -> None:
    assert flops_of("gd", "finite", 10, 2, steps=3) is None
    assert flops_of("gd_tol", "analytic", 10, 2) is None
    assert flops_of("ols", "lstsq", 10, 2) is None
    assert bytes_of(passes_of("gd", "analytic", 3), 10, 2, "float64", batch=5) == 5 * 2 * 3 * 10 * 2 * 8
    assert bytes_of(passes_of("gd", "gram", 3), 10, 2, "float32") == bytes_of(1, 10, 2, "float32") == 80
    assert passes_of("ols", "qr", None) == 1


def found_with(*environments: dict[str, Any]) -> Limit:
    of = workload(samples=1_000_000, features=16)
    measurements = blocks_of([Truth("numpy_loop", "analytic", 1.0)], of=of)
    loaded = of_runs(as_run([header(), *environments, *measurements, END]))
    (found,) = limits(loaded.frame, loaded.peaks)
    return found


def test_shares_are_of_the_peaks_in_the_run_file_for_as_many_threads() -> None:
    disturbed = {name: value / 3 for name, value in PEAKS.items()}
    both = {name: value * 2 for name, value in PEAKS.items()}
    found = found_with(
        environment(peaks=PEAKS), environment(peaks=disturbed, x64=True), environment(peaks=both, threads="all")
    )
    assert found.flops_per_s == pytest.approx(6.4e9, rel=0.02)
    assert not found.cached
    assert found.flops_share == pytest.approx(0.064, rel=0.02)
    assert found.bandwidth_share == pytest.approx(1.28, rel=0.02)


def test_the_limit_is_that_of_the_operations() -> None:
    peaks = PEAKS | {"numpy_calls_per_s": 1e6, "jax_calls_per_s": 1e5, "read_memory_bytes_per_s": 2e10}
    peaks |= {f"read_{place}_bytes_per_s": 1e11 for place in ("l1", "l2", "cache")}
    records = [header(), environment(peaks=peaks)]
    large, small = workload(samples=1_000_000, features=16), workload(samples=100, features=2)
    gram = {"operations": "gram"}
    for of in (large, small):
        truths = [Truth("numpy_loop", "analytic", 1.0), Truth("numpy_loop", "gram", 1.0, fields=gram)]
        truths += [Truth("jax_scan", "analytic", 1.0), Truth("mine", "analytic", 1.0)]
        records += blocks_of(truths, of=of, blocks=3)
    loaded = of_runs(as_run([*records, END]))
    found = {
        (one.row["samples"], one.row["strategy"], one.row["variant"]): one for one in limits(loaded.frame, loaded.peaks)
    }
    # 100 steps read 64 MB twice at 20 GB/s, after 300 NumPy calls; X'X takes 0.51 Gflop, and 200 calls
    assert found[1_000_000, "numpy_loop", "analytic"].least_s == pytest.approx(300e-6 + 200 * 64e6 / 2e10)
    assert found[1_000_000, "numpy_loop", "analytic"].bound == "reading"
    of_gram = found[1_000_000, "numpy_loop", "gram"]
    assert of_gram.least_s == pytest.approx(200e-6 + (2 * 1e6 * 256 + 2 * 1e6 * 16 + 100 * 512) / 1e11)
    assert of_gram.bound == "arithmetic"
    assert found[1_000_000, "jax_scan", "analytic"].least_s == pytest.approx(1e-5 + 200 * 64e6 / 2e10)
    assert found[100, "numpy_loop", "analytic"].bound == "calls"
    assert found[100, "jax_scan", "analytic"].times == pytest.approx(1.0 / (1e-5 + 200 * 800 / 1e11), rel=0.05)
    assert found[100, "mine", "analytic"].least_s is None


def test_what_is_far_from_its_limit_has_a_reason_that_was_measured() -> None:
    peaks = PEAKS | {"numpy_calls_per_s": 1e6, "jax_calls_per_s": 1e5}
    peaks |= {f"read_{place}_bytes_per_s": 1e11 for place in ("l1", "l2", "cache", "memory")}
    gram = {"operations": "gram"}
    truths = [
        Truth("numpy_loop", "analytic", 1.5e-3),
        Truth("numpy_loop", "gram", 2.1e-4, fields=gram),
        Truth("jax_scan", "autodiff", 3e-4),
        Truth("jax_scan", "columns", 1e-4),
        Truth("jax_scan", "gram", 1.1e-4, fields=gram),
        Truth("mine", "analytic", 1.0),
    ]
    records = [header(), environment(peaks=peaks), *blocks_of(truths, of=workload(), blocks=3)]
    closed = [Truth("numpy_loop", "inverse", 1e-5), Truth("jax_scan", "inverse", 1e-3)]
    records += blocks_of(closed, of=workload(method="ols", samples=1_000_000, steps=None), blocks=3)
    loaded = of_runs(as_run([*records, END]))
    found = limits(loaded.frame, loaded.peaks)
    why = {(one.row["method"], one.row["strategy"], one.row["variant"]): reason_of(one, found) for one in found}
    assert why["gd", "numpy_loop", "analytic"].startswith("300 calls from Python, 5.0")
    assert why["gd", "numpy_loop", "analytic"].endswith("and the shortest takes 1.00 us")
    assert why["gd", "numpy_loop", "gram"] == "", "near its limit"
    assert why["gd", "jax_scan", "autodiff"].endswith("x as long as X transposed once, and so read along its memory")
    assert why["gd", "jax_scan", "gram"].startswith("beside the call, 100 turns of ")
    assert why["gd", "mine", "analytic"] == "", "nobody knows its limit"
    assert why["ols", "jax_scan", "inverse"].startswith("products with 2 columns, at ")


def test_without_peaks_there_are_no_shares() -> None:
    found = found_with(environment())
    assert (found.flops_share, found.bandwidth_share) == (None, None)


@pytest.mark.parametrize(("cache_bytes", "cached"), [(2**25, False), (2**27, True)])
def test_the_cache_is_that_of_the_run_file(cache_bytes: int, cached: bool) -> None:
    facts = {"cpu": {"caches_bytes": {"L1d": 2**15, "L3": cache_bytes}}}
    assert found_with(environment(peaks=PEAKS, facts=facts)).cached is cached


def test_a_share_above_the_peak_is_owned_up_to() -> None:
    records = [header(), environment(peaks={"gemm_float32_flops_per_s": 1e6})]
    records += blocks_of([Truth("numpy_loop", "analytic", 1e-3)], of=workload(), blocks=3)
    table = shown.report(as_run(records)).answers[-1]
    assert table.name == "limits"
    assert float(table.rows[0][3].text.rstrip("%")) > 100
    assert "measured in a disturbed moment" in table.about
