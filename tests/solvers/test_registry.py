"""The registry: what a row holds, what is refused, and how a person's own file is read."""

import json

import pytest

from linregbench import solvers
from linregbench.solvers.registry import HOOKS, SOLVERS, PluginError, Solver, load_builtin, load_file, solver

pytestmark = pytest.mark.usefixtures("no_new_solvers")

CLOSED = ("cholesky", "inverse", "lstsq", "qr", "solve")
FIELDS = {"method": "ols", "strategy": "mine", "variant": "plain", "backend": "numpy"}
GOOD = """
from linregbench import solver

@solver(method="ols", strategy="mine", variant="{variant}", backend="numpy")
def ols(X, y):
    return X[0] * 0
"""


def test_every_strategy_is_there_with_its_variants():
    rows = sorted((s.method, s.strategy, s.variant) for s in load_builtin().values())
    expected = {
        ("gd", "jax_eager"): ("analytic", "autodiff"),
        ("gd", "jax_jit_step"): ("analytic", "autodiff"),
        ("gd", "jax_scan"): (
            *("analytic", "autodiff", "columns", "finite"),
            *("gram", "gram_unrolled", "powers", "unrolled"),
        ),
        ("gd", "jax_sharded"): ("analytic", "autodiff", "gram"),
        ("gd", "jax_vmap"): ("analytic", "autodiff", "columns", "gram", "gram_unrolled", "unrolled"),
        ("gd", "numpy_loop"): ("analytic", "columns", "finite", "gram", "powers"),
        ("gd", "numpy_stacked"): ("analytic", "gram"),
        ("gd_tol", "numpy_loop"): ("analytic", "gram"),
    }
    compiled = ("jax_scan", "jax_sharded", "jax_vmap")
    expected |= {("gd_tol", s): ("analytic", "autodiff") for s in ("jax_eager", "jax_jit_step")}
    expected |= {("gd_tol", s): ("analytic", "autodiff", "gram") for s in compiled}
    expected |= {("ols", s): CLOSED for s in ("jax_eager", *compiled, "numpy_loop", "numpy_stacked")}
    expected |= {
        ("gd", "numba"): ("fused",),
        ("gd", "optax"): ("sgd",),
        ("gd", "torch"): ("compiled_step", "loop"),
        ("gd", "cupy"): ("analytic",),
        ("ols", "cupy"): ("lstsq", "solve"),
        ("ols", "lineax"): ("normal_cg", "qr", "svd"),
        ("ols", "scipy"): ("gelsd", "gelsy", "lsmr", "lsqr", "posv"),
        ("ols", "sklearn"): ("fit",),
        ("ols", "statsmodels"): ("pinv",),
        ("ols", "torch"): ("lstsq",),
    }
    assert rows == sorted((*key, variant) for key, variants in expected.items() for variant in variants)


def test_rows_of_libraries_say_what_they_need():
    for row in load_builtin().values():
        assert (row.requires is not None) == (row.function.__module__.startswith("linregbench.solvers.libraries."))
        if row.requires:
            assert row.requires.partition(".")[0] == row.strategy
            assert row.backend in (row.strategy, "jax")
            assert row.function.__doc__
            hooks = {name: getattr(row, name) for name in HOOKS}
            assert Solver.of(json.loads(json.dumps(row.as_dict())), row.function, **hooks) == row


@pytest.mark.parametrize(
    ("fields", "on"),
    [
        ({"backend": "numpy"}, ("cpu",)),
        ({"backend": "jax"}, ("cpu", "cuda")),
        ({"backend": "torch", "platforms": ("cpu", "cuda")}, ("cpu", "cuda")),
        ({"backend": "cupy", "platforms": ("cuda",)}, ("cuda",)),
    ],
)
def test_where_a_solver_runs(fields, on):
    row = Solver(**FIELDS | {"compiled": False, "batched": False} | fields, function=print)
    assert tuple(platform for platform in ("cpu", "cuda") if row.runs_on(platform)) == on


def test_rows_say_what_they_are():
    for key, row in load_builtin().items():
        if row.requires:
            continue
        assert key == (row.method, row.strategy, row.variant)
        assert row.batched == (row.strategy in ("numpy_stacked", "jax_sharded", "jax_vmap"))
        assert row.compiled == (row.strategy in ("jax_scan", "jax_sharded", "jax_vmap"))
        assert (row.place is not None) == (row.strategy == "jax_sharded")
        assert row.backend == row.strategy.split("_")[0]
        operations = row.variant.removesuffix("_unrolled")
        assert row.operations == (operations if operations in ("gram", "powers") else "data")
        assert row.function.__doc__
        plain = json.loads(json.dumps(row.as_dict()))
        assert Solver.of(plain, row.function, place=row.place) == row


