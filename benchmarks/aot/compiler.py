"""The compiler for a GPU that is not here, in a process of its own (program.py): start it, ask it, say how it ended.

JAX's CUDA plugin is on the path of that process alone, so that the CPU runs of this environment never see it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

import linregbench

from ..grid.options import UsageError
from ..variables import inherited
from .targets import Target, configuration
from .work import Work, merged, repeated, total

ROOT = Path(linregbench.__file__).resolve().parents[1]
PROGRAM = Path(__file__).resolve().parent / "program.py"
FOLDER = ".aot"
PACKAGES = ("jax-cuda13-plugin", "jax-cuda13-pjrt")
"""Those that must be of jaxlib's own version."""
TOOLS = ("nvidia-cuda-nvcc", "nvidia-nvvm")
"""The assembler, and the library of device functions such as the square root; of any version for CUDA 13."""
TF32_SINCE = (8, 0)
"""The compute capability that brought TF32."""


class CompileError(RuntimeError):
    """The compiling process died or could not start; one line that names the target and how it ended."""


@dataclass(frozen=True)
class Compile:
    """One compile: a solver at a size, `batch` problems in one call where it is batched, else one."""

    method: str
    strategy: str
    variant: str
    batched: bool
    samples: int
    features: int
    batch: int
    steps: int
    dtype: str
    precision: str

    @property
    def name(self) -> str:
        """Short, for messages."""
        return f"{self.method} {self.strategy} {self.variant}"

    @property
    def calls(self) -> int:
        """How often it is called for the whole batch."""
        return 1 if self.batched else self.batch


@dataclass(frozen=True)
class Compiled:
    """What came out for one case; everything below `reason` is None where the status is not ok."""

    case: Compile
    status: str
    reason: str | None = None
    work: Work | None = None
    temp_bytes: int | None = None
    argument_bytes: int | None = None
    output_bytes: int | None = None
    tf32: bool | None = None
    library_calls: Mapping[str, int] | None = None

    @property
    def step(self) -> Work | None:
        """One step of its loops, None where there is no loop."""
        if self.work is None or not self.work.loops:
            return None
        return total(merged(loop.step() for loop in self.work.loops), self.case.steps)

    @property
    def waits(self) -> bool:
        """Whether the host waits for the GPU after every step, since only the data tell when to stop."""
        return self.work is not None and any(loop.trips is None for loop in self.work.loops)

    @property
    def whole(self) -> Work | None:
        """The whole batch, every step of it."""
        if self.work is None:
            return None
        return repeated(total(self.work, self.case.steps), self.case.calls)


TellProgress = Callable[[int, int, str], None]
"""Told how many are done, how many there are, and what is next."""


def find_extra(folder: Path | None) -> Path | None:
    """The folder to put on the compiler's path, None where the plugin is installed in this environment.

    Raises UsageError, with the command to install it, where it is in neither or of another version than jaxlib.
    """
    wanted = importlib.metadata.version("jaxlib")
    looked = [folder] if folder is not None else [Path(FOLDER), ROOT / FOLDER]
    there = next((place for place in looked if (place / "jax_plugins").is_dir()), None)
    if there is None and (folder is not None or importlib.util.find_spec("jax_plugins") is None):
        raise UsageError(f"there is no CUDA compiler in {looked[0]}: {_install(wanted, looked[0])}")
    path = [str(there)] if there is not None else sys.path
    have = {dist.name: dist.version for dist in importlib.metadata.distributions(path=path)}
    for package in PACKAGES:
        seen = have.get(package)
        if seen != wanted:
            has = f"and it is {seen}" if seen else "and there is none"
            raise UsageError(f"{package} must be {wanted}, as jaxlib is, {has}: {_install(wanted, looked[0])}")
    for tool in TOOLS:
        if tool not in have:
            raise UsageError(f"there is no {tool} beside {PACKAGES[0]}: {_install(wanted, looked[0])}")
    return there.resolve() if there is not None else None


def compile_all(
    target: Target, cases: Sequence[Compile], extra: Path | None, tell: TellProgress, plugins: Sequence[Path] = ()
) -> Iterator[Compiled]:
    """Compile the cases in order of dtype, a process for each, since whether JAX has float64 is settled at its start.

    Raises CompileError where that process dies.
    """
    done = 0
    for dtype in dict.fromkeys(case.dtype for case in cases):
        of_dtype = [case for case in cases if case.dtype == dtype]
        messages = _messages(target, of_dtype, extra, plugins)
        for case in of_dtype:
            tell(done, len(cases), case.name)
            yield msgspec.convert({"case": asdict(case)} | next(messages), Compiled)
            done += 1


def _messages(
    target: Target, cases: Sequence[Compile], extra: Path | None, plugins: Sequence[Path]
) -> Iterator[dict[str, Any]]:
    """What the compiling process answers, one message a case."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        dump, request = Path(folder) / "dump", Path(folder) / "request.json"
        dump.mkdir()
        asked = {
            "configuration": configuration(target),
            "dump": str(dump),
            "plugins": [str(path.resolve()) for path in plugins],
            "cases": [asdict(case) | {"tf32_here": target.capability >= TF32_SINCE} for case in cases],
        }
        request.write_text(json.dumps(asked), encoding="utf-8")
        command = [sys.executable, "-P", str(PROGRAM), str(request), str(ROOT), *([str(extra)] if extra else [])]
        environment = _variables(dump, x64=cases[0].dtype == "float64")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment) as process:
            answered = 0
            try:
                for line in process.stdout or ():
                    answered += 1
                    yield json.loads(line)
            except GeneratorExit:
                process.kill()
                raise
            ended = process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines()
        doing = f"compiling {cases[answered].name}" if answered < len(cases) else "ending"
        raise CompileError(f"the compiler for {target.key} {_how(ended, said)} while {doing}")


def _how(ended: int, said: Sequence[str]) -> str:
    """How a process ended: by which signal, or with which status and last words."""
    if ended < 0:
        return f"died of {signal.Signals(-ended).name} (signal {-ended})"
    return f"ended with status {ended} ({said[-1].strip() if said else 'it said nothing'})"


def _variables(dump: Path, *, x64: bool) -> dict[str, str]:
    """The environment of the compiling process: the CPU for whatever runs, everything compiled written to `dump`."""
    kept = inherited()
    flags = f"{kept.get('XLA_FLAGS', '')} --xla_dump_to={dump}".strip()
    return kept | {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1" if x64 else "0", "XLA_FLAGS": flags}


def _install(version: str, folder: Path) -> str:
    pinned = " ".join(f"{package}=={version}" for package in PACKAGES)
    return f"install it with: {sys.executable} -m pip install --target {folder} --no-deps {pinned} {' '.join(TOOLS)}"
