"""One commit, or one interpreter, against the working tree: two nurseries, their workers sampled in lockstep.

The other side's `solvers` come from a git worktree of REF that is removed afterwards; both are measured by the same
`benchmarks`, this one's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .grid.options import UsageError
from .processes.handle import Setting
from .processes.machine import git

HERE = "here"


@contextmanager
def sides(ref: str | None, python: str | None, plugins: tuple[Path, ...]) -> Iterator[dict[str, Setting]]:
    """The settings of the two sides, the other one first. Raises UsageError for a REF or interpreter that is not there.

    `ref` is a commit, a branch, or the path of an interpreter; with `python` and no `ref`, the other side has the
    working tree's solvers and that interpreter.
    """
    if ref is not None and python is None and os.sep in ref and os.path.isfile(ref) and os.access(ref, os.X_OK):
        ref, python = None, ref
    if ref is None and python is None:
        raise UsageError("versus needs a commit, a branch or an interpreter to compare the working tree with")
    if python is not None and shutil.which(python) is None:
        raise UsageError(f"--python {python}: no such interpreter")
    here = Setting(HERE, plugins=plugins)
    # An absolute path, and not resolved: a virtual environment's python is a link, and knows itself by its own name.
    program = os.path.abspath(shutil.which(python) or python) if python else here.python
    if ref is None:
        name = f"python {Path(program).parent.parent.name or program}"
        yield {name: Setting(name, python=program, plugins=plugins), HERE: here}
        return
    with _worktree(ref, here.solvers) as (name, solvers):
        yield {name: Setting(name, python=program, solvers=solvers, plugins=plugins), HERE: here}


@contextmanager
def _worktree(ref: str, package: Path) -> Iterator[tuple[str, Path]]:
    """A checkout of REF for as long as it is needed: its name (short commit) and its solvers package."""
    root = git(package, "rev-parse", "--show-toplevel")
    if root is None:
        raise UsageError(
            f"versus {ref}: {package} is not in a git checkout, so there is no other commit of it: clone linregbench, "
            "pip install --editable it and type this there, or name another interpreter (--python)"
        )
    commit = git(package, "rev-parse", "--verify", "--quiet", "--short", f"{ref}^{{commit}}")
    if commit is None:
        raise UsageError(f"versus {ref}: no such commit, branch or interpreter")
    folder = Path(tempfile.mkdtemp(prefix="linregbench-versus-"))
    try:
        if git(Path(root), "worktree", "add", "--detach", "--quiet", str(folder / "tree"), commit) is None:
            raise UsageError(f"versus {ref}: git could not check out {commit}")
        solvers = folder / "tree" / package.relative_to(Path(root).resolve())
        if not (solvers / "registry.py").is_file():
            raise UsageError(f"versus {ref}: {commit} has no package solvers to compare with")
        yield commit, solvers
    finally:
        git(Path(root), "worktree", "remove", "--force", str(folder / "tree"))
        shutil.rmtree(folder, ignore_errors=True)
        git(Path(root), "worktree", "prune")
