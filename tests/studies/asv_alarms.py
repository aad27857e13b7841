"""How often asv cries wolf: alarms on unchanged code, by the suite of ratios and by the plain times.

    python tests/studies/asv_alarms.py [--tries 5] [--bench SUITE=REGEX ...] [--output results/published/asv_alarms.md]

Each try measures the same code twice, under two empty commits of a scratch clone of HEAD, one after the other in this
interpreter, and asks `asv compare` by asv's own rule (factor 1.1, samples kept). An alarm is a benchmark that it marks
as worse: one of them makes `asv continuous` exit with 1. Marks as better are false too, and counted apart.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITES = {
    "ratios (track_ratio)": "track_ratio",
    "plain times, n = 100 and 1,000 on the CPU": r"OverSamples.*, 100, 'cpu'|OverSamples.*, 1000, 'cpu'",
}
PATIENCE_S = 1800.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--bench", action="append", default=[], metavar="SUITE=REGEX", help="instead of the two suites")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "asv_alarms.md")
    asked = parser.parse_args()
    suites = dict(each.split("=", 1) for each in asked.bench) or SUITES
    lines = [
        "# asv's alarms on unchanged code",
        "",
        " ".join(__doc__.split("\n\n")[2].split()),
        "",
        "| suite | tries | benchmarks | tries with an alarm | alarms | marks as better | largest false change |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _run("git", "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
        _run("git", "checkout", "--quiet", "-B", "main", cwd=clone)  # the branch that asv.conf.json names
        _asv(clone, "machine", "--yes")
        for name, regex in suites.items():
            tries = [_one_try(clone, regex) for _ in range(asked.tries)]
            lines.append(f"| {name} | {_row(tries)} |")
            print(lines[-1], flush=True)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


def _one_try(clone: Path, regex: str) -> list[tuple[str, float]]:
    """Of every benchmark with a time on both sides, asv's mark and new / base."""
    commits = []
    for side in ("base", "new"):
        _run("git", "commit", "--quiet", "--allow-empty", "--message", side, cwd=clone)
        commits.append(_run("git", "rev-parse", "HEAD", cwd=clone).strip())
        run = ("run", "-E", f"existing:{sys.executable}", "--set-commit-hash", commits[-1], "--record-samples")
        _asv(clone, *run, "--bench", regex)
    return marks(_asv(clone, "compare", *commits))


def marks(table: str) -> list[tuple[str, float]]:
    """asv's mark (+ worse, - better, or none) and the ratio, of each line of its comparison that has a ratio."""
    found = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        ratio = re.fullmatch(r"~?(\d+\.?\d*)", cells[3]) if len(cells) == 5 else None
        if ratio:
            found.append((cells[0], float(ratio[1])))
    return found


def _row(tries: list[list[tuple[str, float]]]) -> str:
    worse = [[ratio for mark, ratio in found if mark == "+"] for found in tries]
    better = [[ratio for mark, ratio in found if mark == "-"] for found in tries]
    false = [max(ratio, 1 / ratio) for sides in (worse, better) for found in sides for ratio in found if ratio > 0]
    cells = (
        len(tries),
        max(map(len, tries)),
        sum(map(bool, worse)),
        sum(map(len, worse)),
        sum(map(len, better)),
        f"{max(false):.2f}x" if false else "none",
    )
    return " | ".join(map(str, cells))


def _asv(clone: Path, *arguments: str) -> str:
    return _run(sys.executable, "-m", "asv", *arguments, cwd=clone, home=clone.parent)


def _run(*command: str, cwd: Path, home: Path | None = None) -> str:
    author = {f"GIT_{who}_{what}": "study" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    # asv keeps its list of machines in the home folder, which is none of ours to change
    environment = os.environ | author | ({"HOME": str(home)} if home else {})
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
