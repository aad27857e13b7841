"""On a machine of a cluster: a program of its own that measures blocks as they are ordered.

It is told the request as the first line of its standard input, answers with what this machine is, and then answers each
order. It has an interpreter, an environment and cores of its own, so that nothing is timed in a process of dask's. It
ends with its standard input, and when it has not been asked for anything for a while: whoever asked may have died.
"""

from __future__ import annotations

import base64
import os
import select
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import linregbench

from ..grid.options import RunOptions, UsageError
from ..processes import machine
from ..processes.handle import NurseryError
from ..run import PreparedRun, Request, device_bytes, environments_of, parsed_environment, prepared
from ..sampling import plan
from ..sampling.bench import Bench, Order
from ..sampling.feasible import device_counts
from ..worker import wire
from ..worker.hardware import sentinel


def main() -> None:
    """Serve one run."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed is no answer
    reader = wire.Reader(0)
    if not (request := reader.receive()):
        return
    if request["allowed"]:
        os.sched_setaffinity(0, request["allowed"])
    name, cpu = machine.pretended()
    try:
        with machine.alone(name, request["run"]) as holder:
            if holder is not None:
                wire.write(answers, {"taken": holder})
                return
            with tempfile.TemporaryDirectory() as folder, prepared(_request(request, Path(folder))) as ready:
                _serve(ready, reader, answers, name or machine.identity(request["run"]), cpu, request["idle_s"])
    except (UsageError, NurseryError) as error:
        wire.write(answers, {"refused": str(error)})


def _serve(ready: PreparedRun, reader: wire.Reader, answers: int, node: str, cpu: str, idle_s: float) -> None:
    environments = environments_of(ready)
    facts = machine.facts() | {"affinity": ready.nurseries.allowed} | ({"cpu": cpu} if cpu else {})
    told = [parsed_environment(record) for record in environments]
    options = ready.request.options
    packaged, added = ready.nurseries.solvers("here")
    hello = {
        "node": node,
        "linregbench": linregbench.__version__,
        "sentinel": sentinel.VERSION,
        "grid": plan.grid_hash(ready.contests),
        "solvers": [[solver.as_dict() for solver in of] for of in (packaged, added)],
        "counts": device_counts(ready.nurseries, options),
        "machine": facts,
        "environments": environments,
    }
    wire.write(answers, hello)
    bench = Bench(ready.limits, ready.nurseries, options.seed, ready.absent, device_bytes(told))
    while select.select([reader.descriptor], [], [], idle_s)[0]:
        if not (given := reader.receive()):
            return
        order = Order(**given | {"left": tuple(given["left"])})
        wire.write(answers, asdict(bench.measure(ready.contests[order.contest], order)))


def _request(told: Mapping[str, Any], folder: Path) -> Request:
    """What is asked for, its files written into the folder."""
    paths = []
    for number, (name, text) in enumerate(told["plugins"]):
        (folder / str(number)).mkdir()
        paths.append(folder / str(number) / name)
        paths[-1].write_text(text, encoding="utf-8")
    data = None
    if told["data"] is not None:
        name, content = told["data"]
        data = folder / name
        data.write_bytes(base64.b64decode(content))
    return Request(RunOptions.from_dict(dict(told["options"])), tuple(paths), data)


if __name__ == "__main__":
    main()
