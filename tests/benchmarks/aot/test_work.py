"""What is counted in XLA's texts, on texts that XLA wrote for an H100 (jaxlib 0.10.2, n = 1,000, d = 16)."""

from pathlib import Path

import pytest

from linregbench.benchmarks.aot.hlo import from_hlo, library_calls, products_in_tf32, ptx_in_tf32
from linregbench.benchmarks.aot.thunks import from_thunks
from linregbench.benchmarks.aot.work import Loop, Work, merged, repeated, total

COMPILED = Path(__file__).parent / "compiled"
GEMM = (
    "  %custom-call.1 = ({dtype}[16,16]{{0,1}}, s8[4194304]{{0}}) custom-call(%X.1, %X.1), "
    'custom_call_target="__cublas$lt$matmul", backend_config={{"gemm_backend_config":{{"precision_config":'
    '{{"operand_precision":["{precision}","{precision}"],"algorithm":"ALG_UNSET"}}}}}}'
)


def text(name: str, kind: str) -> str:
    return (COMPILED / f"{name}.{kind}.txt").read_text(encoding="utf-8")


def by_thunks(name: str) -> Work:
    return from_thunks(text(name, "thunks"), from_hlo(text(name, "hlo")))


def test_a_step_of_gradient_descent_is_five_kernels_in_one_graph() -> None:
    (loop,) = by_thunks("gd").loops
    assert loop.step() == Work(kernels=5, submitted=1)
    assert loop.trips == 100
    assert loop.condition == Work(kernels=1, submitted=1)


def test_a_known_number_of_steps_never_runs_the_condition() -> None:
    assert total(by_thunks("gd"), 7) == Work(kernels=500, copies=2, submitted=102)


def test_up_to_a_tolerance_the_condition_runs_and_is_copied_to_the_host() -> None:
    (loop,) = by_thunks("gd_tol").loops
    assert loop.trips is None
    assert loop.body == Work(kernels=6, submitted=1)
    assert loop.step() == Work(kernels=8, copies=1, submitted=4)
    # before the loop 4 kernels and 2 copies in a graph, then 10 steps, then the condition that says stop
    assert total(by_thunks("gd_tol"), 10) == Work(kernels=4 + 80 + 2, copies=2 + 10 + 1, submitted=1 + 40 + 3)


def test_library_calls_bring_copies_that_only_the_thunks_show() -> None:
    assert by_thunks("ols") == Work(kernels=7, libraries=4, copies=2, submitted=13)
    assert from_hlo(text("ols", "hlo")) == Work(kernels=7, libraries=4, submitted=11)


@pytest.mark.parametrize("name", ["gd", "gd_tol", "ols"])
def test_the_hlo_and_the_thunks_agree_on_kernels_and_library_calls(name: str) -> None:
    hlo, thunks = total(from_hlo(text(name, "hlo")), 100), total(by_thunks(name), 100)
    assert (hlo.kernels, hlo.libraries) == (thunks.kernels, thunks.libraries)


def test_library_calls_have_the_names_of_their_libraries() -> None:
    assert library_calls(text("ols", "hlo")) == {"getrf": 1, "pivots": 1, "trsm": 2}
    assert library_calls(text("gd", "hlo")) == {}


def test_loops_inside_loops_multiply() -> None:
    inner = Loop(Work(), Work(kernels=2, submitted=2), 10)
    outer = Loop(Work(kernels=1, submitted=1), Work(kernels=1, submitted=1, loops=(inner,)), None)
    # a step: 1 + 10 x 2, the condition and its copy; and the condition once more
    assert total(Work(loops=(outer,)), 3) == Work(kernels=3 * 22 + 1, copies=4, submitted=3 * 23 + 2)


def test_a_loop_inside_a_condition_stays_there() -> None:
    thunks = "\n".join(
        [
            "001: kWhile [source | sink]",
            "condition:",
            "    002: kCustomKernel [source | sink] a",
            "  body:",
            "    003: kWhile [source | sink]",
            "condition:",
            "        004: kCustomKernel [source | sink] b",
            "    body:",
            "        005: kCustomKernel [source | sink] c",
            "        006: kGemm [source | sink] d",
            "007: kMemzero [source | sink]",
        ]
    )
    known = Work(loops=(Loop(Work(), Work(loops=(Loop(Work(), Work(), 3),)), 4),))
    work = from_thunks(thunks, known)
    assert total(work, 1) == Work(kernels=4 * 3, libraries=4 * 3, copies=1, submitted=4 * 6 + 1)


def test_thunks_of_another_module_are_refused() -> None:
    with pytest.raises(ValueError, match="the thunks have 0 loops, and the HLO has 1"):
        from_thunks(text("ols", "thunks"), from_hlo(text("gd", "hlo")))


def test_a_text_that_is_no_module_is_refused() -> None:
    with pytest.raises(ValueError, match="no ENTRY"):
        from_hlo("HloModule nothing")


def test_of_branches_the_longest_counts() -> None:
    module = "\n".join(
        [
            "%short (p: f32[]) -> f32[] {",
            "  ROOT %a = f32[] fusion(%p), kind=kLoop, calls=%f",
            "}",
            "%long (p: f32[]) -> f32[] {",
            "  %a = f32[] fusion(%p), kind=kLoop, calls=%f",
            "  ROOT %b = f32[] copy(%a)",
            "}",
            "ENTRY %main (p: f32[]) -> f32[] {",
            "  ROOT %c = f32[] conditional(%p, %p, %p), branch_computations={%short, %long}",
            "}",
        ]
    )
    assert from_hlo(module) == Work(kernels=1, copies=1, submitted=2)


@pytest.mark.parametrize(
    ("dtype", "precision", "reduced"), [("f32", "DEFAULT", True), ("f32", "HIGHEST", False), ("f64", "DEFAULT", False)]
)
def test_tf32_of_a_library_product_follows_its_precision(dtype: str, precision: str, reduced: bool) -> None:
    assert products_in_tf32(GEMM.format(dtype=dtype, precision=precision)) is reduced


def test_tf32_of_a_kernel_is_in_its_instructions() -> None:
    assert ptx_in_tf32("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%r1}, {%r2};")
    assert not ptx_in_tf32("fma.rn.f32 %f1, %f2, %f3, %f4;")


def test_work_adds_up() -> None:
    once = Work(kernels=2, libraries=1, copies=1, submitted=3)
    assert once.launches == 4
    assert repeated(once, 3) == merged([once] * 3)
