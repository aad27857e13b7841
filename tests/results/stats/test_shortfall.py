"""A run that ended before its end says who has how many of how many blocks, and what goes on with it."""

from typing import Any

import pytest
import synthetic
from made import BASE, as_run
from synthetic import Truth

from linregbench.results.runfile.read import Run
from linregbench.results.stats.shortfall import shortfall

RESUME = "; linregbench run --resume FILE goes on, for as long again at most"


def run_of(*blocks: int, end: str | None = "budget", reasons: dict[int, str] | None = None, **header: Any) -> Run:
    """Problems with so many blocks, each stopped for the reason of the end or its own of `reasons`."""
    records = [synthetic.header(**{"blocks": [10, 30], "options": {}} | header), synthetic.environment()]
    for place, number in enumerate(blocks):
        of = synthetic.workload(samples=100 * 10**place)
        records += synthetic.blocks_of([BASE, Truth("jax_scan", "analytic", 5e-4)], of=of, blocks=number, rounds=3)
        reason = (reasons or {}).get(place, end)
        if reason is not None:
            problem = {key: value for key, value in of.items() if key != "dtype"}
            records.append({"record": "stop", "problem": problem, "threads": "1", "reason": reason})
    return as_run(records if end is None else [*records, {"record": "end", "reason": end}])


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (run_of(2, 2), "stopped at its budget: 2 of 2 problems have 2 of the 10 blocks asked for" + RESUME),
        (run_of(1, 10), "stopped at its budget: 1 of 2 problems has 1 of the 10 blocks asked for" + RESUME),
        (
            run_of(0, 2, 1),
            "stopped at its budget: 3 of 3 problems have 0 to 2 of the 10 blocks asked for, not reached were "
            + "gd n=100 d=2 b=1 steps=100"
            + RESUME,
        ),
        (run_of(3, end="interrupted"), "was interrupted: 1 of 1 problem has 3 of the 10 blocks asked for" + RESUME),
        (run_of(3, end="failed"), "failed: 1 of 1 problem has 3 of the 10 blocks asked for" + RESUME),
        (run_of(3, end=None), "has not ended: 1 of 1 problem has 3 of the 10 blocks asked for" + RESUME),
        (
            run_of(2, blocks=None, options={"blocks": 5}),
            "stopped at its budget: 1 of 1 problem has 2 of the 5 blocks asked for" + RESUME,
        ),
        (run_of(2, blocks=None), "stopped at its budget: 1 of 1 problem has 2 blocks, and more were wanted" + RESUME),
        (
            run_of(2, options={"environments": ["ref", "here"]}),
            "stopped at its budget: 1 of 1 problem has 2 of the 10 blocks asked for; a longer --budget gives more",
        ),
    ],
)
def test_what_a_run_lacks(run: Run, text: str) -> None:
    assert shortfall(run) == text


@pytest.mark.parametrize(
    "run",
    [
        run_of(2, end="complete"),
        run_of(10, 12),  # as many as asked for, if not as precise as wished
        run_of(1, 10, reasons={0: "no case left"}),
        run_of(10, end=None),
        as_run([synthetic.header()]),
    ],
)
def test_nothing_is_lacking(run: Run) -> None:
    assert shortfall(run) is None


def test_a_case_that_left_alone_says_nothing_of_the_others() -> None:
    (block,) = run_of(1, end=None).blocks
    stop = {"record": "stop", "problem": dict(block.problem), "threads": "1", "reason": "5 blocks: far and precise"}
    case = run_of(1, end=None).measurements[0].case.facts
    records = [synthetic.header(blocks=[10, 30]), *synthetic.blocks_of([BASE], of=synthetic.workload(), blocks=1)]
    assert shortfall(as_run([*records, stop | {"case": case}])) is not None
    assert shortfall(as_run([*records, stop])) is None


def test_of_a_run_that_was_resumed_the_last_word_counts() -> None:
    run = run_of(2, blocks=[2, 2])
    first, problem = run_of(1, blocks=[2, 2]), run.stops[0].problem
    done = {"record": "stop", "problem": dict(problem), "threads": "1", "reason": "no case left"}
    assert shortfall(first) is not None
    records = [synthetic.header(blocks=[10, 30]), *synthetic.blocks_of([BASE], of=synthetic.workload(), blocks=2)]
    both = as_run([*records, done | {"reason": "budget"}, done, {"record": "end", "reason": "budget"}])
    assert shortfall(both) is None
