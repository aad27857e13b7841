"""The kinds of record that a run file holds, each field's name ending in its unit.

Frozen structs, since a run has a hundred thousand lines: msgspec decodes a line into one and checks every field's type
on the way.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from ..fields import CACHES, CASE, CASE_KEYS, DATA, FIRST_RESULT, HOT, MEASURED_S, WORKLOAD
from .device_states import check_device_state, slowest_device_sentinel_s
from .schema import EMPTY, Scalar, Scalars, Whole

STATUSES = ("ok", "skipped", "wrong", "failed", "timeout", "crashed", "out_of_memory", "not_converged")
ROLES = ("case", "baseline", "twin")
UNSAID = {"setting": "", "cache": HOT}
"""What a record leaves out, by name: those from before there was another had none of it."""
OPERATIONS = (DATA, "gram", "powers")

# no sample of anything lies outside; within, no logarithm or ratio can overflow
SHORTEST_S, LONGEST_S = 1e-15, 1e9
MOST_ROUNDS = 100_000

ProblemKey = tuple[tuple[str, Scalar], ...]
BlockKey = tuple[ProblemKey, str, int, int]

# all at once: a run has a hundred thousand measurements
_measured_s, _to_first_result_s = attrgetter(*MEASURED_S), attrgetter(*FIRST_RESULT)
case_fields = attrgetter(*CASE_KEYS)
"""CASE_KEYS of a case, or of a measurement of it."""


@dataclass(frozen=True)
class Case:
    """What is compared: one row of every table. `problem` is the workload without its dtype, as sorted pairs."""

    problem: ProblemKey
    dtype: str
    precision: str
    strategy: str
    variant: str
    device: str
    threads: str
    environment: str
    setting: str = ""
    cache: str = HOT

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # a case is looked up many times for each of its measurements, and hashing its problem takes a microsecond
        return hash((self.problem, self.dtype, self.strategy, self.variant, self.device, self.threads))

    @property
    def facts(self) -> dict[str, str]:
        """What tells it from the others of its problem, for JSON."""
        facts = {name: getattr(self, name) for name in ("dtype", *CASE_KEYS)}
        return {name: value for name, value in facts.items() if value != UNSAID.get(name)}


def problem_key(workload: Scalars) -> ProblemKey:
    """The workload without its dtype, hashable: ratios are only ever taken inside one of these."""
    return tuple(sorted((key, value) for key, value in workload.items() if key != "dtype" and value is not None))


def check_workload(workload: Scalars) -> None:
    """Raises ValueError for a field that is missing, empty or of another type, and for a size below 1.

    A workload may have more fields than the frame has columns: they tell problems apart all the same.
    """
    for name, field in WORKLOAD.items():
        value = workload.get(name)
        if value is None and not field.required:
            continue
        if type(value) is not field.kind and not (field.kind is float and type(value) is int):
            raise ValueError(f"'workload' needs {name!r} as {field.kind.__name__}, got {str(value)[:40]!r}")
        if field.least is not None and isinstance(value, int) and value < field.least:
            raise ValueError(f"'workload' needs {name!r} of at least {field.least}, got {value}")
        if value == "" and field.required:
            raise ValueError(f"'workload': {EMPTY.format(name)}")


def check_case(case: Case) -> None:
    """Raises ValueError for a field that is empty and must not be; a measurement has checked that it is text."""
    for name, field in CASE.items():
        if field.required and not getattr(case, name):
            raise ValueError(EMPTY.format(name))


# the dict is for what is worked out once
class _Kind(msgspec.Struct, frozen=True, kw_only=True, dict=True, tag_field="record"):
    """What may be null may be missing."""


class Header(_Kind, frozen=True, kw_only=True, tag="run"):
    """The first record: what was asked for, and of which machine."""

    version: Whole
    run: str
    started: str
    preset: str | None = None
    seed: Whole
    options: Mapping[str, Any]
    machine: Mapping[str, Any]
    commit: str | None = None
    dirty: bool | None = None
    linregbench: str
    grid: str
    blocks: tuple[Whole, ...] | None = None  # the fewest and the most of each problem that were asked for
    sweep: str | None = None  # of a shard or of a cluster's file: the grid of the whole sweep
    sentinel: Whole | None = None  # version of the sentinel's work; those of two versions say nothing to each other

    def __post_init__(self) -> None:
        if not self.run:
            raise ValueError(EMPTY.format("run"))


class Environment(_Kind, frozen=True, kw_only=True, tag="environment"):
    """One nursery: what every worker forked from it ran under."""

    environment: str
    nursery: str
    node: str | None = None  # the machine, where a sweep has several; its name cannot be told from it
    device: str
    threads: str
    x64: bool
    python: str
    packages: Mapping[str, Any]
    blas: str | None = None
    xla_flags: str | None = None
    dropped: Mapping[str, Any] | None = None  # variables of whoever started it that it was not given
    kept: Mapping[str, Any] | None = None  # those that it was given though they may change times
    device_kind: str | None = None
    plugins: Mapping[str, Any] | None = None
    commit: str | None = None  # of the solvers that it had, or of the repository of a plugin
    dirty: bool | None = None
    cores: tuple[Whole, ...] | None = None  # that its workers may run on
    peaks: Mapping[str, float] | None = None  # what its cores can do: operations and bytes a second, by name
    facts: Mapping[str, Any] | None = None  # by device: driver, memory, clocks; caches, instruction sets, pools


class Measurement(_Kind, frozen=True, kw_only=True, tag="measurement"):
    """What one process learned of one case; `samples_s` are seconds a call, `rounds` the round of each sample."""

    block: Whole
    group: Whole
    role: str
    workload: Scalars
    strategy: str
    variant: str
    backend: str
    compiled: bool
    batched: bool
    operations: str | None = None  # in files from before there were several, each step went through the data
    device: str
    threads: str
    precision: str
    environment: str
    setting: str = ""  # variables of the environment that it was given (words.settings)
    cache: str = HOT
    status: str
    reason: str | None = None
    loops: Whole | None = None
    samples_s: tuple[float, ...]
    rounds: tuple[Whole, ...]
    waits_s: tuple[float, ...] | None = None  # seconds a call that it had to wait for its core, by sample
    switches: tuple[Whole, ...] | None = None  # how often the core was taken away, by sample
    beside: tuple[Whole, ...] | None = None  # the rounds in which another case was at work though nobody asked it
    processes_left: Whole | None = None  # that it had started and that lived on after it, and were ended
    seat: Whole | None = None  # its number in the order of its block
    transfer_s: float | None = None
    trace_s: float | None = None
    lower_s: float | None = None
    compile_s: float | None = None
    first_call_s: float | None = None
    warm_up_s: float | None = None
    dispatch_s: float | None = None
    cpu_over_wall: float | None = None
    own_thread_share: float | None = None
    compiles: Whole | None = None
    peak_rss_bytes: Whole | None = None
    rss_growth_bytes: Whole | None = None
    error: float | None = None
    error_limit: float | None = None
    steps_taken: Whole | None = None
    findings: tuple[str, ...]
    guards_left_out: tuple[str, ...] | None = None  # findings that were not looked for, since it would take too long
    involuntary_switches: Whole | None = None
    overhead_s: Mapping[str, float] | None = None
    throughput_s: float | None = None  # a call, where several are enqueued and waited for once
    transfer_out_s: float | None = None  # the answer, from the device to the host
    device_busy_s: float | None = None  # a call, as the profiler saw the device at work
    device_kernels: float | None = None  # a call, kernels and copies that the profiler saw
    device_peak_bytes: Whole | None = None  # of the device's memory, over the process's life
    temp_bytes: Whole | None = None  # that the executable allocates beside inputs and outputs
    excess_loss: float | None = None  # loss of the answer less the least there is, over that of the start

    def __post_init__(self) -> None:
        _one_of("role", self.role, ROLES)
        _one_of("cache", self.cache, CACHES)
        _one_of("operations", self.operations or DATA, OPERATIONS)
        _one_of("status", self.status, STATUSES)
        if len(self.samples_s) != len(self.rounds):
            raise ValueError(f"'samples_s' has {len(self.samples_s)} samples but 'rounds' has {len(self.rounds)}")
        for name in ("waits_s", "switches"):
            told = getattr(self, name)
            if told is not None and len(told) != len(self.samples_s):
                raise ValueError(f"{name!r} has {len(told)} entries for {len(self.samples_s)} samples")
        if self.waits_s and not 0 <= min(self.waits_s) <= max(self.waits_s) <= LONGEST_S:
            raise ValueError(f"'waits_s' must be from 0 to {LONGEST_S:g}, got {sorted(self.waits_s)[:3]}")
        if not _different(self.rounds):
            raise ValueError("'rounds' must be different round numbers from 0")
        spent = [seconds for seconds in _measured_s(self) if seconds is not None]
        if spent and not 0 <= min(spent) <= max(spent) <= LONGEST_S:
            name = next(name for name in MEASURED_S if not 0 <= (getattr(self, name) or 0.0) <= LONGEST_S)
            raise ValueError(f"{name!r} must be from 0 to {LONGEST_S:g}, got {getattr(self, name)}")
        if self.samples_s and not SHORTEST_S <= min(self.samples_s) <= max(self.samples_s) <= LONGEST_S:
            raise ValueError(
                f"'samples_s' must be from {SHORTEST_S} to {LONGEST_S:g}, got {sorted(self.samples_s)[:3]}"
            )

    @cached_property
    def case(self) -> Case:
        """Which row of the tables this belongs to."""
        of_case = dict(zip(CASE_KEYS, case_fields(self), strict=True))
        return Case(problem=problem_key(self.workload), dtype=str(self.workload["dtype"]), **of_case)

    @property
    def first_result_s(self) -> float | None:
        """From having data to the first result: all of FIRST_RESULT together; None without a call."""
        if self.first_call_s is None:
            return None
        seconds: float = sum(filter(None, _to_first_result_s(self)))
        return seconds

    @cached_property
    def block_key(self) -> BlockKey:
        """Which block record closes this measurement."""
        return self.case.problem, self.threads, self.block, self.group


class Block(_Kind, frozen=True, kw_only=True, tag="block"):
    """Closes a block: its sentinel, by round, how long it took, and what else the machine did meanwhile.

    `order` has by round the seats in the order in which they were sampled. A round's `sentinel_s` then holds two looks
    a sample, right before and right after it; in version 1 of the format one before each sample and one after the last.
    """

    block: Whole
    group: Whole
    problem: Scalars
    threads: str
    node: str | None = None  # the machine that measured it, as Environment.node
    sentinel_s: tuple[tuple[float, ...], ...]
    rounds: Whole
    order: tuple[tuple[Whole, ...], ...] | None = None
    wall_s: float | None = None
    steal: float | None = None  # seconds, summed over the cores
    groups: Whole | None = None  # into which memory split this block; it is whole when all of them are closed
    others_cpu: float | None = None  # cores' worth of CPU time that other processes used
    frequency_mhz: float | None = None
    sentinel_pair_s: tuple[tuple[float, ...], ...] | None = None  # an A/A pair by round, which decides nothing
    device_state: Mapping[str, Any] | None = None  # by accelerator: its clocks meanwhile, and its sentinel by round

    def __post_init__(self) -> None:
        if not 0 <= self.rounds <= MOST_ROUNDS:
            raise ValueError(f"'rounds' must be from 0 to {MOST_ROUNDS:,}, got {self.rounds}")
        for name in ("sentinel_s", "sentinel_pair_s", "order"):
            rounds = getattr(self, name) or ()
            if len(rounds) not in (0, self.rounds):
                raise ValueError(f"{name!r} has {len(rounds)} entries for {self.rounds} rounds")
        if not all(map(_different, self.order or ())):
            raise ValueError("'order' must have different seats from 0 in every round")
        check_device_state(self.device_state, self.rounds)

    @cached_property
    def slowest_sentinel_s(self) -> tuple[float, ...]:
        """By round, the slowest of its sentinel samples; infinite for a round without one."""
        return tuple(max(samples, default=math.inf) for samples in self.sentinel_s)

    @cached_property
    def around_s(self) -> Mapping[int, Mapping[int, tuple[float, float]]]:
        """By seat and round, the sentinel right before and right after the sample, where both are known."""
        pairs: dict[int, dict[int, tuple[float, float]]] = {}
        for number, (order, looks_s) in enumerate(zip(self.order or (), self.sentinel_s, strict=False)):
            step = 2 if len(looks_s) == 2 * len(order) else 1 if len(looks_s) == len(order) + 1 else 0
            for place, seat in enumerate(order if step else ()):
                pairs.setdefault(seat, {})[number] = looks_s[step * place], looks_s[step * place + 1]
        return pairs

    @cached_property
    def slowest_device_sentinel_s(self) -> Mapping[str, tuple[float, ...]]:
        """By accelerator and round, the slowest sample of its sentinel; 0 for a round in which it was not used."""
        return slowest_device_sentinel_s(self.device_state, self.rounds)

    @cached_property
    def key(self) -> BlockKey:
        """What the measurements of this block carry as `block_key`."""
        return problem_key(self.problem), self.threads, self.block, self.group


class Stop(_Kind, frozen=True, kw_only=True, tag="stop"):
    """Why no more blocks of a problem were measured, or of the one case that it names."""

    problem: Scalars
    threads: str
    reason: str
    case: Scalars | None = None  # CASE_KEYS and dtype; without what is UNSAID

    def __post_init__(self) -> None:
        if self.case is not None and {*UNSAID, *self.case} != {"dtype", *CASE_KEYS}:
            raise ValueError(
                f"'case' must have dtype, {', '.join(CASE_KEYS)}, got {', '.join(map(str, self.case))[:80]}"
            )

    @cached_property
    def row(self) -> Case | None:
        """The one case that it is about; None: all of them."""
        if self.case is None:
            return None
        return Case(problem=problem_key(self.problem), **{name: str(value) for name, value in self.case.items()})


class End(_Kind, frozen=True, kw_only=True, tag="end"):
    """The last record of a run that came to an end by itself."""

    reason: str
    wall_s: float | None = None
    harness_s: Mapping[str, float] | None = None


AnyRecord = Header | Environment | Measurement | Block | Stop | End


@lru_cache(maxsize=1024)
def _different(numbers: tuple[int, ...]) -> bool:
    """Whether all are different, and none below 0."""
    return len(set(numbers)) == len(numbers) and min(numbers, default=0) >= 0


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name!r} must be one of {', '.join(allowed)}, got {value[:40]!r}")
