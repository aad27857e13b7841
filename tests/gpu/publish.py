"""A proof's tar, made into what is published: the run with its page, and a page of everything else that it found.

    python tests/gpu/publish.py gpu-proof.tar.gz NAME [--into results/published]

Writes gpu-NAME.jsonl, .md, .csv and .html of the sweep, and gpu-NAME-proof.md: the device, what it can do at most,
every solver's check, loops, and identical code against itself. A part that the tar lacks is said to be missing. The tar
comes from another machine: it is read and never unpacked, nothing in it is run, and one with a member that would leave
its folder is refused.

Exit status: 0 where all of it is published, 1 where the run cannot be, 2 for a tar that is refused.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from linregbench.results.runfile.read import read_run  # noqa: E402
from linregbench.results.tables.caches import cold_tables  # noqa: E402
from linregbench.results.tables.markdown import bullets, escaped, table_as_markdown  # noqa: E402  found by the line above
from linregbench.results.tables.table import Cell, number_cell, table_of  # noqa: E402
from linregbench.results.words.text import counted, error_text, ratio_text, text_of_time  # noqa: E402

MOST_BYTES = 2**28
"""A proof is some megabytes; what is a hundred times as much is none."""
SOUGHT = 0.03
"""The slowdown that the proof plants, as a share."""
RUN = ("jsonl", "md", "csv", "html")

Row = dict[str, Any]


class RefusedError(Exception):
    """A tar that is none of a proof; the message says what is wrong with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: see above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tar", type=Path)
    parser.add_argument("name", help="of the device, as it is to be part of the files' names: h100")
    parser.add_argument("--into", type=Path, default=ROOT / "results" / "published", metavar="FOLDER")
    asked = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", asked.name):
        parser.error(f"NAME takes small letters, digits and hyphens, got {asked.name!r}")
    try:
        files, when = read(asked.tar)
    except RefusedError as error:
        parser.error(str(error))
    asked.into.mkdir(parents=True, exist_ok=True)
    wrong = _publish_run(files, asked.name, asked.into)
    page = asked.into / f"gpu-{asked.name}-proof.md"
    page.write_text(page_of(asked.name, files, when, wrong), encoding="utf-8")
    print(f"written: {page}")
    return 1 if wrong else 0


def read(tar: Path) -> tuple[dict[str, bytes], str]:
    """Its files by their names inside the proof's folder, and their days; RefusedError where it is no proof's."""
    files: dict[str, bytes] = {}
    times: list[float] = []
    try:
        with tarfile.open(tar) as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise RefusedError(f"{tar}: {member.name!r} would leave the folder")
                if member.isdir():
                    continue
                if not member.isfile():
                    raise RefusedError(f"{tar}: {member.name!r} is neither a file nor a folder")
                if sum(map(len, files.values())) + member.size > MOST_BYTES:
                    raise RefusedError(f"{tar}: more than {MOST_BYTES // 2**20} MiB, which no proof is")
                held = archive.extractfile(member)
                files["/".join(path.parts[1:]) or path.name] = held.read() if held else b""
                times.append(member.mtime)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise RefusedError(f"{tar} is no tar that can be read: {error}") from None
    days = sorted({datetime.fromtimestamp(moment, UTC).date().isoformat() for moment in times})
    return files, " to ".join(days[:1] + days[1:][-1:])


