"""What leading a sweep costs the client: 1,000 machines and 10,000 problems, by hands that measure nothing.

    python tests/studies/cluster_size.py [--nodes 1000] [--contests 10000] [--blocks 3]

Each order is answered at once with the records of a real block, so that all the time there is is the client's: choosing
who is next, checking and writing the records, judging the contest. Seconds a block, and the memory of the process.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from linregbench.benchmarks.grid.cases import Case, Contest, problem_of
from linregbench.benchmarks.grid.presets import PRESETS
from linregbench.benchmarks.sampling import schedule
from linregbench.benchmarks.sampling.bench import Measured, Order
from linregbench.benchmarks.sampling.block import Rules
from linregbench.benchmarks.sampling.hands import Delivery
from linregbench.benchmarks.sampling.plan import Limits
from linregbench.benchmarks.sampling.progress import Watching
from linregbench.benchmarks.sampling.state import State
from linregbench.results.runfile.write import RunWriter
from linregbench.solvers.registry import Solver
from linregbench.solvers.workload import make_workload

PUBLISHED = Path(__file__).resolve().parents[2] / "results/published/quick.jsonl"


class Answering:
    """Machines that answer at once, with the block that a published run has, under another problem."""

    several = True

    def __init__(self, nodes: int, template: list[dict[str, Any]]) -> None:
        self._nodes = {f"{number:06x}": "" for number in range(nodes)}
        self._template, self._done = template, list[Delivery]()

    def nodes(self) -> Mapping[str, str]:
        return self._nodes

    def quiet_s(self, node: str, threads: str) -> float | None:  # noqa: ARG002  nobody knows
        return None

    def recall(self, blocks: Iterable[Any]) -> None:
        pass

    def begin(self, node: str, order: Order, contest: Contest) -> None:
        records = []
        for told in self._template:
            place: dict[str, Any] = {"block": order.block, "group": 0, "overhead_s": told.get("overhead_s") or {}}
            if told["record"] == "block":
                records.append(told | place | {"problem": dict(contest.problem), "groups": 1})
            else:
                records.append(told | place | {"workload": told["workload"] | dict(contest.problem)})
        self._done.append(Delivery(node, order, Measured(records, 5.0, {}, {})))

    def finished(self) -> Iterable[Delivery]:
        done, self._done = self._done, []
        return done

    def stop(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--contests", type=int, default=10_000)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    records = [json.loads(line) for line in PUBLISHED.read_text().splitlines()]
    first = next(r for r in records if r["record"] == "block" and r["block"] == 0)
    template = [r for r in records if r["record"] == "measurement" and r["block"] == 0 and _of(r, first)] + [first]
    contests = [_contest(template, 100 + number) for number in range(asked.contests)]
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with tempfile.TemporaryDirectory() as folder, RunWriter(Path(folder) / "run.jsonl") as writer:
        writer.append(records[0])
        limits = Limits((asked.blocks, asked.blocks), 1e9, PRESETS["quick"].call_limit_s, Rules(), exact=True)
        states = [State(contest, number=number) for number, contest in enumerate(contests)]
        hands = Answering(asked.nodes, template)
        session = schedule.Session(limits, hands, {"": writer}, Watching())
        profile = cProfile.Profile()
        began = perf_counter()
        if asked.profile:
            profile.enable()
        outcome = schedule.run_contests(session, states)
        profile.disable()
        took_s = perf_counter() - began
        size = (Path(folder) / "run.jsonl").stat().st_size
    assert outcome.reason == "complete"
    blocks = asked.contests * asked.blocks
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before_bytes
    print(f"{asked.nodes:,} machines, {asked.contests:,} problems, {blocks:,} blocks of {len(template) - 1} cases")
    print(f"{1e3 * took_s / blocks:.2f} ms a block, {held / 2**20:,.0f} MiB held, {size / 2**20:,.0f} MiB of file")
    if asked.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(25)


def _of(record: Mapping[str, Any], block: Mapping[str, Any]) -> bool:
    problem = {name: value for name, value in record["workload"].items() if name != "dtype"}
    return problem == block["problem"] and record["threads"] == block["threads"]


def _contest(template: list[dict[str, Any]], samples: int) -> Contest:
    """The contest of the block with so many samples."""
    cases = []
    for told in template[:-1]:
        if told["role"] != "twin":
            w = told["workload"]
            workload = make_workload("gd", samples, w["features"], batch=w["batch"], steps=w["steps"], dtype=w["dtype"])
            fields = {name: told[name] for name in ("strategy", "variant", "backend", "compiled", "batched")}
            cases.append((told["role"], Case(workload, Solver(method="gd", function=print, **fields))))
    problem = problem_of(cases[0][1].workload)
    baselines = tuple(case for role, case in cases if role == "baseline")
    return replace(Contest(problem, "1", tuple(case for role, case in cases if role == "case"), baselines))


if __name__ == "__main__":
    main()