def test_a_function_is_handed_back_unchanged():
    def ols(X, y):
        return X, y

    assert solver(**FIELDS)(ols) is ols
    assert SOLVERS["ols", "mine", "plain"] == Solver("ols", "mine", "plain", "numpy", False, False, ols)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "sgd"}, "method must be one of gd, ols, gd_tol, got 'sgd'"),
        ({"strategy": "My way"}, "strategy must be lower-case letters, digits and _, led by a letter, got 'My way'"),
        ({"variant": "2nd"}, "variant must be lower-case"),
        ({"operations": "magic"}, "operations must be one of data, gram, powers, got 'magic'"),
        ({"backend": "My GPU"}, "backend must be lower-case letters, digits and _, led by a letter, got 'My GPU'"),
        ({"place": tuple, "backend": "jax"}, "place of a jax solver is for batched ones, got batched=False"),
        ({"wait": print, "backend": "jax"}, "wait, fetch and warm are for other backends"),
        ({"compiled": True}, "compiled=True is for backend jax, got 'numpy'"),
    ],
)
def test_fields_that_are_not_allowed(fields, message):
    with pytest.raises(ValueError, match=message):
        solver(**(FIELDS | fields))


def test_arguments_that_are_not_the_methods():
    with pytest.raises(ValueError, match=r"a ols solver takes \(X, y\)"):
        solver(**FIELDS)(lambda X: X)
    with pytest.raises(ValueError, match="a parameter named steps"):
        solver(method="gd", strategy="mine", variant="plain", backend="jax", compiled=True)(
            lambda *arguments: arguments
        )


def test_a_second_registration_names_both_files(tmp_path):
    def ols(X, y):
        return X, y

    solver(**FIELDS)(ols)
    path = tmp_path / "second.py"
    path.write_text(GOOD.format(variant="plain"))
    with pytest.raises(PluginError, match=r"ols mine plain is registered twice.*test_registry\.py.*second\.py"):
        load_file(path)
    assert SOLVERS["ols", "mine", "plain"].function is ols


def test_a_persons_own_file_adds_its_rows(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(GOOD.format(variant="one") + GOOD.format(variant="two"))
    added = load_file(path)
    assert [(s.strategy, s.variant) for s in added] == [("mine", "one"), ("mine", "two")]
    assert all(s in SOLVERS.values() for s in added)


def test_what_counts_is_what_the_file_held(tmp_path):
    """The file may have gone, or another may stand there; its functions still say where they are from."""
    path = tmp_path / "own.py"
    (added,) = load_file(path, GOOD.format(variant="kept").encode())
    assert added.variant == "kept"
    assert added.function.__code__.co_filename == str(path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("own.py", "x = 1\n", "registers no solver"),
        ("own.py", "def broken(:\n", "failed with SyntaxError"),
        ("own.py", "import nowhere_to_be_found\n", "failed with ModuleNotFoundError"),
        ("own.py", GOOD.format(variant="one") + "1 / 0\n", "failed with ZeroDivisionError"),
        ("own.py", "raise ValueError('two\\nlines')\n", "failed with ValueError: two lines; run it"),
        ("own.py", "raise SystemExit\n", "failed with SystemExit"),
        ("own.py", GOOD.format(variant="Bad"), "variant must be lower-case"),
        ("own.txt", "x = 1\n", "must be an existing .py file"),
        ("own.py", b"\x00\xff\x00", "own.py failed with"),
    ],
)
def test_a_file_that_cannot_be_used_says_so_in_one_line(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = dict(SOLVERS)
    with pytest.raises(PluginError, match=message) as caught:
        load_file(path)
    assert "\n" not in str(caught.value)
    assert before == SOLVERS


def test_a_file_may_hold_dataclasses(tmp_path):
    path = tmp_path / "own.py"
    future = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    x: int\n"
    path.write_text(future + GOOD.format(variant="one"))
    assert len(load_file(path)) == 1


def test_a_file_that_is_not_there():
    with pytest.raises(PluginError, match=r"existing \.py file, got nowhere\.py"):
        load_file("nowhere.py")


def test_a_file_dropped_into_the_package_adds_its_rows(tmp_path, monkeypatch):
    (tmp_path / "dropped_in.py").write_text(GOOD.format(variant="dropped"))
    monkeypatch.setattr(solvers, "__path__", [*solvers.__path__, str(tmp_path)])
    assert ("ols", "mine", "dropped") in load_builtin()
