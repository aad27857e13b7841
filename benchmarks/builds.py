"""What a person's --build made of a commit, kept, so that the next comparison with it need not build it again.

A build is run in the checkout of a side. Of a commit, whatever it leaves there beside what git tracks goes into one
archive under the cache folder of the user ($XDG_CACHE_HOME, else ~/.cache), by everything that it may depend on: the
repository, the commit, the command, the interpreter and what is installed for it, the compilers' variables. What lies
in the working tree is built there each time, as by hand.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .grid.options import UsageError
from .processes.machine import git

SAID_LINES = 20
"""Of a build that fails, so many of its last lines are shown."""
KEPT = 20
"""Archives; the one that was not used for longest goes first."""
_VARIABLES = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "RUSTFLAGS")


def build(command: str, side: Path, python: str) -> None:
    """Run a command in the root of one side, that side's interpreter as $PYTHON.

    Raises UsageError with the end of what it said.
    """
    done = subprocess.run(
        command,
        shell=True,
        cwd=side,
        env=os.environ | {"PYTHON": python},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-SAID_LINES:])
        raise UsageError(f"--build {command!r} ended with status {done.returncode} in {side}:\n{said}")


def build_of_commit(command: str, tree: Path, python: str, root: Path, *, again: bool) -> Path | None:
    """The same in a fresh checkout of a commit, or what was kept of it: the archive that it came from, None for built.

    `root` is the repository that it is a checkout of; `again` builds in any case. Raises UsageError.
    """
    archive = folder() / f"{_key(command, tree, python, root)}.tar"
    if not again and _taken(archive, tree):
        return archive
    build(command, tree, python)
    # what a build changes of the tracked files is in no archive
    if git(tree, "status", "--porcelain", "--untracked-files=no") == "":
        _keep(archive, tree)
    return None


def folder() -> Path:
    """Where builds are kept, by the XDG rules: a variable that is not absolute counts for nothing."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path("~/.cache").expanduser()) / "linregbench" / "builds"


def _key(command: str, tree: Path, python: str, root: Path) -> str:
    program = Path(python)
    libraries = sorted(program.parent.parent.glob("lib/python*/site-packages"))
    changed = [(str(path), path.stat().st_mtime_ns) for path in (program.resolve(), *libraries)]
    variables = {name: os.environ.get(name) for name in _VARIABLES}
    told = [command, str(root), git(tree, "rev-parse", "HEAD"), python, changed, variables]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _taken(archive: Path, tree: Path) -> bool:
    """Whether what was kept lies in the checkout now."""
    try:
        with tarfile.open(archive) as kept:
            kept.extractall(tree, filter="data")
        os.utime(archive)
    except (OSError, tarfile.TarError):
        git(tree, "clean", "-dffqx")  # what a torn one left
        return False
    return True


def _keep(archive: Path, tree: Path) -> None:
    """Put what git does not track into the archive, whole or not at all; without room or rights nothing is kept."""
    listed = git(tree, "ls-files", "--others", "-z")
    if listed is None:
        return
    with contextlib.suppress(OSError):
        archive.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=archive.parent, suffix=".part")
        try:
            with os.fdopen(number, "wb") as file, tarfile.open(fileobj=file, mode="w") as kept:
                for path in filter(None, listed.split("\0")):
                    kept.add(tree / path, arcname=path)
            os.replace(name, archive)
        except OSError:
            os.unlink(name)
            raise
        for old in sorted(archive.parent.glob("*.tar"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
