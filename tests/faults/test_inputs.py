"""A mutation fuzzer: whatever is read is answered rightly, or refused in a line that says what is wrong.

A few of each kind are tried here; the rest take long. Every input is made from a seed that a failure names.
"""

import contextlib
import io
import json
import random
import re
import signal
import warnings
import xml.etree.ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import tally
from door_files import DOCUMENTS, asv_index, asv_results
from made import SMALL
from mutations import HOSTILE, encoded, mutated, of_bytes, of_lines, places, put, table

from linregbench.benchmarks import run as running
from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.grid.options import RunOptions, UsageError

LIMIT_S = 60
STATUSES = {0, 1, 2}
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no output may hold."""
RUN = "run.jsonl"
OPEN = [SMALL[0] | {"options": RunOptions().as_dict() | {"plugins": [], "data": None}}, *SMALL[1:-1]]
"""A run that was interrupted, as a run writes it."""


class Answered:
    """A command that was typed: its status, what it said, and whether any of that is bad."""

    def __init__(self, *arguments: Any) -> None:
        out, err, self.status = io.StringIO(), io.StringIO(), 0

        def too_long(*_: object) -> NoReturn:
            raise AssertionError(f"no answer in {LIMIT_S} s")

        before = signal.signal(signal.SIGALRM, too_long)
        signal.alarm(LIMIT_S)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
                warnings.simplefilter("error")
                main([str(argument) for argument in arguments])
        except SystemExit as ended:
            self.status = ended.code if isinstance(ended.code, int) else 70
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        self.out, self.err = out.getvalue(), err.getvalue()
        assert self.status in STATUSES, self.err
        assert not OBEYED.search(self.out + self.err), repr(OBEYED.search(self.out + self.err))
        if self.status == 2:
            assert self.err.startswith("linregbench: "), self.err
            assert len(self.err.splitlines()) <= 3, self.err
            assert self.out == ""


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run goes as far as its first process, and says so."""

    def stop(*_: object) -> NoReturn:
        raise UsageError("it would start now")

    monkeypatch.setattr(running, "Nurseries", stop)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def of_run_files(draw: random.Random, folder: Path) -> None:
    (folder / RUN).write_bytes(of_lines(SMALL, draw))
    form = draw.choice(("rich", "csv", "json", "markdown"))
    before = sorted(folder.iterdir())
    choices = [("table", RUN, "--format", form), ("compare", RUN, RUN, "--format", draw.choice((form, "github")))]
    choices += [("compare", RUN, "--across"), ("advise", RUN, "--samples", 100)]
    name, *rest = draw.choice(choices)
    answered = Answered(name, *(folder / part if part == RUN else part for part in rest))
    assert answered.status != 2 or sorted(folder.iterdir()) == before


