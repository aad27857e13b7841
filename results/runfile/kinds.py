"""Whether two machines are of one kind: the same hardware, under the same programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .records import Environment

Told = tuple[Mapping[str, Any], Sequence[Environment]]
"""What a run tells of its machine: the header's `machine`, and its environment records."""

_OF_MACHINE = {"cpu": "the CPU", "cores": "the number of cores", "cpu_quota": "the CPU quota"}
_OF_NURSERY = {"python": "Python", "blas": "the BLAS", "xla_flags": "XLA_FLAGS", "device_kind": "the device"}
_OF_NURSERY |= {"x64": "64-bit JAX"}


def unlike(base: Told, new: Told) -> Iterator[tuple[str, object, object, str | None]]:
    """Whatever tells them apart: what it is, its two values, and the thread setting where it concerns one alone.

    What processes ran under is compared for each nursery that both had.
    """
    for key, what in _OF_MACHINE.items():
        yield from _differ(what, base[0].get(key), new[0].get(key))
    theirs = {(environment.environment, environment.nursery): environment for environment in new[1]}
    for mine in base[1]:
        other = theirs.get((mine.environment, mine.nursery))
        if other is None:
            continue
        for key, what in _OF_NURSERY.items():
            yield from _differ(what, getattr(mine, key), getattr(other, key))
        for package in sorted(mine.packages.keys() | other.packages.keys()):
            yield from _differ(package, mine.packages.get(package), other.packages.get(package))
        if mine.kept is not None and other.kept is not None:  # files from before there were any say nothing
            for variable in sorted((mine.kept.keys() | other.kept.keys()) - {"XLA_FLAGS"}):
                yield from _differ(variable, mine.kept.get(variable, ""), other.kept.get(variable, ""))
        if mine.cores is not None and other.cores is not None:
            counts = len(mine.cores), len(other.cores)
            yield from _differ("the number of cores to run on", *counts, mine.threads)


def _differ(
    what: str, base: object, new: object, threads: str | None = None
) -> Iterator[tuple[str, object, object, str | None]]:
    if base != new:
        yield what, base, new, threads