def _publish_run(files: dict[str, bytes], name: str, into: Path) -> str:
    """The run and its page; why not, where they cannot be."""
    if "sweep.jsonl" not in files:
        return "the proof left no sweep.jsonl"
    with tempfile.TemporaryDirectory() as scratch:
        stem = f"gpu-{name}"
        (Path(scratch) / f"{stem}.jsonl").write_bytes(files["sweep.jsonl"])
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        command = ["report", f"{stem}.jsonl", "--html", ".", "--markdown", f"{stem}.md"]
        done = subprocess.run(
            [sys.executable, "-m", "linregbench", *command],
            cwd=scratch,
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return "the run cannot be reported: " + _plain(
                (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            )
        for ending in RUN:
            shutil.copyfile(Path(scratch) / f"{stem}.{ending}", into / f"{stem}.{ending}")
            print(f"written: {into / f'{stem}.{ending}'}")
    return ""


def page_of(name: str, files: dict[str, bytes], when: str, wrong: str = "") -> str:
    """The page in Markdown; `wrong` says why there is no run beside it."""
    beside = ", ".join(f"[{ending}](gpu-{name}.{ending})" for ending in RUN)
    parts = [
        f"# What a proof found: {escaped(name)}",
        "What `make gpu-proof` left behind, by `tests/gpu/publish.py`; its files are from "
        f"{when or 'no day that they tell'}. What it is and how to read it: [docs/gpu.md](../../docs/gpu.md).",
        f"The run beside it: {'missing, since ' + escaped(wrong) if wrong else beside}.",
    ]
    for title, section in SECTIONS.items():
        try:
            text = "\n\n".join(section(files))
        except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            # files of another machine, of another version perhaps: one that reads otherwise costs its section alone
            text = f"Not readable: {escaped(_plain(f'{type(error).__name__}: {error}'))}"
        parts.append(f"## {title}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _stages(files: dict[str, bytes]) -> Iterator[str]:
    if "stages.txt" not in files:
        yield _missing("stages.txt")
        return
    yield bullets(_plain(line) for line in _text(files["stages.txt"]).splitlines() if line.strip())


def _device(files: dict[str, bytes]) -> Iterator[str]:
    if "limits.json" not in files:
        yield _missing("limits.json")
        return
    told = json.loads(files["limits.json"])
    facts = {"device": told.get("device")} | told.get("facts", {})
    rows = [[key.removesuffix("_bytes").replace("_", " "), _fact(key, value)] for key, value in facts.items()]
    yield _table("By JAX and NVML", ("fact", "value"), [row for row in rows if row[1]])
    if versions := _versions(files):
        yield "Software: " + escaped(", ".join(versions)) + "."


def _versions(files: dict[str, bytes]) -> list[str]:
    lines = _lines(files["sweep.jsonl"])[0] if "sweep.jsonl" in files else []
    found = [line for line in lines if line.get("record") == "environment"]
    if not found:
        return []
    packages = {name: version for line in found for name, version in line.get("packages", {}).items()}
    return [f"Python {found[0].get('python')}", *(f"{name} {version}" for name, version in packages.items())]


def _fact(key: str, value: Any) -> str:
    if key == "memory_stats" or value in (None, "", {}):
        return ""
    if key.endswith("_bytes"):
        return f"{value / 2**30:.2f} GiB"
    if isinstance(value, dict):
        return ", ".join(
            f"{name} {each:,}" if isinstance(each, int) else f"{name} {each}" for name, each in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(_plain, map(str, value))) or "none"
    return _plain(f"{value:g}" if isinstance(value, float) else str(value))


def _limits(files: dict[str, bytes]) -> Iterator[str]:
    if "limits.json" not in files:
        yield _missing("limits.json")
        return
    told = json.loads(files["limits.json"])
    rows: list[list[Cell | str]] = []
    for part in ("transfers", "copies", "products", "calls"):
        for key, value in told.get(part, {"reason": "not measured"}).items():
            what, shown = _limit(key, value, told)
            rows.append([part, what, shown])
    yield _table("Measured", ("part", "what", "measured"), rows, "The best of 9 tries; of calls, the median of 300.")
    # on a CPU the profiler is asked as well, and has no kernels to tell of
    seen = {
        name: row for name, row in told.get("kernels_seen", {}).items() if isinstance(row, dict) and row.get("kernels")
    }
    names = ("descent", "kernels and copies", "busy", "the kernels")
    yield _table("100 steps at n = 1,000, d = 2, as the profiler saw them", names, map(_seen, seen, seen.values()),
                 nothing=told.get("kernels_seen", {}).get("reason", "No device was watched."))  # fmt: skip


def _limit(key: str, value: Any, told: Row) -> tuple[str, Cell | str]:
    """A limit's name in words and its value with a unit, by the unit that ends its key."""
    if not isinstance(value, (int, float)):
        return key, _plain(str(value))
    if key.endswith("_flops_per_s"):
        words = f"float32 product of order {told.get('order'):,}, precision {key.removesuffix('_flops_per_s')}"
        return words, number_cell(f"{value / 1e12:,.3g} Tflop/s", value)
    if key.endswith("_bytes_per_s"):
        words = key.removesuffix("_bytes_per_s")
        how, _, size = words.rpartition("_")
        at = int(size) if size.isdigit() else told.get("bytes", 0)
        words = how if size.isdigit() else words
        return f"{_IN_WORDS.get(words, words)}, {at / 2**20:g} MiB", number_cell(f"{value / 1e9:,.4g} GB/s", value)
    return _IN_WORDS.get(key, key.removesuffix("_s").replace("_", " ")), number_cell(text_of_time(value), value)


_IN_WORDS = {
    "in": "to the device, from NumPy's memory",
    "out": "from the device, into NumPy's memory",
    "pinned_in": "to the device, from pinned memory",
    "pinned_out": "from the device, into pinned memory",
    "in_s": "4 bytes to the device",
    "out_s": "4 bytes from the device",
    "copy": "scaled copy, read and written",
    "sum": "sum, read alone",
    "call_s": "the shortest call, waited for",
    "dispatch_s": "its dispatch alone",
    "loop_of_100_s": "loop of 100 turns of one kernel",
    "loop_of_1000_s": "loop of 1,000 turns of one kernel",
}


def _seen(name: str, row: Row) -> list[Cell | str]:
    kernels = row.get("kernels", {})
    number = sum(count for count, _ in kernels.values())
    busy_s = sum(taken_ns for _, taken_ns in kernels.values()) / 1e9
    words = ", ".join(f"{_plain(kernel)} {count:,} times" for kernel, (count, _) in kernels.items())
    return [name, number_cell(f"{number:,}", number), number_cell(text_of_time(busy_s), busy_s), words]


def _solvers(files: dict[str, bytes]) -> Iterator[str]:
    kinds = sorted(name.removesuffix(".jsonl") for name in files if re.fullmatch(r"solvers-[\w-]+\.jsonl", name))
    if not kinds:
        yield _missing("solvers-*.jsonl")
    for kind in kinds:
        lines, torn = _lines(files[f"{kind}.jsonl"])
        cases = {line["case"]: line for line in lines}  # the last word on a case counts
        told = Counter(map(_status, cases.values()))
        names = ("case", "status", "error", "of its limit", "call", "device busy", "kernels", "findings")
        yield _table(
            ", ".join(kind.split("-")[1:]),
            names,
            map(_case, cases.values()),
            f"{counted(len(cases), 'case')}: {', '.join(f'{count} {status}' for status, count in told.items())}."
            + (" The last line of the file is torn." if torn else ""),
        )


def _status(line: Row) -> str:
    """`begun` is the last word of a case that took the process with it."""
    return "died" if line["status"] == "begun" else str(line["status"])


def _case(line: Row) -> list[Cell | str]:
    error, limit, kernels = line.get("error"), line.get("error_limit"), line.get("device_kernels")
    share = error / limit if error is not None and limit else None
    why = [*line.get("findings", []), *([line["reason"].splitlines()[-1]] if line.get("reason") else [])]
    return [
        line["case"],
        _status(line),
        number_cell(error_text(error), error),
        number_cell("" if share is None else f"{share:.1%}" if share >= 0.001 else "under 0.1%", share),
        number_cell(text_of_time(line.get("call_s")), line.get("call_s")),
        number_cell(text_of_time(line.get("device_busy_s")), line.get("device_busy_s")),
        number_cell("" if kernels is None else f"{kernels:,.0f}", kernels),
        _plain("; ".join(why)),
    ]


def _loops(files: dict[str, bytes]) -> Iterator[str]:
    if "loops.json" not in files:
        yield _missing("loops.json")
        return
    rows = json.loads(files["loops.json"])
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    measured = {(row["what"], row["setting"]): row for row in rows if "step_s" in row}
    cells = [
        [what, *(cell for setting in settings for cell in _loop(measured.get((what, setting), {})))]
        for what in dict.fromkeys(what for what, _ in measured)
    ]
    names = ("descent", *(name for setting in settings for name in (setting, "kernels", "busy")))
    about = (
        "The lower quartile of 40 calls by the number of their steps; kernels and busy time are of a call, as the "
        "profiler saw them: of a loop that is a command buffer itself it sees next to nothing."
    )
    yield _table("A step, by XLA's settings", names, cells, about)
    flags = {row["setting"]: row.get("flags") for row in rows}
    yield bullets(f"{setting}: XLA_FLAGS={flags[setting] or '(empty)'}" for setting in settings)
    if failed := [f"{row['setting']}: {_plain(str(row.get('reason')))}" for row in rows if "step_s" not in row]:
        yield bullets(failed)


def _loop(row: Row) -> list[Cell | str]:
    step_s, kernels, busy_s = row.get("step_s"), row.get("kernels"), row.get("busy_s")
    return [
        number_cell(text_of_time(step_s), step_s),
        number_cell("" if kernels is None else f"{kernels:,.0f}", kernels),
        number_cell(text_of_time(busy_s), busy_s),
    ]


def _sides(files: dict[str, bytes]) -> Iterator[str]:
    if "sides/sides.json" not in files:
        yield _missing("sides/sides.json")
        return
    rows = json.loads(files["sides/sides.json"])
    words = {"aa": "identical code", "planted": f"{SOUGHT:.0%} more steps"}
    busy = any(row.get("busy_ratio") for row in rows)
    names = ("the other side", "case", "verdict", "ratio", *(["on the device"] if busy else []), "blocks")
    cells = [
        [
            words.get(row["study"], row["study"]),
            row["case"],
            row["verdict"],
            number_cell(ratio_text(row["ratio"], row["low"], row["high"]), row["ratio"]),
            *([_of_device(row)] if busy else []),
            number_cell(str(row["blocks"]), row["blocks"]),
        ]
        for row in rows
    ]
    about = "Above 1 the other side is the slower, and this one `faster`. An interval from two blocks or three is wide."
    about += " On the device: the same of its own work alone, as the profiler saw it in each block." if busy else ""
    yield _table("Time of the other side over time of this one, with 95% intervals", names, cells, about)
    yield bullets(_said_of(rows))


def _of_device(row: Row) -> Cell:
    busy = row.get("busy_ratio"), row.get("busy_low"), row.get("busy_high")
    return number_cell(ratio_text(*busy) if busy[0] else "", busy[0])


def _said_of(rows: list[Row]) -> Iterator[str]:
    """What the pairs say, and what they do not."""
    pairs = [row for row in rows if row["study"] == "aa"]
    false = sum(row["verdict"] in ("faster", "slower") for row in pairs)
    widths = sorted(math.sqrt(row["high"] / row["low"]) - 1 for row in pairs if row["low"])
    if pairs:
        yield f"It says: of {counted(len(pairs), 'identical pair')}, {false} had a false verdict."
    if widths:
        middle = widths[len(widths) // 2]
        yield f"The half-width in the middle is {middle:.2%}, from {widths[0]:.2%} to {widths[-1]:.2%}."
        at_work = sorted(math.sqrt(row["busy_high"] / row["busy_low"]) - 1 for row in pairs if row.get("busy_low"))
        if at_work:
            yield f"That of the device's own work is {at_work[len(at_work) // 2]:.2%}, up to {at_work[-1]:.2%}."
        if middle > SOUGHT:
            yield (
                f"It does not say that a difference of {SOUGHT:.0%} would have been found: such intervals are too wide "
                "for it, and too wide for a false verdict as well."
            )
    for row in rows:
        if row["study"] == "planted":
            found = "found" if row["verdict"] == "faster" else "not found"
            yield f"The planted {SOUGHT:.0%} was {found}: {row['verdict']}, after {counted(row['blocks'], 'block')}."
            if row["low"] and row["low"] > 1 + SOUGHT:
                yield f"It cost more than {SOUGHT:.0%}: its steps are a second loop, which has a cost of its own."


def _cold(files: dict[str, bytes]) -> Iterator[str]:
    if "cold.jsonl" not in files:
        yield _missing("cold.jsonl")
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "cold.jsonl"
        path.write_bytes(files["cold.jsonl"])
        run = read_run(path)
    yield from [table_as_markdown(table) for table in cold_tables([run])] or ["No case was sampled both hot and cold."]


SECTIONS: dict[str, Callable[[dict[str, bytes]], Iterator[str]]] = {
    "The stages": _stages,
    "The device": _device,
    "What it can do at most": _limits,
    "Every solver": _solvers,
    "What a step of a loop costs": _loops,
    "Identical code, and a planted slowdown": _sides,
    "Cold caches": _cold,
}


def _table(title: str, names: Sequence[str], rows: Any, about: str = "", nothing: str = "Nothing was measured.") -> str:
    return table_as_markdown(table_of(title, names, rows, about=about, nothing=nothing).filled())


def _missing(name: str) -> str:
    return f"Missing: the proof left no {escaped(name)}."


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _lines(data: bytes) -> tuple[list[Row], bool]:
    """The records of a file, and whether its last line is torn, as that of a stage that was cut off may be."""
    lines = [line for line in _text(data).splitlines() if line.strip()]
    try:
        last = [json.loads(lines[-1])] if lines else []
    except json.JSONDecodeError:
        last = []
    return [json.loads(line) for line in lines[:-1]] + last, len(last) < min(1, len(lines))


def _plain(text: str) -> str:
    """One short line without the folders of the machine that it is from."""
    return re.sub(r"(?<![\w.)])/(?:[\w.@+-]+/)+", "", " ".join(text.split()))[:300]


if __name__ == "__main__":
    sys.exit(main())
