"""One run from its options to its file: what the command line, the Python door, `versus` and a cluster share.

What a resumed run starts from is resume.py's.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import linregbench
from linregbench.results.runfile.read import VERSION, Run, RunFileError, parse_record
from linregbench.results.runfile.records import Environment
from linregbench.results.runfile.schema import plain_json
from linregbench.results.runfile.write import RunWriter
from linregbench.results.words.text import counted, plain

from . import clock
from .data import OwnData, check_range, read_data
from .grid.cases import Contest, select
from .grid.options import RunOptions, UsageError, parse_shard
from .grid.presets import PRESETS
from .grid.settings import settings_of
from .processes import machine
from .processes.handle import Keep, NurseryError, Setting, WorkerEnded
from .processes.pool import Nurseries, out_of_the_way
from .sampling import plan, schedule
from .sampling.block import Entry, Rules
from .sampling.feasible import device_counts
from .sampling.plan import Limits
from .sampling.state import State, restored
from .worker.hardware import sentinel

RUNS = Path("results/runs")
CALLS_A_LIMIT = 3
"""Calls that the time limit of a case has room for: a first one, a sample, and one more where they turn out slow."""


@dataclass(frozen=True)
class Request:
    """What to run and where to write it. `sides`: a setting by environment name, for `versus`; else this one."""

    options: RunOptions = field(default_factory=RunOptions)
    plugins: tuple[Path, ...] = ()
    data: Path | None = None
    output: Path | None = None
    sides: Mapping[str, Setting] | None = None


@dataclass(frozen=True)
class PreparedRun:
    """Everything is known and nothing is measured yet: the contests, the limits, the devices there are."""

    request: Request
    contests: tuple[Contest, ...]
    limits: Limits
    nurseries: Nurseries
    absent: Mapping[str, str]
    kinds: Mapping[str, str]
    before: Run | None = None
    sweep: str | None = None
    """The grid of the whole sweep, where this is a shard of it."""

    @property
    def predicted_s(self) -> float:
        """Seconds that the whole run will take, roughly."""
        return predicted_s(self.contests, self.limits)


@dataclass(frozen=True)
class Finished:
    """Where the run file is, how the run ended."""

    path: Path
    outcome: schedule.Outcome


def limits_of(options: RunOptions) -> Limits:
    """Blocks, budget and time limits: the preset's, less what the options replace."""
    preset = PRESETS[options.preset]
    timeout_s = options.timeout_s or preset.timeout_s
    sized = options.samples or options.features or options.batch or options.steps
    # what was asked for by its size is skipped where the time limit has no room for its first call and its sample
    call_limit_s = timeout_s / CALLS_A_LIMIT if options.timeout_s or sized else preset.call_limit_s
    return Limits(
        blocks=(options.blocks, options.blocks) if options.blocks else preset.blocks,
        budget_s=options.budget_s or preset.budget_s,
        call_limit_s=call_limit_s,
        rules=Rules(
            timeout_s,
            preset.long_call_s,
            preset.long_samples,
            target_s=preset.target_s,
            sampling_s=preset.sampling_s,
        ),
        exact=options.blocks is not None,
        more_than=options.more_than,
    )


def predicted_s(contests: Sequence[Contest], limits: Limits) -> float:
    """Seconds that these contests will take, roughly: at least their fewest blocks, at most the budget."""
    return min(limits.budget_s, wanted_s(contests, limits))


def wanted_s(contests: Sequence[Contest], limits: Limits) -> float:
    """Seconds, roughly, in which each has its fewest blocks, whatever the budget."""
    roles = ("baseline", "twin")
    entries = [[*(Entry(b, role) for b in c.baselines for role in roles), *map(Entry, c.cases)] for c in contests]
    blocks_s = sum(plan.predicted_block_s(of_contest, limits) for of_contest in entries)
    once_s = sum(plan.predicted_once_s(of_contest, limits) for of_contest in entries)
    return once_s + limits.blocks[0] * blocks_s


