"""The house: which room may import what, who reads the clock, and that importing does nothing."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("solvers", "benchmarks", "results")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).glob("*.py"))]
# asv's own naming: a function of such a name, in any module that asv's discovery imports, becomes a benchmark
COLLECTED = re.compile(r"(time|track|mem|peakmem|timeraw)_|setup$|setup_cache$", re.IGNORECASE)
ASV = "asv_"

FORBIDDEN = {
    "solvers": {"benchmarks", "results", "pandas", "scipy", "matplotlib", "rich", "click", "psutil"},
    "benchmarks": {"pandas", "scipy", "matplotlib", "jinja2"},
    "results": {"benchmarks", "solvers", "jax", "jaxlib"},
}
LIGHT = ("worker", "forking", "nursery")
"""What the other side of `versus --python` imports: it need not have more than numpy and jax."""
HEAVY = ("results", "pandas", "scipy", "matplotlib", "rich", "click", "psutil", "jinja2", "threadpoolctl")


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports when it runs, anywhere in it, by its full name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(_Running().visit(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import hides its room"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class _Running(ast.NodeTransformer):
    """The tree without what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
        self.generic_visit(node)
        return node


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_data_flow_one_way(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imports(path)}
    assert not roots & FORBIDDEN[path.parent.name]


@pytest.mark.parametrize("path", [path for path in FILES if path.name.startswith(ASV)], ids=name_of)
def test_the_asv_suite_imports_solvers_and_its_neighbours_alone(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imports(path)}
    assert "results" not in roots


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_file_reads_the_clock(path: Path) -> None:
    clocks = {"time", "timeit", "datetime"} & {name.partition(".")[0] for name in imports(path)}
    assert not clocks or name_of(path) == "benchmarks/clock.py"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_asv_collects_nothing_by_accident(path: Path) -> None:
    if path.name.startswith(ASV):
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


def after(statement: str) -> dict[str, list[str]]:
    """What stands after a statement in a fresh interpreter: root modules, XLA backends, variables changed."""
    program = f"""if True:
        import json, os, sys, threading
        before = dict(os.environ)
        {statement}
        jax = sys.modules.get("jax")
        bridge = sys.modules.get("jax._src.xla_bridge")
        print(json.dumps({{
            "modules": sorted({{name.partition(".")[0] for name in sys.modules}}),
            "backends": sorted(bridge._backends) if bridge else [],
            "variables": [name for name in os.environ if os.environ[name] != before.get(name)],
            "threads": [thread.name for thread in threading.enumerate()][1:],
        }}))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", LIGHT)
def test_the_measuring_processes_need_numpy_and_jax_alone(module: str) -> None:
    found = after(f"import benchmarks.{module}, solvers.registry; solvers.registry.load_builtin()")
    brought_by_jax = after("import numpy, jax")["modules"]
    assert not (set(HEAVY) & set(found["modules"])) - set(brought_by_jax)
    others = set(found["modules"]) - set(brought_by_jax) - sys.stdlib_module_names
    assert others <= {"benchmarks", "solvers"}


def modules(room: str) -> list[str]:
    names = [path.stem for path in sorted((ROOT / room).glob("*.py")) if not path.stem.startswith((ASV, "__"))]
    return [room, *(f"{room}.{name}" for name in names)]


@pytest.mark.parametrize("room", ROOMS)
def test_importing_does_nothing(room: str) -> None:
    before = sorted(ROOT.glob("*"))
    found = after(f"import {', '.join(modules(room))}")
    assert found["backends"] == []
    assert set(found["variables"]) <= set(after("import jax")["variables"])  # jax changes some for itself
    assert found["threads"] == []
    assert sorted(ROOT.glob("*")) == before


@pytest.mark.parametrize("module", ["solvers", "solvers.problem", "solvers.workload", "solvers.registry", "results"])
def test_what_stays_light(module: str) -> None:
    assert not {"jax", "pandas", "matplotlib"} & set(after(f"import {module}")["modules"])


def test_a_report_opens_where_there_is_no_jax() -> None:
    found = after(f"import {', '.join(modules('results'))}")
    assert not {"jax", "jaxlib", "solvers", "benchmarks"} & set(found["modules"])


def test_the_command_line_starts_light() -> None:
    assert not {"jax", "pandas", "scipy", "matplotlib"} & set(after("import benchmarks.__main__")["modules"])
