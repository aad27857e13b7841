"""One case through every door, one after another: linregbench, pyperf, asv and pytest-benchmark, side by side.

    python tests/studies/doors.py [--method gd] [--strategy jax_scan] [--samples 1000]

How far two honest measurements may lie apart follows from our own blocks, each a process of its own: with a 95%
half-width h of the mean log time over n blocks, the mean over k other processes lies within h sqrt(n / k + 1) of it, 19
times in 20 (the prediction interval of a normal mean). It is never taken as less than the A/A floor.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from linregbench.benchmarks.grid.options import RunOptions, UsageError  # noqa: E402

if TYPE_CHECKING:
    from linregbench.benchmarks.grid.cases import Case

PATIENCE_S = 600.0
BLOCKS = 5
OURS = "linregbench"
PROCESSES = {"asv": 2, "pytest-benchmark": 1}
"""How many processes a door's time is from; pyperf's are our own."""

WHY = {
    "linregbench": "a fresh process a block, one core, quiet rounds, medians inside and a mean of logs across; its "
    "process was idle before each sample, and made one untimed call",
    "pyperf": "the same samples through `export` and back; pyperf takes no rounds for quieter than others",
    "asv": "2 processes, 5 samples of 10 ms in each without a pause, the median of all; compiled off its clock, since "
    "a `setup` would mean number=1: one call a sample",
    "pytest-benchmark": "1 process, the median of 20 rounds of 10 ms without a pause: one slow moment may be all it "
    "saw, and a lucky or unlucky process cannot be told",
}


def main() -> None:
    """Measure, and print the times side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", default="gd", choices=["gd", "ols"])
    parser.add_argument("--strategy", default="jax_scan")
    parser.add_argument("--samples", type=int, default=1000)
    asked = parser.parse_args()
    try:
        rows = measured(asked.method, asked.strategy, asked.samples)
    except UsageError as error:
        parser.error(str(error))
    show(rows)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One door beside ours; differences are relative, `noise` is what may lie between two that agree."""

    door: str
    time_s: float
    fastest_s: float | None
    difference: float
    fastest_difference: float | None
    noise: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the noise."""
        return abs(math.log1p(self.difference)) <= math.log1p(self.noise)


def agreements(rows: Mapping[str, Mapping[str, Any]]) -> list[Agreement]:
    """Every door in the order given; `rows` are rows of the frame by door, ours among them with an interval."""
    ours = rows[OURS]
    blocks = ours["blocks"]
    half_width = math.log(ours["time_high_s"] / ours["time_low_s"]) / 2
    doors = []
    for door, row in rows.items():
        # pyperf is given our own processes, so that only the choice of rounds can differ
        others = door in PROCESSES
        spread = half_width * math.sqrt(blocks / PROCESSES[door] + 1) if others else half_width
        doors.append(
            Agreement(
                door=door,
                time_s=row["time_s"],
                fastest_s=row["time_min_s"],
                difference=row["time_s"] / ours["time_s"] - 1,
                fastest_difference=row["time_min_s"] and row["time_min_s"] / ours["time_min_s"] - 1,
                noise=max(ours["floor"] or 0.0, math.expm1(spread)),
            )
        )
    return doors


