"""The test suite on the oldest and the newest JAX and NumPy that pyproject allows, and on every Python that is here.

    python tests/studies/matrix.py [--only '3.12-*'] [--python python3.12 ...] [--minutes 30] [--list]

A row is PYTHON-JAX-NUMPY: `3.11-oldest-oldest`. Without `--only`: the oldest of both on the oldest Python, the newest
of both on every Python, one old beside one new on the newest Python. Each is installed from the wheels of pip's
registry into a virtual environment of its own, from a fresh clone of the last commit, and runs what `make test` runs
but for the linter. A row is written as soon as it is known; those that were not asked for stay as they are. Six to ten
minutes a row on two cores; ends with 1 where one is not green. What pytest said is kept in .matrix/.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".matrix"
PINNED = ("jax", "jaxlib", "numpy")
NEWEST_MINOR = 20
"""Up to which Python 3 one looks for interpreters."""
COLUMNS = (
    *("row", "Python", "JAX", "jaxlib", "NumPy", "passed", "failed", "skipped", "minutes", "commit"),
    "what failed",
)
SHOWN_FAILURES = 3
LONGEST_REASON = 300
AGES = ("oldest", "newest")

Cells = dict[str, str]
Command = list[str | Path]


@dataclass(frozen=True)
class Row:
    """One interpreter with JAX and NumPy, each the oldest or the newest."""

    python: str
    interpreter: str
    jax: str
    numpy: str

    @property
    def name(self) -> str:
        """What `--only` knows it by."""
        return f"{self.python}-{self.jax}-{self.numpy}"

    def age_of(self, package: str) -> str:
        """Whether the oldest or the newest of it is wanted; jaxlib goes with JAX."""
        return self.numpy if package == "numpy" else self.jax


class InstallError(Exception):
    """Why there is nothing to test."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="these rows alone, patterns with commas between them")
    parser.add_argument("--python", action="append", default=[], help="an interpreter; all on PATH, if none is named")
    parser.add_argument("--minutes", type=float, default=30.0, help="a row's tests are cut off after so many")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "matrix.md")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    asked = parser.parse_args()
    every = rows_of(interpreters(asked.python))
    chosen = [row for row in every if _is_asked(row, every, asked.only)]
    if not chosen:
        there = ", ".join(row.name for row in every) or "none, no Python being new enough"
        parser.error(f"no row {asked.only or 'to run'}: there are {there}")
    if asked.list:
        print(*(row.name for row in chosen), sep="\n")
        return 0
    # A job that is told to end, or is cut off by `timeout`, is interrupted as by Ctrl-C: its children end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if _git("status", "--porcelain", "--untracked-files=no"):
        print("matrix: what is not committed is not tested", file=sys.stderr)
    green = True
    for row in chosen:
        print(f"{row.name}: installing and testing", flush=True)
        try:
            cells = _tested(row, asked.minutes * 60)
        except KeyboardInterrupt:
            print(f"interrupted: {row.name} is left as it was; the rows before it are in the table", file=sys.stderr)
            return 130
        write(asked.output, cells)
        green = green and cells["failed"] == "0" and not cells["what failed"]
        print("  " + ", ".join(f"{key} {value}" for key, value in cells.items() if value and key != "row"), flush=True)
    print(f"written: {asked.output}")
    return 0 if green else 1


def interpreters(named: list[str]) -> dict[str, str]:
    """By version (3.12), those that were named, or those on PATH and the one that runs this; the oldest first."""
    candidates = named or [f"python3.{minor}" for minor in range(NEWEST_MINOR)] + [sys.executable]
    found: dict[str, str] = {}
    for candidate in candidates:
        path = shutil.which(candidate)
        # pyenv puts a file of that name on the path for versions which it then refuses to start.
        done = path and subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True, text=True
        )
        if done and done.returncode == 0:
            found.setdefault(done.stdout.strip(), str(path))
        elif named:
            sys.exit(f"{candidate} is no Python that starts: name one on PATH, or by its path")
    oldest = _project()["requires-python"].removeprefix(">=")
    return {version: found[version] for version in sorted(found, key=_numbers) if _numbers(version) >= _numbers(oldest)}


def rows_of(found: dict[str, str]) -> list[Row]:
    """Every row that there could be."""
    return [Row(python, path, *ages) for python, path in found.items() for ages in product(AGES, AGES)]


def lowest(versions: list[str], bounds: str) -> str:
    """The lowest of the versions within bounds such as `>=0.9,<1`; raises InstallError if there is none."""
    return min(_within(versions, bounds), key=_numbers)