def of_reports(draw: random.Random, folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
    (folder / RUN).write_bytes(of_lines(SMALL, draw))
    answered = Answered("report", folder / RUN, "--html", folder, "--markdown", folder / "r.md")
    written = {path.name for path in folder.iterdir()} - {RUN}
    assert written == (set() if answered.status else {"r.md", "r.csv", "run.html"})


def of_resumed_headers(draw: random.Random, folder: Path) -> None:
    content = of_lines(OPEN, draw)
    if draw.random() < 0.5:
        header = json.dumps(OPEN[0] | {"options": "@"}).replace('"@"', mutated(OPEN[0]["options"], draw))
        content = encoded("\n".join([header, *map(json.dumps, OPEN[1:])]) + "\n")
    (folder / RUN).write_bytes(content)
    assert Answered("run", "--resume", folder / RUN).status == 2
    assert (folder / RUN).read_bytes() == content  # a run that is refused stays as it was


NAMES = ("samples", "features", "batch", "steps", "condition", "threads", "method", "strategy", "variant", "device")
NAMES += (
    "dtype",
    "precision",
    "cache",
    "preset",
    "baseline",
    "set",
    "seed",
    "cpu-devices",
    "blocks",
    "budget",
    "timeout",
)
VALUES = ("", ",", "1", "1,1e3", "0", "-1", "nan", "inf", "1e999", "9" * 5000, "9" * 400 + "s", "5m", "999999999999s")
VALUES += (
    "gd",
    "gdd",
    "cpu",
    "gpu",
    "cuda:99999999999999999999",
    "x=1",
    "=",
    "A=1,2",
    "0x10",
    "1_0",
    "\u0663",
    "[",
    "*",
)


def of_options(draw: random.Random, folder: Path) -> None:  # noqa: ARG001
    typed = []
    for name in draw.sample(NAMES, draw.randrange(1, 4)):
        typed += [f"--{name}", draw.choice((*VALUES, *HOSTILE[:4], HOSTILE[5]))]
    assert Answered("run", *typed, "--dry-run").status == 2


def of_data(draw: random.Random, folder: Path) -> None:
    if draw.random() < 0.5:
        path, file = folder / "own.csv", table(draw).encode()
    else:
        buffer = io.BytesIO()
        save = draw.choice((np.savez, np.savez_compressed))
        X, y = np.arange(12.0).reshape(6, 2) ** draw.choice((1, 40)), np.arange(6)
        with np.errstate(all="ignore"):
            save(buffer, X=X.astype(draw.choice(("f4", "f8", "c8", "U4", "?"))), y=y)
        path, file = folder / "own.npz", of_bytes(buffer.getvalue(), draw)
    path.write_bytes(of_bytes(file, draw) if file and draw.random() < 0.2 else file)
    assert Answered("run", "--data", path).status == 2


def of_other_programs(draw: random.Random, folder: Path) -> None:
    kind = draw.choice((*DOCUMENTS, "asv"))
    where = folder / "other.json"
    if kind == "asv":
        where = folder / "asv"
        (where / "machine").mkdir(parents=True, exist_ok=True)
        documents = [json.dumps(asv_index()), json.dumps(asv_results())]
        number = draw.randrange(2)
        documents[number] = mutated((asv_index(), asv_results())[number], draw)
        (where / "benchmarks.json").write_bytes(encoded(documents[0]))
        (where / "machine" / "0.json").write_bytes(encoded(documents[1]))
    else:
        content = encoded(mutated(DOCUMENTS[kind], draw))
        where.write_bytes(of_bytes(content, draw) if draw.random() < 0.2 else content)
    Answered(*draw.choice((("table", where, "--format", draw.choice(("csv", "rich"))), ("history", where))))


KINDS: dict[str, tuple[Callable[[random.Random, Path], None], int, int]] = {
    "run files": (of_run_files, 8, 900),
    "reports of run files": (of_reports, 0, 60),
    "resumed headers": (of_resumed_headers, 8, 400),
    "options": (of_options, 8, 500),
    "data": (of_data, 20, 500),
    "files of other programs": (of_other_programs, 8, 400),
}
"""By what is changed: who tries one, how many of them are tried always, and how many where there is time."""


def tried(kind: str, seeds: range, folder: Path) -> None:
    of_kind = KINDS[kind][0]
    bad = []
    for seed in seeds:
        try:
            of_kind(random.Random(f"{kind} {seed}"), folder)
        except Exception as error:  # every one is told, whatever it is
            bad.append(f"{seed}: {type(error).__name__}: {str(error)[:300]}")
    if len(seeds) > 100 or len(seeds) == KINDS[kind][2]:
        tally.record("inputs", kind, len(seeds), len(seeds) - len(bad), "refused in a line, or read")
    assert not bad, "\n".join(bad[:20])


@pytest.mark.parametrize("kind", [kind for kind, (_, few, _) in KINDS.items() if few])
def test_a_bad_input_is_well_answered(kind: str, tmp_path: Path) -> None:
    tried(kind, range(KINDS[kind][1]), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_many_bad_inputs_are_well_answered(kind: str, tmp_path: Path) -> None:
    tried(kind, range(KINDS[kind][2]), tmp_path)


TEXTS = [
    (number, place)
    for number in (0, 1, 2, len(SMALL) - 3, len(SMALL) - 2, len(SMALL) - 1)
    for place in places(SMALL[number])
    if place[0] not in ("record", "format")
]
KEYED = [(1, "facts"), (1, "peaks"), (0, "machine"), (len(SMALL) - 1, "harness_s"), (2, "overhead_s"), (1, "packages")]
"""Where the keys are whoever wrote it's own."""


def with_texts(payload: str) -> Iterator[list[Any]]:
    """The run with a hostile text in each place that is read as text, and as a key of each object that is shown."""
    for number, place in TEXTS:
        lines = [put(line, place, payload) if n == number else line for n, line in enumerate(SMALL)]
        if len(place) == 1 and place[0] in SMALL[2] and place[0] != "role":
            lines = [put(r, place, payload) if r["record"] == SMALL[number]["record"] else r for r in lines]
        yield lines
    for number, name in KEYED:
        value = {payload: 1.0} if name != "packages" else {payload: payload}
        yield [put(line, (name,), value) if n == number else line for n, line in enumerate(SMALL)]


def shown_everywhere(lines: list[Any], folder: Path) -> None:
    """Every output of a run that is read; nothing in any that is obeyed."""
    path = folder / RUN
    path.write_bytes(encoded("".join(json.dumps(line) + "\n" for line in lines)))
    if Answered("table", path).status:
        return
    for form in ("markdown", "csv", "json"):
        Answered("table", path, "--format", form)
    Answered("compare", path, path, "--format", "github")
    answered = Answered(
        "report", path, "--html", folder, "--markdown", folder / "r.md", "--figures", folder / "figures"
    )
    assert answered.status == 0, answered.err
    for file in (folder / "run.html", folder / "r.md", folder / "r.csv"):
        text = file.read_text(encoding="utf-8")
        assert not OBEYED.search(text), (file.name, repr(OBEYED.search(text)))
        # in Markdown what is escaped stands behind a backslash, and the page shows its text in elements of its own
        raw = {
            ".md": ("<script", "<img", "<svg", "](javascript"),
            ".html": ("<script>alert", "<img src=x", "]]></svg>"),
        }
        for one in raw.get(file.suffix, ()):
            assert not re.search(r"(?<!\\)" + re.escape(one), text), (file.name, one)
    for picture in (folder / "figures").glob("*.svg"):
        xml.etree.ElementTree.parse(picture)


def test_no_text_of_a_run_file_is_obeyed(tmp_path: Path) -> None:
    payload = "\x1b[31m<script>alert(1)</script>|`](javascript:x)\x9b\u202e"
    every = [put(line, ("environment",), payload) if "environment" in line else line for line in SMALL]
    every[0] = every[0] | {"run": payload, "machine": {"cpu": payload, payload: payload}, "started": payload}
    every[-1] = every[-1] | {"harness_s": {payload: 1.0}}
    shown_everywhere(every, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_text_anywhere_is_obeyed(number: int, tmp_path: Path) -> None:
    count = 0
    bad = []
    for count, lines in enumerate(with_texts(HOSTILE[number]), start=1):
        if (count + number) % 5:  # of each text and place a fifth: all take an hour
            continue
        try:
            shown_everywhere(lines, tmp_path)
        except Exception as error:
            bad.append(f"{count}: {type(error).__name__}: {str(error)[:300]}")
    tally.record("inputs", "texts into every output", count // 5, count // 5 - len(bad), repr(HOSTILE[number])[:30])
    assert not bad, "\n".join(bad[:20])
