"""What was tried and what survived: a line of JSON each, in the file that the variable FAULTS_TALLY names."""

import json
import os


def record(suite: str, kind: str, tried: int, survived: int, notes: str = "") -> None:
    """Add to the tally; nowhere, where nobody asks for one."""
    if path := os.environ.get("FAULTS_TALLY"):
        line = {"suite": suite, "kind": kind, "tried": tried, "survived": survived, "notes": notes}
        with open(path, "a", encoding="utf-8") as tally:
            tally.write(json.dumps(line) + "\n")
