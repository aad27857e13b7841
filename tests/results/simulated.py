"""One made-up measurement after another with known truth, given to one model each: does its interval hold the truth?

Each model is a function of a random generator that draws once and tells whether the interval held the truth, or None
where the model refused. Rows are as the frame has them: mean and t interval of the logs of ten blocks.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from linregbench.results.fields import COLUMNS
from linregbench.results.models.advise import Wish, advise
from linregbench.results.models.calls import break_evens
from linregbench.results.models.cost import ARITHMETIC, CALL, OVERHEAD, cost_models
from linregbench.results.models.crossovers import crossovers, saturations
from linregbench.results.models.rays import Answer
from linregbench.results.models.scaling import scalings
from linregbench.results.stats.intervals import quantile

Outcome = bool | None
BLOCKS = 10
SPREAD = 0.03  # between blocks, as between processes on a quiet machine
SIZES = (100, 1_000, 10_000, 100_000)
BATCHES = (1, 16, 128, 1_024, 8_192)
COSTS = {CALL: 20e-6, OVERHEAD: 0.2e-6, ARITHMETIC: 0.9e-9}
GRID = list(itertools.product(SIZES, (2, 16, 128), (10, 100, 1_000)))


def row(rng: np.random.Generator, time_s: float, *, spread: float = SPREAD, **columns: Any) -> dict[str, Any]:
    """A case of this true time, as its blocks happen to show it."""
    known = {"run": "a", "method": "gd", "strategy": "numpy_loop", "variant": "analytic", "device": "cpu"}
    known |= {"dtype": "float32", "precision": "highest", "threads": "1", "environment": "here", "status": "ok"}
    known |= {"samples": 1_000, "features": 2, "batch": 1, "steps": 100, "seed": 0, "blocks": BLOCKS}
    made = dict.fromkeys(COLUMNS) | known | columns
    made["time_low_s"], made["time_s"], made["time_high_s"] = _interval(rng, time_s, spread)
    if first := columns.get("first_result_s"):
        ends = _interval(rng, first, spread)
        made |= dict(zip(("first_result_low_s", "first_result_s", "first_result_high_s"), ends, strict=True))
    return made | {"time_per_problem_s": made["time_s"] / made["batch"]}


def crossover_of_lines(rng: np.random.Generator) -> Outcome:
    """Call cost plus work on both sides."""
    return _crossover(rng, lambda n: 1e-5 + 2e-8 * n, lambda n: 1.3e-4 + 1e-8 * n, 12_000.0)


def crossover_of_powers(rng: np.random.Generator) -> Outcome:
    """Power laws on both sides."""
    return _crossover(rng, lambda n: 1e-6 * n**0.9, lambda n: 1e-4 * n**0.3, 100 ** (1 / 0.6))


def exponent(rng: np.random.Generator) -> Outcome:
    """Of a power law, over all sizes."""
    (found,) = scalings([row(rng, 1e-7 * n**0.8, samples=n) for n in SIZES], "samples")
    return _held(found.whole, 0.8)


def exponent_at_the_end(rng: np.random.Generator) -> Outcome:
    """Between the two largest sizes of a bent line."""
    (found,) = scalings([row(rng, 2e-4 + 1e-7 * n, samples=n) for n in SIZES], "samples")
    return _held(found.large, math.log((2e-4 + 1e-2) / (2e-4 + 1e-3), 10))


def cost_of_a_step(rng: np.random.Generator) -> Outcome:
    """Of a step's overhead, the cost that is hardest to tell."""
    return _cost(rng, 0)


def cost_of_a_step_with_outliers(rng: np.random.Generator) -> Outcome:
    """The same where 3 of 36 sizes are off by half."""
    return _cost(rng, 3)


def break_even_calls(rng: np.random.Generator) -> Outcome:
    """A compile of 90 ms against a gain of 0.1 ms a call."""
    cases = [
        row(rng, 4e-4, first_result_s=1e-3),
        row(rng, 3e-4, strategy="jax_scan", first_result_s=0.091, compile_s=0.06),
    ]
    (found,) = break_evens(cases)
    return _held(found.calls, 1 + 0.09 / 1e-4)


def most_problems_a_second(rng: np.random.Generator) -> Outcome:
    """At the batch that has most of them."""
    return _held(_saturation(rng).best_per_s, 8_192 / _batched_s(8_192))


def saturation_batch(rng: np.random.Generator) -> Outcome:
    """From which batch on there are 90% of the best measured."""
    return _held(_saturation(rng).saturation_batch, 50e-6 / (_batched_s(8_192) / 8_192 / 0.9 - 5e-6))


def advice_at_a_size(rng: np.random.Generator) -> Outcome:
    """The time at a size that was measured."""
    (found,) = advise(_box(rng, _linear_s), Wish(1_000, 2)).candidates
    return _held(found.time_s, _linear_s(1_000, 2, 1))


