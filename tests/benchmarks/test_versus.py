"""Sides of a person's own code: commits of a plugin's repository, or two files; what does not fit is told."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import real

from linregbench.benchmarks import builds
from linregbench.benchmarks.grid.options import UsageError
from linregbench.benchmarks.processes.handle import Setting
from linregbench.benchmarks.processes.pool import Nurseries
from linregbench.benchmarks.versus import HERE, Question, changed_here, sides
from linregbench.results.runfile.read import read_run

ROOT = Path(__file__).resolve().parents[2]
BENCH = """
from fastfit import fit
from linregbench import solver

solver(method="ols", strategy="fastfit", variant="fit", backend="numpy")(fit)
"""
FIT = """
import numpy as np

def fit(X, y):
    for _ in range({times}):
        w = np.linalg.solve(X.T @ X, X.T @ y)
    return w
"""


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    return subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A repository whose branch `double` is checked out, with twice the work of `main`."""
    root = tmp_path / "team"
    (root / "src" / "fastfit").mkdir(parents=True)
    (root / "benchmarks").mkdir()
    (root / "benchmarks" / "bench.py").write_text(BENCH)
    git(root, "init", "--quiet", "--initial-branch", "main")
    for branch, times in (("main", 1), ("double", 2)):
        (root / "src" / "fastfit" / "__init__.py").write_text(FIT.format(times=times))
        git(root, "add", "--all")
        git(root, "checkout", "--quiet", "-B", branch)
        git(root, "commit", "--quiet", "--message", branch)
    return root


def bench(root: Path) -> Path:
    return root / "benchmarks" / "bench.py"


def test_a_ref_is_a_commit_of_the_plugins_repository(team: Path) -> None:
    asked = Question("main", plugins=(bench(team),), path="src", build="cp -r src built")
    with sides(asked) as settings:
        (commit, base), (here, new) = settings.items()
        assert (commit, here) == (git(team, "rev-parse", "--short", "main").strip(), HERE)
        assert [side.plugins[0].name for side in (base, new)] == ["bench.py"] * 2
        assert "range(1)" in (base.path[0] / "fastfit" / "__init__.py").read_text()
        assert "range(2)" in (new.path[0] / "fastfit" / "__init__.py").read_text()
        assert (base.path[0].parent / "built" / "fastfit").is_dir()
        assert (team / "built" / "fastfit").is_dir()
    assert not base.path[0].exists()
    assert len(git(team, "worktree", "list").splitlines()) == 1


def test_the_whole_way_finds_twice_the_work(team: Path) -> None:
    (team / "benchmarks" / "notes.txt").write_text("untracked, and no change of what is measured")
    asked = ("versus", "main", "--plugin", bench(team), "--path", "src", "--samples", "10000", "--batch", "8")
    output = team / "versus.jsonl"
    code, out, err = real.run(*asked, "--more-than", "50%", "--fail-on", "slower", "--output", output, cwd=team)
    assert (code, out.splitlines()[-1]) == (3, "1 slower"), err
    assert "no commit holds" not in err
    run = read_run(output)
    assert {m.strategy for m in run.measurements if m.role == "case"} == {"fastfit"}
    records = [json.loads(line) for line in output.read_text().splitlines()]
    commits = {record["commit"] for record in records if record["record"] == "environment"}
    assert commits == {git(team, "rev-parse", branch).strip() for branch in ("main", "double")}


def test_what_is_imported_from_the_other_side_is_refused(team: Path) -> None:
    """As where an editable install, or a hook of its own, leads to the working tree from both sides."""
    stray = Setting("base", plugins=(bench(team),), path=(team / "src",), foreign=(team,))
    with Nurseries({"base": stray}) as nurseries, pytest.raises(UsageError, match=r"side base imports.*fastfit from"):
        nurseries.solvers("base")


