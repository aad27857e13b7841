"""What competes: from the options and the solvers there are to contests of cases."""

import pytest
from fakes import make_case, make_solver

from linregbench.benchmarks.grid.cases import Case, Contest, kind_of, select, worker_bytes
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.grid.presets import ALONE, MISSION, PRESETS
from linregbench.solvers.registry import Solver, load_builtin

SOLVERS = (
    make_solver("numpy_loop", variant="analytic"),
    make_solver("numpy_loop", variant="finite"),
    make_solver("numpy_loop", method="ols", variant="inverse"),
    make_solver("numpy_loop", method="ols", variant="lstsq"),
    make_solver("numpy_loop", method="gd_tol", variant="analytic"),
    make_solver("numpy_stacked", variant="analytic", batched=True),
    make_solver("jax_scan", variant="autodiff"),
    make_solver("jax_scan", variant="finite"),
    make_solver("jax_scan", method="ols", variant="inverse"),
    make_solver("jax_scan", method="gd_tol", variant="autodiff"),
    make_solver("jax_jit_step", variant="autodiff", compiled=False),
)
PLUGINS = (make_solver("mine", variant="any"), make_solver("mine", method="ols", variant="any"))


def chosen(*plugins: Solver, **options: object) -> tuple[Contest, ...]:
    """Contests of 100 samples, unless the options name a size."""
    sizes = {} if {"samples", "features", "batch", "preset"} & options.keys() else {"samples": (100,)}
    return select(RunOptions(**sizes | options), {"here": (SOLVERS, plugins)})  # type: ignore[arg-type]


def names(contest: Contest) -> list[str]:
    return [f"{case.solver.strategy} {case.solver.variant}" for case in contest.cases]


def sizes(contests: tuple[Contest, ...]) -> list[tuple[object, ...]]:
    return [tuple(c.problem[name] for name in ("samples", "features", "batch", "steps")) for c in contests]


def of_preset(preset: str) -> tuple[Contest, ...]:
    """What the preset runs with the solvers that there are."""
    return select(RunOptions(preset=preset), {"here": (list(load_builtin().values()), ())})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_contests_that_can_be_told_apart(preset: str) -> None:
    contests = of_preset(preset)
    assert {"gd", "ols"} <= {contest.problem["method"] for contest in contests}
    assert len({contest.key for contest in contests}) == len(contests)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_baseline_is_always_there_and_once(preset: str) -> None:
    for contest in of_preset(preset):
        (baseline,) = contest.baselines
        assert baseline.solver.strategy == "numpy_loop"
        assert baseline not in contest.cases
        assert len(set(contest.cases)) == len(contest.cases) > 0


@pytest.mark.parametrize("preset", ["quick", "standard"])
def test_every_strategy_has_the_variants_that_may_be_its_fastest_at_every_size(preset: str) -> None:
    everything = {(s.method, s.strategy, s.variant) for s in load_builtin().values()}
    for contest in of_preset(preset):
        method, features = contest.problem["method"], contest.problem["features"]
        there = {(case.solver.strategy, case.solver.variant) for case in (*contest.baselines, *contest.cases)}
        for strategy in {strategy for strategy, _ in there}:
            variants = {variant for name, variant in there if name == strategy}
            if method == "gd":
                assert variants >= {v for v in ("columns", "gram") if (method, strategy, v) in everything}
            if method == "ols" and features > 2:
                assert {"solve", "cholesky", "lstsq"} & variants


def test_quick_runs_the_strategies_of_the_mission() -> None:
    for contest in of_preset("quick"):
        entrants = [contest.baselines[0].solver, *(case.solver for case in contest.cases)]
        alone = contest.problem["batch"] == 1
        assert {solver.strategy for solver in entrants} == set(ALONE if alone else MISSION)
        assert "jax_eager autodiff" not in names(contest)


@pytest.mark.parametrize(("features", "variants"), [(2, ["inverse"]), (16, ["inverse", "solve"])])
def test_closed_forms_that_cannot_differ_are_not_all_run(features: int, variants: list[str]) -> None:
    numpy = ("numpy_loop", "numpy_stacked")
    found = select(
        RunOptions(methods=("ols",), strategies=numpy, samples=(100,), features=(features,)),
        {"here": (list(load_builtin().values()), ())},
    )
    for strategy in numpy:
        entrants = [case.solver for case in (*found[0].baselines, *found[0].cases)]
        assert sorted(s.variant for s in entrants if s.strategy == strategy) == variants


