"""The facts of a run and of its devices as lines that a person reads: what it was taken on, where its time went."""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

from ..runfile.read import Run
from ..runfile.records import Environment
from ..stats.diagnostics import Diagnostics
from ..stats.noise import details

_BINARY = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


ON_THE_CLOCK = (
    "On the clock: one call of the solver on data that are in place already, until its whole result is there. "
    "Transfer, trace, lower, compile and the first call are on clocks of their own. "
    "Making the data, choosing the step size and checking the answer are on none."
)


def facts_of_run(run: Run, diagnostics: Diagnostics) -> list[str]:
    """When and how it was taken, the machine, what each nursery ran under, and every number on the noise."""
    header = run.header
    return [
        f"taken {header.started}, preset {header.preset}, seed {header.seed}, linregbench {header.linregbench}",
        _pairs(header.machine.items()),
        *(
            f"{environment.nursery}: Python {environment.python}, {_pairs(environment.packages.items())}, "
            f"{environment.blas}, {environment.device_kind}"
            for environment in run.environments
        ),
        *(line for environment in run.environments for line in device_facts(environment)),
        *dict.fromkeys(line for environment in run.environments for line in _of_variables(environment)),
        *details(diagnostics),
    ]


def _of_variables(environment: Environment) -> list[str]:
    """What the processes got, and did not get, of the variables that change times."""
    told = {"not passed on": environment.dropped, "passed on": environment.kept}
    return [f"of the environment {how}: {_pairs(each.items())}" for how, each in told.items() if each]


def device_facts(environment: Environment) -> list[str]:
    """`cuda: driver 580.65, memory 79.6 GiB, ...`, a line a device; nothing where the run file tells nothing."""
    lines = []
    for device, facts in (environment.facts or {}).items():
        if isinstance(facts, Mapping) and facts:
            known = ", ".join(_fact(str(name), value) for name, value in facts.items())
            lines.append(f"{device} ({environment.nursery}): {known}")
    return lines


def account_of_time(run: Run) -> str:
    """Where the time of a run went, by what it was spent on, and what a case cost in a block beyond its samples."""
    if run.end is None or not run.end.wall_s:
        return "where the time went: not told, since the run has not ended"
    spent = dict(run.end.harness_s or {})
    spent["the rest"] = max(0.0, run.end.wall_s - sum(spent.values()))
    parts = sorted(spent.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts if seconds >= 0.05)
    costs: dict[str, list[float]] = {"NumPy": [], "jitted": [], "other JAX": [], "libraries": []}
    for measurement in run.measurements:
        if measurement.status == "ok":
            kind = {"numpy": "NumPy", "jax": "jitted" if measurement.compiled else "other JAX"}
            overhead_s = sum(s for phase, s in (measurement.overhead_s or {}).items() if phase != "sample")
            costs[kind.get(measurement.backend, "libraries")].append(overhead_s)
    averages = ", ".join(f"{name} {fmean(seconds):.2f} s" for name, seconds in costs.items() if seconds)
    return (
        f"where the time went: {run.end.wall_s:.0f} s in all: {shares}\n"
        f"beyond its samples a case cost in a block, on average: {averages or 'nothing, since none was measured'}"
    )


def _pairs(items: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in items if value is not None)


def _fact(name: str, value: Any) -> str:
    """A fact; the unit at the end of its name stands after its value."""
    for ending, shown in _UNITS.items():
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')} {_value(value, shown)}"
    return f"{name.replace('_', ' ')} {_value(value, str)}"


def _value(value: Any, shown: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_value(item, shown)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        parts = [_value(item, shown) for item in value]
        return (" and " if any(" " in part for part in parts) else " ").join(parts) or "none"
    return str(shown(value)) if isinstance(value, int | float) else str(value)


def _size(count: float) -> str:
    return next((f"{count / size:,.4g} {unit}" for unit, size in _BINARY if count >= size), f"{count:g} B")


_UNITS = {"_bytes": _size, "_mhz": "{:,g} MHz".format, "_w": "{:g} W".format, "_c": "{:g} C".format}