@contextmanager
def prepared(
    request: Request, before: Run | None = None, *, blocks: tuple[int, int] | None = None
) -> Iterator[PreparedRun]:
    """Start the nurseries and settle what will be run; `blocks` replaces the preset's fewest and most.

    Raises UsageError where nothing can be run.
    """
    own = own_data(request)
    request = with_data(request, own)
    options = request.options
    sides = request.sides or {"here": Setting(plugins=request.plugins)}
    base, count = settings_of(options.settings)[0], options.cpu_devices
    sides = {name: replace(side, cpu_devices=count, setting=base) for name, side in sides.items()}
    with (
        _copied(own) as data,
        Nurseries(sides, data) as nurseries,
        out_of_the_way(nurseries.allowed),
    ):
        _check_threads(options, nurseries.allowed)
        _check_settings(options, nurseries)
        sweep = select(options, {name: nurseries.solvers(name) for name in sides}, device_counts(nurseries, options))
        contests = shard_of(sweep, options)
        absent, kinds = _devices(nurseries, options)
        asked = [case for contest in contests for case in contest.cases]
        if asked and all(case.device in absent for case in asked):
            raise UsageError("nothing left to run: " + "; ".join(absent.values()))
        limits = limits_of(options)
        limits = replace(limits, blocks=blocks) if blocks else limits
        whole = None if options.shard is None else plan.grid_hash(sweep)
        yield PreparedRun(request, contests, limits, nurseries, absent, kinds, before, whole)


def shard_of(sweep: Sequence[Contest], options: RunOptions) -> tuple[Contest, ...]:
    """The contests of a sweep that are this shard's; all where it has none. Raises UsageError for an empty one."""
    number, of = parse_shard(options.shard)
    contests = tuple(sweep[number - 1 :: of])
    if not contests:
        raise UsageError(
            f"--shard {options.shard} has nothing to do: the sweep has {counted(len(sweep), 'problem')}; "
            f"make it {len(sweep)} shards at most"
        )
    return contests


def measure(ready: PreparedRun, watch: Callable[[float], AbstractContextManager[schedule.Watcher]]) -> Finished:
    """Run what is prepared, into its file."""
    name, started = name_of_run()
    path = ready.request.output or RUNS / f"{name}.jsonl"
    with machine.alone("", name) as other, open_output(path, append=ready.before is not None) as writer:
        if other is not None:
            print(f"linregbench: run {other} measures on this machine too: each disturbs the other", file=sys.stderr)
        if ready.before is None:
            here = machine.facts() | {"affinity": ready.nurseries.allowed}
            writer.append(header_of(ready.request, ready.contests, ready.limits, here, name, started, ready.sweep))
        before = writer.before
        states = [
            restored(contest, before.measurements, before.blocks, before.stops) if before else State(contest)
            for contest in ready.contests
        ]
        told: Sequence[Any] = before.environments if before else ()
        told = told or [writer.append(record | _on_node(ready)) for record in environments_of(ready)]
        with watch(ready.predicted_s) as watcher:
            session = schedule.session_here(
                ready.limits,
                ready.nurseries,
                writer,
                watcher,
                ready.request.options.seed,
                ready.absent,
                device_bytes(told),
            )
            return Finished(path, schedule.run_contests(session, states))


def open_output(path: Path, *, append: bool) -> RunWriter:
    """The run file's writer, its folder made, or with `append` trimmed to what a resumed run starts from.

    Raises UsageError where it exists already or cannot be written.
    """
    option = "--resume" if append else "--output"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RunWriter(path, append=append)
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}") from None
    except RunFileError as error:
        raise UsageError(f"{option} {error}") from None


def environments_of(ready: PreparedRun) -> list[dict[str, Any]]:
    """The environment record of every nursery that a case will need."""
    for contest in ready.contests:
        for case in (*contest.baselines, *contest.cases):
            if case.device not in ready.absent:
                ready.nurseries.of(case)
    return ready.nurseries.records(ready.kinds, _required(ready.contests))


def _check_threads(options: RunOptions, cores: Sequence[int]) -> None:
    for threads in options.threads or ():
        if threads != "all" and cores and int(threads) > len(cores):
            raise UsageError(f"--threads {threads}: there are {len(cores)} cores here; at most that many, or all")


def _check_settings(options: RunOptions, nurseries: Nurseries) -> None:
    """Raise UsageError where JAX does not start under a setting: XLA ends a process for an unknown flag."""
    settings = settings_of(options.settings) if options.settings else ()
    for environment, setting in product(nurseries.sides, settings):
        try:
            nurseries.device_kind(environment, "cpu", setting)
        except (NurseryError, WorkerEnded) as error:
            reason = error.reason if isinstance(error, WorkerEnded) else str(error)
            raise UsageError(f"--set {setting}: JAX does not start under it: {reason}") from None


