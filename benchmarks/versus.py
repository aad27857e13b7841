"""Two sides in lockstep: two nurseries, whose workers are sampled against each other.

With a plugin it is a person's own code: the plugin's file at REF against the one that lies there, each with its own
commit of the repository in front of the import path. Else it is this project's `solvers`, of REF and of the working
tree. What is of REF comes from a git worktree that is removed afterwards; both sides are measured by the same
`benchmarks`, this one's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .builds import build, build_of_commit
from .grid.options import UsageError
from .processes.handle import Setting
from .processes.machine import commit_of_file, git

HERE = "here"


@dataclass(frozen=True)
class Question:
    """What stands against what.

    ref         a commit, a branch, or the path of an interpreter
    python      interpreters: one for the other side, or one a side, the other side's first
    plugins     files of solvers; with a `ref` they are of one repository, and the other side has them as they were
    path        the folder of that repository that leads the import path; its root where none is named
    build       a command that is run in the repository of either side first; that of a commit is kept
    rebuild     not to take what was kept
    base, new   two files of solvers, against each other, instead of all that
    """

    ref: str | None = None
    python: tuple[str, ...] = ()
    plugins: tuple[Path, ...] = ()
    path: str | None = None
    build: str | None = None
    rebuild: bool = False
    base: Path | None = None
    new: Path | None = None


@contextmanager
def sides(asked: Question, tell: Callable[[str], None] = lambda _: None) -> Iterator[dict[str, Setting]]:
    """The settings of the two sides, the other one first. Raises UsageError for what is not there or does not fit.

    `tell` is given whatever a person should know of how they came about.
    """
    if asked.ref is not None and not asked.python and _is_program(asked.ref):
        asked = replace(asked, ref=None, python=(asked.ref,))
    theirs, ours = _programs(asked.python)
    if asked.base is not None or asked.new is not None:
        yield _two_files(asked, theirs, ours)
        return
    if asked.ref is None and not asked.python:
        raise UsageError("versus needs a commit, a branch or an interpreter to compare the working tree with")
    if (asked.path or asked.build) and not (asked.plugins and asked.ref):
        raise UsageError("--path and --build are of the repository of a plugin: name a commit and a --plugin of it")
    if asked.rebuild and not asked.build:
        raise UsageError("--rebuild is of a --build: give both")
    here = Setting(HERE, python=ours, plugins=asked.plugins)
    if asked.ref is None:
        names = [_name_of(theirs), _name_of(ours) if len(asked.python) > 1 else HERE]
        if names[0] == names[1]:
            names = [f"{name} ({side})" for name, side in zip(names, ("base", "new"), strict=True)]
        both = zip(names, (theirs, ours), strict=True)
        yield {name: replace(here, environment=name, python=python) for name, python in both}
        return
    with _commits(asked, asked.ref, replace(here, python=theirs), here, tell) as settings:
        yield settings


def _is_program(name: str) -> bool:
    return os.sep in name and os.path.isfile(name) and os.access(name, os.X_OK)


@contextmanager
def _commits(
    asked: Question, ref: str, there: Setting, here: Setting, tell: Callable[[str], None]
) -> Iterator[dict[str, Setting]]:
    """REF of a plugin's repository, or of this project, against what lies there; each setting has its interpreter."""
    files = [path.resolve() for path in asked.plugins]
    with _worktree(ref, files[0].parent if files else here.solvers) as (name, tree, root):
        there = replace(there, environment=name)
        if not files:
            solvers = tree / here.solvers.relative_to(root)
            if not (solvers / "registry.py").is_file():
                raise UsageError(f"versus {ref}: {name} has no package solvers to compare with")
            yield {name: replace(there, solvers=solvers), HERE: here}
            return
        roots = [_import_root(side, asked) for side in (tree, root)]
        if asked.build is not None:
            kept = build_of_commit(asked.build, tree, there.python, root, again=asked.rebuild)
            if kept is not None:
                tell(f"--build of {name} is taken from {kept}; --rebuild runs it anew")
            build(asked.build, root, here.python)
        theirs = tuple(_in_tree(file, root, tree, name) for file in files)
        yield {
            name: replace(there, plugins=theirs, path=(roots[0],), foreign=(root,)),
            HERE: replace(here, plugins=tuple(files), path=(roots[1],), foreign=(tree,)),
        }