def test_a_preset_may_run_every_variant_at_some_sizes() -> None:
    by_size = {
        size[:3]: names(contest)
        for contest in chosen(preset="standard", methods=("ols",), threads=("1",))
        for size in sizes((contest,))
    }
    assert "numpy_loop lstsq" in by_size[1_000, 2, 1]
    assert "numpy_loop lstsq" not in by_size[10_000, 2, 1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"samples": (10, 20)}, [(10, 2, 1, 100), (20, 2, 1, 100)]),
        ({"features": (3,), "batch": (4, 5)}, [(100, 3, 4, 100), (100, 3, 5, 100)]),
        (
            {"samples": (10, 20), "features": (3,), "batch": (1, 2)},
            [(10, 3, 1, 100), (10, 3, 2, 100), (20, 3, 1, 100), (20, 3, 2, 100)],
        ),
        ({"samples": (10,), "steps": (1, 7)}, [(10, 2, 1, 1), (10, 2, 1, 7)]),
    ],
)
def test_named_sizes_make_a_product_with_the_others_plain(
    options: dict[str, tuple[int, ...]], expected: list[tuple[int, ...]]
) -> None:
    assert sizes(chosen(methods=("gd",), **options)) == expected


def test_steps_alone_keep_the_sizes_of_the_preset() -> None:
    plain, stepped = (
        sizes(chosen(preset="standard", methods=("gd",), threads=("1",), **steps)) for steps in ({}, {"steps": (5,)})
    )
    assert {size[:3] for size in stepped} == {size[:3] for size in plain}
    assert {size[3] for size in stepped} == {5}


def test_steps_do_not_multiply_what_takes_none() -> None:
    assert len(chosen(methods=("ols",), steps=(1, 7))) == 1


def test_a_ray_along_steps_is_one_of_gradient_descent_alone() -> None:
    contests = of_preset("standard")
    assert {c.problem["steps"] for c in contests if c.problem["method"] == "gd"} == {10, 100, 1_000}
    others = [contest for contest in contests if contest.problem["method"] != "gd"]
    assert len(sizes(tuple(others))) == len({(c.problem["method"], c.threads, *sizes((c,))[0][:3]) for c in others})


def test_strategies_and_variants_filter() -> None:
    (contest,) = chosen(methods=("gd",), strategies=("jax_scan", "numpy_stacked"))
    assert names(contest) == ["numpy_stacked analytic", "jax_scan autodiff"]
    (contest,) = chosen(methods=("gd",), variants=("finite",))
    assert names(contest) == ["numpy_loop finite", "jax_scan finite"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"strategies": ("jax_scna",)},
            "unknown strategy 'jax_scna': choose from jax_jit_step, jax_scan, numpy_loop, numpy_stacked",
        ),
        ({"variants": ("exact",)}, "unknown variant 'exact': choose from analytic, autodiff, finite, inverse, lstsq"),
        (
            {"baseline": "none"},
            "unknown strategy 'none': choose from jax_jit_step, jax_scan, numpy_loop, numpy_stacked",
        ),
        ({"methods": ("ols",), "baseline": "numpy_stacked"}, "the baseline numpy_stacked has no ols: choose another"),
        ({"methods": ("ols",), "strategies": ("jax_jit_step",)}, "nothing to run: no solver has this method"),
        ({"methods": ("ols",), "variants": ("autodiff",)}, "nothing to run: no solver has this method"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_names_that_do_not_exist_are_refused_with_those_that_do(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(**options)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"strategies": ("jax_*",)}, ["jax_scan autodiff", "jax_jit_step autodiff"]),
        ({"strategies": ("*_loop", "jax_scan")}, ["jax_scan autodiff"]),
        ({"variants": ("fin*",)}, ["numpy_loop finite", "jax_scan finite"]),
        ({"strategies": ("jax_????",), "variants": ("*",)}, ["jax_scan autodiff", "jax_scan finite"]),
    ],
    ids=str,
)
def test_a_pattern_names_all_that_it_is_true_of(options: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    (contest,) = chosen(methods=("gd",), **options)
    assert names(contest) == expected


@pytest.mark.parametrize(("what", "field"), [("strategy", "strategies"), ("variant", "variants")])
def test_a_pattern_that_is_true_of_nothing_is_refused_as_a_wrong_name_is(what: str, field: str) -> None:
    with pytest.raises(UsageError, match=rf"^unknown {what} 'nothing\*': choose from "):
        chosen(**{field: ("nothing*",)})


LIBRARY = make_solver("numba", variant="fused", backend="numba", batched=True, requires="numba")


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "libraries"])
def test_no_other_preset_takes_libraries_along(preset: str) -> None:
    for contest in of_preset(preset):
        assert not [case for case in (*contest.baselines, *contest.cases) if case.solver.requires]


def test_libraries_run_where_they_are_named() -> None:
    (contest,) = select(
        RunOptions(strategies=("numba",), methods=("gd",), samples=(100,)), {"here": ((*SOLVERS, LIBRARY), ())}
    )
    assert names(contest) == ["numba fused"]


