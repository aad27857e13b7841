"""What `linregbench export`, `history` and `doors` do; each returns the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import run as running
from ..grid.options import RunOptions, UsageError
from ..run import Request
from ..sampling import progress
from ..suites import cases

if TYPE_CHECKING:
    from linregbench.results.formats.agreement import Agreement

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
BLOCKS = 5
WHY = {
    "linregbench": "a fresh process a block, one core, quiet rounds, medians inside and a mean of logs across; its "
    "process was idle before each sample, and made one untimed call",
    "pyperf": "the same samples through `export` and back; pyperf takes no rounds for quieter than others",
    "asv": "2 processes, 5 samples of 10 ms in each without a pause, the median of all; compiled off its clock, since "
    "a `setup` would mean number=1: one call a sample",
    "pytest-benchmark": "1 process, the median of 20 rounds of 10 ms without a pause: one slow moment may be all it "
    "saw, and a lucky or unlucky process cannot be told",
}


def export(path: Path, form: str, output: Path | None) -> int:
    """Write a run file in another format."""
    from linregbench.results.formats.export import FORMATS
    from linregbench.results.formats.export import export as write
    from linregbench.results.frame import from_runs
    from linregbench.results.runfile.read import read_run

    run = read_run(path)
    for notice in run.notices:
        print(f"linregbench: {notice}", file=sys.stderr)
    target = output or path.with_name(path.name.removesuffix(".jsonl") + FORMATS[form][0])
    write(run, form, target)
    lost = int(from_runs(run)["time_s"].isna().sum()) if form in ("pyperf", "pytest-benchmark") else 0
    if lost:
        print(
            f"linregbench: left out {lost} case{'s' * (lost > 1)} without a time: {form} has no word for that",
            file=sys.stderr,
        )
    print(target)
    return 0


def history(folder: Path, output: Path | None) -> int:
    """Print asv's history, and draw it where asked."""
    from linregbench.results.figures.history import plot
    from linregbench.results.formats.load import load
    from linregbench.results.tables.history import history_document
    from linregbench.results.tables.terminal import print_document

    frame = load(folder)
    others = frame.loc[frame["source"] != "asv", "source"]
    if len(others):
        raise UsageError(f"history is of asv's results over commits, and {folder} is a file of {others.iloc[0]}")
    print_document(history_document(frame))
    if output is not None:
        try:
            plot(frame, output)
        except (OSError, ValueError) as error:
            raise UsageError(f"--plot {output}: {error}") from None
        print(output)
    return 0


def compare_doors(method: str, strategy: str, samples: int) -> int:
    """Measure one case through every door, one after another, and print the times side by side."""
    _check_checkout()
    try:
        case = cases.case_of(method, strategy, cases.size_of(samples=samples), "cpu")
    except StopIteration:
        allowed = ", ".join(map(str, cases.SAMPLES))
        raise UsageError(f"--samples must be a size that every door has, got {samples}: {allowed}") from None
    except cases.Skip as skip:
        raise UsageError(str(skip)) from None
    wanted = {"method": method, "strategy": strategy, "samples": samples, "batch": 1, "device": "cpu"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = RunOptions(
            methods=(method,),
            strategies=(strategy,),
            variants=(case.solver.variant,),
            samples=(samples,),
            blocks=BLOCKS,
        )
        with running.prepared(Request(options, output=folder / "run.jsonl")) as ready:
            running.measure(ready, progress.watcher)
        from linregbench.results.formats.export import export as write
        from linregbench.results.runfile.read import read_run

        write(read_run(folder / "run.jsonl"), "pyperf", folder / "pyperf.json")
        paths = {
            "linregbench": folder / "run.jsonl",
            "pyperf": folder / "pyperf.json",
            "asv": _through_asv(folder, method, strategy, samples),
            "pytest-benchmark": _through_pytest_benchmark(folder, f"{method}-{samples}-1-{strategy}-cpu"),
        }
        _print(paths, wanted)
    return 0


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


def _check_checkout() -> None:
    for name in ("tests/test_speed.py", ".git"):
        if not (ROOT / name).exists():
            raise UsageError(f"doors needs a checkout of linregbench with its tests, and there is no {name} here")


def _print(paths: Mapping[str, Path], wanted: Mapping[str, object]) -> None:
    from linregbench.results.formats.agreement import OURS, agreements
    from linregbench.results.formats.load import load
    from linregbench.results.frame import records_of
    from linregbench.results.stats.noise import MOSTLY_QUIET
    from linregbench.results.tables.table import Document, table_of, text_rows
    from linregbench.results.tables.terminal import print_document

    rows = {}
    for door, path in paths.items():
        frame = load(path)
        for column, value in wanted.items():
            frame = frame[frame[column] == value]
        measured = frame[frame["time_s"].notna()]
        if measured.empty:
            raise UsageError(f"{door} has no time for this case: {'; '.join(frame['reason'].dropna()) or 'no row'}")
        (rows[door], *_) = records_of(measured)
    found = agreements(rows)
    texts = []
    for each in found:
        told = ("", f"+-{each.noise:.1%}", "") if each.door == OURS else _judged(each)
        fastest = (f"{each.fastest_s * 1e6:,.1f} us", f"{each.fastest_difference:+.1%}") if each.fastest_s else ("", "")
        texts.append((each.door, f"{each.time_s * 1e6:,.1f} us", *told, *fastest))
    columns = ("door", "time", "difference", "noise", "agrees", "fastest sample", "difference of that")
    ours = rows[OURS]
    rounds = "of quiet rounds" if ours["rounds"] == "quiet" else "of all rounds, since too few were quiet"
    lines = [f"{door}: {why}." for door, why in WHY.items()]
    lines.append(
        f"Two copies of the baseline, side by side, differed by {ours['floor']:.1%}; {OURS}'s time is {rounds}. "
        "The doors ran one after another, so noise is what as many other processes as the door has would differ by, "
        "19 times in 20, as the spread of ours tells; never less than those two copies."
    )
    apart = [each.door for each in found if not each.agrees]
    if apart:
        lines.append(f"Not within it: {', '.join(apart)}.")
    if apart and ours["quiet_share"] is not None and ours["quiet_share"] < MOSTLY_QUIET:
        lines.append(
            f"Only {ours['quiet_share']:.0%} of our rounds were quiet. The other doors cannot tell which of theirs "
            "are, and take the median of all: compare the fastest samples, or run this again on a calmer machine."
        )
    print_document(Document([table_of("The same case through every door", columns, text_rows(texts))], notes=lines))


def _judged(each: Agreement) -> tuple[str, str, str]:
    return f"{each.difference:+.1%}", f"+-{each.noise:.1%}", "yes" if each.agrees else "no"