def advice_between_lines(rng: np.random.Generator) -> Outcome:
    """The time between sizes, where times are call cost plus work."""
    n, d, b = _between(rng)
    (found,) = advise(_box(rng, _linear_s), Wish(n, d, b)).candidates
    return _held(found.time_s, _linear_s(n, d, b))


def advice_between_powers(rng: np.random.Generator) -> Outcome:
    """The time between sizes, where times are power laws."""
    n, d, b = _between(rng)
    (found,) = advise(_box(rng, _power_s), Wish(n, d, b)).candidates
    return _held(found.time_s, _power_s(n, d, b))


def advice_for_calls(rng: np.random.Generator) -> Outcome:
    """The time of 300 calls, the first included, at a size that was measured."""
    (found,) = advise(_box(rng, _linear_s), Wish(1_000, 16, calls=300)).candidates
    return _held(found.time_s, 0.1 + 299 * _linear_s(1_000, 16, 1))


MODELS: dict[str, tuple[Callable[[np.random.Generator], Outcome], float]] = {
    "crossover, straight lines": (crossover_of_lines, 0.95),
    "crossover, power laws": (crossover_of_powers, 0.95),
    "exponent over all sizes": (exponent, 0.95),
    "exponent between two sizes": (exponent_at_the_end, 0.95),
    "cost model": (cost_of_a_step, 0.95),
    "cost model, 3 of 36 sizes off by half": (cost_of_a_step_with_outliers, 0.90),
    "break-even": (break_even_calls, 0.95),
    "most problems a second": (most_problems_a_second, 0.95),
    "saturation batch": (saturation_batch, 0.95),
    "advice, at a measured size": (advice_at_a_size, 0.95),
    "advice, between, straight lines": (advice_between_lines, 0.95),
    "advice, between, power laws": (advice_between_powers, 0.95),
    "advice, for 300 calls": (advice_for_calls, 0.95),
}
"""By name: the model, and how often its interval claims to hold the truth.

Intervals that allow for both ways in which times may go between two sizes hold the truth of either more often.
"""


def _interval(rng: np.random.Generator, truth: float, spread: float) -> Sequence[float]:
    logs = math.log(truth) + spread * rng.standard_normal(BLOCKS)
    half_width = quantile(BLOCKS - 1) * logs.std(ddof=1) / math.sqrt(BLOCKS)
    return [math.exp(logs.mean() + side * half_width) for side in (-1, 0, 1)]


def _held(answer: Answer, truth: float) -> Outcome:
    if answer.low is None or answer.high is None:
        return None
    # a grid of sizes ends just beside its last size
    return answer.low * (1 - 1e-9) <= truth <= answer.high * (1 + 1e-9)


def _crossover(
    rng: np.random.Generator, one: Callable[[float], float], other: Callable[[float], float], truth: float
) -> Outcome:
    rows = [row(rng, one(n), samples=n) for n in SIZES]
    rows += [row(rng, other(n), samples=n, strategy="jax_scan") for n in SIZES]
    found = crossovers(rows, "samples")
    return _held(found[0].at, truth) if found else None


def _cost(rng: np.random.Generator, outliers: int) -> Outcome:
    off = np.ones(len(GRID))
    off[rng.choice(len(GRID), outliers, replace=False)] = 1.5
    rows = []
    for (n, d, steps), factor in zip(GRID, off, strict=True):
        time_s = COSTS[CALL] + steps * (COSTS[OVERHEAD] + COSTS[ARITHMETIC] * n * d)
        # no machine is this model to better than a few percent
        time_s *= factor * math.exp(0.04 * rng.standard_normal())
        rows.append(row(rng, time_s, samples=n, features=d, steps=steps))
    (found,) = cost_models(rows)
    return _held(found.parts[OVERHEAD], COSTS[OVERHEAD])


def _batched_s(batch: float) -> float:
    return 50e-6 + 5e-6 * batch


def _saturation(rng: np.random.Generator) -> Any:
    (found,) = saturations([row(rng, _batched_s(b), batch=b) for b in BATCHES])
    return found


def _box(rng: np.random.Generator, time_s: Callable[[int, int, int], float]) -> list[dict[str, Any]]:
    places = itertools.product((100, 1_000), (2, 16), (1, 16))
    return [
        row(rng, time_s(n, d, b), samples=n, features=d, batch=b, strategy="jax_scan", first_result_s=0.1)
        for n, d, b in places
    ]


def _between(rng: np.random.Generator) -> tuple[int, int, int]:
    return int(rng.integers(101, 1_000)), int(rng.integers(3, 16)), int(rng.integers(2, 16))


def _linear_s(n: int, d: int, b: int) -> float:
    return 1e-4 + 1e-8 * n * d * b


def _power_s(n: int, d: int, b: int) -> float:
    return float(1e-6 * n**0.6 * d**0.4 * b**0.8)