def highest(versions: list[str], bounds: str) -> str:
    """The highest of them; raises InstallError if there is none."""
    return max(_within(versions, bounds), key=_numbers)


def counted(said: str) -> dict[str, int]:
    """Passed, failed and skipped, as pytest says in its last line; where it was cut off, as its letters say."""
    last = next((line for line in reversed(said.splitlines()) if re.search(r"\d+ \w+.* in [\d.:]+", line)), None)
    if last is not None:
        words = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", last.partition(" in ")[0])}
    else:
        letters = "".join(re.findall(r"^([.FEsxX]+)(?:\s+\[ *\d+%\])?$", said, re.MULTILINE))
        words = {"passed": letters.count("."), "failed": sum(map(letters.count, "FE")), "skipped": letters.count("s")}
    failed = sum(words.get(word, 0) for word in ("failed", "error", "errors"))
    return {"passed": words.get("passed", 0), "failed": failed, "skipped": words.get("skipped", 0)}


def read(path: Path) -> dict[str, Cells]:
    """The rows that the table has, by name; none if it has other columns."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    table = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in lines]
    if not table or table[0] != COLUMNS:
        return {}
    return {cells[0]: dict(zip(COLUMNS, cells, strict=True)) for cells in table[2:]}


def write(path: Path, cells: Cells) -> None:
    """Puts the row into the table, in place of the one of that name."""
    rows = read(path) | {cells["row"]: cells}
    lines = [COLUMNS, tuple("---" for _ in COLUMNS)]
    lines += [tuple(rows[name][column] for column in COLUMNS) for name in sorted(rows, key=_place)]
    title = "# Tests on old and new JAX, NumPy and Python"
    how = "`make matrix`, with the oldest versions that pyproject allows and the newest that there are for each Python."
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{title}\n\n{how}\n\n{text}\n", encoding="utf-8")


def reason(said: str) -> str:
    """What pip gives as the cause, in one line without addresses and paths."""
    causes = [line for line in said.splitlines() if re.match(r"\s*ERROR:| {4}\S.* depends on |error:", line)]
    text = "; ".join(line.strip().removeprefix("ERROR:").strip() for line in causes or said.splitlines()[-1:])
    text = re.sub(r" \(from versions:[^)]*\)", "", text)
    text = re.sub(r"\w+://\S+", "(an address)", text)
    text = re.sub(r"(?<![\w.])/(?:[^\s/]+/)+", "", text)
    return text[:LONGEST_REASON].replace("|", "\\|")


def _is_asked(row: Row, every: list[Row], only: str) -> bool:
    if only:
        return any(fnmatch(row.name, pattern.strip()) for pattern in only.split(","))
    oldest, newest = every[0].python, every[-1].python
    if row.jax != row.numpy:
        return row.python == newest
    return row.jax == "newest" or row.python == oldest


def _tested(row: Row, limit_s: float) -> Cells:
    """The row's cells, whatever became of it."""
    cells = dict.fromkeys(COLUMNS, "") | {"row": row.name, "commit": _git("rev-parse", "--short", "HEAD")}
    with tempfile.TemporaryDirectory(prefix="linregbench-matrix-") as folder:
        clone, python = Path(folder) / "linregbench", Path(folder) / "venv" / "bin" / "python"
        try:
            cells |= _installed(row, clone, python)
        except InstallError as why:
            return cells | {"Python": row.python, "what failed": f"not installed: {why}"}
        began = time.monotonic()
        # As make test has it, without the linter: what is linted does not depend on what is installed.
        tests: Command = [python, "-m", "pytest", "-q", "-n", "2", "-m", "not long"]
        status, said = _done(tests, clone, limit_s, LOGS / f"{row.name}.log")
    counts = {key: str(value) for key, value in counted(said).items()}
    return cells | counts | {
        "minutes": f"{(time.monotonic() - began) / 60:.1f}",
        "what failed": _failures(status, said, limit_s),
    }  # fmt: skip