def test_two_files_need_no_git(tmp_path: Path) -> None:
    for name, times in (("old", 1), ("new", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fastfit.py").write_text(FIT.format(times=times))
        (tmp_path / f"{name}.py").write_text(BENCH)
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    with sides(Question(base=old, new=new)) as settings:
        assert {name: side.plugins for name, side in settings.items()} == {"old": (old,), "new": (new,)}
    twins = tmp_path / "old" / "old.py"
    twins.write_text(BENCH)
    with sides(Question(base=old, new=twins)) as settings:
        assert list(settings) == ["base", "new"]


def test_two_interpreters_are_one_a_side(team: Path, tmp_path: Path) -> None:
    """By the way that they were named: a virtual environment's is a link."""
    names = []
    for name in ("old", "new"):
        program = tmp_path / name / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.symlink_to(sys.executable)
        names.append(str(program))
    with sides(Question(python=tuple(names))) as settings:
        assert {name: side.python for name, side in settings.items()} == dict(
            zip(("python old", "python new"), names, strict=True)
        )
        assert [side.environment for side in settings.values()] == list(settings)
    with sides(Question(python=(names[0], names[0]))) as settings:
        assert list(settings) == ["python old (base)", "python old (new)"]
    with sides(
        Question("main", tuple(names), plugins=(bench(team),), path="src", build="echo $PYTHON > by")
    ) as settings:
        assert [side.python for side in settings.values()] == names
        built = [side.foreign[0] for side in settings.values()][::-1]
        assert [(root / "by").read_text().strip() for root in built] == names
    with sides(
        Question(base=bench(team), new=team / "benchmarks" / ".." / "other.py", python=tuple(names))
    ) as settings:
        assert [side.python for side in settings.values()] == names


def test_what_a_build_made_of_a_commit_is_kept_and_said(team: Path, tmp_path: Path) -> None:
    count = tmp_path / "count"
    command = f"echo one >> {count}; mkdir -p out && echo built > out/lib && ln -sf lib out/link"
    asked = Question("main", plugins=(bench(team),), path="src", build=command)

    def built(question: Question) -> list[str]:
        told: list[str] = []
        with sides(question, told.append) as settings:
            base = next(iter(settings.values()))
            assert (base.path[0].parent / "out" / "link").read_text() == "built\n"
        return told

    assert built(asked) == []
    assert count.read_text().count("one") == 2, "either side"
    (said,) = built(asked)
    assert "--rebuild runs it anew" in said
    assert count.read_text().count("one") == 3, "of the working tree alone"
    assert built(replace(asked, rebuild=True)) == []
    (archive,) = builds.folder().glob("*.tar")
    archive.write_bytes(archive.read_bytes()[:700])
    assert built(asked) == [], "a torn one counts for nothing"
    assert len(built(asked)) == 1
    assert built(replace(asked, build=f"{command}; true")) == [], "another command is another build"
    git(team, "checkout", "--quiet", "main")
    bench(team).write_text(BENCH + "# later\n")
    git(team, "commit", "--quiet", "--all", "--message", "later")
    assert built(asked) == [], "as is another commit"
    assert not list(builds.folder().glob("*.part"))


def test_a_build_that_changes_tracked_files_is_not_kept(team: Path) -> None:
    asked = Question("main", plugins=(bench(team),), path="src", build="echo '# stamped' >> benchmarks/bench.py")
    for _ in range(2):
        told: list[str] = []
        with sides(asked, told.append) as settings:
            assert next(iter(settings.values())).plugins[0].read_text().count("stamped") == 1
        assert told == []


def test_changes_that_no_commit_holds_are_told(team: Path) -> None:
    assert not changed_here((bench(team),))
    bench(team).write_text(BENCH + "# changed\n")
    assert changed_here((bench(team),))
    assert not changed_here(())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ref": "nowhere"}, "no such commit, branch or interpreter in"),
        ({"ref": "main", "path": "lib"}, "--path lib: no such folder in the repository, as it is now or at main"),
        ({"ref": "main", "path": "../.."}, "no such folder in the repository"),
        ({"ref": "main", "build": "echo broken here; exit 7"}, "ended with status 7 in .*:\nbroken here"),
        ({"python": ("python3",), "path": "src"}, "--path and --build are of the repository of a plugin"),
        ({"python": ("python3", "python3", "python3")}, "--python is given 3 times"),
        ({"python": ("python3", "no-such-python")}, "--python no-such-python: no such interpreter"),
        ({"ref": "main", "rebuild": True}, "--rebuild is of a --build"),
        ({"base": Path("old.py")}, "give both"),
        ({"base": Path("old.py"), "new": Path("old.py"), "plugins": ()}, "are the same file"),
        ({"base": Path("a.py"), "new": Path("b.py"), "ref": "main"}, "leave out a commit and --plugin"),
    ],
)
def test_what_does_not_fit_is_told(team: Path, asked: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sides(Question(**{"plugins": (bench(team),)} | asked)).__enter__()  # type: ignore[arg-type]
    assert len(git(team, "worktree", "list").splitlines()) == 1


def test_a_plugin_that_the_commit_lacks_is_told(team: Path) -> None:
    later = team / "later.py"
    later.write_text(BENCH)
    with pytest.raises(UsageError, match=r"later\.py is not in that commit.*--base and --new"):
        sides(Question("main", plugins=(later,))).__enter__()


def test_a_clone_as_ci_makes_it_is_told_what_to_type(team: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--branch", "double", str(team), "branches")
    with pytest.raises(UsageError, match="there is origin/main: name that, or git fetch origin main:main"):
        sides(Question("main", plugins=(bench(tmp_path / "branches"),))).__enter__()
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "double", f"file://{team}", "shallow")
    with pytest.raises(UsageError, match="this clone is shallow: git fetch --depth=1 origin main:main"):
        sides(Question("main", plugins=(bench(tmp_path / "shallow"),))).__enter__()


@pytest.mark.long
def test_the_gate_of_ci_judges_by_where_the_branch_began(team: Path, tmp_path: Path) -> None:
    """In a clone as a CI makes it: one commit, detached."""
    git(team, "checkout", "--quiet", "main")
    bench(team).write_text(BENCH + "# main went on\n")
    git(team, "commit", "--quiet", "--all", "--message", "later")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "double", f"file://{team}", "job")
    git(tmp_path / "job", "checkout", "--quiet", "--detach")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "linregbench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m linregbench "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"
    told = {"PLUGIN": "benchmarks/bench.py", "IMPORT_PATH": "src", "MORE_THAN": "20%", "ARGUMENTS": "--samples 10000"}
    told |= {"GITHUB_STEP_SUMMARY": str(summary), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    told |= {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [ROOT / ".ci" / "gate"],
        cwd=tmp_path / "job",
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 3, done.stderr
    assert "**1 slower**: base is " + git(team, "rev-parse", "--short", "double~1").strip() in summary.read_text()
