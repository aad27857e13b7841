"""What is compared: a case, the problem that it solves, and the block that a measurement of it belongs to."""

from dataclasses import dataclass
from functools import cached_property

from .schema import Scalar, Scalars

ProblemKey = tuple[tuple[str, Scalar], ...]
BlockKey = tuple[ProblemKey, str, int, int]


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

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # a case is looked up many times for each of its measurements, and hashing its problem takes a microsecond
        return hash((self.problem, self.dtype, self.strategy, self.variant, self.device, self.threads))


def problem_key(workload: Scalars) -> ProblemKey:
    """The workload without its dtype, hashable: ratios are only ever taken inside one of these."""
    return tuple(sorted((key, value) for key, value in workload.items() if key != "dtype" and value is not None))