def measured(method: str, strategy: str, samples: int) -> dict[str, dict[str, Any]]:
    """By door, its row of the frame for one case, measured by each in turn. Raises UsageError where one has no time."""
    from linregbench.benchmarks.run import Request, measure, prepared
    from linregbench.benchmarks.sampling.progress import watcher
    from linregbench.results.formats.export import export
    from linregbench.results.runfile.read import read_run

    variant = _case(method, strategy, samples).solver.variant
    wanted = {"method": method, "strategy": strategy, "samples": samples, "batch": 1, "device": "cpu"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = RunOptions(
            methods=(method,), strategies=(strategy,), variants=(variant,), samples=(samples,), blocks=BLOCKS
        )
        with prepared(Request(options, output=folder / "run.jsonl")) as ready:
            measure(ready, watcher)
        export(read_run(folder / "run.jsonl"), "pyperf", folder / "pyperf.json")
        paths = {
            "linregbench": folder / "run.jsonl",
            "pyperf": folder / "pyperf.json",
            "asv": _through_asv(folder, method, strategy, samples),
            "pytest-benchmark": _through_pytest_benchmark(folder, f"{method}-{samples}-1-{strategy}-cpu"),
        }
        return {door: _row(door, path, wanted) for door, path in paths.items()}


def show(rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a line a door, why they differ, and which of them lie further apart than the noise."""
    from linregbench.results.stats.noise import MOSTLY_QUIET
    from linregbench.results.tables.table import Document, table_of
    from linregbench.results.tables.terminal import print_document

    texts = []
    doors = agreements(rows)
    for door in doors:
        difference, agrees = (
            (f"{door.difference:+.1%}", "yes" if door.agrees else "no") if door.door != OURS else ("", "")
        )
        fastest = (f"{door.fastest_s * 1e6:,.1f} us", f"{door.fastest_difference:+.1%}") if door.fastest_s else ("", "")
        texts.append((door.door, f"{door.time_s * 1e6:,.1f} us", difference, f"+-{door.noise:.1%}", agrees, *fastest))
    columns = ("door", "time", "difference", "noise", "agrees", "fastest sample", "difference of that")
    ours = rows[OURS]
    rounds = "of quiet rounds" if ours["rounds"] == "quiet" else "of all rounds, since too few were quiet"
    lines = [f"{door}: {why}." for door, why in WHY.items()]
    lines.append(
        f"Two copies of the baseline, side by side, differed by {ours['floor']:.1%}; {OURS}'s time is {rounds}. "
        "The doors ran one after another, so noise is what as many other processes as the door has would differ by, "
        "19 times in 20, as the spread of ours tells; never less than those two copies."
    )
    apart = [door.door for door in doors if not door.agrees]
    if apart:
        lines.append(f"Not within it: {', '.join(apart)}.")
    if apart and ours["quiet_share"] is not None and ours["quiet_share"] < MOSTLY_QUIET:
        lines.append(
            f"Only {ours['quiet_share']:.0%} of our rounds were quiet. The other doors cannot tell which of theirs "
            "are, and take the median of all: compare the fastest samples, or run this again on a calmer machine."
        )
    print_document(Document([table_of("The same case through every door", columns, texts)], notes=lines))


def _case(method: str, strategy: str, samples: int) -> Case:
    from linregbench.benchmarks.suites import cases

    try:
        return cases.case_of(method, strategy, cases.size_of(samples=samples), "cpu")
    except StopIteration:
        allowed = ", ".join(map(str, cases.SAMPLES))
        raise UsageError(f"--samples must be a size that every door has, got {samples}: {allowed}") from None
    except cases.Skip as skip:
        raise UsageError(str(skip)) from None


def _row(door: str, path: Path, wanted: Mapping[str, object]) -> dict[str, Any]:
    from linregbench.results.formats.load import load
    from linregbench.results.frame import records_of

    frame = load(path)
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    timed = frame[frame["time_s"].notna()]
    if timed.empty:
        raise UsageError(f"{door} has no time for this case: {'; '.join(frame['reason'].dropna()) or 'no row'}")
    return dict(records_of(timed)[0])


def _through_asv(folder: Path, method: str, strategy: str, samples: int) -> Path:
    config = {
        "version": 1,
        "project": "linregbench",
        "repo": str(ROOT),
        "branches": ["HEAD"],
        "benchmark_dir": str(ROOT / "benchmarks"),
        "environment_type": "virtualenv",
        "launch_method": "spawn",
        **{f"{what}_dir": str(folder / what) for what in ("results", "html", "env")},
    }
    path = folder / "asv.conf.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    bench = rf"OverSamples.*\('{method}', '{strategy}', {samples}, 'cpu'\)"
    asv = [sys.executable, "-m", "asv", "--config", str(path)]
    # asv keeps its list of machines in the home folder, which is none of ours to change
    home = {"HOME": str(folder), "GIT_CONFIG_GLOBAL": str(Path.home() / ".gitconfig")}
    _tool([*asv, "machine", "--yes"], **home)
    python = f"existing:{sys.executable}"
    _tool([*asv, "run", "-E", python, "--set-commit-hash", "HEAD", "--record-samples", "--bench", bench], **home)
    return folder / "results"


def _through_pytest_benchmark(folder: Path, name: str) -> Path:
    path = folder / "pytest-benchmark.json"
    test = f"tests/test_speed.py::test_steady_state[{name}]"
    _tool([sys.executable, "-m", "pytest", "-q", test, "--benchmark-only", f"--benchmark-json={path}"])
    return path


def _tool(command: Sequence[str], **variables: str) -> None:
    environment = os.environ | variables
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise UsageError(f"{command[2]} ended with status {done.returncode}: {said[-1] if said else 'it said nothing'}")


if __name__ == "__main__":
    main()