def test_the_preset_of_libraries_has_each_of_them_beside_ours_at_every_size() -> None:
    contests = of_preset("libraries")
    assert len(contests) == 13
    for contest in contests:
        entrants = [(case.solver.strategy, case.solver.variant) for case in (*contest.baselines, *contest.cases)]
        theirs = {"gd": {"numba", "optax", "torch"}, "ols": {"scipy", "sklearn", "statsmodels", "lineax", "torch"}}
        ours = {"numpy_loop", "jax_scan"} | ({"numpy_stacked", "jax_vmap"} if contest.problem["batch"] > 1 else set())
        assert {strategy for strategy, _ in entrants} == theirs[contest.problem["method"]] | ours
        if contest.problem["method"] == "gd":
            assert {(strategy, "gram") for strategy in ours} <= set(entrants)


def test_a_library_runs_on_the_platforms_that_it_names() -> None:
    torch = make_solver("torch", backend="torch", variant="loop", platforms=("cpu", "cuda"))
    cupy = make_solver("cupy", backend="cupy", variant="analytic", platforms=("cuda",))
    options = RunOptions(
        strategies=("torch", "cupy", "numba"), methods=("gd",), samples=(100,), devices=("cpu", "cuda")
    )
    (contest,) = select(options, {"here": ((*SOLVERS, LIBRARY, torch, cupy), ())})
    places = sorted((case.solver.strategy, case.device) for case in contest.cases)
    assert places == [("cupy", "cuda"), ("numba", "cpu"), ("torch", "cpu"), ("torch", "cuda")]


def test_a_baseline_of_a_backend_that_is_not_known_here() -> None:
    (contest,) = chosen(make_solver("mine", variant="any", backend="torch"), methods=("gd",), baseline="mine")
    assert [case.solver.strategy for case in contest.baselines] == ["mine"]


def test_plugins_compete_whatever_was_asked_for() -> None:
    gd, ols = chosen(*PLUGINS, methods=("gd", "ols"), strategies=("jax_scan",))
    assert names(gd) == ["jax_scan autodiff", "mine any"]
    assert names(ols) == ["jax_scan inverse", "mine any"]


def test_a_plugin_alone_is_something_to_run_and_may_be_named() -> None:
    (contest,) = chosen(*PLUGINS, methods=("ols",), strategies=("jax_jit_step",))
    assert names(contest) == ["mine any"]
    (contest,) = chosen(*PLUGINS, methods=("gd",), strategies=("mine",))
    assert names(contest) == ["mine any"]


def test_another_baseline() -> None:
    (contest,) = chosen(methods=("gd",), baseline="jax_scan", strategies=("numpy_loop", "jax_scan"))
    assert [(c.solver.strategy, c.solver.variant) for c in contest.baselines] == [("jax_scan", "autodiff")]
    assert names(contest) == ["numpy_loop analytic"]


def test_both_dtypes_are_one_contest_whose_baseline_is_of_the_first() -> None:
    (contest,) = chosen(methods=("gd",), strategies=("jax_scan",), dtypes=("float64", "float32"))
    assert [case.workload.dtype for case in contest.baselines] == ["float64"]
    assert [case.workload.dtype for case in contest.cases] == ["float64", "float32"]
    (contest,) = chosen(methods=("gd",), strategies=("numpy_loop",), dtypes=("float32", "float64"))
    assert [(c.solver.strategy, c.workload.dtype) for c in contest.cases] == [("numpy_loop", "float64")]


def test_thread_settings_are_contests_of_their_own() -> None:
    contests = chosen(methods=("gd",), strategies=("jax_scan",), threads=("1", "all"))
    assert [c.threads for c in contests] == ["1", "all"]
    assert all(case.threads == c.threads for c in contests for case in (*c.cases, *c.baselines))


def versus(base: list[Solver], new: list[Solver]) -> Contest:
    options = RunOptions(methods=("gd",), samples=(100,), environments=("base", "new"))
    (contest,) = select(options, {"base": (base, ()), "new": (new, ())})
    return contest


def test_two_environments_stand_in_pairs_beside_the_baseline_of_the_last() -> None:
    solvers = [make_solver("numpy_loop"), make_solver("jax_scan")]
    contest = versus(solvers, solvers)
    assert [case.environment for case in contest.baselines] == ["new"]
    assert sorted((c.solver.strategy, c.environment) for c in contest.cases) == [
        ("jax_scan", "base"),
        ("jax_scan", "new"),
        ("numpy_loop", "base"),
    ]
    for base, new in contest.pairs:
        assert (base.environment, new.environment) == ("base", "new")
        assert base.solver == new.solver
    assert len(contest.pairs) == 2
    assert contest.lacking == ()


