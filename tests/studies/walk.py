"""A newcomer's walk: every command of README and docs typed for real, in the order in which they stand, with its time.

    python tests/studies/walk.py [README.md tutorial.md ...] [--list]

In a fresh clone of the last commit, into which `make bench` installs, so that the times are those of a newcomer; the
clone is removed afterwards. Takes an hour with everything; ends with 1 where a command did not do what it should.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from documents import DOCUMENTS, Shown, shown_in  # noqa: E402

SKIPPED = {
    "cuda": "needs a GPU",
    "both.jsonl": "is of a run on a GPU",
    "_LINREGBENCH_COMPLETE": "is for the shell of a person",
}
"""By a word of the command, why it is not typed here."""
PATIENCE_S = 2400.0
SHOWN_LINES = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="*", help="by name; all, if none is named")
    parser.add_argument("--list", action="store_true", help="say what would be typed")
    asked = parser.parse_args()
    paths = [path for path in DOCUMENTS if not asked.documents or path.name in asked.documents]
    failed = []
    with tempfile.TemporaryDirectory(prefix="linregbench-walk-") as folder:
        clone = Path(folder) / "linregbench"
        if not asked.list:
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for shown in (each for path in paths for each in shown_in(path)):
            why = next((why for word, why in SKIPPED.items() if word in shown.text), None)
            if asked.list or why is not None:
                print(f"{shown}" + (f"    (left out: {why})" if why else ""))
            elif not _typed(shown, clone):
                failed.append(shown)
    for shown in failed:
        print(f"FAILED: {shown}", file=sys.stderr)
    return 1 if failed else 0


def _typed(shown: Shown, clone: Path) -> bool:
    """Whether it ended well; prints what it was, how long it took, and the end of what it said."""
    if shown.file is not None and "@solver" in shown.text:
        (clone / shown.file).write_text(shown.text, encoding="utf-8")
        return True
    command = ["bash", "-c", shown.text] if shown.language == "sh" else ["python", "-c", shown.text]
    path = os.pathsep.join((str(clone / ".venv/bin"), os.environ["PATH"]))
    print(f"$ {shown}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=clone, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=PATIENCE_S
    )
    said = (done.stdout.splitlines() or done.stderr.splitlines())[-SHOWN_LINES:]
    print(*(f"  | {line}" for line in said), sep="\n")
    print(f"  {time.monotonic() - began:.1f} s, exit status {done.returncode}", flush=True)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
