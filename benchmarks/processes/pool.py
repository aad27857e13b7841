"""The nurseries of a run, one for each setting that must stand before numpy and jax load ."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from linregbench.solvers.problem import data_bytes
from linregbench.solvers.registry import Solver

from .. import devices, variables
from ..grid.cases import Case
from ..grid.options import UsageError
from ..worker.kept import KEPT_FROM_BYTES
from . import machine
from .handle import ROOM, Keep, Nursery, NurseryError, Setting, Worker, WorkerEnded
from .sources import Plugin, Watch

LEAST_ALLOWANCE_BYTES = 2 * 2**30
KEPT_SHARE = 0.25
"""Of the memory available: a problem that takes more is made anew in every turn."""
ANSWER_TIMEOUT_S = 60.0
PEAKS_TIMEOUT_S = 300.0


class Nurseries:
    """Starts each nursery when it is first needed, and ends them all. Use it as a context.

    Workers of one nursery share its layout: addresses, the hash seed, the order of dictionaries. A NumPy loop was seen
    to be 1 to 3% faster or slower in one nursery than in the next, all blocks alike. So nurseries are renewed for every
    turn of blocks, with a hash seed of that turn which both sides of a comparison share; the sentinel's is kept.
    """

    def __init__(self, sides: Mapping[str, Setting], data: str | None = None) -> None:
        """`sides`: by environment name, the setting that its nurseries vary in device, threads, dtype and variables."""
        self.sides = dict(sides)
        self.data = data
        self.allowed = devices.allowed_cores()
        self._running: dict[Setting, Nursery] = {}
        self._watching: dict[str, Nursery] = {}
        self._gauges: dict[str, Worker | None] = {}
        self._kept: dict[tuple[str, str], Keep | None] = {}
        self._hash_seed = 0
        every = dict.fromkeys(path for side in self.sides.values() for path in side.plugins)
        self._plugins = {path: Plugin(path) for path in every}
        self._plugin_of: dict[tuple[str, str, str, str], Plugin] = {}
        self._watch = Watch()
        self._code = [file for side in self.sides.values() for file in side.solvers.rglob("*.py")]
        self._code += [*ROOM.glob("*.py"), *(ROOM / "worker").rglob("*.py")]
        self._watch.add(self._code)
        self._code_changed: WorkerEnded | None = None

    def __enter__(self) -> Nurseries:
        return self

    def __exit__(self, *_: object) -> None:
        for nursery in (*self._running.values(), *self._watching.values()):
            nursery.close()
        for keep in filter(None, self._kept.values()):
            keep.close()

    def of(self, case: Case) -> Nursery:
        """The nursery of a case, started where it is not running."""
        x64 = case.workload.dtype == "float64"
        return self.get(case.environment, case.device, case.threads, x64=x64, under=case.setting)

    def get(
        self, environment: str, device: str = "cpu", threads: str = "1", *, x64: bool = False, under: str | None = None
    ) -> Nursery:
        """The nursery of this environment, device, thread setting and precision, `under` a setting or the base one."""
        setting = self._setting(environment, device, threads, x64=x64, under=under)
        if setting not in self._running:
            nursery = Nursery(replace(setting, hash_seed=self._hash_seed))
            nursery.start()
            self._running[setting] = nursery
        return self._running[setting]

    def renew(self, hash_seed: int) -> None:
        """Put fresh nurseries in the place of those that run, all of them started at once."""
        self._hash_seed = hash_seed
        for nursery in self._running.values():
            nursery.begin(hash_seed)
        for nursery in self._running.values():
            nursery.await_start()
        try:
            self._watch.check(self._code)
        except WorkerEnded as changed:
            self._code_changed = changed

    @property
    def plugin_hashes(self) -> dict[str, dict[str, str | None]]:
        """By environment and name of each plugin, the hash of what it held when the run began."""
        return {
            name: {path.name: self._plugins[path].hash for path in side.plugins} for name, side in self.sides.items()
        }

    def _setting(self, environment: str, device: str, threads: str, *, x64: bool, under: str | None = None) -> Setting:
        side = self.sides[environment]
        side = side if under is None else replace(side, setting=under)
        platform = devices.parse(device)[0]
        cores = tuple(devices.cores_for(threads, platform, self.allowed))
        return replace(side, device=platform, threads=threads, x64=x64, cores=cores, allowed=tuple(self.allowed))

    def solvers(self, environment: str) -> tuple[list[Solver], list[Solver]]:
        """The solvers of this environment's package, and those of its plugins. Raises UsageError for a bad plugin."""
        nursery = self.get(environment)
        packaged = [Solver.of(row, _elsewhere) for row in nursery.hello["solvers"]]
        added: list[Solver] = []
        for path in nursery.setting.plugins:
            plugin = self._plugins[path]
            with _passing(nursery.worker({"environment": environment})) as worker:
                foreign = [f"{folder}{os.sep}" for folder in nursery.setting.foreign]
                try:
                    answer = worker.ask("solvers", ANSWER_TIMEOUT_S, plugin=plugin.as_dict(), foreign=foreign)
                    of_plugin = [Solver.of(row, _elsewhere) for row in answer["solvers"]]
                except WorkerEnded as ended:
                    raise UsageError(f"--plugin {path}: {ended.reason.removeprefix('PluginError: ')}") from None
                except TypeError as error:
                    raise UsageError(f"--plugin {path}: what it registers is no solver: {error}") from None
            if answer["strays"]:
                raise UsageError(
                    f"--plugin {path}: the side {environment} imports what is of the other side: "
                    f"{', '.join(answer['strays'])}; name the folder that your packages are in by --path"
                )
            plugin.files = tuple(map(Path, answer["sources"]))
            self._watch.add(plugin.files)
            for solver in of_plugin:
                names = (solver.method, solver.strategy, solver.variant)
                other = self._plugin_of.setdefault((environment, *names), plugin)
                if other is not plugin:
                    raise UsageError(
                        f"--plugin {path}: {' '.join(names)} is registered in {other.path} too; "
                        "give one of them another variant"
                    )
            added += of_plugin
        return packaged, added

    def device_kind(self, environment: str, device: str, under: str | None = None) -> str:
        """What the device calls itself. Raises WorkerEnded, status skipped, where it is not here."""
        nursery = self.get(environment, device, under=under)
        with _passing(nursery.worker({"environment": environment})) as worker:
            return str(worker.ask("device", ANSWER_TIMEOUT_S, device=device)["kind"])

    def device_count(self, environment: str, device: str) -> int:
        """How many devices go by this name. Raises WorkerEnded, status skipped, where it is not here."""
        with _passing(self.get(environment, device).worker({"environment": environment})) as worker:
            return int(worker.ask("count", ANSWER_TIMEOUT_S, device=device)["count"])

    def peaks(self, environment: str, threads: str) -> dict[str, float]:
        """What the machine can do at most with so many threads, and whether it is so many (peaks.measured_peaks)."""
        return self._peaks(self.get(environment, threads=threads), threads=True)

    def _peaks(self, nursery: Nursery, *, threads: bool) -> dict[str, float]:
        with _passing(nursery.worker({"environment": nursery.setting.environment})) as worker:
            return dict(worker.ask("peaks", PEAKS_TIMEOUT_S, threads=threads)["peaks"])

    def _peaks_or_none(self, nursery: Nursery) -> dict[str, float] | None:
        try:
            return self._peaks(nursery, threads=False)
        except WorkerEnded:  # it has no memory for them, say: the run goes on without
            return None

    def _versions(self, nursery: Nursery, modules: Sequence[str]) -> dict[str, str]:
        if not modules:
            return {}
        return self._told(nursery, "versions", modules=list(modules)) or {}

    def _facts(self, nursery: Nursery, kinds: Mapping[str, str]) -> dict[str, Any]:
        """Of the processor, or by name of each device of this platform that is here (worker.hardware)."""
        facts: dict[str, Any] = {}
        for name in _devices_of(nursery.setting, kinds):
            facts |= {name: told} if (told := self._told(nursery, "facts", device=name)) else {}
        if nursery.setting.cpu_devices > 1 and "cpu" in facts:
            facts["cpu"]["virtual_devices"] = nursery.setting.cpu_devices
        return facts

    def _told(self, nursery: Nursery, question: str, **details: Any) -> dict[str, Any] | None:
        """What a worker tells of the machine; None where it dies of it, or has no memory: the run goes on without."""
        try:
            with _passing(nursery.worker({"environment": nursery.setting.environment})) as worker:
                return dict(worker.ask(question, ANSWER_TIMEOUT_S, **details)[question])
        except WorkerEnded:
            return None

    def start(self, case: Case, details: Mapping[str, Any]) -> Worker:
        """A fresh worker for this case; its problem is made once, for all workers of the workload."""
        plugin = self._plugin_of.get(
            (case.environment, case.workload.method, case.solver.strategy, case.solver.variant)
        )
        self._check_unchanged(plugin)
        nursery = self.of(case)
        key = repr(sorted(case.workload.as_dict().items()))
        reason = nursery.problem(key, case.workload.as_dict(), self.data, self._keep(case, key))
        if reason is not None:
            raise WorkerEnded("failed", reason)
        allowance = max(LEAST_ALLOWANCE_BYTES, 8 * data_bytes(case.workload))
        limit = min(allowance, int(machine.MEMORY_SHARE * machine.available_bytes())) if case.device == "cpu" else 0
        brought = plugin.as_dict() if plugin else None
        return nursery.worker(case.as_dict() | {"problem": key, "memory_bytes": limit, "plugin": brought, **details})

    def _check_unchanged(self, plugin: Plugin | None) -> None:
        """Raise WorkerEnded where what a case is made of is no longer what it was when the run began."""
        if self._code_changed is not None:
            raise self._code_changed
        self._watch.check(plugin.files if plugin else ())

    def _keep(self, case: Case, key: str) -> Keep | None:
        """Where the problem of a case is kept for this run, by its environment, whose `solvers` make it.

        None for one that is small, and where memory is short.
        """
        size = data_bytes(case.workload)
        place = (case.environment, key)
        if place not in self._kept and size >= KEPT_FROM_BYTES:
            self._kept[place] = None
            if size <= KEPT_SHARE * machine.available_bytes():
                with contextlib.suppress(OSError):
                    self._kept[place] = Keep()
        return self._kept.get(place)

    def device_sentinel(self, device: str, environment: str) -> float | None:
        """Seconds of the sentinel on an accelerator, in one process for the whole run; None where it cannot run."""
        answer = self._gauge(device, environment, "look")
        return float(answer["call_s"]) if answer else None

    def device_state(self, device: str, environment: str) -> Mapping[str, Any]:
        """What an accelerator went through since it was asked last (Gauge.state); empty where it cannot tell."""
        return dict(self._gauge(device, environment, "state").get("state", {}))

    def _gauge(self, device: str, environment: str, question: str) -> Mapping[str, Any]:
        if device not in self._gauges:
            key = f"gauge {device}"
            self._watching[key] = Nursery(self._setting(environment, device, "1", x64=False))
            self._watching[key].start()
            self._gauges[device] = self._watching[key].worker({"gauge": device})
        gauge = self._gauges[device]
        try:
            return gauge.ask(question, ANSWER_TIMEOUT_S) if gauge else {}
        except WorkerEnded:  # the device has no room for it, say: the run goes on, judged by the CPU's sentinel alone
            self._gauges[device] = None
            return {}

    def records(self, kinds: Mapping[str, str], required: Sequence[str] = ()) -> list[dict[str, Any]]:
        """An environment record for each nursery that runs: what it is, what it can do at most; no path in it.

        `required`: the modules of libraries that compete, whose versions stand beside those of NumPy and JAX.
        """
        environments = []
        for setting, nursery in self._running.items():
            x64 = "float64" if setting.x64 else "float32"
            asked = variables.of_setting(setting.setting)
            base = setting.setting == self.sides[setting.environment].setting
            environments.append(
                {
                    "record": "environment",
                    "environment": setting.environment,
                    "nursery": ", ".join(
                        filter(None, (setting.device, f"threads {setting.threads}", x64, setting.setting))
                    ),
                    "device": setting.device,
                    "threads": setting.threads,
                    "x64": setting.x64,
                    "cores": setting.cores,
                    **{name: nursery.hello[name] for name in ("python", "blas", "xla_flags", "fork")},
                    "packages": nursery.hello["packages"] | self._versions(nursery, required),
                    "dropped": variables.dropped(),
                    "kept": variables.kept(replaced=asked),
                    "device_kind": "; ".join(dict.fromkeys(kinds[name] for name in _devices_of(setting, kinds)))
                    or None,
                    "facts": self._facts(nursery, kinds),
                    "peaks": self._peaks_or_none(nursery) if base and setting.device == "cpu" else None,
                    "plugins": self.plugin_hashes[setting.environment],
                    **dict(
                        zip(
                            ("commit", "dirty"),
                            machine.commit_of_file(setting.plugins[0])
                            if setting.plugins
                            else machine.commit_of(setting.solvers),
                            strict=True,
                        )
                    ),
                }
            )
        return environments


@contextlib.contextmanager
def out_of_the_way(allowed: Sequence[int]) -> Iterator[None]:
    """Keep this process off the core where single-threaded workers are timed, where there is another."""
    if len(allowed) < 2:
        yield
        return
    os.sched_setaffinity(0, allowed[:-1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextlib.contextmanager
def _passing(worker: Worker) -> Iterator[Worker]:
    try:
        yield worker
    finally:
        worker.end()


def _devices_of(setting: Setting, kinds: Mapping[str, str]) -> list[str]:
    """Those of the devices that are here which a nursery serves: every one of its platform."""
    return [name for name in kinds if devices.parse(name)[0] == setting.device]


def _elsewhere(*_: object) -> None:
    raise NurseryError("a solver of another process cannot be called in this one")