def test_what_one_environment_lacks_is_said_and_not_run() -> None:
    loop = make_solver("numpy_loop")
    contest = versus([loop, make_solver("jax_eager")], [loop, make_solver("jax_scan")])
    assert {(c.solver.strategy, c.environment, why) for c, why in contest.lacking} == {
        ("jax_eager", "new", "new has no such solver"),
        ("jax_scan", "base", "base has no such solver"),
    }
    assert {case.solver.strategy for case in contest.cases} == {"numpy_loop"}


@pytest.mark.parametrize("devices", [("cpu", "cuda"), ("cuda", "cpu")])
def test_numpy_runs_on_the_cpu_once(devices: tuple[str, ...]) -> None:
    (contest,) = chosen(methods=("gd",), strategies=("numpy_stacked", "jax_scan"), devices=devices)
    places = sorted((case.solver.strategy, case.device) for case in contest.cases)
    assert places == [("jax_scan", "cpu"), ("jax_scan", "cuda"), ("numpy_stacked", "cpu")]


def test_where_the_cpu_was_not_asked_for_only_the_baseline_runs_on_it() -> None:
    (contest,) = chosen(methods=("gd",), strategies=("numpy_stacked", "jax_scan"), devices=("cuda",))
    assert [(case.solver.strategy, case.device) for case in contest.cases] == [("jax_scan", "cuda")]
    assert [case.device for case in contest.baselines] == ["cpu"]


def test_the_baseline_alone_is_something_to_run() -> None:
    (contest,) = chosen(methods=("gd",), strategies=("numpy_loop",))
    assert (names(contest), len(contest.baselines)) == ([], 1)


def test_a_precision_is_another_case_of_the_same_contest() -> None:
    (contest,) = chosen(
        methods=("gd",),
        strategies=("numpy_loop", "jax_scan"),
        dtypes=("float32", "float64"),
        precisions=("highest", "default"),
    )
    kinds = [(case.solver.strategy, kind_of(case)) for case in contest.cases]
    assert kinds == [
        ("jax_scan", "float32"),
        ("jax_scan", "float32 default"),
        ("numpy_loop", "float64"),
        ("jax_scan", "float64"),
    ]
    assert [kind_of(case) for case in contest.baselines] == ["float32"]


def test_the_baseline_stays_at_the_highest_precision() -> None:
    (contest,) = chosen(methods=("gd",), strategies=("jax_scan",), precisions=("default",), baseline="jax_scan")
    assert [case.precision for case in (*contest.baselines, *contest.cases)] == ["highest", "default"]


def test_accuracy_has_a_ladder_of_steps_for_each_condition() -> None:
    contests = of_preset("accuracy")
    steps: dict[object, list[int]] = {}
    for contest in contests:
        if contest.problem["method"] == "gd":
            steps.setdefault(contest.problem["condition"], []).append(contest.problem["steps"])
    assert all(len(ladder) >= 4 and ladder == sorted(ladder) for ladder in steps.values())
    closed = [contest for contest in contests if contest.problem["method"] == "ols"]
    assert [contest.problem["condition"] for contest in closed] == list(steps)
    for contest in closed:
        kinds = {(case.solver.variant, case.workload.dtype) for case in (*contest.baselines, *contest.cases)}
        assert len(kinds) == 10


def test_a_condition_is_left_out_where_no_columns_can_be_rescaled() -> None:
    contests = chosen(preset="standard", methods=("gd",), conditions=(10.0,))
    assert {contest.problem["condition"] for contest in contests} == {10.0}
    assert all(contest.problem["samples"] >= contest.problem["features"] for contest in contests)


def test_what_a_workload_refuses_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="condition"):
        chosen(data_label="own.csv@1234", conditions=(10.0,))


def test_a_case_is_plain_in_the_run_file() -> None:
    plain = make_case("jax_scan", device="cuda:1", threads="all").as_dict()
    assert plain["workload"]["samples"] == 100
    assert {name: plain[name] for name in ("strategy", "variant", "backend", "compiled", "device", "threads")} == {
        "strategy": "jax_scan",
        "variant": "autodiff",
        "backend": "jax",
        "compiled": True,
        "device": "cuda:1",
        "threads": "all",
    }
    assert "function" not in plain


def test_titles_tell_contests_apart() -> None:
    contests = chosen(preset="standard")
    assert len({contest.title for contest in contests}) == len(contests)


def test_a_worker_of_jax_takes_its_runtime_and_all_take_the_data() -> None:
    def needed(case: Case) -> int:
        return worker_bytes(case)

    assert needed(make_case("jax_scan")) > needed(make_case("numpy_loop"))
    small, large = (needed(make_case(samples=n)) for n in (10, 10**6))
    assert large - small > 2 * 10**6 * 3 * 4  # X and y twice over
