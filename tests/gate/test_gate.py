"""A team's repository with a plain, a compiled and a numba solver, gated as its CI would: each branch ends as it must.

From a clone with its history, from one of depth one, and by a linregbench that was installed from its wheel.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_packaging import LEFT_BEHIND, ROOT, environment, output

HERE = Path(__file__).resolve().parent
PACKAGE = Path("fastfit") / "__init__.py"
BUILD = "$PYTHON setup.py --quiet build_ext --inplace"
GATE = ("--plugin", "bench.py", "--build", BUILD, "--fail-on", "slower", "--more-than", "5%", "--samples", "100")
COMPILER = shutil.which(os.environ.get("CC", "cc"))
SOLVERS = ["fastfit_plain", "fastfit_compiled", *(["fastfit_jitted"] if importlib.util.find_spec("numba") else [])]

pytestmark = [pytest.mark.long, pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")]


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the branches `double` (twice the work), `idle` (a comment more) and `broken`, each a commit off main."""
    root = tmp_path_factory.mktemp("team") / "fastfit"
    shutil.copytree(HERE / "repository", root, ignore=shutil.ignore_patterns("*.so", "build", "__pycache__"))
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "main")
    for branch, old, new in (
        ("double", "WORK = 1", "WORK = 2"),
        ("idle", "WORK = 1", "WORK = 1  # times"),
        ("broken", "WORK = 1", "WORK = 0"),
    ):
        git(root, "checkout", "--quiet", "-B", branch, "main")
        text = (root / PACKAGE).read_text()
        (root / PACKAGE).write_text(text.replace(old, new))
        git(root, "commit", "--quiet", "--all", "--message", branch)
    return root


def gated(folder: Path, branch: str, *arguments: str, command: Path | None = None) -> tuple[int, list[str], str]:
    """The status, the lines of the comment that are open rows, and all that was said."""
    git(folder, "checkout", "--quiet", branch)
    program = [str(command)] if command else [sys.executable, "-m", "linregbench"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables |= {} if command else {"PYTHONPATH": str(ROOT)}
    asked = [*program, "versus", *arguments, *GATE, "--format", "github"]
    done = subprocess.run(asked, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
    rows = done.stdout.partition("<details>")[0].splitlines()
    return done.returncode, [row for row in rows if row.startswith("| gd")], f"{done.stdout}\n{done.stderr}"


def verdicts(rows: list[str]) -> dict[str, str]:
    cells = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    return {name.split()[0]: verdict for _, name, *_, verdict in cells}


def test_twice_the_work_is_slower_in_every_solver(team: Path) -> None:
    status, rows, said = gated(team, "double", "main")
    assert status == 3, said
    assert {name: verdict for name, verdict in verdicts(rows).items() if name in SOLVERS} == dict.fromkeys(
        SOLVERS, "slower"
    ), said


def test_nothing_changed_passes(team: Path) -> None:
    status, rows, said = gated(team, "idle", "main")
    assert status == 0, said
    assert "slower" not in verdicts(rows).values()


def test_what_no_longer_comes_to_an_answer_fails(team: Path) -> None:
    status, rows, said = gated(team, "broken", "main")
    assert status == 6, said
    found = verdicts(rows)
    assert [found[name].split(":")[0] for name in SOLVERS] == ["broken"] * len(SOLVERS), said


def test_a_clone_of_depth_one_says_what_to_fetch_and_then_judges(team: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "double", f"file://{team}", "job")
    status, _, said = gated(tmp_path / "job", "double", "main")
    assert status == 2
    advised = said.split("this clone is shallow: ")[1].split(",")[0].split()
    assert advised[0] == "git"
    git(tmp_path / "job", *advised[1:])
    status, _, said = gated(tmp_path / "job", "double", "main")
    assert status == 3, said


def test_a_wheel_judges_with_no_checkout_of_linregbench(team: Path, tmp_path: Path) -> None:
    source = shutil.copytree(ROOT, tmp_path / "source", symlinks=True, ignore=LEFT_BEHIND)
    code = f"from setuptools import build_meta as b; b.build_wheel({str(tmp_path)!r})"
    output(sys.executable, "-c", code, cwd=source)
    python = environment(tmp_path / "venv", next(tmp_path.glob("*.whl")))
    shutil.rmtree(source)
    command = python.with_name("linregbench")
    for branch, expected in (("double", 3), ("idle", 0)):
        status, _, said = gated(team, branch, "main", command=command)
        assert status == expected, said
    assert "--rebuild runs it anew" in said, "main was built for the branch before"