def _installed(row: Row, clone: Path, python: Path) -> Cells:
    """Clone and virtual environment, made; the versions that are really in there."""
    log = LOGS / f"{row.name}-install.log"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    made, said = _done([row.interpreter, "-m", "venv", python.parent.parent], clone.parent, 300.0, log)
    if made != 0:
        raise InstallError(reason(said))
    bounds = _bounds()
    choose = {"oldest": lowest, "newest": highest}
    pins = {
        name: choose[row.age_of(name)](_versions(python, name, clone, log), bounds.get(name, "")) for name in PINNED
    }
    # Only wheels: a version without one would be built for half an hour, and fail for want of a compiler.
    wheels = ("--only-binary", ",".join((*PINNED, "scipy", "pandas", "matplotlib")))
    command: Command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wheels, "--editable"]
    command += [".[test]", *(f"{name}=={pins[name]}" for name in PINNED)]
    status, said = _done(command, clone, 1800.0, log)
    if status != 0:
        raise InstallError("took half an hour" if status is None else reason(said))
    ask = "import platform; from importlib.metadata import version as v; "
    ask += f"print(platform.python_version(), *(v(name) for name in {PINNED}))"
    seen = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    if seen[1:] != list(pins.values()):
        raise InstallError(f"asked for {pins}, got {' '.join(seen[1:])}")
    return dict(zip(("Python", "JAX", "jaxlib", "NumPy"), seen, strict=True))


def _versions(python: Path, name: str, cwd: Path, log: Path) -> list[str]:
    """All that the registry has of it in wheels for this interpreter."""
    command: Command = [
        python,
        "-m",
        "pip",
        "index",
        "versions",
        "--disable-pip-version-check",
        "--only-binary",
        name,
        name,
    ]
    status, said = _done(command, cwd, 300.0, log)
    found = re.search(r"Available versions: (.*)", said)
    if status != 0 or found is None:
        raise InstallError(reason(said))
    return found[1].split(", ")


def _failures(status: int | None, said: str, limit_s: float) -> str:
    """What is not green, short enough for a cell: the first tests that failed, or how it ended."""
    names = re.findall(r"^(?:FAILED|ERROR) (tests/\S+)", said, re.MULTILINE)
    parts = [f"`{name}`".replace("|", "\\|") for name in names[:SHOWN_FAILURES]]
    if len(names) > SHOWN_FAILURES:
        parts.append(f"{len(names) - SHOWN_FAILURES} more")
    if status is None:
        shares = re.findall(r"\[ *(\d+%)\]", said)
        parts.append(f"cut off after {limit_s / 60:g} minutes" + (f" at {shares[-1]}" if shares else ""))
    elif status and not names:
        parts.append(f"pytest ended with {status}: {reason(said)}")
    return ", ".join(parts)


def _done(command: Command, cwd: Path, limit_s: float, log: Path) -> tuple[int | None, str]:
    """Exit status, None if it was cut off, and all that it said; it never outlives this call, nor do its children."""
    log.parent.mkdir(exist_ok=True)
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    # A file and not a pipe, which a grandchild that lives on would hold open.
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            # A shell has jobs in the background ignore Ctrl-C, and so would all that tests start and interrupt.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            status: int | None = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return status, log.read_text(encoding="utf-8", errors="replace")


def _within(versions: list[str], bounds: str) -> list[str]:
    """Those within; letters stand in pre-releases and in repairs of very old ones, which are nobody's bound."""
    plain = [version for version in versions if re.fullmatch(r"[\d.]+", version)]
    found = [version for version in plain if all(_holds(version, bound) for bound in bounds.split(",") if bound)]
    if not found:
        raise InstallError(f"of {len(versions)} versions none is {bounds}")
    return found


def _holds(version: str, bound: str) -> bool:
    match = re.fullmatch(r"\s*(>=|<=|==|!=|<|>)\s*([\d.]+)\s*", bound)
    if match is None:
        raise ValueError(f"cannot read the bound {bound!r}: one of >= <= == != < > and a version, as in >=0.9")
    seen, asked = _numbers(version), _numbers(match[2])
    held = {">=": seen >= asked, "<=": seen <= asked, "==": seen == asked}
    return (held | {"!=": seen != asked, "<": seen < asked, ">": seen > asked})[match[1]]


def _numbers(version: str) -> tuple[int, ...]:
    """To compare by; 0.9 is 0.9.0."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _place(name: str) -> tuple[tuple[int, ...], int, int]:
    python, jax, numpy = name.split("-")
    return _numbers(python), AGES.index(jax), AGES.index(numpy)


def _bounds() -> dict[str, str]:
    """What pyproject asks of each dependency, by name."""
    parts = (re.fullmatch(r"([\w-]+)(.*)", line) for line in _project()["dependencies"])
    return {part[1]: part[2] for part in parts if part is not None}


def _project() -> dict[str, str]:
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
