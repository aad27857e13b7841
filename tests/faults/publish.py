"""The tally of the fault suite as a page: what was tried, and what survived.

    python tests/faults/publish.py TALLY [PAGE]

TALLY is the file of JSON lines that LINREGBENCH_FAULTS named while the suite ran (`make faults`); PAGE is
results/published/faults.md, where none is named. Exit status: 0, or 1 where something did not survive.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITES = {
    "plugins": "Solvers that go wrong",
    "seal": "Runs that are stopped, killed or changed",
    "inputs": "Inputs",
    "file": "The run file",
}
ABOUT = """\
# Faults

What the fault suite (`tests/faults/`, `make faults`) tried on {day}, each of it really done, and what survived: the run
or the command ended in order, with the exit status that is documented, a reason in words and no traceback; what was
measured is in the file; the rivals' rows are there; no process and no folder is left. Of an input: it is read rightly,
or refused in a line.

**{survived:,} of {tried:,} survived.**
"""
MOST_ROWS = 25
"""A suite of more kinds is one row, beside those that did not survive."""


def page_of(lines: Sequence[Mapping[str, object]], day: str) -> str:
    """The page in Markdown; `lines` as `tally.record` writes them."""
    tried, survived = (sum(int(str(line[name])) for line in lines) for name in ("tried", "survived"))
    parts = [ABOUT.format(day=day, tried=tried, survived=survived)]
    for suite in dict.fromkeys(str(line["suite"]) for line in lines):
        rows = _by_kind(line for line in lines if line["suite"] == suite)
        of_suite = {name: sum(int(str(row[name])) for row in rows) for name in ("tried", "survived")}
        shown = rows if len(rows) <= MOST_ROWS else [row for row in rows if row["tried"] != row["survived"]]
        table = [f"| {row['kind']} | {row['tried']:,} | {row['survived']:,} | {row['notes']} |" for row in shown]
        table.append(f"| **in all** | **{of_suite['tried']:,}** | **{of_suite['survived']:,}** | |")
        head = f"## {SUITES.get(suite, suite)}\n\n| kind | tried | survived | notes |\n| --- | ---: | ---: | --- |\n"
        parts.append(head + "\n".join(table) + "\n")
    return "\n".join(parts)


def _by_kind(lines: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Those of one kind as one, with the notes of the first."""
    kinds: dict[object, dict[str, object]] = {}
    for line in lines:
        row = kinds.setdefault(line["kind"], dict(line) | {"tried": 0, "survived": 0})
        row |= {name: int(str(row[name])) + int(str(line[name])) for name in ("tried", "survived")}
    return list(kinds.values())


def main(tally: str, page: str = str(ROOT / "results/published/faults.md")) -> int:
    """Write the page; the exit status."""
    lines = [json.loads(line) for line in Path(tally).read_text(encoding="utf-8").splitlines()]
    Path(page).write_text(page_of(lines, datetime.now(UTC).date().isoformat()), encoding="utf-8")
    print(f"written: {page}")
    return int(any(line["tried"] != line["survived"] for line in lines))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