def _devices(nurseries: Nurseries, options: RunOptions) -> tuple[dict[str, str], dict[str, str]]:
    """Which of the devices asked for are absent, and why; what the others call themselves."""
    absent, kinds = {}, {"cpu": machine.cpu_model()}
    for device in options.devices:
        if device == "cpu":
            continue
        try:
            kinds[device] = nurseries.device_kind(options.environments[0], device)
        except WorkerEnded as ended:
            absent[device] = ended.reason
    return absent, kinds


def own_data(request: Request) -> OwnData | None:
    """What --data holds, read once and told in a line. Raises UsageError, also for what a dtype cannot hold."""
    if request.data is None:
        return None
    options = request.options
    if options.samples or options.features or options.batch or options.conditions:
        raise UsageError("--data brings its own sizes: leave out --samples, --features, --batch and --condition")
    sweeps = PRESETS[options.preset].sweeps
    dtypes = options.dtypes or tuple(dict.fromkeys(dtype for sweep in sweeps for dtype in sweep.dtypes))
    try:
        own = read_data(request.data, machine.MEMORY_SHARE * machine.available_bytes())
        for dtype in dtypes:
            try:
                check_range(own, dtype, max(options.steps or (100,)))
            except ValueError as error:
                raise ValueError(f"{plain(request.data.name)}: {error}") from None
    except ValueError as error:
        raise UsageError(f"--data {error}") from None
    print(f"linregbench: {own.told}", file=sys.stderr)
    return own


def with_data(request: Request, own: OwnData | None) -> Request:
    """Sizes and name of a person's own data in the options, so that they are the workload."""
    if own is None:
        return request
    sizes: dict[str, Any] = {"samples": (own.X.shape[0],), "features": (own.X.shape[1],), "batch": (1,)}
    return replace(request, options=replace(request.options, **sizes, data_label=own.label))


@contextmanager
def _copied(own: OwnData | None) -> Iterator[str | None]:
    """A file that the nurseries take the data from: whatever becomes of the person's, all blocks have the same."""
    if own is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        try:
            keep = stack.enter_context(contextlib.closing(Keep()))
            file = keep.file
        except OSError:
            file = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data.npz")
        with open(file, "wb") as into:
            np.savez(into, X=own.X, y=own.y)
        yield file


def _required(contests: Iterable[Contest]) -> list[str]:
    """The modules that the solvers need beyond our own dependencies."""
    cases = [case for contest in contests for case in contest.cases]
    return sorted({case.solver.requires for case in cases if case.solver.requires})


def device_bytes(environments: Sequence[Any]) -> dict[str, int]:
    """What a process may hold of the memory of each device that tells (worker.hardware.gpu)."""
    facts = {device: facts for environment in environments for device, facts in (environment.facts or {}).items()}
    return {device: int(told["usable_memory_bytes"]) for device, told in facts.items() if "usable_memory_bytes" in told}


def header_of(
    request: Request,
    contests: Sequence[Contest],
    limits: Limits,
    here: Mapping[str, Any],
    name: str,
    started: str,
    sweep: str | None = None,
) -> dict[str, Any]:
    """The first record of a run file; `here` are the facts of the machine that is measured on."""
    options = request.options
    commit, dirty = machine.commit_of(Path(__file__).resolve().parent)
    asked = options.as_dict() | {"plugins": [str(path) for path in request.plugins]}
    if request.data:
        asked |= {"data": str(request.data), "samples": None, "features": None, "batch": None, "data_label": None}
    return {
        "record": "run",
        "format": "linregbench-run",
        "version": VERSION,
        "run": name,
        "started": started,
        "preset": options.preset,
        "seed": options.seed,
        "sentinel": sentinel.VERSION,
        "options": asked,
        "blocks": limits.blocks,
        "machine": here,
        "commit": commit,
        "dirty": dirty,
        "linregbench": linregbench.__version__,
        "grid": plan.grid_hash(contests),
        "sweep": sweep,
    }


def parsed_environment(record: Mapping[str, Any]) -> Environment:
    """An environment record as a reader of the run file will see it."""
    parsed = parse_record(plain_json(record))
    if not isinstance(parsed, Environment):
        raise TypeError(f"{type(parsed).__name__} where an environment was meant")
    return parsed


def name_of_run() -> tuple[str, str]:
    """A new run's name, and when it started."""
    started = clock.timestamp()
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", started.isoformat(timespec="seconds")


def _on_node(ready: PreparedRun) -> dict[str, str]:
    """What the machine goes by beside the others of its sweep; nothing where it is alone."""
    return {} if ready.sweep is None else {"node": machine.identity(ready.sweep)}
