"""What `check` says of a machine, from what stand-ins for it measured."""

from typing import Any

import pytest

from linregbench.benchmarks.cli import check


class Measured:
    """In place of nurseries: so many threads in effect, with one asked for and with all."""

    def __init__(self, **in_effect: float) -> None:
        self.in_effect = in_effect

    def peaks(self, environment: str, threads: str) -> dict[str, float]:
        assert environment == "here"
        of_threads = {f"threads_{backend}": self.in_effect[f"t{threads}"] for backend in ("numpy", "jax")}
        return of_threads | dict.fromkeys(("gemm_float32_flops_per_s", "gemm_float64_flops_per_s"), 1e11) | WIDTH


WIDTH = {"bandwidth_bytes_per_s": 1e10}


def threads_of(**in_effect: float) -> dict[str, check.Fact]:
    measured: Any = Measured(**in_effect)
    return {fact.name: fact for fact in check._peaks(measured) if fact.name.startswith("threads")}


@pytest.mark.parametrize(
    ("in_effect", "value", "verdict", "advice"),
    [
        (1.0, "1.00", "good", ""),
        (0.96, "0.96", "good", ""),
        (0.53, "0.53, starved", "poor", "it had its core 53% of the time: stop what else runs"),
        (1.9, "1.90", "poor", "the one-thread setting does not hold"),
    ],
)
def test_a_core_that_others_have_is_starvation_and_no_fault_of_the_threads(
    in_effect: float, value: str, verdict: str, advice: str
) -> None:
    for name, fact in threads_of(t1=in_effect, tall=0.4).items():
        if name.endswith("all threads"):
            assert (fact.value, fact.verdict, fact.advice) == ("0.40", "told", "")
            continue
        assert (fact.value, fact.verdict, fact.number) == (value, verdict, in_effect)
        assert fact.advice.startswith(advice)
        assert bool(fact.advice) is bool(advice)
        assert ("one thread's" in fact.advice) is (in_effect > 1.5)
