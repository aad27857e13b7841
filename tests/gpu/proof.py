"""The harness on a GPU, proved in minutes: stages in the order of their worth, within a budget, nothing lost.

    python tests/gpu/proof.py [--device cuda] [--budget 480s] [--output FOLDER] [--tar FILE] [--stages NAMES] [--small]

It needs Python, what pyproject.toml names as dependencies, and this checkout on PYTHONPATH; no make, pip, git or net.
Each stage has a log and files of its own in FOLDER, and a line on the screen. After each of them FILE, a tar of all
that there is, is written anew: whatever ends the proof, what was finished is in it. A stage that fails or hangs takes
nothing with it; one that the budget has no room for is dropped, and said to be. Interrupted (Ctrl-C, SIGTERM), it ends
the stage at work and keeps what there is.

Exit status: 0 where every stage was done, 1 where one was not, 2 for what cannot be asked, 130 if it was interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

INTERRUPTED_S, ENDED_S = 20.0, 3.0
"""How long a stage has to end in order once it was interrupted, and what is left to write the tar."""
LEAST_S = 15.0
"""With less than so much of the budget left no stage begins."""
LINE = 150
"""Characters of a stage's line at most: a screen has two hundred, and what is cut off stands in the log."""


@dataclass(frozen=True)
class Plan:
    """What every stage is told."""

    device: str
    folder: Path
    small: bool


Command = list[str]


@dataclass(frozen=True)
class Stage:
    """One question. `commands`, of the plan and of the seconds that they have, run in turn, or all `at_once`.

    What it says in its line is the last line of what its commands wrote, or what `told` makes of its files.
    """

    name: str
    about: str
    most_s: float
    commands: Callable[[Plan, float], Sequence[Command]]
    at_once: bool = False
    told: Callable[[Plan], str] | None = None


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


def _run(plan: Plan, name: str, seconds: float, *options: object, device: str | None = None) -> Command:
    output = plan.folder / f"{name}.jsonl"
    few = ("--blocks", 2) if plan.small else ()
    return _linregbench("run", "--device", device or _both(plan), "--output", output, "--no-report",
                        "--budget", f"{seconds:.0f}s", *options, *few)  # fmt: skip


def _own_s(seconds: float) -> float:
    """What a command with a budget of its own is given, so that it ends by itself before it is interrupted."""
    return max(seconds / 2, seconds - INTERRUPTED_S)


def _sweep(plan: Plan, seconds: float) -> list[Command]:
    options = ("--preset", "smoke") if plan.small else ("--preset", "devices")
    return [_run(plan, "sweep", _own_s(seconds), *options)]


def _told_of(name: str) -> Callable[[Plan], str]:
    return lambda plan: _cases_told(plan.folder / f"{name}.jsonl")


def _cases_told(run: Path) -> str:
    """How many of its cases have each status: the first that is not ok is a case's, as everywhere."""
    cases: dict[str, str] = {}
    for line in run.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # a line torn by the end of the run
            record = json.loads(line)
            if record.get("record") == "measurement" and record.get("role") != "twin":
                case = json.dumps([record.get(key) for key in ("workload", "strategy", "variant", "device")])
                if cases.get(case, "ok") == "ok":
                    cases[case] = record.get("status", "?")
    counts = Counter(cases.values())
    return f"{len(cases)} cases: " + ", ".join(f"{count} {status}" for status, count in counts.most_common())


def _page(plan: Plan, _: float) -> list[Command]:
    sweep = plan.folder / "sweep.jsonl"
    across = [] if plan.device == "cpu" else [_linregbench("compare", "--across", sweep)]
    folder = plan.folder / "page"
    return [*across, _linregbench("report", sweep, "--html", folder, "--markdown", folder / "sweep.md")]


def _sides(plan: Plan, seconds: float) -> list[Command]:
    return [_script("sides.py", plan.folder / "sides", "--device", plan.device, "--seconds", _own_s(seconds),
                    *_small(plan))]  # fmt: skip


def _cold(plan: Plan, seconds: float) -> list[Command]:
    samples = "100" if plan.small else "100000,1000000"
    axes = ("--samples", samples, "--features", 2, "--batch", 1, "--method", "gd", "--cache", "hot,cold",
            "--strategy", "jax_scan", "--variant", "analytic,unrolled,powers")  # fmt: skip
    return [_run(plan, "cold", _own_s(seconds), *axes, device=plan.device)]


def _loops(plan: Plan, _: float) -> list[Command]:
    return [_script("loops.py", plan.folder / "loops.json", "--device", plan.device, *_small(plan))]


STAGES = (
    Stage("limits", "what the device can do at most, by its own account and measured", 60, _limits),
    Stage("solvers", "every solver, right on the device, in each dtype and precision", 100, _solvers, at_once=True),
    Stage("sweep", "the preset `devices`, the device beside the CPU", 255, _sweep, told=_told_of("sweep")),
    Stage("page", "the two compared, and the page", 40, _page),
    Stage("sides", "identical code, and 3% more steps", 150, _sides),
    Stage("loops", "a step under XLA's settings, and unrolled", 70, _loops),
    Stage("cold", "with the caches flushed before each call, beside as it comes", 50, _cold, told=_told_of("cold")),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: see above."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_help_of_stages(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu to rehearse it; %(default)s")
    parser.add_argument("--budget", default="480s", help="for everything: 480s, 8m; %(default)s")
    parser.add_argument("--output", type=Path, default=Path("gpu-proof"), metavar="FOLDER", help="%(default)s")
    parser.add_argument("--tar", type=Path, metavar="FILE", help="FOLDER.tar.gz, where it is not named")
    parser.add_argument("--stages", metavar="NAMES", help="some of those below, by commas; all, if none is named")
    parser.add_argument("--small", action="store_true", help="in a size for tests: is everything wired, no more")
    asked = parser.parse_args(arguments)
    plan, tar, chosen = _plan(parser, asked)
    ends_s = time.monotonic() + _seconds(parser, asked.budget)
    plan.folder.mkdir(parents=True, exist_ok=True)
    tar.parent.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how a machine that is lent is taken back
    return prove([stage for stage in STAGES if stage.name in chosen], plan, tar, ends_s)