def _programs(python: Sequence[str]) -> tuple[str, str]:
    """The interpreters of the other side and of this one, as absolute paths.

    Not resolved: a virtual environment's python is a link, and knows itself by its own name.
    """
    if len(python) > 2:
        raise UsageError(f"--python is given {len(python)} times: once for the other side, or twice, one a side")
    found = [shutil.which(name) for name in python]
    for name, program in zip(python, found, strict=True):
        if program is None:
            raise UsageError(f"--python {name}: no such interpreter")
    theirs, ours, *_ = *map(os.path.abspath, filter(None, found)), sys.executable, sys.executable
    return theirs, ours


def _name_of(program: str) -> str:
    return f"python {Path(program).parent.parent.name or program}"


def _two_files(asked: Question, theirs: str, ours: str) -> dict[str, Setting]:
    if asked.base is None or asked.new is None:
        raise UsageError("--base and --new name two files of solvers, one against the other: give both")
    others = {"a commit": asked.ref, "--plugin": asked.plugins, "--path": asked.path, "--build": asked.build}
    if beside := [name for name, value in others.items() if value]:
        raise UsageError(f"--base and --new are all there is to compare: leave out {' and '.join(beside)}")
    files = [file.resolve() for file in (asked.base, asked.new)]
    if files[0] == files[1]:
        raise UsageError(f"--base and --new are the same file, {asked.base}")
    names = [file.stem for file in files] if files[0].stem != files[1].stem else ["base", "new"]
    return {
        name: Setting(name, python=python, plugins=(file,), path=(file.parent,))
        for name, python, file in zip(names, (theirs, ours), files, strict=True)
    }


@contextmanager
def _worktree(ref: str, folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """A checkout of REF of the repository that holds a folder, for as long as it is needed.

    Its name (short commit), where it lies, and the root of the repository.
    """
    told = git(folder, "rev-parse", "--show-toplevel")
    if told is None:
        raise UsageError(
            f"versus {ref}: {folder} is not in a git checkout, so there is no other commit of it: for this project's "
            "solvers clone linregbench, pip install --editable it and type this there; for your own, name a "
            "--plugin of a repository, or two files (--base, --new), or another interpreter (--python)"
        )
    root = Path(told).resolve()
    commit = git(root, "rev-parse", "--verify", "--quiet", "--short", f"{ref}^{{commit}}")
    if commit is None:
        raise UsageError(f"versus {ref}: no such commit, branch or interpreter in {root}{_how_to_have(ref, root)}")
    scratch = Path(tempfile.mkdtemp(prefix="linregbench-versus-")).resolve()
    try:
        if git(root, "worktree", "add", "--detach", "--quiet", str(scratch / "tree"), commit) is None:
            raise UsageError(f"versus {ref}: git could not check out {commit}")
        yield commit, scratch / "tree", root
    finally:
        git(root, "worktree", "remove", "--force", str(scratch / "tree"))
        shutil.rmtree(scratch, ignore_errors=True)
        git(root, "worktree", "prune")


def _how_to_have(ref: str, root: Path) -> str:
    """The command that mends it where a clone lacks what its origin has."""
    if git(root, "rev-parse", "--verify", "--quiet", f"origin/{ref}^{{commit}}") is not None:
        return f"; there is origin/{ref}: name that, or git fetch origin {ref}:{ref}"
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        return f"; this clone is shallow: git fetch --depth=1 origin {ref}:{ref}, or git fetch --unshallow"
    return ""


def _import_root(side: Path, asked: Question) -> Path:
    root = (side / (asked.path or ".")).resolve()
    if not root.is_dir() or not root.is_relative_to(side.resolve()):
        raise UsageError(f"--path {asked.path}: no such folder in the repository, as it is now or at {asked.ref}")
    return root


def _in_tree(file: Path, root: Path, tree: Path, name: str) -> Path:
    """The same file in the other checkout."""
    if not file.is_relative_to(root):
        raise UsageError(f"--plugin {file}: all plugins must be of one repository, and this one is not in {root}")
    there = tree / file.relative_to(root)
    if not there.is_file():
        raise UsageError(
            f"versus {name}: {file.relative_to(root)} is not in that commit; commit it there, or compare two files by "
            "--base and --new"
        )
    return there


def changed_here(plugins: Sequence[Path]) -> bool:
    """Whether the repository of these files has changes that no commit holds, which are part of this side."""
    return bool(plugins and commit_of_file(plugins[0])[1])
