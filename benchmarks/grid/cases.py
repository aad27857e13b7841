"""What competes: from a preset, the options and the solvers there are to contests of cases.

The one definition that feeds every door: the command line, asv and pytest-benchmark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from linregbench.results.words.names import problem_name
from linregbench.solvers.problem import Workload, data_bytes, make_workload
from linregbench.solvers.registry import Solver

from .. import devices
from .options import CACHES, HOT, RunOptions, UsageError, one_of, some_of
from .presets import PRESETS, Size, Sweep
from .settings import settings_of

BASELINE = "numpy_loop"
SHARDED = "jax_sharded"
"""What a preset takes along only where there are several devices; named, it runs on one as well."""
TUNED_FOR_ACCELERATORS = ("unrolled", "gram_unrolled", "powers")
"""Of jitted descents, what is no faster than the others on a CPU: a turn of a loop costs next to nothing there, and
beside sums over X the last of the steps counts for little. On an H100 a turn costs 10 us, whatever is in it."""
CONTENDERS = {
    ("gd", "numpy_loop"): ("analytic", "columns", "gram", "powers"),
    ("gd", "jax_eager"): ("analytic",),
    ("gd", "numpy"): ("analytic", "gram"),
    ("gd", "jax"): ("autodiff", "columns", "gram", *TUNED_FOR_ACCELERATORS),
    ("gd_tol", "numpy"): ("analytic", "gram"),
    ("gd_tol", "jax"): ("autodiff", "gram"),
    ("ols", "jax_eager"): ("inverse", "lstsq"),
    ("ols", "numpy"): ("inverse", "solve"),
    ("ols", "jax"): ("inverse", "cholesky"),
}
"""By method and strategy, else backend: the variants of which one is the fastest of its strategy, as far as sweeps over
every variant told (results/published/standard.md). The first is the plain one, which stands for its strategy where one
is enough: as a person would write it first, but for eager JAX, where autodiff takes 18 times as long as the formula."""
PAYS_FROM = {"solve": 8, "cholesky": 8}
"""By closed form, the features from which it is tried beside the inverse. At 2 the inverse is within a tenth of it
(n = 1,000), at 16 up to 1.3 times as long; what lies between was not measured."""


@dataclass(frozen=True)
class Case:
    """Workload x solver x device x threads x environment x setting x caches: one row of the tables."""

    workload: Workload
    solver: Solver
    device: str = "cpu"
    threads: str = "1"
    precision: str = "highest"
    environment: str = "here"
    setting: str = ""
    cache: str = HOT

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, as they stand in a measurement's record."""
        solver = self.solver.as_dict()
        # the method is the workload's; the others say where the solver runs, which is settled here
        for name in ("method", "requires", "platforms"):
            del solver[name]
        rest = {name: getattr(self, name) for name in ("device", "threads", "precision", "environment")}
        # left out where there is none, so that the grid of a run from before there were any is the same
        rest |= {"setting": self.setting} if self.setting else {}
        rest |= {"cache": self.cache} if self.cache != HOT else {}
        return {"workload": self.workload.as_dict()} | solver | rest

    @property
    def name(self) -> str:
        """Short, for the progress line."""
        device = "" if self.device == "cpu" else f" on {self.device}"
        apart = (self.setting, self.cache if self.cache != HOT else "")
        return f"{self.solver.strategy}{device}" + "".join(f" ({text})" for text in apart if text)


@dataclass(frozen=True)
class Contest:
    """Every case of one problem at one thread setting: they compete in each block, and share a baseline.

    With two environments (`versus`) each case stands in both, and `pairs` has the two side by side; `lacking` are the
    cases that only one of them has, with the reason.
    """

    problem: Mapping[str, Any]
    threads: str
    cases: tuple[Case, ...]
    baselines: tuple[Case, ...]
    lacking: tuple[tuple[Case, str], ...] = ()
    pairs: tuple[tuple[Case, Case], ...] = ()

    @property
    def key(self) -> str:
        """What tells two contests of a run apart."""
        return repr((sorted(self.problem.items(), key=str), self.threads))

    @property
    def title(self) -> str:
        """Short, for the progress line."""
        return problem_name(self.problem, self.threads)


def kind_of(case: Case) -> str:
    """The arithmetic of a case: its dtype, and the precision of its products where that was asked to be less."""
    return case.workload.dtype + (f" {case.precision}" if case.precision != Case.precision else "")


Sides = Mapping[str, tuple[Sequence[Solver], Sequence[Solver]]]
"""By environment: the solvers of its package, and those of its plugins."""


