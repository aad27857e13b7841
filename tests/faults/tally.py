"""What was tried and what survived, a line a kind, into the file that LINREGBENCH_FAULTS names, where it names one."""

import json
import os


def record(suite: str, kind: str, tried: int, survived: int, notes: str = "") -> None:
    """Append a line; the table is made of them."""
    if path := os.environ.get("LINREGBENCH_FAULTS"):
        with open(path, "a", encoding="utf-8") as file:
            line = {"suite": suite, "kind": kind, "tried": tried, "survived": survived, "notes": notes}
            file.write(json.dumps(line) + "\n")
