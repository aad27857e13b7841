"""Every compiled solver lowers for platforms that are not here, and calls the libraries that are expected there."""

import re

import pytest
from lowering import library_calls, lowered

from linregbench.solvers.registry import SOLVERS, Solver
from linregbench.solvers.workload import Workload, make_workload

ACCELERATORS = ("cuda", "rocm", "tpu")
VENDORS = {"cuda": ("cusolver_", "cu_"), "rocm": ("hipsolver_", "hip_")}
FACTORIZATIONS = {
    "inverse": {"getrf", "lu_pivots_to_permutation"},
    "solve": {"getrf", "lu_pivots_to_permutation"},
    "cholesky": {"potrf"},
    "qr": {"geqrf", "orgqr"},
    "lstsq": {"gesvd"},
}
"""What cuSOLVER and hipSOLVER are asked for; gesvd in the form that suits the size."""
ON_A_TPU = {
    "inverse": {"LuDecomposition"},
    "solve": {"LuDecomposition"},
    "cholesky": set(),
    "qr": {"Qr", "ProductOfElementaryHouseholderReflectors"},
    "lstsq": {"Qr", "ProductOfElementaryHouseholderReflectors", "Eigh"},
}
"""What XLA itself has for a TPU; its Cholesky is an operation of its own."""


def workload_of(solver: Solver, **options) -> Workload:
    return make_workload(solver.method, 64, 5, **options)


@pytest.mark.parametrize("platform", ACCELERATORS)
@pytest.mark.solvers(lambda s: s.compiled)
def test_lowers_without_the_device(solver: Solver, platform: str):
    # one that is sharded, for four devices and one problem: otherwise it is jax_vmap
    devices = 4 if solver.place is not None else 1
    text = lowered(solver, workload_of(solver, batch=1 if devices > 1 else 3), platform, devices=devices)
    calls = library_calls(text)
    assert "dot_general" in text
    assert "f64" not in text
    if devices > 1:
        assert "all_gather" in text if solver.variant in ("qr", "lstsq") else "all_reduce" in text
    if solver.method != "ols":
        assert not calls
        # the gradient of a whole descent, and not a step for each: one loop
        assert text.count("stablehlo.while") == (solver.operations != "powers")
        return
    expected = set(FACTORIZATIONS[solver.variant] if platform in VENDORS else ON_A_TPU[solver.variant])
    if devices > 1 and solver.variant == "lstsq":
        expected |= (FACTORIZATIONS if platform in VENDORS else ON_A_TPU)["qr"]
    assert {stem(name, platform) for name in calls} == expected
    assert ("stablehlo.cholesky" in text) == (platform == "tpu" and solver.variant in ("cholesky", "lstsq"))


def stem(name: str, platform: str) -> str:
    """A library's function, less its maker and what only says how it is called."""
    if platform in VENDORS:
        assert name.startswith(VENDORS[platform])
    return re.sub(r"^(cu|hip)(solver|blas)?_|_ffi$", "", name).replace("gesvdj", "gesvd").replace("gesvdp", "gesvd")


@pytest.mark.parametrize("batch", [1, 8])
def test_a_batch_needs_no_word_between_devices(batch: int):
    text = lowered(SOLVERS["gd", "jax_sharded", "autodiff"], make_workload("gd", 64, 5, batch=batch), "cuda", devices=4)
    assert ("all_reduce" in text) == (batch == 1)
    assert f"tensor<{'1x16' if batch == 1 else '2x64'}x5xf32>" in text


def test_float64_stays_float64():
    solver = SOLVERS["gd", "jax_scan", "analytic"]
    text = lowered(solver, workload_of(solver, dtype="float64"), "cuda")
    assert "f64" in text
    assert "f32" not in text


@pytest.mark.parametrize(
    ("key", "platform", "devices", "message"),
    [
        (("gd", "jax_scan", "analytic"), "foo", 1, "platform must be one of cpu, cuda, rocm, tpu, got 'foo'"),
        (("gd", "jax_eager", "analytic"), "cuda", 1, "only a compiled solver is lowered whole, and jax_eager is not"),
        (("gd", "jax_vmap", "analytic"), "cuda", 4, "jax_vmap runs on one device, got devices=4"),
    ],
)
def test_what_cannot_be_lowered_is_refused(key: tuple[str, str, str], platform: str, devices: int, message: str):
    with pytest.raises(ValueError, match=message):
        lowered(SOLVERS[key], workload_of(SOLVERS[key]), platform, devices=devices)