def prove(stages: Sequence[Stage], plan: Plan, tar: Path, ends_s: float) -> int:
    """Each stage within what is left of the budget, which ends at `ends_s`; a line for each; the exit status.

    A stage has its `most_s`; where the budget holds more than all of them, its share of that.
    """
    status = 0
    for number, stage in enumerate(stages, 1):
        left_s = ends_s - time.monotonic() - INTERRUPTED_S - ENDED_S
        began = time.monotonic()
        if left_s < LEAST_S:
            how, told = "dropped", "the budget is spent"
        else:
            try:
                share_s = left_s * stage.most_s / sum(later.most_s for later in stages[number - 1 :])
                how, told = _done(stage, plan, number, min(max(stage.most_s, share_s), left_s))
            except KeyboardInterrupt:
                how, told, status = "cut off", "the proof was interrupted", 130
        line = f"{number} {stage.name:8} {how:9} {time.monotonic() - began:4.0f} s  {told}"
        print(_short(line, LINE), flush=True)
        with (plan.folder / "stages.txt").open("a", encoding="utf-8") as file:
            file.write(_short(line, LINE) + "\n")
        _write_tar(tar, plan.folder)
        if status == 130:
            break
        status |= how != "ok"
    print(f"written: {tar}")
    return status


def _done(stage: Stage, plan: Plan, number: int, seconds: float) -> tuple[str, str]:
    """How a stage ended, and what it has to say; all that it said is in its log, or in one log for each at once."""
    name = f"{number}-{stage.name}"
    until_s = time.monotonic() + seconds
    commands = stage.commands(plan, seconds)
    turns = [commands] if stage.at_once else [[command] for command in commands]
    logs: list[Path] = []
    ended: list[str] = []
    for turn in turns:
        started: list[subprocess.Popen[bytes]] = []
        try:
            for place, command in enumerate(turn, 1):
                log = plan.folder / (f"{name}-{place}.log" if stage.at_once else f"{name}.log")
                logs.append(log)
                started.append(_started(command, log))
            ended += [_ended(process, until_s) for process in started]
        finally:
            for process in started:  # whatever came between: none is left at work behind the stage
                _kill(process)
    bad = next((place for place, how in enumerate(ended) if how != "ok"), None)
    if bad is not None:
        said = _short(_last_line(logs[bad], plan.folder), LINE - 60)  # which leaves room for the log's name
        return ended[bad], f"{said} ({logs[bad].name})"
    if stage.told:
        with contextlib.suppress(OSError):
            return "ok", stage.told(plan)
    return "ok", "; ".join(_last_line(log, plan.folder) for log in (logs if stage.at_once else logs[-1:]))


def _last_line(log: Path, folder: Path) -> str:
    """What was said last, with the files of the folder by their names: it is read on another machine."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    said = lines[-1].strip() if lines else "it said nothing"
    return said.replace(f"{folder}{os.sep}", "")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _started(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """In a session of its own, so that it can be ended with all that it started."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT, env=environment, start_new_session=True)


def _ended(process: subprocess.Popen[bytes], until_s: float) -> str:
    """Wait until then; interrupt it, as a person would, so that it ends in order; kill what does not."""
    try:
        status = process.wait(max(0.0, until_s - time.monotonic()))
        return "ok" if status == 0 else f"status {status}"
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        # those that were started together are interrupted one after another: all within one time of grace
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until_s + INTERRUPTED_S - time.monotonic()))
        return "cut off"
    finally:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """It, and whatever it left in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _write_tar(tar: Path, folder: Path) -> None:
    """Whole or not at all: written beside it first."""
    beside = tar.with_name(tar.name + ".part")
    with tarfile.open(beside, "w:gz") as file:
        file.add(folder, arcname=folder.name)
    beside.replace(tar)


def _help_of_stages() -> str:
    rows = [f"  {stage.name:8} {stage.about}; {stage.most_s:g} s at most" for stage in STAGES]
    return "\n".join(["stages, in this order:", *rows])


def _plan(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> tuple[Plan, Path, list[str]]:
    """What was asked for, the tar, the stages; ends with status 2 for what cannot be."""
    from linregbench.benchmarks import devices

    known = [stage.name for stage in STAGES]
    chosen = asked.stages.split(",") if asked.stages else known
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"no stage {', '.join(unknown)}: choose from {', '.join(known)}")
    try:
        devices.parse(asked.device)
    except ValueError as error:
        parser.error(str(error))
    folder = asked.output.resolve()
    if folder.exists() and not folder.is_dir():
        parser.error(f"--output {asked.output} is a file: name a folder")
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"--output {asked.output} holds something already: move it away, or name another folder")
    tar = (asked.tar or asked.output.with_name(asked.output.name + ".tar.gz")).resolve()
    if folder in (tar, *tar.parents):
        parser.error(f"--tar {asked.tar} would be a part of itself: name a file outside of {asked.output}")
    return Plan(asked.device, folder, asked.small), tar, chosen


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
