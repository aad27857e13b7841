"""A sweep that was measured in several places, read as one: the shards of `run --shard`, a folder of run files.

Shards of machines of one kind make one run, whose blocks tell which machine measured them. Those of another kind are a
run of their own, as a cluster's are, which writes a file a kind.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..words.text import counted
from .kinds import unlike
from .read import Run, RunFileError, read_run
from .records import Block, End


class _Shard(NamedTuple):
    path: Path
    run: Run
    number: int
    of: int


def is_folder_of_runs(path: str | os.PathLike[str]) -> bool:
    """Whether it is a folder with run files in it, by their names."""
    return Path(path).is_dir() and any(Path(path).glob("*.jsonl"))


def read_runs(*paths: str | os.PathLike[str]) -> list[Run]:
    """The runs of these files and folders in the order given, the shards of a sweep together at the first of them.

    Missing shards are told in the notices. Raises RunFileError as `read_run` does; for a shard that is there twice; and
    for a folder with shards of several sweeps, since nobody asked for one of them by its name.
    """
    shards: dict[tuple[str, int], list[_Shard]] = {}
    order: list[Run | list[_Shard]] = []
    for path in paths:
        whole = is_folder_of_runs(path)
        of_folder: dict[tuple[str, int], _Shard] = {}
        for file in sorted(Path(path).glob("*.jsonl")) if whole else [Path(path)]:
            run = read_run(file)
            if (shard := _shard(file, run)) is None:
                order.append(run)
                continue
            sweep = str(run.header.sweep), shard.of
            of_folder.setdefault(sweep, shard)
            if sweep not in shards:
                order.append(shards.setdefault(sweep, []))
            shards[sweep].append(shard)
        if len(of_folder) > 1:
            one, other, *_ = (shard.path.name for shard in of_folder.values())
            raise RunFileError(
                f"{path}: {one} and {other} are shards of different sweeps: their grids differ; a folder holds one"
            )
    return [run for part in order for run in ([part] if isinstance(part, Run) else _joined(part))]


def _shard(path: Path, run: Run) -> _Shard | None:
    """Which shard a file is; None for a run that is whole."""
    asked = run.header.options.get("shard")
    if asked is None or run.header.sweep is None:
        return None
    number, _, of = str(asked).partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise RunFileError(f"{path}: its shard must be I/N, got {str(asked)[:40]!r}")
    return _Shard(path, run, int(number), int(of))


def _joined(shards: Sequence[_Shard]) -> Iterator[Run]:
    """One run for each kind of machine, of the shards of one sweep."""
    held: dict[int, _Shard] = {}
    for shard in shards:
        if shard.number in held:
            raise RunFileError(
                f"{shard.path}: is shard {shard.number}/{shard.of}, as {held[shard.number].path} is; give it once"
            )
        held[shard.number] = shard
    missing = [f"{number}/{shards[0].of}" for number in range(1, shards[0].of + 1) if number not in held]
    kinds: list[list[Run]] = []
    for _, shard in sorted(held.items()):
        told = shard.run.header.machine, shard.run.environments
        for kind in kinds:
            if not any(unlike((kind[0].header.machine, kind[0].environments), told)):
                kind.append(shard.run)
                break
        else:
            kinds.append([shard.run])
    notices = (
        (f"{shards[0].path.parent}: {counted(len(missing), 'shard')} missing: {', '.join(missing)}",) if missing else ()
    )
    for kind in kinds:
        yield _one_run(kind, notices if kind is kinds[0] else ())


def _one_run(runs: Sequence[Run], notices: tuple[str, ...]) -> Run:
    """Their blocks under one header, each with its machine."""
    first = runs[0]
    if len(runs) == 1:
        return replace(first, notices=first.notices + notices)
    return replace(
        first,
        header=msgspec.structs.replace(first.header, options={**first.header.options, "shard": None}),
        name=f"{first.name} and {len(runs) - 1} more",
        environments=tuple(environment for run in runs for environment in run.environments),
        measurements=tuple(measurement for run in runs for measurement in run.measurements),
        blocks=tuple(block for run in runs for block in _of_its_node(run)),
        stops=tuple(stop for run in runs for stop in run.stops),
        end=_end([run.end for run in runs]),
        notices=tuple(notice for run in runs for notice in run.notices) + notices,
    )


def _of_its_node(run: Run) -> Iterator[Block]:
    node = next((environment.node for environment in run.environments if environment.node), run.header.run)
    yield from (msgspec.structs.replace(block, node=node) for block in run.blocks)


def _end(ends: Sequence[End | None]) -> End | None:
    """Of all together: the time of all machines, and the reason of one that did not come to its end."""
    told = [end for end in ends if end is not None]
    if len(told) < len(ends):
        return None
    spent: dict[str, float] = {}
    for end in told:
        for name, seconds in (end.harness_s or {}).items():
            spent[name] = spent.get(name, 0.0) + seconds
    reason = next((end.reason for end in told if end.reason != "complete"), "complete")
    return End(reason=reason, wall_s=sum(end.wall_s or 0.0 for end in told), harness_s=spent)
