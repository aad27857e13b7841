"""A run over a cluster, from its options to a folder with a run file for each kind of machine."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import linregbench
from linregbench.results.runfile.kinds import Told, unlike
from linregbench.results.runfile.read import Run, RunFileError, read_run
from linregbench.results.runfile.records import Environment
from linregbench.results.runfile.write import RunWriter, left_to_resume
from linregbench.solvers.registry import Solver

from ..grid.cases import Contest, select
from ..grid.options import RunOptions, UsageError
from ..resume import request_of
from ..run import (
    RUNS,
    Finished,
    Request,
    header_of,
    limits_of,
    name_of_run,
    open_output,
    own_data,
    parsed_environment,
    predicted_s,
    with_data,
)
from ..sampling import plan, schedule
from ..sampling.state import State, restored
from ..worker.hardware import sentinel
from .client import Cluster

if TYPE_CHECKING:
    from distributed import Client

WAIT_S = 600.0
IDLE_S = 60.0
"""After which an agent ends that is not asked for anything."""
MOST_DATA_BYTES = 64 * 2**20


@dataclass
class _Kind:
    """Machines that are alike, and their file."""

    name: str
    machine: Mapping[str, Any]
    environments: list[Environment]
    grid: str
    before: Run | None = None  # what its file held, where it is gone on with


class Sweep:
    """The kinds of machine of a run, and what their contests have come to; `states` grows with each kind."""

    def __init__(
        self,
        request: Request,
        folder: Path,
        name: str,
        started: str,
        files: ExitStack,
        *,
        a_file_a_node: bool = False,
    ) -> None:
        self.request, self.folder, self.name, self.started = (
            with_data(request, own_data(request)),
            folder,
            name,
            started,
        )
        self.limits = limits_of(self.request.options)
        self.states: list[State] = []
        self.writers: dict[str, RunWriter] = {}
        self._files = files
        self._kinds: list[_Kind] = []
        self._a_file_a_node = a_file_a_node

    def joined(self, hello: Mapping[str, Any]) -> str:
        """The kind of a machine, its file opened where it is the first. Raises UsageError for one that does not fit."""
        for what, there, here in (
            ("linregbench", hello["linregbench"], linregbench.__version__),
            ("the sentinel's version", hello["sentinel"], sentinel.VERSION),
        ):
            if there != here:
                raise UsageError(f"{what} is {there} there and {here} here; install the same")
        rows = [[Solver.of(row, _elsewhere) for row in of] for of in hello["solvers"]]
        contests = select(self.request.options, {"here": (rows[0], rows[1])}, hello["counts"])
        grid = plan.grid_hash(contests)
        if grid != hello["grid"]:
            raise UsageError(f"its grid is {hello['grid']} and {grid} here: the same options come to other cases there")
        records = [dict(record) | {"node": hello["node"]} for record in hello["environments"]]
        told = hello["machine"], [parsed_environment(record) for record in records]
        kind = next((kind for kind in self._kinds if self._fits(kind, told)), None)
        if kind is None:
            kind = _Kind(self._name(hello["machine"], records), hello["machine"], [], grid)
            self._kinds.append(kind)
        if kind.grid != grid:
            raise UsageError(f"its grid is {grid}, and {kind.grid} in {kind.name}.jsonl")
        if kind.environments and (plugins := _plugins(told[1])) != (then := _plugins(kind.environments)):
            raise UsageError(f"its plugins are {dict(plugins)}, and {dict(then)} in {kind.name}.jsonl")
        if kind.name not in self.writers:
            self._open(kind, contests)
        if hello["node"] not in {environment.node for environment in kind.environments}:
            for record in records:
                self.writers[kind.name].append(record)
            kind.environments += told[1]
        return kind.name

    def go_on_with(self, path: Path, run: Run) -> None:
        """Take up the file of a kind that was written before: it is opened when a machine of its kind is there."""
        self._kinds.append(_Kind(path.stem, run.header.machine, [*run.environments], run.header.grid, run))

    def _open(self, kind: _Kind, contests: Sequence[Contest]) -> None:
        """Its file, and what its contests have come to: nothing, or what the file tells."""
        path, run = self.folder / f"{kind.name}.jsonl", kind.before
        writer = self._files.enter_context(open_output(path, append=run is not None))
        self.writers[kind.name] = writer
        if run is None:
            writer.append(
                header_of(
                    self.request,
                    contests,
                    self.limits,
                    kind.machine,
                    f"{self.name}-{kind.name}",
                    self.started,
                    self.name,
                )
            )
        told = (run.measurements, run.blocks, run.stops) if run else ((), (), ())
        for number, contest in enumerate(contests):
            self.states.append(replace(restored(contest, *told), kind=kind.name, number=number))

    def _fits(self, kind: _Kind, told: Told) -> bool:
        return not self._a_file_a_node and not any(unlike((kind.machine, kind.environments), told))

    def _name(self, machine: Mapping[str, Any], records: list[dict[str, Any]]) -> str:
        """Of a new kind, for its file: the accelerator's, else the processor's."""
        devices = [
            str(record["device_kind"]) for record in records if record["device"] != "cpu" and record["device_kind"]
        ]
        if self._a_file_a_node:
            return str(records[0]["node"])
        text = next(iter(devices), str(machine.get("cpu") or "cpu"))
        name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "machine"
        taken = {kind.name for kind in self._kinds}
        return next(free for free in _numbered(name) if free not in taken)


def measure_on(
    client: Client,
    request: Request,
    folder: Path | None,
    watch: Callable[[float], AbstractContextManager[schedule.Watcher]],
    *,
    spread: bool = False,
    wait_s: float = WAIT_S,
    before: Mapping[Path, Run] | None = None,
    each: bool = False,
) -> Finished:
    """Measure on the machines of a cluster; the folder that it comes to has a run file for each kind of them.

    `before`: the files of a folder that is gone on with. `each`: every machine measures the whole, into a file of its
    own. Raises UsageError where nothing can be measured.
    """
    _refuse(request.options)
    name, started = name_of_run()
    folder = folder or RUNS / name
    if before is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--output {folder}: exists already; a cluster's runs want a folder of their own")
    with ExitStack() as files:
        sweep = Sweep(request, folder, name, started, files, a_file_a_node=each)
        cluster = Cluster(client, name, payload(request), sweep.limits, sweep.joined, wait_s=wait_s)
        with cluster:
            for path, run in (before or {}).items():
                sweep.go_on_with(path, run)
            cluster.await_first()
            left_s = predicted_s([state.contest for state in sweep.states], sweep.limits) / max(len(cluster.nodes()), 1)
            with watch(left_s) as watcher:
                cluster.tell = watcher.tell
                session = schedule.Session(sweep.limits, cluster, sweep.writers, watcher, spread)
                return Finished(folder, schedule.run_contests(session, sweep.states))


def payload(request: Request) -> dict[str, Any]:
    """What an agent is told: options, plugins as text, data as they are. Raises UsageError."""
    plugins = []
    for path in request.plugins:
        try:
            plugins.append([path.name, path.read_text(encoding="utf-8")])
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--plugin {path}: {error}") from None
    data = None
    if request.data is not None:
        try:
            content = request.data.read_bytes()
        except OSError as error:
            raise UsageError(f"--data {request.data}: {error.strerror}") from None
        if len(content) > MOST_DATA_BYTES:
            raise UsageError(
                f"--data {request.data}: {len(content) / 2**20:,.0f} MiB, and up to {MOST_DATA_BYTES / 2**20:.0f} are "
                "sent to machines; measure a part of it"
            )
        data = [request.data.name, base64.b64encode(content).decode()]
    return {"options": request.options.as_dict(), "plugins": plugins, "data": data, "idle_s": IDLE_S}


def resumed_folder(folder: Path) -> tuple[Request, dict[Path, Run]]:
    """The request that a cluster's folder was made for, and what is left of each file. Raises UsageError."""
    try:
        whole = {path: read_run(path) for path in sorted(folder.glob("*.jsonl"))}
    except RunFileError as error:
        raise UsageError(f"--resume {error}") from None
    if not whole:
        raise UsageError(f"--resume {folder}: there is no run file in it")
    if len({run.header.sweep for run in whole.values()}) > 1 or any(r.header.sweep is None for r in whole.values()):
        raise UsageError(f"--resume {folder}: these are not the files of one run over a cluster")
    if all(run.end is not None and run.end.reason == "complete" for run in whole.values()):
        raise UsageError(f"--resume {folder}: this run is complete; linregbench table shows it")
    request = request_of(next(iter(whole.values())), folder)
    return request, {path: left_to_resume(run) for path, run in whole.items()}


def _refuse(options: RunOptions) -> None:
    if options.shard is not None:
        raise UsageError("--shard is for machines that do not know of each other: leave it out with --cluster")


def _plugins(environments: Sequence[Environment]) -> Mapping[str, Any]:
    """Their files, each with its hash."""
    return next((environment.plugins for environment in environments if environment.plugins), {})


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _elsewhere(*_: object) -> None:
    raise RuntimeError("a solver of another machine cannot be called in this one")