def problem_of(workload: Workload) -> dict[str, Any]:
    """A workload without its dtype: what ratios may be taken inside of."""
    fields = workload.as_dict()
    del fields["dtype"]
    return fields


def select(options: RunOptions, sides: Sides, counts: Mapping[str, int] | None = None) -> tuple[Contest, ...]:
    """The contests of a run. Raises UsageError for names that do not exist and for an empty grid.

    The baseline runs in every contest, on the CPU, in the last environment, the first dtype and the base setting;
    its caches are hot, unless every case's are cold.
    `counts` tells how many devices go by a device's name, where that is not one.
    """
    preset = PRESETS[options.preset]
    several = {device for device, count in (counts or {}).items() if count > 1}
    known = [solver for packaged, added in sides.values() for solver in (*packaged, *added)]
    strategies = sorted({s.strategy for s in known})
    some_of("strategy", options.strategies, strategies)
    one_of("strategy", (options.baseline,), strategies)
    some_of("variant", options.variants, sorted({s.variant for s in known}))
    gathered: dict[tuple[str, str], list[Case]] = {}
    for sweep in preset.sweeps:
        for workload, threads in _workloads(options, sweep):
            key = json.dumps(problem_of(workload), sort_keys=True)
            gathered.setdefault((key, threads), []).extend(
                case
                for case in _cases(options, sweep, workload, threads, sides)
                if case.solver.strategy != SHARDED or options.strategies or case.device in several
            )
    gathered = {key: cases for key, cases in gathered.items() if cases}
    if not gathered:
        raise UsageError(
            "nothing to run: no solver has this method, strategy and variant together; see linregbench list"
        )
    packaged, added = sides[options.environments[-1]]
    return tuple(_contest(options, cases, [*packaged, *added], tuple(sides)) for cases in gathered.values())


def _cases(options: RunOptions, sweep: Sweep, workload: Workload, threads: str, sides: Sides) -> list[Case]:
    """Each solver asked for, on each device that it runs on, at each precision, in each environment and setting, hot or
    cold."""
    cases = []
    for setting, (environment, (packaged, added)) in product(settings_of(options.settings), sides.items()):
        chosen = [] if options.plugins_alone else _competitors(options, sweep, workload, packaged)
        chosen += [solver for solver in added if solver.method == workload.method]
        cases += [
            Case(workload, solver, device, threads, precision, environment, setting, cache)
            for device, solver, cache in product(options.devices, chosen, _hot_first(options))
            if solver.runs_on(devices.parse(device)[0])
            and (device != "cpu" or not _is_for_accelerators(solver) or _every(options, sweep))
            for precision in _precisions(options, sweep, solver, workload)
        ]
    return cases


def _hot_first(options: RunOptions) -> list[str]:
    return [cache for cache in CACHES if cache in options.caches]


def _is_for_accelerators(solver: Solver) -> bool:
    return solver.backend == "jax" and solver.method == "gd" and solver.variant in TUNED_FOR_ACCELERATORS


def _every(options: RunOptions, sweep: Sweep) -> bool:
    """Whether a sweep is over more than those that may be the fastest of their strategy."""
    return bool(options.variants or sweep.variants or sweep.every_variant)


def _precisions(options: RunOptions, sweep: Sweep, solver: Solver, workload: Workload) -> tuple[str, ...]:
    """The settings that make a difference: they are JAX's, and float64 is never cut short."""
    if solver.backend != "jax" or workload.dtype == "float64":
        return (Case.precision,)
    return options.precisions or sweep.precisions


def _contest(
    options: RunOptions, cases: Sequence[Case], solvers: Sequence[Solver], environments: tuple[str, ...]
) -> Contest:
    workload, threads = cases[0].workload, cases[0].threads
    solver = _baseline(options.baseline, workload.method, solvers)
    of_base = {"setting": settings_of(options.settings)[0], "cache": _hot_first(options)[0]}
    baseline = Case(workload, solver, "cpu", threads, environment=environments[-1], **of_base)
    cases = tuple(dict.fromkeys(cases))
    contest = Contest(problem_of(workload), threads, tuple(c for c in cases if c != baseline), (baseline,))
    if len(environments) == 1:
        return contest
    base, new = environments
    pairs, lacking = [], []
    for case in cases:
        other = replace(case, environment=new if case.environment == base else base)
        if other not in cases:
            lacking.append((other, f"{other.environment} has no such solver"))
        elif case.environment == base:
            pairs.append((case, other))
    paired = tuple(case for pair in pairs for case in pair if case != baseline)
    return replace(contest, cases=paired, lacking=tuple(lacking), pairs=tuple(pairs))


