"""`check`: is this machine fit to measure on? And `list`: what there is to measure, and on what.

Each fact of the machine comes with what it means and what to do about it.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linregbench.results.words.guesses import ENOUGH_BLOCKS
from linregbench.results.words.text import counted

from .. import clock, devices
from ..grid.options import RunOptions
from ..grid.presets import PRESETS
from ..processes.handle import Setting, WorkerEnded
from ..worker.hardware.cpu import kernel_text
from .help import HOW_LONG, OUTPUT, Command, option
from .run_options import CLUSTER
from .statuses import DONE

if TYPE_CHECKING:
    from linregbench.results.runfile.read import Run

    from ..processes.pool import Nurseries
    from ..sampling.progress import Watching

CHECK_S = 12.0
"""About how long a check takes beside its blocks; for the progress line."""

FLOOR_GOOD, NOISY_GOOD, OTHERS_GOOD, STEAL_GOOD = 0.02, 0.7, 0.05, 0.01
DIFFERENCES = "smaller differences cannot be seen: take more blocks, or quieten the machine"
NOISY = "trust ratios, not times; stop what else runs, or come back later"
OTHERS = "other processes are busy: stop them (top shows which)"
COARSE = "ask for longer samples: the clock is too coarse for calls of microseconds"
ONE_CORE = "the schedule shares the core with what it measures: use a machine with two"
THROTTLED = "the container is throttled: lift its CPU limit"
SIBLINGS = "a neighbour on the sibling slows a case up to twofold: leave it idle, or turn SMT off"
GOVERNOR = "set it to performance: cpupower frequency-set -g performance"
MORE_THREADS = "the one-thread setting does not hold: its times are not one thread's"
STARVED = "it had its core {:.0%} of the time: stop what else runs (top shows which), and check again"
STOLEN = "the hypervisor gives the core to others: use a dedicated machine"
COARSE_S = 1e-6
THREADS_MARGIN = 0.05
SYS_CPU = Path("/sys/devices/system/cpu")


@click.command(cls=Command, examples=("check --blocks 3", "check --json"))
@option(
    "--blocks",
    default=10,
    type=click.IntRange(ENOUGH_BLOCKS, 200),
    group=HOW_LONG,
    example="--blocks 3",
    help="Of the study of two copies of the same code.",
)
@CLUSTER
@option("--json", "as_json", is_flag=True, group=OUTPUT, example="--json", help="For programs.")
def check(blocks: int, cluster: str | None, as_json: bool) -> int:
    """Is this machine fit to measure on?

    Timer, threads, peaks, noise, and what to do about each fault. With --cluster: which kinds of machine there are, and
    whether those of a kind agree.
    """
    if cluster is not None:
        return _check_cluster(cluster, blocks, as_json=as_json)
    from ..sampling.progress import watcher

    with watcher(CHECK_S + blocks) as watch:
        facts = examine(blocks, watch)
    poor = [fact.name for fact in facts if fact.verdict == "poor"]
    conclusion = f"usable with care: {', '.join(poor)}" if poor else "fit to measure on"
    if as_json:
        print(json.dumps({"conclusion": conclusion, "facts": [asdict(fact) for fact in facts]}, indent=2))
    else:
        _print(facts, conclusion)
    return DONE


@click.command("list", cls=Command, examples=("list", "list --help"))
def list_() -> int:
    """Strategies, presets, and the devices there are here."""
    from linregbench.results.tables.table import Document, table_of
    from linregbench.results.tables.terminal import print_document
    from linregbench.solvers.registry import load_builtin

    from ..processes.pool import Nurseries

    solvers = [
        (
            *(solver.method, solver.strategy, solver.variant, solver.backend),
            *("yes" if flag else "" for flag in (solver.compiled, solver.batched)),
        )
        for solver in sorted(load_builtin().values(), key=lambda s: (s.method, s.strategy, s.variant))
    ]
    presets = []
    for preset in PRESETS.values():
        sizes = {(method, size) for sweep in preset.sweeps for method in sweep.methods for size in sweep.sizes}
        presets.append((preset.name, preset.about, str(len(sizes))))
    here = []
    with Nurseries({"here": Setting()}) as nurseries:
        for name in devices.PLATFORMS:
            try:
                here.append((name, nurseries.device_kind("here", name)))
            except WorkerEnded as ended:
                here.append((name, ended.reason))
    tables = [
        table_of("Solvers", ("method", "strategy", "variant", "backend", "compiled", "batched"), solvers),
        table_of("Presets", ("preset", "what it does", "problems"), presets),
        table_of("Devices", ("device", "here"), here),
    ]
    print_document(Document(tables))
    return DONE


@dataclass(frozen=True)
class Fact:
    """One thing that was looked at. `verdict`: good, poor, or told (neither: a fact to know)."""

    name: str
    value: str
    verdict: str = "told"
    advice: str = ""
    number: float | None = None


def judged(name: str, value: str, advice: str, *, fine: bool | None, number: float | None = None) -> Fact:
    """A fact that is good or poor, and with the advice then; a fact to know where neither can be said."""
    verdict = "told" if fine is None else "good" if fine else "poor"
    return Fact(name, value, verdict, advice if verdict == "poor" else "", number)


def examine(blocks: int, watch: Watching) -> list[Fact]:
    """Look at the timer, the machine's settings, what it can do at most, and how far two copies of the same code agree.

    Takes about a second a block, and a few seconds more.
    """
    from ..processes.pool import Nurseries

    facts = [*_timer(), *_settings()]
    with Nurseries({"here": Setting()}) as nurseries:
        watch.tell("peaks and threads")
        facts += _peaks(nurseries)
    watch.tell("the same code against itself")
    facts += _noise(blocks, watch)
    return facts


def _print(facts: Sequence[Fact], conclusion: str) -> None:
    from linregbench.results.tables.table import Cell, Column, Document, Table
    from linregbench.results.tables.terminal import print_document

    columns = (Column("fact", least=38), Column("found"), Column(""), Column("what to do"))
    rows = []
    for fact in facts:
        verdict = Cell("" if fact.verdict == "told" else fact.verdict, meaning=fact.verdict)
        rows.append((Cell(fact.name), Cell(fact.value), verdict, Cell(fact.advice)))
    print_document(Document([Table("This machine", columns, tuple(rows))], last=conclusion))


def _timer() -> Iterator[Fact]:
    resolution, cost = clock.resolution_s(), clock.cost_s()
    fine = resolution < COARSE_S
    yield judged("timer resolution", f"{resolution * 1e9:.0f} ns", COARSE, fine=fine, number=resolution)
    yield Fact("timer cost", f"{cost * 1e9:.0f} ns a reading", number=cost)


def _settings() -> Iterator[Fact]:
    import psutil

    from ..processes import machine

    cores = psutil.cpu_count(logical=True) or 1
    quota = machine.cpu_quota()
    yield Fact("processor", f"{machine.cpu_model()}, {cores} logical cores")
    if cores < 2:
        yield judged("cores", "1", ONE_CORE, fine=False, number=1.0)
    if quota is not None and quota < cores:
        yield judged("CPU quota", f"{quota:g} cores", THROTTLED, fine=False, number=quota)
    siblings = _siblings()
    if siblings:
        yield judged("cores that share one", siblings, SIBLINGS, fine=False)
    governor = kernel_text(SYS_CPU / "cpu0/cpufreq/scaling_governor")
    if governor is not None:
        yield judged("governor", governor, GOVERNOR, fine=governor == "performance")
    swap = psutil.swap_memory()
    if swap.used > 0.1 * max(swap.total, 1):
        yield judged("swap in use", f"{swap.used / 2**30:.1f} GiB", "free memory before measuring", fine=False)
    yield Fact("free memory", f"{machine.available_bytes() / 2**30:.1f} GiB", number=float(machine.available_bytes()))


def _peaks(nurseries: Nurseries) -> Iterator[Fact]:
    for threads in ("1", "all"):
        name = "one thread" if threads == "1" else "all threads"
        peaks = nurseries.peaks("here", threads)
        for dtype in ("float32", "float64"):
            flops = peaks[f"gemm_{dtype}_flops_per_s"]
            yield Fact(f"matrix product, {dtype}, {name}", f"{flops / 1e9:,.0f} GFLOP/s", number=flops)
        width = peaks["bandwidth_bytes_per_s"]
        yield Fact(f"memory bandwidth, {name}", f"{width / 1e9:,.1f} GB/s", number=width)
        for backend in ("numpy", "jax"):
            yield _threads(f"threads in effect, {backend}, {name}", peaks[f"threads_{backend}"], one=threads == "1")


def _threads(name: str, in_effect: float, *, one: bool) -> Fact:
    """CPU time over wall time; on one core less than 1 tells of others on it, and not of threads."""
    if one and in_effect < 1 - THREADS_MARGIN:
        return judged(name, f"{in_effect:.2f}, starved", STARVED.format(in_effect), fine=False, number=in_effect)
    held = in_effect <= 1 + THREADS_MARGIN if one else None
    return judged(name, f"{in_effect:.2f}", MORE_THREADS, fine=held, number=in_effect)


def _noise(blocks: int, watch: Watching) -> Iterator[Fact]:
    """A short run of two strategies and their copies: the A/A floor, quiet rounds, neighbours, steal."""
    from linregbench.results.runfile.read import read_run
    from linregbench.results.stats.diagnostics import diagnose

    from .. import run

    options = RunOptions(methods=("gd",), samples=(1000,), strategies=("jax_scan",), blocks=blocks)
    with tempfile.TemporaryDirectory() as folder:
        request = run.Request(options, output=Path(folder) / "check.jsonl")
        with run.prepared(request) as ready:
            finished = run.measure(ready, lambda _: contextlib.nullcontext(watch))
        diagnostics = diagnose(read_run(finished.path))
    noisy = None if diagnostics.quiet_share is None else 1 - diagnostics.quiet_share
    limits = (
        ("two copies of the same code", diagnostics.floor, "differ by {:.1%}", FLOOR_GOOD, DIFFERENCES),
        ("noisy samples", noisy, "{:.0%}", NOISY_GOOD, NOISY),
        ("other processes", diagnostics.others_cpu, "{:.2f} cores", OTHERS_GOOD, OTHERS),
        ("CPU time stolen", diagnostics.steal_share, "{:.1%}", STEAL_GOOD, STOLEN),
    )
    for name, number, form, most, advice in limits:
        if number is not None:
            yield judged(name, form.format(number), advice, fine=number <= most, number=number)


def _check_cluster(where: str, blocks: int, *, as_json: bool) -> int:
    """Measure the same on every machine, and print each beside the others of its kind."""
    from linregbench.results.runfile.sweep import read_runs

    from ..cluster.client import connected
    from ..cluster.sweep import measure_on
    from ..run import Request
    from ..sampling.progress import watcher

    options = RunOptions(methods=("gd",), samples=(1000,), strategies=("jax_scan",), blocks=blocks)
    with tempfile.TemporaryDirectory() as folder, connected(where) as client:
        finished = measure_on(client, Request(options), Path(folder) / "check", watcher, each=True)
        kinds = _kinds(read_runs(finished.path))
    if as_json:
        print(json.dumps({"kinds": [kind | {"nodes": [*map(asdict, kind["nodes"])]} for kind in kinds]}, indent=2))
        return DONE
    for kind in kinds:
        print(f"{kind['kind']}: {counted(len(kind['machines']), 'machine')}")
        beside = {node.name: node for node in kind["nodes"]}
        for name, facts in kind["machines"].items():
            node = beside.get(name)
            apart = f"{node.verdict}, {node.slower:+.1%} ({node.low:+.1%} to {node.high:+.1%})" if node else "alone"
            print(f"  {name}  {apart}  {facts}")
    return DONE


def _kinds(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The machines by kind: what each told of its sentinel and peaks, and how it stands beside the others."""
    from linregbench.results.runfile.kinds import unlike
    from linregbench.results.stats.nodes import agreement
    from linregbench.results.stats.quiet import sentinel_levels

    alike: list[list[Run]] = []
    for run in runs:
        told = run.header.machine, run.environments
        known = (of for of in alike if not any(unlike((of[0].header.machine, of[0].environments), told)))
        if (kind := next(known, None)) is None:
            alike.append([run])
        else:
            kind.append(run)
    kinds = []
    for of in alike:
        machines = {}
        for run in of:
            level_s = sentinel_levels(run.blocks).get("1")
            peaks = next((environment.peaks for environment in run.environments if environment.peaks), None) or {}
            width = peaks.get("bandwidth_bytes_per_s")
            facts = [f"sentinel {1e6 * level_s:,.1f} us"] if level_s else []
            facts += [f"memory {width / 1e9:,.1f} GB/s"] if width else []
            name = next((block.node for block in run.blocks if block.node), Path(run.name).stem)
            machines[str(name)] = ", ".join(facts)
        blocks = [block for run in of for block in run.blocks]
        kinds.append({"kind": of[0].header.machine.get("cpu"), "machines": machines, "nodes": agreement(blocks)})
    return kinds


def _siblings() -> str | None:
    """Which logical cores are threads of one physical core, as the kernel lists them; None where each has its own."""
    groups = {kernel_text(path) for path in SYS_CPU.glob("cpu[0-9]*/topology/thread_siblings_list")}
    shared = sorted(group for group in groups if group and ("," in group or "-" in group))
    return "; ".join(shared) or None
