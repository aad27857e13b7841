"""What cannot run, who is alive together, what a run will cost."""

from dataclasses import replace

import pytest
from fakes import make_case, make_contest, make_limits, make_solver

from linregbench.benchmarks.grid.cases import Case, Contest, resting_bytes, worker_bytes
from linregbench.benchmarks.sampling import plan
from linregbench.solvers.problem import data_bytes

GIB = 2**30
GRAM_SCAN = make_solver("jax_scan", operations="gram")


@pytest.mark.parametrize(
    ("case", "available_bytes", "reason"),
    [
        (make_case(), GIB, None),
        (make_case(method="ols", samples=5, features=5), GIB, None),
        (
            make_case(method="ols", samples=4, features=5),
            GIB,
            "4 samples are fewer than 5 features: OLS has no single answer",
        ),
        (make_case(method="gd", samples=4, features=5), GIB, None),
        (make_case(samples=10**9), 4 * GIB, "needs about 44.7 GiB, and 4.0 GiB are free"),
        (make_case("jax_scan"), GIB // 8, "needs about 0.2 GiB, and 0.1 GiB are free"),
    ],
)
def test_impossible(case: Case, available_bytes: int, reason: str | None) -> None:
    assert plan.impossible(case, {"cpu": available_bytes}) == reason


def test_a_device_without_room_is_told_with_the_number() -> None:
    large = replace(make_case("jax_scan", samples=10**8), device="cuda")
    free = {"cpu": 64 * GIB, "cuda": 4 * GIB}
    assert plan.impossible(large, free) == "needs about 3.4 GiB on cuda, and 4.0 GiB are free there"
    assert plan.impossible(large, free | {"cuda": 8 * GIB}) is None
    assert plan.impossible(large, {"cpu": 64 * GIB}) is None  # it does not tell


def test_cases_share_a_device_only_as_far_as_its_memory_goes() -> None:
    contest = make_contest("jax_a", "jax_b", "jax_c", samples=10**8)
    contest = replace(contest, cases=tuple(replace(case, device="cuda") for case in contest.cases))
    cases, data = [*contest.baselines, *contest.cases], data_bytes(contest.cases[0].workload)
    free = {"cpu": 640 * GIB, "cuda": int(3.5 * data / plan.MEMORY_SHARE)}
    assert [len(group) for group in plan.groups(contest, cases, free)] == [3, 3, 3]
    assert [len(group) for group in plan.groups(contest, cases, free | {"cuda": 2 * free["cuda"]})] == [5]


def test_a_device_is_probed_for_more_work_than_a_cpu() -> None:
    case = make_case("jax_scan", samples=10**7)
    assert plan.is_heavy(case)
    assert not plan.is_heavy(replace(case, device="cuda"))
    assert plan.is_heavy(replace(case, device="cuda", workload=replace(case.workload, batch=100)))


CONTEST = make_contest("jax_a", "jax_b", "jax_c", "numpy_d")
ALL = [*CONTEST.baselines, *CONTEST.cases]


def grouped(contest: Contest, cases: list[Case], available_bytes: float) -> list[list[tuple[str, str]]]:
    groups = plan.groups(contest, cases, {"cpu": int(available_bytes)})
    return [[(entry.case.solver.strategy, entry.role) for entry in group] for group in groups]


def test_everyone_is_alive_together_where_there_is_room() -> None:
    (group,) = grouped(CONTEST, ALL, GIB)
    assert group == [
        ("numpy_loop", "baseline"),
        ("numpy_loop", "twin"),
        ("jax_a", "case"),
        ("jax_b", "case"),
        ("jax_c", "case"),
        ("numpy_d", "case"),
    ]


@pytest.mark.parametrize("available_bytes", [GIB / 4, GIB / 3, GIB / 2, GIB])
def test_groups_share_the_baselines_and_split_the_cases(available_bytes: float) -> None:
    groups = plan.groups(CONTEST, ALL, {"cpu": int(available_bytes)})
    for group in groups:
        assert [entry.role for entry in group[:2]] == ["baseline", "twin"]
        assert plan.together_bytes(group) <= plan.MEMORY_SHARE * available_bytes
    assert [entry.case for group in groups for entry in group[2:]] == list(CONTEST.cases)


def test_only_one_works_at_a_time() -> None:
    """Five workers at rest, the problem, and what one of them takes beside: not five times the peak."""
    of = {"samples": 2_000_000, "features": 128, "steps": 5}
    contest = make_contest("numpy_d", "jax_a", "jax_b", **of)
    (group,) = plan.groups(contest, [*contest.baselines, *contest.cases], {"cpu": 12 * GIB})
    data = data_bytes(contest.cases[0].workload)
    assert len(group) == 5
    assert 8 * data < plan.together_bytes(group) < 9 * data
    assert sum(worker_bytes(entry.case) for entry in group) > 12 * GIB
    assert len(plan.groups(contest, [*contest.baselines, *contest.cases], {"cpu": 10 * GIB})) == 2


@pytest.mark.parametrize(
    ("strategy", "variant", "data_mb", "peak_mb", "resting_mb"),
    [
        ("numpy_loop", "analytic", 206, 406, 206),
        ("numpy_loop", "columns", 206, 607, 208),
        ("numpy_loop", "gram", 206, 406, 206),
        ("jax_scan", "autodiff", 206, 513, 247),
        ("jax_scan", "columns", 206, 715, 247),
        ("jax_scan", "gram", 206, 519, 247),
        ("jax_vmap", "autodiff", 79, 345, 202),
        ("jax_vmap", "columns", 79, 373, 230),
    ],
)
def test_memory_is_predicted(strategy: str, variant: str, data_mb: int, peak_mb: int, resting_mb: int) -> None:
    """What workers were seen to hold for themselves, on 400,000 x 128 and on 65,536 problems of 100 x 2."""
    sizes = {"samples": 400_000, "features": 128} if data_mb > 100 else {"samples": 100, "batch": 65_536}
    case = replace(make_case(strategy, **sizes), solver=make_solver(strategy, variant=variant))
    assert peak_mb <= worker_bytes(case) / 1e6 < 2 * peak_mb
    assert 0.95 * resting_mb <= resting_bytes(case) / 1e6 < 2 * resting_mb


def test_a_case_that_fits_with_nobody_still_has_its_group() -> None:
    assert [len(group) for group in grouped(CONTEST, ALL, 1)] == [3] * 4


def test_without_its_baseline_a_contest_goes_on() -> None:
    assert grouped(CONTEST, list(CONTEST.cases[:1]), GIB) == [[("jax_a", "case")]]


def test_a_baseline_alone_is_a_group_and_nobody_is_none() -> None:
    assert grouped(CONTEST, list(CONTEST.baselines), GIB) == [[("numpy_loop", "baseline"), ("numpy_loop", "twin")]]
    assert grouped(CONTEST, [], GIB) == []


@pytest.mark.parametrize(
    ("case", "heavy"),
    [
        (make_case(), False),
        (make_case("jax_scan", steps=10**5), False),
        (make_case(steps=10**5), True),
        (make_case(batch=10**4), True),
        (make_case("jax_scan", samples=10**8), True),
        (make_case("jax_scan", method="ols", samples=10**7, features=200), True),
        (make_case("jax_scan", samples=10**6, steps=1_000), True),
        (replace(make_case("jax_scan", samples=10**6, steps=1_000), solver=GRAM_SCAN), False),
        (replace(make_case(steps=10**5), solver=make_solver(operations="powers")), False),
    ],
)
def test_heavy_cases_are_probed_first(case: Case, heavy: bool) -> None:
    assert plan.is_heavy(case) is heavy


GRAM = replace(make_case(samples=2_000_000, features=128, steps=5), solver=make_solver(operations="gram"))
POWERS = replace(GRAM, solver=make_solver(operations="powers"))


def test_a_gram_matrix_is_made_once_and_its_steps_are_short() -> None:
    many = replace(GRAM, workload=replace(GRAM.workload, steps=1_000))
    once = 2 * 2_000_000 * 128**2
    assert plan.flops(GRAM) == once + 5 * 2 * 128**2
    assert plan.flops(many) == once + 1_000 * 2 * 128**2
    assert plan.flops(replace(POWERS, workload=many.workload)) == once + 10 * 2 * 128**3
    assert plan.python_calls(many) == 1_000
    assert plan.python_calls(replace(POWERS, workload=many.workload)) == 1


@pytest.mark.parametrize(
    ("case", "measured_s"),
    [
        (make_case(samples=100_000), 0.0101),
        (make_case(samples=100_000, features=100), 0.415),
        (make_case("jax_scan", samples=100_000, features=100), 1.07),
        (make_case("jax_scan", samples=100_000), 0.026),
        (replace(make_case(samples=100_000, features=100), solver=make_solver("jax_scan", operations="gram")), 0.063),
        (make_case(samples=100, steps=10_000), 0.029),
    ],
)
def test_a_prediction_without_running_anything_is_within_three_times(case: Case, measured_s: float) -> None:
    assert measured_s / 3 < plan.predicted_call_s(case) < 3 * measured_s


def predicted(*names: str, limits: plan.Limits | None = None, **of: object) -> float:
    contest = make_contest(*names, **of)
    return plan.predicted_block_s((plan.Entry(case) for case in contest.cases), limits or make_limits(rounds=20))


def test_a_block_costs_the_sum_of_its_cases_and_its_sentinel() -> None:
    alone = predicted()
    assert predicted("a", "b") - alone == pytest.approx(2 * (predicted("a") - alone))


def test_more_work_is_predicted_to_take_longer() -> None:
    steps = [predicted("a", steps=steps) for steps in (100, 10_000, 100_000)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1]


def test_what_the_harness_does_with_much_data_is_predicted_too() -> None:
    """Few operations on 1 GB: placing it and checking take longer than the call."""
    of = {"samples": 2_000_000, "features": 128, "steps": 1}
    (case,) = make_contest("numpy_a", **of).cases
    limits = make_limits(rounds=20, rules={"sampling_s": 0.1, "long_call_s": 0.1})
    assert predicted("numpy_a", limits=limits, **of) > 2 * plan.predicted_call_s(case) + 2
    entries = [plan.Entry(case), plan.Entry(case, "twin")]
    assert 10 < plan.predicted_once_s(entries, limits) < 20
    assert plan.predicted_once_s([plan.Entry(make_case())], limits) < 0.001


def test_what_will_be_skipped_costs_nothing() -> None:
    assert predicted("a", steps=10**9, limits=make_limits(rounds=20, call_limit_s=2.0)) == predicted()


def test_the_grid_is_told_by_its_hash() -> None:
    contests = [make_contest("a", samples=n) for n in (10, 20)]
    assert plan.grid_hash(contests) == plan.grid_hash([make_contest("a", samples=n) for n in (10, 20)])
    others = [contests[:1], contests[::-1], [make_contest("b", samples=n) for n in (10, 20)], []]
    assert plan.grid_hash(contests) not in {plan.grid_hash(other) for other in others}
