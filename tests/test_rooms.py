"""The house: which room and which folder may import what, who reads the clock, and that importing does nothing."""

import ast
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAME = "linregbench"
ROOMS = ("solvers", "benchmarks", "results")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
# asv's own naming: a function of such a name, in any module that asv's discovery imports, becomes a benchmark
COLLECTED = re.compile(r"(time|track|mem|peakmem|timeraw)_|setup$|setup_cache$", re.IGNORECASE)
SUITES = "benchmarks/suites/asv_"

FORBIDDEN = {
    "solvers": {"linregbench.benchmarks", "linregbench.results", "pandas", "scipy", "matplotlib", "rich", "click"},
    "benchmarks": {"pandas", "scipy", "matplotlib", "jinja2"},
    "results": {"linregbench.benchmarks", "linregbench.solvers", "jax", "jaxlib"},
}
FLOORS = {
    "benchmarks": (
        *("clock", "devices", "variables", "data", "grid", "worker", "processes", "sampling"),
        *("builds", "run", "resume", "cluster", "door", "versus", "suites", "aot", "cli"),
    ),
    "results": (
        *("fields", "words", "runfile", "stats", "frame", "formats", "models", "compare"),
        *("tables", "figures", "report"),
    ),
}
"""What stands directly in a room, lowest first: nothing imports what is above it."""

WORKER_MAY_IMPORT = ("numpy", "jax", f"{NAME}.solvers", f"{NAME}.benchmarks.clock", f"{NAME}.benchmarks.devices")
"""Beside itself and the standard library: the other side of `versus --python` need not have more."""
OPTIONAL = {
    "benchmarks/worker/hardware/gpu.py": ("pynvml",),
    "benchmarks/worker/hardware/cpu.py": ("threadpoolctl",),
}
"""What a file does without where it is not installed."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return ".".join((NAME, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that the file imports when it runs, anywhere in it, by its full name."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(_Running().visit(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join((*above, *([node.module] if node.module else [])))
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


class _Running(ast.NodeTransformer):
    """The tree without what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
        self.generic_visit(node)
        return node


LIBRARIES = [path for path in FILES if path.parent.name == "libraries" and path.stem != "__init__"]


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
def test_a_library_is_imported_where_it_is_called(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_import = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in at_import if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in at_import if isinstance(node, ast.ImportFrom) and not node.level}
    roots = {name.partition(".")[0] for name in names}
    assert roots <= {"numpy", "jax", *sys.stdlib_module_names}
    elsewhere = {module.partition(".")[0] for module in imports(path)} - roots
    assert elsewhere <= {path.stem, "numpy", NAME}, "one library a file"


def within(module: str, packages: set[str] | tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_data_flow_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    own = {path.stem} if path in LIBRARIES else set()
    assert not {module for module in imports(path) if within(module, FORBIDDEN[room] - own)}
    assert not {module for module in imports(path) if within(module, ROOMS)}, "the one import name is linregbench"


@pytest.mark.parametrize("path", [p for p in FILES if p.relative_to(ROOT).parts[0] in FLOORS], ids=name_of)
def test_nothing_imports_what_is_above_it(path: Path) -> None:
    room, *rest = path.relative_to(ROOT).with_suffix("").parts
    if rest == ["__init__"]:
        assert not {module for module in imports(path) if within(module, (NAME,))}
        return
    floors = FLOORS[room]
    here = floors.index(rest[0])
    for module in imports(path):
        parts = module.split(".")
        if parts[:2] == [NAME, room] and len(parts) > 2:
            assert floors.index(parts[2]) <= here, f"{module} is above {name_of(path)}"


@pytest.mark.parametrize("room", FLOORS)
def test_every_file_and_folder_has_its_floor(room: str) -> None:
    packages = (path.parent.name for path in (ROOT / room).glob("*/__init__.py"))
    files = (path.stem for path in (ROOT / room).glob("*.py") if path.stem != "__init__")
    assert {*packages, *files} == set(FLOORS[room])


def test_no_circle_of_imports() -> None:
    files = {module_of(path): path for path in FILES}
    arrows = {name: {m for m in imports(path) if m in files and m != name} for name, path in files.items()}
    done: set[str] = set()

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " > ".join((*way[way.index(name) :], name))
        if name not in done:
            for other in arrows[name]:
                # a package that holds the file is loaded before it, whatever it imports
                if not within(name, (other,)):
                    follow(other, (*way, name))
            done.add(name)

    for name in files:
        follow(name, ())


@pytest.mark.parametrize("path", [p for p in FILES if "worker" in p.parts], ids=name_of)
def test_the_measuring_side_imports_little(path: Path) -> None:
    allowed = (*WORKER_MAY_IMPORT, f"{NAME}.benchmarks.worker", *OPTIONAL.get(name_of(path), ()))
    for module in imports(path):
        root = module.partition(".")[0]
        packages = (NAME, f"{NAME}.benchmarks")  # `from .. import clock` names them on the way
        assert root in sys.stdlib_module_names or module in packages or within(module, allowed), module


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path).startswith(SUITES)], ids=name_of)
def test_the_asv_suite_imports_solvers_and_its_neighbours_alone(path: Path) -> None:
    assert not {module for module in imports(path) if within(module, (f"{NAME}.results",))}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_file_reads_the_clock(path: Path) -> None:
    clocks = {"time", "timeit", "datetime"} & {name.partition(".")[0] for name in imports(path)}
    assert not clocks or name_of(path) == "benchmarks/clock.py"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_asv_collects_nothing_by_accident(path: Path) -> None:
    if name_of(path).startswith(SUITES):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    # names of the module itself; a dataclass field such as time_s is data, and asv collects what can be called
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    imported = {
        alias.asname or alias.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for alias in n.names
    }
    assert not {name for name in defined | imported if COLLECTED.match(name)}


