"""pytest-benchmark's door: `make pytest-benchmark`. The ordinary test run times nothing, and runs each case once.

Each case is compiled, judged and warmed before the clock starts; its phases are in `extra_info`. With xdist
pytest-benchmark turns itself off, so leave -n out.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from linregbench.benchmarks.grid.cases import Case
from linregbench.benchmarks.grid.presets import Size
from linregbench.benchmarks.suites import cases

ROUNDS = 20

# scalars, since pytest-benchmark's file holds anything else as UNSERIALIZABLE
CASES = [(method, size.samples, size.batch, strategy) for method, strategy, size in cases.every_case()]
NAMES = ("method", "samples", "batch", "strategy")

pytestmark = pytest.mark.filterwarnings("ignore:Benchmarks are automatically disabled")


def case_of(method: str, samples: int, batch: int, strategy: str, device: str) -> Case:
    try:
        return cases.case_of(method, strategy, cases.size_of(samples=samples, batch=batch), device)
    except cases.Skip as skip:
        pytest.skip(str(skip))


@pytest.fixture
def ready(method: str, samples: int, batch: int, strategy: str, device: str) -> Iterator[cases.Ready]:
    case = case_of(method, samples, batch, strategy, device)
    with cases.one_core(case):
        try:
            yield cases.make_ready(case)
        except cases.Skip as skip:
            pytest.skip(str(skip))


# as in the other doors: a collection belongs to whoever made the garbage
@pytest.mark.benchmark(disable_gc=True)
@pytest.mark.parametrize("device", cases.DEVICES)
@pytest.mark.parametrize(NAMES, CASES)
def test_steady_state(benchmark: Any, ready: cases.Ready) -> None:
    size = Size(ready.case.workload.samples, batch=ready.case.workload.batch)
    benchmark.group = f"{ready.case.workload.method} n={size.samples:,} b={size.batch:,}"
    benchmark.extra_info.update(ready.extra_info())
    rounds = ROUNDS if ready.call_s < cases.PRESET.long_call_s else cases.PRESET.long_samples
    benchmark.pedantic(ready.call, rounds=rounds, iterations=ready.loops, warmup_rounds=1)


@pytest.mark.parametrize(NAMES, CASES)
def test_each_case_runs(method: str, samples: int, batch: int, strategy: str) -> None:
    assert cases.try_once(case_of(method, samples, batch, strategy, "cpu"))