def _baseline(strategy: str, method: str, solvers: Sequence[Solver]) -> Solver:
    candidates = [s for s in solvers if s.method == method and s.strategy == strategy]
    if not candidates:
        raise UsageError(f"the baseline {strategy} has no {method}: choose another, or leave {method} out")
    return next((s for s in candidates if is_plain(s)), candidates[0])


def is_plain(solver: Solver) -> bool:
    """Whether it is the variant that stands for its strategy where one is enough."""
    return solver.variant == _contenders(solver)[0]


def _contenders(solver: Solver) -> tuple[str, ...]:
    """The variants of its strategy that may be the fastest; of a library, and of a backend not known here, any."""
    ours = CONTENDERS.get((solver.method, solver.strategy)) or CONTENDERS.get((solver.method, solver.backend))
    return (solver.variant,) if ours is None or is_of_a_library(solver) else ours


def is_of_a_library(solver: Solver) -> bool:
    """Whether it needs what is not among our own dependencies; no sweep over every strategy takes it along."""
    return getattr(solver, "requires", None) is not None  # an older commit's solvers have no such field


def _competitors(options: RunOptions, sweep: Sweep, workload: Workload, solvers: Sequence[Solver]) -> list[Solver]:
    strategies = options.strategies or sweep.strategies
    chosen = [s for s in solvers if s.method == workload.method]
    if strategies is None:
        chosen = [s for s in chosen if not is_of_a_library(s)]
    else:
        chosen = [s for s in chosen if _matches(s.strategy, strategies)]
    if options.variants:
        return [s for s in chosen if _matches(s.variant, options.variants)]
    if sweep.variants:
        return [s for s in chosen if s.variant in sweep.variants]
    if sweep.every_variant:
        return chosen
    contend = (s for s in chosen if s.variant in _contenders(s))
    return [s for s in contend if workload.features >= PAYS_FROM.get(s.variant, 1)]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _workloads(options: RunOptions, sweep: Sweep) -> Iterable[tuple[Workload, str]]:
    """Each workload at each thread setting; the first dtype first."""
    axes = product(
        options.methods or sweep.methods,
        _sizes(options, sweep),
        options.conditions or sweep.conditions,
        options.threads or sweep.threads,
        options.dtypes or sweep.dtypes,
    )
    for method, size, condition, threads, dtype in axes:
        if condition is not None and (size.features < 2 or size.samples < size.features):
            continue  # there is nothing to rescale
        try:
            workload = make_workload(
                method,
                size.samples,
                size.features,
                batch=size.batch,
                steps=size.steps if method == "gd" else None,
                dtype=dtype,
                condition=condition,
                seed=options.seed,
                data=options.data_label,
            )
        except ValueError as error:
            raise UsageError(str(error)) from None
        yield workload, threads


def _sizes(options: RunOptions, sweep: Sweep) -> list[Size]:
    """The sweep's sizes, less the axes that the options name: those make a product, the others at 100, 2 and 1."""
    sizes = list(sweep.sizes)
    if options.samples or options.features or options.batch:
        named = product(options.samples or (100,), options.features or (2,), options.batch or (1,))
        sizes = [Size(*size) for size in named]
    if options.steps:
        sizes = [replace(size, steps=steps) for size in sizes for steps in options.steps]
    return list(dict.fromkeys(sizes))


RUNTIME_BYTES = {"numpy": 10 * 2**20, "jax": 160 * 2**20}
LIBRARY_BYTES = 150 * 2**20
"""What a library takes once it is imported, on top; a guess, since they differ."""
COPIES, OF_DIFFERENCES = 3, 2
"""Times its data that a worker holds at most: what is timed, what the check places, what a call makes of it, such as a
transposition; and more where every feature has a loss of its own. Measured at 80 and 200 MB of data: 1.9 to 3.0."""


def resting_bytes(case: Case) -> int:
    """About how much memory a worker of this case holds between its answers: its runtime, its copy of the data."""
    return _runtime_bytes(case.solver) + data_bytes(case.workload)


def worker_bytes(case: Case) -> int:
    """About how much memory a worker of this case takes for itself at most, while it calls, places or checks."""
    copies = COPIES + (OF_DIFFERENCES if case.solver.variant == "finite" else 0)
    return _runtime_bytes(case.solver) + copies * data_bytes(case.workload)


def _runtime_bytes(solver: Solver) -> int:
    return RUNTIME_BYTES.get(solver.backend, RUNTIME_BYTES["numpy"]) + LIBRARY_BYTES * is_foreign(solver)


def is_foreign(solver: Solver) -> bool:
    """Whether its worker imports more than NumPy and JAX."""
    return is_of_a_library(solver) or solver.backend not in RUNTIME_BYTES