@functools.cache
def after(statement: str) -> dict[str, list[str]]:
    """What stands after a statement in a fresh interpreter: modules, XLA backends, variables changed, threads."""
    program = f"""if True:
        import json, os, sys, threading
        before = dict(os.environ)
        {statement}
        jax = sys.modules.get("jax")
        bridge = sys.modules.get("jax._src.xla_bridge")
        rooms = [name for name in sys.modules if name.startswith("linregbench.")]
        print(json.dumps({{
            "modules": sorted({{name.partition(".")[0] for name in sys.modules}} | set(rooms)),
            "backends": sorted(bridge._backends) if bridge else [],
            "variables": [name for name in os.environ if os.environ[name] != before.get(name)],
            "threads": [thread.name for thread in threading.enumerate()][1:],
        }}))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_measuring_processes_need_numpy_and_jax_alone() -> None:
    worker = (name for name in modules("benchmarks") if within(name, (f"{NAME}.benchmarks.worker",)))
    found = after(f"import {', '.join(worker)}, {NAME}.solvers.registry as r; r.load_builtin()")
    brought_by_jax = after("import numpy, jax")["modules"]
    others = set(found["modules"]) - set(brought_by_jax) - sys.stdlib_module_names
    assert {name for name in others if not name.startswith(NAME)} == set()
    assert not {name for name in others if within(name, (f"{NAME}.results",))}


def modules(room: str) -> list[str]:
    paths = [path for path in FILES if path.relative_to(ROOT).parts[0] == room]
    return [module_of(path) for path in paths if not name_of(path).startswith(SUITES) and path.stem != "__main__"]


@pytest.mark.parametrize("room", ROOMS)
def test_importing_does_nothing(room: str) -> None:
    before = sorted(ROOT.glob("*"))
    found = after(f"import {', '.join(modules(room))}")
    assert found["backends"] == []
    assert set(found["variables"]) <= set(after("import jax")["variables"])  # jax changes some for itself
    assert found["threads"] == []
    assert sorted(ROOT.glob("*")) == before


def test_no_library_is_imported_by_listing_it() -> None:
    found = after(f"import {NAME}.solvers.registry as r; assert r.load_builtin()")["modules"]
    assert f"{NAME}.solvers.libraries.numba" in found
    assert not {path.stem for path in LIBRARIES} & set(found) - set(after("import jax.scipy.linalg")["modules"])


LIGHT = ("", ".solvers", ".solvers.problem", ".solvers.workload", ".solvers.registry", ".results")


@pytest.mark.parametrize("module", LIGHT)
def test_what_stays_light(module: str) -> None:
    assert not {"jax", "pandas", "matplotlib"} & set(after(f"import {NAME}{module}")["modules"])


def test_a_report_opens_where_there_is_no_jax() -> None:
    found = after(f"import {', '.join(modules('results'))}")["modules"]
    assert not {"jax", "jaxlib", f"{NAME}.solvers", f"{NAME}.benchmarks"} & set(found)


def test_the_command_line_starts_light() -> None:
    found = after(f"import {NAME}.benchmarks.cli.main")["modules"]
    assert not {"jax", "pandas", "scipy", "matplotlib"} & set(found)
