"""The harness on a GPU, proved in minutes: stages in the order of their worth, within a budget, nothing lost.

    python tests/gpu/proof.py [--device cuda] [--budget 480s] [--output FOLDER] [--tar FILE] [--stages NAMES] [--small]

It needs Python, what pyproject.toml names as dependencies, and this checkout on PYTHONPATH; no make, pip, git or net.
Each stage has a log and files of its own in FOLDER, and a line on the screen. After each of them FILE, a tar of all
that there is, is written anew: whatever ends the proof, what was finished is in it. A stage that fails or hangs takes
nothing with it; one that the budget has no room for is dropped, and said to be.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INTERRUPTED_S, ENDED_S = 20.0, 3.0
"""How long a stage has to end in order once it was interrupted, and what is left to write the tar."""
LEAST_S = 15.0
"""With less than so much of the budget left no stage begins."""


@dataclass(frozen=True)
class Plan:
    """What every stage is told."""

    device: str
    folder: Path
    small: bool


Command = list[str]


@dataclass(frozen=True)
class Stage:
    """One question. `commands`, of the plan and of the seconds that they have, run in turn, or all `at_once`."""

    name: str
    about: str
    most_s: float
    commands: Callable[[Plan, float], Sequence[Command]]
    at_once: bool = False


def _script(name: str, *arguments: object) -> Command:
    return [sys.executable, str(HERE / name), *map(str, arguments)]


def _linregbench(*arguments: object) -> Command:
    return [sys.executable, "-m", "linregbench", *map(str, arguments)]


def _small(plan: Plan) -> tuple[str, ...]:
    return ("--small",) if plan.small else ()


def _limits(plan: Plan, _: float) -> list[Command]:
    return [_script("limits.py", plan.folder / "limits.json", "--device", plan.device, *_small(plan))]


def _solvers(plan: Plan, seconds: float) -> list[Command]:
    kinds = [("float32", "highest"), ("float32", "high"), ("float32", "default"), ("float64", "highest")]
    only = ("--only", "numpy_loop,jax_scan") if plan.small else ()
    return [
        _script("every_solver.py", plan.folder / f"solvers-{dtype}-{precision}.jsonl", "--device", plan.device,
                "--dtype", dtype, "--precision", precision, "--seconds", 0.8 * seconds, *only)
        for dtype, precision in (kinds[:1] if plan.small else kinds)
    ]  # fmt: skip


def _both(plan: Plan) -> str:
    return "cpu" if plan.device == "cpu" else f"{plan.device},cpu"


def _run(plan: Plan, name: str, seconds: float, *options: object) -> Command:
    output = plan.folder / f"{name}.jsonl"
    few = ("--blocks", 2) if plan.small else ()
    return _linregbench("run", "--device", _both(plan), "--output", output, "--no-report",
                        "--budget", f"{seconds:.0f}s", *options, *few)  # fmt: skip


def _sweep(plan: Plan, seconds: float) -> list[Command]:
    options = ("--preset", "smoke") if plan.small else ("--preset", "devices")
    return [_run(plan, "sweep", seconds - INTERRUPTED_S, *options)]


def _page(plan: Plan, _: float) -> list[Command]:
    sweep = plan.folder / "sweep.jsonl"
    across = [] if plan.device == "cpu" else [_linregbench("compare", "--across", sweep)]
    folder = plan.folder / "page"
    return [*across, _linregbench("report", sweep, "--html", folder, "--markdown", folder / "sweep.md")]


def _sides(plan: Plan, seconds: float) -> list[Command]:
    return [_script("sides.py", plan.folder / "sides", "--device", plan.device, "--seconds", seconds - INTERRUPTED_S,
                    *_small(plan))]  # fmt: skip


def _loops(plan: Plan, _: float) -> list[Command]:
    return [_script("loops.py", plan.folder / "loops.json", "--device", plan.device, *_small(plan))]


STAGES = (
    Stage("limits", "what the device can do at most, by its own account and measured", 60, _limits),
    Stage("solvers", "every solver, right on the device, in each dtype and precision", 100, _solvers, at_once=True),
    Stage("sweep", "the preset `devices`, the device beside the CPU", 255, _sweep),
    Stage("page", "the two compared, and the page", 40, _page),
    Stage("sides", "identical code, and 3% more steps", 90, _sides),
    Stage("loops", "a step under XLA's settings, and unrolled", 70, _loops),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 where every stage was done, 1 where one was not, 2 for what cannot be asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--budget", default="480s", help="for everything: 480s, 8m")
    parser.add_argument("--output", type=Path, default=Path("gpu-proof"))
    parser.add_argument("--tar", type=Path, help="FOLDER.tar.gz, where it is not named")
    parser.add_argument("--stages", help=f"of {', '.join(stage.name for stage in STAGES)}; all, if none is named")
    parser.add_argument("--small", action="store_true", help="in a size for tests: is everything wired, no more")
    asked = parser.parse_args(arguments)
    chosen = asked.stages.split(",") if asked.stages else [stage.name for stage in STAGES]
    if unknown := [name for name in chosen if name not in {stage.name for stage in STAGES}]:
        parser.error(f"no stage {', '.join(unknown)}: choose from {', '.join(stage.name for stage in STAGES)}")
    if asked.output.exists() and any(asked.output.iterdir()):
        parser.error(f"--output {asked.output} holds something already: name another folder")
    ends_s = time.monotonic() + _seconds(parser, asked.budget)
    asked.output.mkdir(parents=True, exist_ok=True)
    plan = Plan(asked.device, asked.output.resolve(), asked.small)
    tar = asked.tar or asked.output.with_name(asked.output.name + ".tar.gz")
    return prove([stage for stage in STAGES if stage.name in chosen], plan, tar, ends_s)


def prove(stages: Sequence[Stage], plan: Plan, tar: Path, ends_s: float) -> int:
    """Each stage within what is left of the budget, which ends at `ends_s`; a line for each; 1 where one is not ok."""
    good = True
    for number, stage in enumerate(stages, 1):
        left_s = ends_s - time.monotonic() - INTERRUPTED_S - ENDED_S
        began = time.monotonic()
        if left_s < LEAST_S:
            how, told = "dropped", "the budget is spent"
        else:
            how, told = _done(stage, plan, number, min(stage.most_s, left_s))
        good &= how == "ok"
        line = f"{number} {stage.name:8} {how:9} {time.monotonic() - began:4.0f} s  {stage.about}: {told}"
        print(line, flush=True)
        with (plan.folder / "stages.txt").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        _write_tar(tar, plan.folder)
    print(f"written: {tar}")
    return 0 if good else 1


def _done(stage: Stage, plan: Plan, number: int, seconds: float) -> tuple[str, str]:
    """How a stage ended, and the last line that it said; all that it said is in its log."""
    path = plan.folder / f"{number}-{stage.name}.log"
    until_s = time.monotonic() + seconds
    commands = stage.commands(plan, seconds)
    ended = []
    with path.open("w", encoding="utf-8") as log:
        for together in [commands] if stage.at_once else [[command] for command in commands]:
            started = [_started(command, log) for command in together]
            ended += [_ended(process, until_s) for process in started]
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    said = "; ".join(lines[-len(commands) :]) if stage.at_once else (lines or ["it said nothing"])[-1]
    bad = [how for how in ended if how != "ok"]
    return (bad[0] if bad else "ok"), said[:400] + (f" ({path.name})" if bad else "")


def _started(command: Command, log: object) -> subprocess.Popen[bytes]:
    """In a session of its own, so that it can be ended with all that it started."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    return subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment, start_new_session=True)  # type: ignore[call-overload, no-any-return]


def _ended(process: subprocess.Popen[bytes], until_s: float) -> str:
    """Wait until then; interrupt it, as a person would, so that it ends in order; kill what does not."""
    try:
        status = process.wait(max(0.0, until_s - time.monotonic()))
        return "ok" if status == 0 else f"status {status}"
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(INTERRUPTED_S)
        return "cut off"
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _write_tar(tar: Path, folder: Path) -> None:
    """Whole or not at all: written beside it first."""
    beside = tar.with_name(tar.name + ".part")
    with tarfile.open(beside, "w:gz") as file:
        file.add(folder, arcname=folder.name)
    beside.replace(tar)


def _seconds(parser: argparse.ArgumentParser, text: str) -> float:
    units = {"s": 1.0, "m": 60.0}
    number, unit = (text[:-1], text[-1:]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        parser.error(f"--budget takes a time such as 480s or 8m, got {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
